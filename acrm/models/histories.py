"""What a purchase model knows of customers: how often they came back, when last, and for how long they were watched."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.intp]
_SAMPLE = 10_000
_KEPT = ("frequencies", "recencies", "ages", "pairs")


@dataclass(frozen=True, kw_only=True)
class Histories:
    """Groups of customers with the same history, one element each; all arrays have one length.

    Orders of one day are one order. Times are in one unit throughout, discrete models count opportunities. Models cost
    less the fewer distinct times there are: whole days, or days divided by seven.

    Args:
        frequency: Orders after the first, 0 or more.
        recency: Time from the first order to the last, 0 without repeat orders.
        age: Time from the first order to the end of observation, `recency` or more.
        count: Customers of the group; any weight, such as those of a bootstrap.
        log_gaps: Per customer, the sum of the logarithms of the times between successive orders (on average over the
            group). Only likelihoods of regular buying (k > 1) need it.
    """

    frequency: FloatArray
    recency: FloatArray
    age: FloatArray
    count: FloatArray
    log_gaps: FloatArray | None = None

    def some(self, where: slice | IndexArray) -> Histories:
        """Some of the groups."""
        gaps = self.log_gaps
        return Histories(
            frequency=self.frequency[where],
            recency=self.recency[where],
            age=self.age[where],
            count=self.count[where],
            log_gaps=None if gaps is None else gaps[where],
        )

    def sample(self) -> Histories | None:
        """About 10,000 of the groups, evenly spread over the order they are in; None if all are not many more."""
        every = len(self.count) // _SAMPLE
        return self.some(slice(every // 2, None, every)) if every > 1 else None

    def weighted(self, count: FloatArray) -> Histories:
        """The same groups with other weights; what was found out about them is kept."""
        other = replace(self, count=count)
        other.__dict__.update({name: self.__dict__[name] for name in _KEPT if name in self.__dict__})
        return other

    @cached_property
    def frequencies(self) -> tuple[FloatArray, IndexArray]:
        """Distinct frequencies, ascending, and which of them each group has."""
        return np.unique(self.frequency, return_inverse=True)

    @cached_property
    def recencies(self) -> tuple[FloatArray, IndexArray]:
        """Distinct recencies, ascending, and which of them each group has."""
        return np.unique(self.recency, return_inverse=True)

    @cached_property
    def ages(self) -> tuple[FloatArray, IndexArray]:
        """Distinct ages, ascending, and which of them each group has."""
        return np.unique(self.age, return_inverse=True)

    @cached_property
    def pairs(self) -> tuple[FloatArray, FloatArray, IndexArray]:
        """Distinct pairs of frequency and age, ascending, as two arrays, and which of them each group has."""
        ages, age_of = self.ages
        frequencies, frequency_of = self.frequencies
        codes, pair_of = np.unique(frequency_of * len(ages) + age_of, return_inverse=True)
        return frequencies[codes // len(ages)], ages[codes % len(ages)], pair_of
