"""Small gradient boosting on histograms: of one column per tree, which is a sum of staircases, or of several.

Columns are coded by at most 254 edges first, so that a table of a million rows is as many bytes per column, and a
staircase is one number per code. Nothing is drawn by lot: no sampling of rows, no early stopping on a drawn part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from acrm.models.clusters import quietly

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]
    Codes = NDArray[np.uint8]

CODES = 254
UNKNOWN = 255
RATE, LEAVES, TREES = {True: 0.1, False: 0.05}, {True: 4, False: 8}, {True: 300, False: 150}
"""Learning rate, leaves of a tree, and trees, of an additive boosting and of another: where each tree has one column,
smaller ones and more of them foretell better."""
SHRINK = 1.0
"""L2 penalty on the values of leaves."""
MOST_IN_LEAF, LEAST_IN_LEAF = 40, 10
"""Rows that every leaf has: 1% of all within these."""
_BLOCK = 65_536


@dataclass(frozen=True, kw_only=True, eq=False)
class Coding:
    """Edges between the codes of every column; a value equal to an edge belongs to the lower code."""

    edges: tuple[Floats, ...]

    @classmethod
    def of(cls, table: NDArray[np.float32]) -> Coding:
        """Halfway between the values of a column, where they are few, else between values at its quantiles.

        Examples:
            >>> Coding.of(np.array([[1.0], [3.0], [np.nan], [3.0]], np.float32)).edges[0].tolist()
            [2.0]
        """
        return cls(edges=tuple(_edges(table[:, place]) for place in range(table.shape[1])))

    def codes(self, table: NDArray[np.float32]) -> Codes:
        """The code of every value, 255 for unknown."""
        made = np.empty(table.shape, np.uint8)
        for place, edges in enumerate(self.edges):
            values = table[:, place]
            found = np.searchsorted(edges, values.astype(np.float64), side="left")
            made[:, place] = np.where(np.isfinite(values), found, UNKNOWN)
        return made


def _edges(values: NDArray[np.float32]) -> Floats:
    known = np.sort(values[np.isfinite(values)]).astype(np.float64)
    distinct = np.unique(known)
    if len(distinct) > CODES + 1:
        places = np.arange(1, CODES + 1) * len(known) // (CODES + 1)
        distinct = np.unique(np.concatenate([known[places], known[-1:]]))
    return (distinct[1:] + distinct[:-1]) / 2


def boosted(codes: Codes, outcome: Flags, *, additive: bool, seed: int) -> Any:
    """Fit scikit-learn's histogram gradient boosting; `additive`: every tree looks at one column.

    Args:
        codes: Rows by columns.
        outcome: Of each row.
        additive: Whether columns may not act together.
        seed: Asked for by scikit-learn; no chance is left in the fit.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    with quietly():
        return HistGradientBoostingClassifier(
            learning_rate=RATE[additive],
            max_leaf_nodes=LEAVES[additive],
            max_iter=TREES[additive],
            l2_regularization=SHRINK,
            min_samples_leaf=int(np.clip(len(codes) // 100, LEAST_IN_LEAF, MOST_IN_LEAF)),
            interaction_cst="no_interactions" if additive else None,
            early_stopping=False,
            random_state=seed,
        ).fit(_numbers(codes), outcome)


def boosted_logits(model: Any, codes: Codes) -> Floats:
    """The log-odds of each row, in blocks."""
    with quietly():
        parts = [model.decision_function(_numbers(codes[at : at + _BLOCK])) for at in range(0, len(codes), _BLOCK)]
    return np.concatenate(parts) if parts else np.empty(0)


def boosted_steps(coding: Coding, model: Any) -> tuple[float, list[Floats]]:
    """What an additive boosting is: log-odds of a row whose codes are all 0, and for each column what its codes add.

    Returns:
        The number, and for each column one value per code and a last one for unknown.
    """
    sizes = [len(edges) + 2 for edges in coding.edges]
    base = float(boosted_logits(model, np.zeros((1, len(sizes)), np.uint8))[0])
    steps = []
    for place, size in enumerate(sizes):
        rows = np.zeros((size, len(sizes)), np.uint8)
        rows[:, place] = [*range(size - 1), UNKNOWN]
        steps.append(boosted_logits(model, rows) - base)
    return base, steps


def _numbers(codes: Codes) -> NDArray[np.float32]:
    return np.where(codes == UNKNOWN, np.float32(np.nan), codes.astype(np.float32))
