"""A short decision tree with round cut points."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from acrm.models.group_effects import FloatArray, IntArray

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True)
class Leaf:
    """Rows that are called `group`."""

    group: int


@dataclass(frozen=True)
class Fork:
    """Rows whose `column` is at most `cut` go to `low`, the others to `high`."""

    column: int
    cut: float
    low: Tree
    high: Tree


Tree = Leaf | Fork
Step = tuple[int, bool, float]
"""A column, whether it is above the cut, and the cut."""


def short_tree(values: FloatArray, group: IntArray, *, depth: int, least: int, seed: int) -> Tree:
    """The tree (CART, Gini) that tells groups apart; cuts are rounded as far as no fewer rows are told right.

    Args:
        values: Rows by columns, finite.
        group: Of each row.
        depth: Most forks from the root to a leaf.
        least: Rows in a leaf.
        seed: Of the choice between equally good forks.

    Examples:
        >>> values = np.array([[3.0], [177.0], [183.5], [260.0]])
        >>> short_tree(values, np.array([0, 0, 1, 1]), depth=2, least=1, seed=0)
        Fork(column=0, cut=180.0, low=Leaf(group=0), high=Leaf(group=1))
    """
    from sklearn.tree import DecisionTreeClassifier

    made: Any = DecisionTreeClassifier(max_depth=depth, min_samples_leaf=least, random_state=seed)
    made.fit(values, group)
    grown = _merged(_grown(made.tree_, made.classes_, 0))
    return _rounded(grown, dict(enumerate(values.T)), group, np.arange(len(group)))


def told(tree: Tree, columns: Mapping[int, FloatArray], rows: IntArray) -> IntArray:
    """The group that the tree gives each of some rows."""
    if isinstance(tree, Leaf):
        return np.full(len(rows), tree.group)
    low = columns[tree.column][rows] <= tree.cut
    found = np.empty(len(rows), dtype=np.int64)
    found[low], found[~low] = told(tree.low, columns, rows[low]), told(tree.high, columns, rows[~low])
    return found


def paths(tree: Tree, steps: tuple[Step, ...] = ()) -> Iterator[tuple[int, tuple[Step, ...]]]:
    """The steps to every leaf, and its group."""
    if isinstance(tree, Leaf):
        yield tree.group, steps
    else:
        yield from paths(tree.low, (*steps, (tree.column, False, tree.cut)))
        yield from paths(tree.high, (*steps, (tree.column, True, tree.cut)))


def columns_of(tree: Tree) -> set[int]:
    """The columns that the tree asks for."""
    return {column for _, steps in paths(tree) for column, _, _ in steps}


def _grown(nodes: Any, classes: IntArray, at: int) -> Tree:
    if nodes.children_left[at] < 0:
        return Leaf(int(classes[np.argmax(nodes.value[at][0])]))
    low, high = (_grown(nodes, classes, child[at]) for child in (nodes.children_left, nodes.children_right))
    return Fork(int(nodes.feature[at]), float(nodes.threshold[at]), low, high)


def _merged(tree: Tree) -> Tree:
    """Without forks that lead to one group either way."""
    if isinstance(tree, Leaf):
        return tree
    low, high = _merged(tree.low), _merged(tree.high)
    return low if isinstance(low, Leaf) and low == high else replace(tree, low=low, high=high)


def _rounded(tree: Tree, columns: Mapping[int, FloatArray], group: IntArray, rows: IntArray) -> Tree:
    """Cuts with as few digits as tell no fewer of the rows that come to them right, from the leaves up."""
    if isinstance(tree, Leaf):
        return tree
    values = columns[tree.column][rows]
    low, high = (
        _rounded(branch, columns, group, rows[side])
        for branch, side in ((tree.low, values <= tree.cut), (tree.high, values > tree.cut))
    )
    tree = replace(tree, low=low, high=high)
    right = (told(tree, columns, rows) == group[rows]).sum()
    for cut in _rounder(tree.cut):
        tried = replace(tree, cut=cut)
        # A cut that sends all rows one way would make a rule that says nothing.
        apart = 0 < (values <= tried.cut).sum() < len(values)
        if apart and (told(tried, columns, rows) == group[rows]).sum() >= right:
            return tried
    return tree


def _rounder(cut: float) -> list[float]:
    """The number with one digit, two and so on; the whole number below it before those with decimals.

    >>> _rounder(47.5)[:4]
    [50.0, 48.0, 47.0, 47.5]
    """
    tried = [float(f"{cut:.{digits}g}") for digits in range(1, 16)]
    whole = sum(number.is_integer() for number in tried)
    return [*tried[:whole], float(np.floor(cut)), *tried[whole:]]
