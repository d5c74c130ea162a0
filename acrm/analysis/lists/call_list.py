"""Whom to call first: leads in order of what a call is expected to bring, by what became of earlier leads."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from acrm.analysis.lists.nearness import BEFORE, held_out, known_before
from acrm.analysis.lists.wins import wins
from acrm.analysis.people.features import Feature
from acrm.analysis.result import Scalar
from acrm.messages import Message, listed

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.people.people import People
    from acrm.models.histories import FloatArray

FIRST = 0.2
"""Share of the list that is held against as many calls in random order."""
NEEDED = 50
"""Leads that were won, and that were lost, without whom nothing can be learned."""
SIGMAS = 1.96
ALIKE = 1.15
"""A column may be known of the won so many times as often as of the lost, or the other way round."""
KNOWN = ("source", "campaign", "region")
"""Columns of deals that are told when they begin; the product, for one, is often told only when all is settled."""
TOUCHED = re.compile(r"modified|updated|changed|измен[её]н|обновл", re.IGNORECASE)
"""Names of columns that a program writes whenever something becomes of a lead."""


@dataclass(frozen=True, kw_only=True)
class CallList:
    """Leads in the order in which to call them.

    Attributes:
        table: Sorted by `rank`: `rank` from 1, `customer_id`, `deal_id`, `probability` of being won, `expected_value`
            Decimal (null where no amounts are known), `reason`. Empty where order is no better than chance.
        figures: The gain over random order on earlier leads, with its limits.
        notes: The verdict.
    """

    table: pl.DataFrame
    figures: dict[str, Scalar]
    notes: tuple[Message, ...]


def leads(tables: Mapping[str, pl.LazyFrame], people: People) -> tuple[pl.DataFrame, tuple[Feature, ...]] | None:
    """The deals of customers, what became of them, and what was known of them from the start.

    A deal's own source, campaign and region go before those of its customer.

    Returns:
        Sorted by `deal_id`: `customer_id`, `won` (null: open), `amount` Decimal, and the columns; with the columns'
        features. None without deals.
    """
    import polars as pl

    deals = tables.get("deals")
    if deals is None or not {"customer_id", "deal_id", "status"} <= set(deals.collect_schema().names()):
        return None
    names = deals.collect_schema().names()
    own = [name for name in KNOWN if name in names]
    amount = pl.col("amount") if "amount" in names else pl.lit(None, pl.Decimal(38, 4))
    rows = deals.drop_nulls(["customer_id", "deal_id"]).select(
        "deal_id",
        "customer_id",
        pl.col("status")
        .replace_strict({"won": True, "lost": False}, default=None, return_dtype=pl.Boolean)
        .alias("won"),
        amount.alias("amount"),
        *(pl.col(name).cast(pl.String) for name in own),
    )
    traits = [feature for feature in people.features if feature.axis in BEFORE]
    known = people.table.select("customer_id", *(feature.name for feature in traits))
    table = (
        rows.collect()
        .sort("deal_id")
        .join(known, on="customer_id", how="left", suffix="_theirs", maintain_order="left")
    )
    both = [name for name in own if f"{name}_theirs" in table.columns]
    table = table.with_columns(pl.coalesce(name, pl.col(f"{name}_theirs").cast(pl.String)) for name in both)
    asked = tuple(Feature(name=name, axis="extra", kind="category") for name in own)
    features = (*asked, *(feature for feature in traits if feature.name not in own))
    return table.drop(f"{name}_theirs" for name in both), features


def call_list(told: pl.DataFrame, features: Sequence[Feature], *, refusing: pl.Series | None = None) -> CallList:
    """Order leads by the probability of being won times what a won lead brings.

    Leads are scored by what speaks for a win (`wins`), on columns that are known of won and lost leads alike; the
    scores of leads held out become probabilities that rise with them (isotonic). What a won lead brings is the mean of
    those that were. The gain is the share of won leads among the first fifth of the leads held out, over the share
    among all, with 95% limits; where these take in 1, there is no list. Of a customer's open deals the best one stands.

    Args:
        told: As of `leads`.
        features: Its columns.
        refusing: Ids of customers who must not be called.
    """
    import numpy as np
    import polars as pl

    from acrm.models.recommend import rising

    won, lost = (told.filter(pl.col("won") == side) for side in (True, False))
    barred = refusing if refusing is not None else told["customer_id"].head(0)
    waiting = told.filter(pl.col("won").is_null(), ~pl.col("customer_id").is_in(barred.implode()))
    figures: dict[str, Scalar] = {"leads_won": won.height, "leads_lost": lost.height, "leads_open": waiting.height}
    empty = pl.DataFrame(
        schema={
            "rank": pl.Int64,
            "customer_id": pl.String,
            "deal_id": pl.String,
            "probability": pl.Float64,
            "expected_value": pl.Decimal(38, 4),
            "reason": pl.String,
        }
    )
    if min(won.height, lost.height) < NEEDED or waiting.is_empty():
        note = Message("segment_calls.few", {"needed": NEEDED, **figures})
        return CallList(table=empty, figures=figures, notes=(note,))
    shared, late = _from_the_start(known_before(features, [won, lost, waiting]), won, lost)
    learned = wins(won, lost, shared)
    near, far = held_out(won, lost, partial(wins, features=shared))
    gain, margin, first = _gain(near, far)
    base = near.size / (near.size + far.size)
    values = {"gain": gain, "low": gain - margin, "high": gain + margin, "tested": near.size + far.size}
    figures |= {"call_gain": gain, "call_gain_low": gain - margin, "call_gain_high": gain + margin}
    if not learned.columns or gain - margin <= 1:
        return CallList(table=empty, figures=figures, notes=(*late, Message("segment_calls.chance", values)))
    happened = np.concatenate([np.ones(near.size), np.zeros(far.size)])
    edges, shares = rising(-np.concatenate([near, far]), happened)
    distance = learned.distances(waiting)
    chance = pl.Series(np.interp(-distance, edges, shares), dtype=pl.Float64).round(6)
    amounts = won["amount"].drop_nulls()
    mean = Decimal(amounts.sum()) / len(amounts) if len(amounts) else None
    worth = (chance * float(mean)).round(2) if mean else pl.Series([None] * len(chance), dtype=pl.Float64)
    ranked = (
        waiting.with_columns(probability=chance, expected_value=worth.cast(pl.Decimal(38, 4)), _far=pl.Series(distance))
        .sort("probability", "_far", "deal_id", descending=[True, False, False])
        .unique("customer_id", keep="first", maintain_order=True)
        .with_row_index("rank", offset=1)
        .with_columns(pl.col("rank").cast(pl.Int64))
    )
    table = ranked.with_columns(reason=pl.Series(learned.reasons(ranked), dtype=pl.String)).select(empty.columns)
    values |= {"share": first, "all": base}
    works = "segment_calls.works_worth" if mean else "segment_calls.works"
    return CallList(table=table, figures=figures, notes=(*late, Message(works, {**values, "mean": mean})))


def _from_the_start(
    features: Sequence[Feature], won: pl.DataFrame, lost: pl.DataFrame
) -> tuple[list[Feature], tuple[Message, ...]]:
    """The columns that are known of won and lost leads alike, and do not tell when a record was touched last."""
    kept: list[Feature] = []
    late: list[str] = []
    for feature in features:
        low, high = sorted(side[feature.name].count() / side.height for side in (won, lost))
        if high <= ALIKE * low and not TOUCHED.search(feature.name):
            kept.append(feature)
        else:
            late.append(feature.name.removeprefix("x_"))
    return kept, (Message("segment_calls.late", {"columns": listed(late)}),) if late else ()


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
