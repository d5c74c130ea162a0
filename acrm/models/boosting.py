"""Small gradient boosting on histograms: of one column per tree, which is a sum of staircases, or of several.

Columns are coded by at most 254 edges first, so that a table of a million rows is as many bytes per column, and a
staircase is one number per code. Nothing is drawn by lot: no sampling of rows, no early stopping on a drawn part.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from acrm.models.clusters import quietly
from acrm.models.trees import UNKNOWN, Split, Trees

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]
    Codes = NDArray[np.uint8]

CODES = 254
RATE, LEAVES, TREES = {True: 0.1, False: 0.05}, {True: 4, False: 8}, {True: 300, False: 150}
"""Learning rate, leaves of a tree, and trees, of an additive boosting and of another: where each tree has one column,
smaller ones and more of them foretell better."""
SHRINK = 1.0
"""L2 penalty on the values of leaves."""
MOST_IN_LEAF, LEAST_IN_LEAF = 40, 10
"""Rows that every leaf has: 1% of all within these."""


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


def boosted(codes: Codes, outcome: Flags, *, additive: bool, seed: int) -> Trees:
    """Fit scikit-learn's histogram gradient boosting; `additive`: every tree looks at one column.

    Args:
        codes: Rows by columns.
        outcome: Of each row.
        additive: Whether columns may not act together.
        seed: Asked for by scikit-learn; no chance is left in the fit.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    with quietly():
        model = HistGradientBoostingClassifier(
            learning_rate=RATE[additive],
            max_leaf_nodes=LEAVES[additive],
            max_iter=TREES[additive],
            l2_regularization=SHRINK,
            min_samples_leaf=int(np.clip(len(codes) // 100, LEAST_IN_LEAF, MOST_IN_LEAF)),
            interaction_cst="no_interactions" if additive else None,
            early_stopping=False,
            random_state=seed,
        ).fit(_numbers(codes), outcome)
    return as_trees(model)


def as_trees(model: Any) -> Trees:
    """What scikit-learn fitted, as plain values: the sum is that of its `decision_function`, to the last bit."""
    # It tells them under no public name; a test compares the sums.
    base, grown = model._baseline_prediction, model._predictors  # noqa: SLF001
    return Trees(base=float(base.item()), trees=tuple(_tree(one.nodes, 0) for (one,) in grown))


def _tree(nodes: Any, place: int) -> Split | float:
    node = nodes[place]
    if node["is_leaf"]:
        return float(node["value"])
    return Split(
        column=int(node["feature_idx"]),
        # Between two codes; infinite where the split is between known and unknown.
        limit=int(min(node["num_threshold"], CODES)),
        unknown_low=bool(node["missing_go_to_left"]),
        low=_tree(nodes, int(node["left"])),
        high=_tree(nodes, int(node["right"])),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Boosting:
    """Trees that may look at several columns, and the edges between the codes that they tell apart."""

    coding: Coding
    trees: Trees

    @classmethod
    def fit(cls, table: NDArray[np.float32], outcome: Flags, *, seed: int) -> Boosting:
        """Learn from rows of numbers, NaN for unknown."""
        coding = Coding.of(table)
        return cls.of(coding, boosted(coding.codes(table), outcome, additive=False, seed=seed))

    @classmethod
    def of(cls, coding: Coding, trees: Trees) -> Boosting:
        """Edges that no split asks for are left out."""
        asked: list[set[int]] = [set() for _ in coding.edges]
        for split in trees.splits():
            asked[split.column].add(split.limit)
        kept = [
            sorted(limit for limit in limits if limit < len(edges))
            for limits, edges in zip(asked, coding.edges, strict=True)
        ]
        place = [{limit: at for at, limit in enumerate(limits)} for limits in kept]

        def moved(tree: Split | float) -> Split | float:
            if not isinstance(tree, Split):
                return tree
            # A limit above all codes stays above them.
            limit = place[tree.column].get(tree.limit, len(kept[tree.column]))
            return replace(tree, limit=limit, low=moved(tree.low), high=moved(tree.high))

        edges = tuple(edges[limits] for edges, limits in zip(coding.edges, kept, strict=True))
        return cls(coding=Coding(edges=edges), trees=replace(trees, trees=tuple(map(moved, trees.trees))))

    def logits(self, table: NDArray[np.float32]) -> Floats:
        """The log-odds of each row."""
        return self.trees.logits(self.coding.codes(table))


def boosted_steps(coding: Coding, trees: Trees) -> tuple[float, list[Floats]]:
    """What an additive boosting is: log-odds of a row whose codes are all 0, and for each column what its codes add.

    Returns:
        The number, and for each column one value per code and a last one for unknown.
    """
    sizes = [len(edges) + 2 for edges in coding.edges]
    base = float(trees.logits(np.zeros((1, len(sizes)), np.uint8))[0])
    steps = []
    for place, size in enumerate(sizes):
        rows = np.zeros((size, len(sizes)), np.uint8)
        rows[:, place] = [*range(size - 1), UNKNOWN]
        steps.append(trees.logits(rows) - base)
    return base, steps


def _numbers(codes: Codes) -> NDArray[np.float32]:
    return np.where(codes == UNKNOWN, np.float32(np.nan), codes.astype(np.float32))
