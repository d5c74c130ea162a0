"""How far the distribution of a column has moved between two times: the population stability index and chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import chdtri

if TYPE_CHECKING:
    from acrm.models.histories import FloatArray


def stability_index(before: FloatArray, now: FloatArray) -> float:
    """The population stability index of two tables of counts, one element per class.

    The sum of (share now - share before) x log(share now / share before), half a customer being added to each class so
    that empty ones have a logarithm. 0.1 is usually called some change and 0.25 a large one.

    >>> round(stability_index(np.array([50.0, 50.0]), np.array([60.0, 40.0])), 4)
    0.0397
    """
    then, later = ((counts + 0.5) / (counts + 0.5).sum() for counts in (before, now))
    return float(((later - then) * np.log(later / then)).sum())


def chance_index(before: FloatArray, now: FloatArray, level: float) -> float:
    """The index that chance alone exceeds with probability `level` when nothing has moved.

    Then it is (1 / n before + 1 / n now) times chi-square with one degree less than there are classes: B. Yurdakul,
    J. Naranjo, Statistical properties of the population stability index, Journal of Risk Model Validation 14(4), 2020.

    >>> round(chance_index(np.array([500.0, 500.0]), np.array([500.0, 500.0]), 0.05), 5)
    0.00768
    """
    classes = int(((before + now) > 0).sum())
    if classes < 2:
        return 0.0
    return float(chdtri(classes - 1, level) * (1 / before.sum() + 1 / now.sum()))
