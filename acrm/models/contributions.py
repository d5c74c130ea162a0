"""What each feature adds to a customer's log-odds: exactly for a sum of curves, by replacing it for other models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from acrm.models.additive import Additive

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from acrm.models.cross_fit import Classifier

    Floats = NDArray[np.float64]
    Labels = NDArray[np.intp]
    Table = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Contributions:
    """Of some rows, rows by features.

    Attributes:
        base: The mean log-odds over the rows learned from, calibrated; with `added` it sums to a row's log-odds if
            `exact`. Otherwise the log-odds of the typical row.
        added: For each feature what it adds; of a model that is no sum, by how much the log-odds are above those of
            the same row with this feature alone as in the typical row. These do not sum to anything.
        exact: Whether it is a sum.
    """

    base: float
    added: Floats
    exact: bool


def contributions(classifier: Classifier, table: Table, feature: Labels, typical: Table) -> Contributions:
    """Take the log-odds of rows apart.

    Args:
        classifier: Additive or with interactions.
        table: Rows by columns.
        feature: For each column the number of what it belongs to, from 0, ascending.
        typical: One row, of which every feature is as usual.
    """
    count = int(feature.max()) + 1
    whole, calibration = classifier.whole, classifier.calibration
    added = np.zeros((len(table), count))
    if isinstance(whole, Additive):
        for place, part in enumerate(whole.parts(table).T):
            added[:, feature[place]] += calibration.slope * part
        return Contributions(base=calibration.slope * whole.intercept + calibration.offset, added=added, exact=True)
    usual, codes = whole.coding.codes(typical[None, :])[0], whole.coding.codes(table)
    now = whole.trees.logits(codes)
    for number in range(count):
        own = feature == number
        rows = np.flatnonzero((codes[:, own] != usual[own]).any(axis=1))
        replaced = codes[rows]
        replaced[:, own] = usual[own]
        added[rows, number] = calibration.slope * (now[rows] - whole.trees.logits(replaced))
    return Contributions(base=float(classifier.logits(typical[None, :])[0]), added=added, exact=False)
