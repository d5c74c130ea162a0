"""What each segment is like: its size, its share of the money, its figures and what sets it apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acrm.analysis.people.features import Feature
from acrm.analysis.segment.differences import MIN_SIZE, UNKNOWN, differences, findings
from acrm.analysis.segment.naming import names
from acrm.analysis.segment.tree_rule import describe

if TYPE_CHECKING:
    import polars as pl

TRAITS = 5
"""On a card."""
OF_NEEDS = 2
"""Traits of the axis of needs on a card: every category has a preference of its own."""


@dataclass(frozen=True, kw_only=True)
class Trait:
    """A feature, or a level of it, in which a segment differs.

    Attributes:
        feature: Its name.
        level: None for the number itself.
        value: Median, or share of the segment with the level.
        low: First quartile of a number.
        high: Third quartile of a number.
        rest: Median, or share, of all others.
        lift: Of a level, the share over that of all customers.
        made_of: Whether the segments were made of it; it differs for that reason, and was not tested.
    """

    feature: str
    level: str | None
    value: float
    low: float | None
    high: float | None
    rest: float
    lift: float | None
    made_of: bool


@dataclass(frozen=True, kw_only=True)
class Card:
    """A segment in short.

    Attributes:
        segment_id: Its number.
        name: Its name in words.
        customers: How many.
        share: Of all customers.
        spend_share: Of what all customers spent; None where nothing is known of it.
        traits: The strongest differences, one of each feature.
        rule: The conditions that describe it, in words.
        precision: Of who meets the rule, the share in the segment.
        recall: Of the segment, the share who meets the rule.
    """

    segment_id: int
    name: str
    customers: int
    share: float
    spend_share: float | None
    traits: tuple[Trait, ...]
    rule: str | None
    precision: float | None
    recall: float | None


@dataclass(frozen=True, kw_only=True)
class Profiles:
    """Segments and what they are like.

    Attributes:
        segments: One row per segment: `segment_id`, `segment` (its name), `customers`, `share`, `spend`, `spend_share`,
            `median_spend` (these three null without spend), `rule`, `precision`, `recall`.
        profiles: What `differences` gives.
        cards: One per segment.
        fidelity: Share of customers whom the rules put into their segment.
        largest_share: Share of the largest segment, which a rule must beat.
    """

    segments: pl.DataFrame
    profiles: pl.DataFrame
    cards: tuple[Card, ...]
    fidelity: float
    largest_share: float


def profiles(
    table: pl.DataFrame,
    features: Sequence[Feature],
    labels: pl.Series,
    *,
    made_of: Collection[str] = (),
    min_size: int = MIN_SIZE,
    seed: int = 0,
) -> Profiles:
    """Describe segments: figures, names, cards and rules.

    Shares are of the customers with a label. Rules speak of what segments are `made_of`; where that is not told, of all
    features. Other arguments as of `differences`.
    """
    import polars as pl

    found = differences(table, features, labels, made_of=made_of, min_size=min_size)
    # Of whom nothing is known nothing can be said but the number.
    called = {number: str(number) for number in labels.drop_nulls().unique()} | names(found)
    described = describe(table, [one for one in features if one.name in made_of] or features, labels, seed=seed)
    known = table.with_columns(labels.alias("segment_id")).drop_nulls("segment_id")
    spend = pl.col("spend") if "spend" in table.columns else pl.lit(None, pl.Float64)
    sums = (
        known.group_by("segment_id")
        .agg(
            pl.len().cast(pl.Int64).alias("customers"),
            spend.cast(pl.Decimal(38, 4)).sum().alias("spend"),
            spend.median().alias("median_spend"),
        )
        .sort("segment_id")
        .with_columns(share=pl.col("customers") / known.height)
    )
    total = float(sums["spend"].sum()) if "spend" in table.columns else 0.0
    part = pl.col("spend").cast(pl.Float64) / total if total else pl.lit(None, pl.Float64)
    segments = (
        sums.with_columns(
            segment=pl.col("segment_id").replace_strict(called, return_dtype=pl.String),
            spend_share=part,
            spend=pl.col("spend") if total else pl.lit(None, pl.Decimal(38, 4)),
        )
        .join(described.rules, on="segment_id", how="left", maintain_order="left")
        .select(
            "segment_id",
            "segment",
            *("customers", "share", "spend", "spend_share", "median_spend"),
            *("rule", "precision", "recall"),
        )
    )
    cards = tuple(
        Card(
            name=row.pop("segment"),
            traits=tuple(_traits(found.filter(segment_id=row["segment_id"]))),
            **{name: row[name] for name in row if name not in ("spend", "median_spend")},
        )
        for row in segments.to_dicts()
    )
    return Profiles(
        segments=segments,
        profiles=found,
        cards=cards,
        fidelity=described.fidelity,
        largest_share=described.largest_share,
    )


def _traits(found: pl.DataFrame) -> Iterator[Trait]:
    """The strongest differences: of a feature the level that the segment has more often, if there is one."""
    told: set[str] = set()
    same: set[tuple[str, int]] = set()
    of_axis: Counter[str] = Counter()
    # That there are no orders to reckon from says nothing that the number of orders does not.
    rows = [
        row
        for row in findings(found).to_dicts()
        if row["level"] != UNKNOWN or (row["axis"] in ("demo", "extra") and row["effect"] > 0)
    ]
    more = {row["feature"] for row in rows if row["level"] is not None and row["effect"] > 0}
    for row in rows:
        which = (row["level"], row["customers"])
        # Columns that say the same of the same customers, such as "no internet" in each of six, are told once.
        again = row["feature"] in told or (row["level"] is not None and which in same)
        if again or (row["level"] is not None and row["effect"] < 0 and row["feature"] in more):
            continue
        if row["axis"] == "needs" and of_axis["needs"] == OF_NEEDS:
            continue
        told.add(row["feature"])
        same.add(which)
        of_axis[row["axis"]] += 1
        yield Trait(
            low=row["low_quartile"],
            high=row["high_quartile"],
            made_of=row["verdict"] == "made_of",
            **{name: row[name] for name in ("feature", "level", "value", "rest", "lift")},
        )
        if len(told) == TRAITS:
            return
