"""Whether groups of customers leave at the same rate: the log-rank test of Mantel (1966) for any number of groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import chdtrc

if TYPE_CHECKING:
    from acrm.models.durations import Durations


@dataclass(frozen=True, kw_only=True)
class LogRank:
    """The statistic, its degrees of freedom, and the chance of one as large if the groups do not differ."""

    statistic: float
    freedom: int
    p: float


def log_rank(groups: Sequence[Durations]) -> LogRank:
    """Compare who left in each group with who would have, had all left at the rate of all.

    At every time the leavers of a group are hypergeometric given those at risk; the statistic sums the differences
    over all times, squared by their covariance. Groups in which nobody was at risk count for nothing.

    >>> from acrm.models.durations import Durations
    >>> one = Durations.of_customers(np.array([1.0, 2.0, 3.0]), np.array([True, True, True]))
    >>> other = Durations.of_customers(np.array([4.0, 5.0, 6.0]), np.array([True, True, False]))
    >>> round(log_rank([one, other]).statistic, 4)
    5.0517

    Args:
        groups: Two or more.
    """
    times = np.unique(np.concatenate([group.time[group.lost > 0] for group in groups]))
    at_risk, lost = np.zeros((2, len(groups), times.size))
    for place, group in enumerate(groups):
        later = np.searchsorted(group.time, times)
        at_risk[place] = np.append(group.at_risk(), 0.0)[later]
        event = group.lost > 0
        lost[place, np.searchsorted(times, group.time[event])] = group.lost[event]
    n, d = at_risk.sum(axis=0), lost.sum(axis=0)
    share = at_risk / n
    apart = (lost - share * d).sum(axis=1)
    spread = d * (n - d) / np.maximum(n - 1, 1)
    covariance = np.diag((share * spread).sum(axis=1)) - (share * spread) @ share.T
    some = np.diag(covariance) > 0
    freedom = max(int(some.sum()) - 1, 0)
    if not freedom:
        return LogRank(statistic=0.0, freedom=0, p=1.0)
    apart, covariance = apart[some][:-1], covariance[np.ix_(some, some)][:-1, :-1]
    statistic = float(apart @ np.linalg.pinv(covariance) @ apart)
    return LogRank(statistic=statistic, freedom=freedom, p=float(chdtrc(freedom, statistic)))
