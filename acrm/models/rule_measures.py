"""How strongly two events are associated: the measures of a rule "with A also B", from four counts.

With n baskets, of which a hold A, b hold B and x hold both, and p(.) for shares of n; counts stay whole numbers up to
the last division, so that equal shares are equal numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from acrm.models.baskets import CountArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Association:
    """One rule per row; where a measure divides by 0 it is nan, if nothing else is said.

    Args:
        both: Baskets that hold A and B.
        lhs: Baskets that hold A.
        rhs: Baskets that hold B.
        baskets: All baskets.

    Examples:
        Of 10 baskets 4 hold A, 5 hold B and 3 both.

        >>> rule = Association(both=np.array([3]), lhs=np.array([4]), rhs=np.array([5]), baskets=10)
        >>> rule.support, rule.confidence, rule.lift, rule.leverage, rule.conviction
        (array([0.3]), array([0.75]), array([1.5]), array([0.1]), array([2.]))
        >>> rule.zhang.round(4), rule.chi_square.round(4)
        (array([0.5556]), array([1.6667]))
    """

    both: CountArray
    lhs: CountArray
    rhs: CountArray
    baskets: int

    @property
    def support(self) -> FloatArray:
        """p(A, B)."""
        return _divided(self.both, self.baskets)

    @property
    def confidence(self) -> FloatArray:
        """p(B | A) = x / a."""
        return _divided(self.both, self.lhs)

    @property
    def expected(self) -> FloatArray:
        """Baskets that would hold both, were A and B independent: a b / n."""
        return _divided(self.lhs * self.rhs, self.baskets)

    @property
    def lift(self) -> FloatArray:
        """p(A, B) / (p(A) p(B)), 1 if A and B are independent. Brin, Motwani, Ullman and Tsur (1997), as interest."""
        return _divided(self.both * self.baskets, self.lhs * self.rhs)

    @property
    def leverage(self) -> FloatArray:
        """p(A, B) - p(A) p(B), -1/4 to 1/4. Piatetsky-Shapiro (1991)."""
        return _divided(self._surplus, self.baskets**2)

    @property
    def conviction(self) -> FloatArray:
        """p(A) p(not B) / p(A, not B); infinite if A never comes without B. Brin et al. (1997)."""
        alone = self.lhs - self.both
        share = _divided(self.lhs * (self.baskets - self.rhs), self.baskets * alone)
        return np.where(alone == 0, np.inf, share)

    @property
    def zhang(self) -> FloatArray:
        """From -1 (never together) over 0 (independent) to 1 (the one never without the other); 0 if B is everywhere.

        (p(A, B) - p(A) p(B)) / max(p(A, B) p(not A), p(A) p(not A, B)). Yan, Zhang and Zhang (2009).
        """
        largest = np.maximum(self.both * (self.baskets - self.lhs), self.lhs * (self.rhs - self.both))
        return np.where(largest == 0, 0.0, _divided(self._surplus, largest))

    @property
    def chi_square(self) -> FloatArray:
        """Pearson's, without Yates' correction, 1 degree of freedom; 0 if A or B is in every basket.

        n (n x - a b)^2 / (a b (n - a) (n - b)). An approximation where a cell is expected in fewer than 5 baskets.
        """
        margins = self.lhs * (self.baskets - self.lhs) * (self.rhs * (self.baskets - self.rhs)).astype(np.float64)
        squared = self._surplus.astype(np.float64) ** 2 * self.baskets
        return np.where(margins == 0, 0.0, _divided(squared, margins))

    def confidence_interval(self, level: float = 0.95) -> tuple[FloatArray, FloatArray]:
        """Wilson's interval (1927) for the confidence, as a share of the baskets with A.

        >>> rule = Association(both=np.array([8]), lhs=np.array([10]), rhs=np.array([10]), baskets=20)
        >>> low, high = rule.confidence_interval()
        >>> low.round(4), high.round(4)
        (array([0.4902]), array([0.9433]))
        """
        z, share = float(ndtri((1 + level) / 2)), self.confidence
        centre = (self.both + z * z / 2) / (self.lhs + z * z)
        half = z * np.sqrt(self.lhs * share * (1 - share) + z * z / 4) / (self.lhs + z * z)
        return centre - half, centre + half

    def lift_interval(self, level: float = 0.95) -> tuple[FloatArray, FloatArray]:
        """Normal interval for the logarithm of the lift, by the delta method, half a basket added to each cell.

        With shares from n independent baskets, n Var(log lift) = 1 / p(A, B) - 1 / p(A) - 1 / p(B) + 2 lift - 1. The
        halves (Haldane, 1956; Anscombe, 1956) keep it honest where A hardly comes without B: of few baskets, that has
        no variance else. A lift of 0 has an interval too; nan where A or B never is.
        """
        z = float(ndtri((1 + level) / 2))
        both, lhs, rhs, n = self.both + 0.5, self.lhs + 1.0, self.rhs + 1.0, self.baskets + 2.0
        lift = both * n / (lhs * rhs)
        factor = np.exp(z * np.sqrt(np.maximum(1 / both - 1 / lhs - 1 / rhs + (2 * lift - 1) / n, 0)))
        lift = np.where((self.lhs == 0) | (self.rhs == 0), np.nan, lift)
        return lift / factor, lift * factor

    @property
    def _surplus(self) -> CountArray:
        return self.both * self.baskets - self.lhs * self.rhs


def _divided(above: CountArray | FloatArray, below: CountArray | FloatArray | int) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        share: FloatArray = np.true_divide(above, below)
    return share
