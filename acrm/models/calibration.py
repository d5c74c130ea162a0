"""Log-odds made true: stretched and shifted so that of those told p a share of p did it.

Source: Platt (1999), Probabilistic outputs for support vector machines, with the algorithm of Lin, Lin and Weng (2007).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

_STEPS, _ENOUGH = 100, 1e-10


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """`slope` times the log-odds plus `offset`: what was a sum of parts stays one."""

    slope: float
    offset: float
    covariance: tuple[float, float, float]
    """Variance of the slope, covariance, variance of the offset, from the curvature of the likelihood."""

    def __call__(self, logits: Floats) -> Floats:
        """The log-odds made true."""
        return self.slope * logits + self.offset

    def variance(self, logits: Floats) -> Floats:
        """Of the log-odds made true, as far as slope and offset are uncertain."""
        of_slope, both, of_offset = self.covariance
        return np.maximum(of_slope * logits**2 + 2 * both * logits + of_offset, 0.0)


def calibrate(logits: Floats, outcome: Flags) -> Calibration:
    """The slope and offset of greatest likelihood, of log-odds that were foretold without their own row.

    Outcomes are smoothed as Platt does, (n + 1)/(n + 2) and 1/(m + 2) for n and m rows of either side, so that the fit
    exists even where the log-odds part them wholly. Log-odds that rank no better than chance get the slope 0:
    everybody is told the share of all.

    Examples:
        >>> outcome = np.arange(4000) % 4 == 0
        >>> found = calibrate(np.ones(4000), outcome)
        >>> found.slope, round(found.offset, 2)
        (0.0, -1.1)
    """
    positive = int(outcome.sum())
    negative = len(outcome) - positive
    target = np.where(outcome, (positive + 1) / (positive + 2), 1 / (negative + 2))
    base = float(np.log((positive + 1) / (negative + 1)))
    centre, spread = float(logits.mean()), float(logits.std())
    if spread < 1e-12:
        return Calibration(slope=0.0, offset=base, covariance=(0.0, 0.0, 1 / (positive + 1) + 1 / (negative + 1)))
    basis = np.column_stack([(logits - centre) / spread, np.ones(len(logits))])
    found = _most_likely(basis, target, np.array([0.0, base]))
    if found[0] <= 0:
        found = np.array([0.0, base])
    p = 1 / (1 + np.exp(-(basis @ found)))
    back = np.array([[1 / spread, 0.0], [-centre / spread, 1.0]])
    slope, offset = back @ found
    spreads = back @ np.linalg.inv(_bend(basis, p)) @ back.T
    return Calibration(
        slope=float(slope),
        offset=float(offset),
        covariance=(float(spreads[0, 0]), float(spreads[0, 1]), float(spreads[1, 1])),
    )


def mean_of(calibrations: Sequence[Calibration]) -> Calibration:
    """The mean of calibrations of the same rows, which are no surer together than each is."""
    slope, offset = (float(np.mean([getattr(one, name) for one in calibrations])) for name in ("slope", "offset"))
    of_slope, both, of_offset = np.mean([one.covariance for one in calibrations], axis=0).tolist()
    return Calibration(slope=slope, offset=offset, covariance=(of_slope, both, of_offset))


def _most_likely(basis: Floats, target: Floats, start: Floats) -> Floats:
    """Newton's method with halved steps; the likelihood has one peak."""

    def loss(at: Floats) -> float:
        z = basis @ at
        return float((np.logaddexp(0, z) - target * z).sum())

    found, now = start, loss(start)
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-(basis @ found)))
        step = np.linalg.solve(_bend(basis, p), basis.T @ (p - target))
        size = 1.0
        while (tried := loss(found - size * step)) > now and size > 1e-8:
            size /= 2
        found, before, now = found - size * step, now, tried
        if before - now <= _ENOUGH * (1 + abs(now)):
            break
    return found


def _bend(basis: Floats, p: Floats) -> Floats:
    found: Floats = (basis * (p * (1 - p))[:, None]).T @ basis + 1e-12 * np.eye(2)
    return found
