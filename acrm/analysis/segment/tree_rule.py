"""Segments described by a few conditions, and how well those describe them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acrm.analysis.people.features import Feature
from acrm.analysis.segment.differences import UNKNOWN, having, levels_of
from acrm.analysis.segment.naming import level_words, readable
from acrm.messages import number, text

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from acrm.models.group_effects import FloatArray
    from acrm.models.short_tree import Step

DEPTH = 3
SAMPLE = 50_000
"""Customers that the tree learns from."""
LEAST_SHARE, LEAST = 0.01, 10
"""Customers in a leaf: a share of all, and not fewer than the other."""


@dataclass(frozen=True, kw_only=True)
class Description:
    """What a short tree makes of segments.

    Attributes:
        rules: One row per segment: `segment_id`; `rule`, null where the tree has no place for it; `precision`, of who
            meets the rule the share in the segment; `recall`, of the segment the share who meets it.
        fidelity: Share of customers whom the rules put into their segment.
        largest_share: The same if everyone were put into the largest segment.
    """

    rules: pl.DataFrame
    fidelity: float
    largest_share: float


@dataclass(frozen=True)
class _Column:
    """What the tree can ask of customers: a number (level None), or whether a level is there."""

    feature: Feature
    level: str | None
    known_from: float | None = None
    """The least known number where some are unknown."""
    instead: float = 0.0
    """What stands for an unknown number: less than all that are known."""

    def of(self, table: pl.DataFrame) -> FloatArray:
        """The column for the rows of a table."""
        values = table[self.feature.name]
        if self.level is not None:
            return having(values, self.feature, self.level).astype(float)
        numbers: FloatArray = values.fill_null(self.instead).to_numpy()
        return numbers


def describe(
    table: pl.DataFrame, features: Sequence[Feature], labels: pl.Series, *, depth: int = DEPTH, seed: int = 0
) -> Description:
    """The short decision tree that describes segments, as one rule in words for each: its largest leaf first.

    Unknown numbers lie below all known ones ("at most 3 or unknown"), an unknown category is a level. The tree is
    learned from at most `SAMPLE` customers, a seeded draw, and measured on all; cuts are rounded as far as the fidelity
    in the draw does not fall. Customers without a label are left out.
    """
    import numpy as np
    import polars as pl

    from acrm.models.short_tree import columns_of, paths, short_tree, told

    everyone = table.with_columns(labels.alias("_segment")).drop_nulls("_segment").sort("customer_id")
    ids = everyone["_segment"].unique().sort()
    group = everyone["_segment"].replace_strict(ids, range(len(ids)), return_dtype=pl.Int64).to_numpy()
    columns = [column for feature in features for column in _columns(everyone[feature.name], feature)]
    if not columns:
        return _without_rules(group, ids)
    drawn = np.arange(len(group))
    if len(drawn) > SAMPLE:
        drawn = np.sort(np.random.default_rng(seed).choice(drawn, SAMPLE, replace=False))
    sample = everyone[drawn]
    asked = np.column_stack([column.of(sample) for column in columns])
    least = max(LEAST, round(LEAST_SHARE * len(drawn)))
    tree = short_tree(asked, group[drawn], depth=depth, least=least, seed=seed)
    known = {at: columns[at].of(everyone) for at in columns_of(tree)}
    found = told(tree, known, np.arange(len(group)))
    rules: dict[int, list[str]] = {}
    for which, steps in sorted(paths(tree), key=lambda leaf: -_meeting(leaf[1], known, len(group)).sum()):
        rules.setdefault(which, []).append(_in_words(steps, columns, known))
    right = np.bincount(group[found == group], minlength=len(ids)).astype(float)
    called, sizes = (np.bincount(one, minlength=len(ids)).astype(float) for one in (found, group))
    return Description(
        rules=pl.DataFrame(
            {
                "segment_id": ids,
                "rule": [
                    text("segment_rule.or").join(rules[which]) if which in rules else None for which in range(len(ids))
                ],
                "precision": np.divide(right, called, out=np.full(len(ids), np.nan), where=called > 0),
                "recall": right / sizes,
            },
            schema_overrides={"rule": pl.String},
        ).with_columns(pl.col("precision").fill_nan(None)),
        fidelity=float(right.sum() / len(group)),
        largest_share=float(sizes.max() / len(group)),
    )


def _without_rules(group: Any, ids: pl.Series) -> Description:
    """Where nothing is known of customers, all are called by the largest segment."""
    import numpy as np
    import polars as pl

    largest = float(np.bincount(group).max() / len(group))
    none = {"rule": pl.String, "precision": pl.Float64, "recall": pl.Float64}
    rules = ids.to_frame("segment_id").with_columns(pl.lit(None, kind).alias(name) for name, kind in none.items())
    return Description(rules=rules, fidelity=largest, largest_share=largest)


def _columns(values: pl.Series, feature: Feature) -> list[_Column]:
    if feature.kind != "number":
        return [_Column(feature, level) for level in levels_of(values, feature)]
    low: Any = values.min()
    high: Any = values.max()
    if low is None:
        return []
    return [_Column(feature, None, low, low - (high - low) - 1) if values.null_count() else _Column(feature, None)]


def _in_words(steps: Sequence[Step], columns: Sequence[_Column], known: Mapping[int, FloatArray]) -> str:
    """The conditions on the way to a leaf, those on one number in one, without those that others imply."""
    ends: dict[int, list[float | None]] = {}
    for at, above, cut in steps:
        # On the way down, later cuts are the tighter ones.
        ends.setdefault(at, [None, None])[0 if above else 1] = cut
    one_of = {columns[at].feature for at, (low, _) in ends.items() if columns[at].level and low is not None}
    said = []
    for at, (low, high) in ends.items():
        column = columns[at]
        if column.level and low is None and column.feature.kind == "category" and column.feature in one_of:
            continue
        met = _meeting([step for step in steps if step[0] != at], known, len(known[at]))
        unknown = column.known_from is not None and bool((known[at][met] < column.known_from).any())
        said.append(_condition(column, low, high, unknown))
    return text("segment_rule.and").join(said) if said else text("segment_rule.everyone")


def _meeting(steps: Sequence[Step], known: Mapping[int, FloatArray], rows: int) -> NDArray[np.bool_]:
    import numpy as np

    met = np.ones(rows, dtype=bool)
    for at, above, cut in steps:
        met &= (known[at] > cut) == above
    return met


def _condition(column: _Column, low: float | None, high: float | None, unknown: bool) -> str:
    """One condition; `unknown`: some who meet the others have no value, and they lie below all numbers."""
    feature = readable(column.feature.name)
    if column.level is not None:
        way = "is" if low is not None else "is_not"
        if column.feature.kind == "multi" and column.level != UNKNOWN:
            way = "has" if low is not None else "has_not"
        return text(f"segment_rule.{way}", feature=feature, level=level_words(column.level))
    floor = column.known_from
    if floor is not None and high is not None and high < floor:
        return text("segment_rule.is", feature=feature, level=level_words(UNKNOWN))
    if floor is not None and low is not None and low < floor:
        # Above all that is unknown.
        if high is None:
            return text("segment_rule.is_not", feature=feature, level=level_words(UNKNOWN))
        low, unknown = None, False
    if low is not None and high is not None:
        return text("segment_rule.between", feature=feature, low=_figure(low), high=_figure(high))
    if high is None:
        return text("segment_rule.above", feature=feature, low=_figure(low or 0.0))
    most = text("segment_rule.most", feature=feature, high=_figure(high))
    return text("segment_rule.or_unknown", condition=most) if unknown else most


def _figure(cut: float) -> str:
    """The number in all the digits that it was rounded to."""
    from decimal import Decimal

    exact: Any = Decimal(repr(cut)).normalize()
    return number(exact, f",.{max(0, -exact.as_tuple().exponent)}f")
