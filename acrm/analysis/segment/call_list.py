"""Whom to call first: leads in order of what a call is expected to bring, by what became of earlier leads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acrm.analysis.result import Scalar
from acrm.analysis.segment.nearness import held_out, known_before, nearness
from acrm.messages import Message

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.segment.features import Feature
    from acrm.models.histories import FloatArray

FIRST = 0.2
"""Share of the list that is held against as many calls in random order."""
NEEDED = 50
"""Leads that were won, and that were lost, without whom nothing can be learned."""
SIGMAS = 1.96


@dataclass(frozen=True, kw_only=True)
class CallList:
    """Leads in the order in which to call them.

    Attributes:
        table: Sorted by `rank`: `rank` from 1, `customer_id`, `probability` of being won, `expected_value` Decimal
            (null where no amounts are known), `reason`. Empty where order is no better than chance.
        figures: The gain over random order on earlier leads, with its limits.
        notes: The verdict.
    """

    table: pl.DataFrame
    figures: dict[str, Scalar]
    notes: tuple[Message, ...]


def outcomes(tables: Mapping[str, pl.LazyFrame]) -> pl.DataFrame | None:
    """What became of leads, by their deals: won if any was, lost if all were; an open deal leaves it open.

    Returns:
        Sorted by `customer_id`: `won` (null: open), `amount` Decimal of what was won; None without deals.
    """
    import polars as pl

    deals = tables.get("deals")
    if deals is None or "customer_id" not in deals.collect_schema().names():
        return None
    status, names = pl.col("status"), deals.collect_schema().names()
    amount = pl.col("amount") if "amount" in names else pl.lit(None, pl.Decimal(38, 4))
    told = (
        deals.drop_nulls("customer_id")
        .group_by("customer_id")
        .agg(
            (status == "won").any().alias("any"),
            (status == "lost").all().alias("none"),
            amount.filter(status == "won").sum().alias("amount"),
        )
    )
    won = pl.when(pl.col("any")).then(True).when(pl.col("none")).then(False)
    return (
        told.select("customer_id", won=won, amount=pl.when("any", pl.col("amount") > 0).then("amount"))
        .collect()
        .sort("customer_id")
    )


def call_list(
    table: pl.DataFrame,
    features: Sequence[Feature],
    told: pl.DataFrame,
    *,
    open_leads: pl.Series,
    refusing: pl.Series | None = None,
) -> CallList:
    """Order leads by the probability of being won times what a won lead brings.

    Leads are scored by their distance to those won, on the columns that part these from the lost (`nearness`); scores
    of leads held out become probabilities that fall with the distance (isotonic). What a won lead brings is the mean
    of those that were. The gain is the share of won leads among the first fifth of the leads held out, over the share
    among all, with 95% limits; where these take in 1, there is no list.

    Args:
        table: `customer_id` and the columns of the features, one row each.
        features: What is known of customers.
        told: What became of leads, as of `outcomes`.
        open_leads: Ids of those who may be called.
        refusing: Ids of those who may not, whatever else.
    """
    import numpy as np
    import polars as pl

    from acrm.models.recommend import rising

    def chosen(ids: pl.Series) -> pl.DataFrame:
        return table.filter(pl.col("customer_id").is_in(ids.implode())).sort("customer_id")

    won, lost = (told.filter(pl.col("won") == side)["customer_id"] for side in (True, False))
    group, others = chosen(won), chosen(lost)
    barred = refusing if refusing is not None else won.head(0)
    leads = chosen(open_leads).filter(~pl.col("customer_id").is_in(barred.implode()))
    figures: dict[str, Scalar] = {"leads_won": group.height, "leads_lost": others.height, "leads_open": leads.height}
    empty = pl.DataFrame(
        schema={
            "rank": pl.Int64,
            "customer_id": pl.String,
            "probability": pl.Float64,
            "expected_value": pl.Decimal(38, 4),
            "reason": pl.String,
        }
    )
    if min(group.height, others.height) < NEEDED or leads.is_empty():
        note = Message("segment_calls.few", {"needed": NEEDED, **figures})
        return CallList(table=empty, figures=figures, notes=(note,))
    shared = known_before(table, features, [won, lost, leads["customer_id"]])
    learned = nearness(group, others, shared)
    near, far = held_out(group, others, shared)
    gain, margin, first = _gain(near, far)
    values = {"gain": gain, "low": gain - margin, "high": gain + margin, "tested": near.size + far.size}
    figures |= {"call_gain": gain, "call_gain_low": gain - margin, "call_gain_high": gain + margin}
    share = {"share": first, "all": near.size / (near.size + far.size)}
    if not learned.parts or gain - margin <= 1:
        return CallList(table=empty, figures=figures, notes=(Message("segment_calls.chance", values),))
    scores = -np.concatenate([near, far])
    edges, shares = rising(scores, np.concatenate([np.ones(near.size), np.zeros(far.size)]))
    distance = learned.distances(leads)
    worth = told.filter(pl.col("won"))["amount"].drop_nulls()
    mean = float(worth.cast(pl.Float64).mean()) if len(worth) else None  # type: ignore[arg-type]
    chance = pl.Series(np.interp(-distance, edges, shares), dtype=pl.Float64).round(6)
    value = (chance * mean).round(2) if mean is not None else pl.Series([None] * leads.height, dtype=pl.Float64)
    ranked = (
        leads.with_columns(probability=chance, expected_value=value.cast(pl.Decimal(38, 4)), _far=pl.Series(distance))
        .sort("probability", "_far", "customer_id", descending=[True, False, False])
        .with_row_index("rank", offset=1)
    )
    listed = ranked.with_columns(
        pl.col("rank").cast(pl.Int64), reason=pl.Series(learned.reasons(ranked), dtype=pl.String)
    )
    note = Message(
        "segment_calls.works" if mean is None else "segment_calls.works_worth", {**values, **share, "mean": mean}
    )
    return CallList(table=listed.select(empty.columns), figures=figures, notes=(note,))


def _gain(near: FloatArray, far: FloatArray) -> tuple[float, float, float]:
    """The lift of the first fifth, half the width of its 95% interval, and the share of won among it.

    Leads of one distance are called in any order: the last ones that have room count by the share that has.
    """
    import numpy as np

    distances = np.concatenate([near, far])
    won = np.concatenate([np.ones(near.size), np.zeros(far.size)])
    room = FIRST * won.size
    order = np.argsort(distances, kind="stable")
    edge = distances[order][int(np.ceil(room)) - 1]
    inside, tied = distances < edge, distances == edge
    part = (room - inside.sum()) / tied.sum()
    first = float((won[inside].sum() + part * won[tied].sum()) / room)
    base = float(won.mean())
    return first / base, SIGMAS * float(np.sqrt(first * (1 - first) / room)) / base, first
