"""Who has not bought yet and is like the customers of a segment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from acrm.analysis.lists.nearness import held_out, known_before, nearness
from acrm.analysis.result import Scalar
from acrm.messages import Message, listed

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.people.features import Feature

TOP, NEEDED = 100, 20
SIGMAS = 2.0
"""The check passes if it lies above chance by more than so many standard errors."""


@dataclass(frozen=True, kw_only=True)
class Lookalike:
    """Those nearest to a segment, and whether nearness means anything.

    Attributes:
        table: Sorted by `rank`: `rank` from 1, `customer_id`, `distance` 0 to 1, `known` (the share of what counts that
            is known of them), `reason`. Empty where the check fails.
        features: Sorted by weight: `feature`, `weight` (they sum to 1).
        figures: `lookalike_auc` of the check and its limits, how many were looked at.
        notes: The verdict.
    """

    table: pl.DataFrame
    features: pl.DataFrame
    figures: dict[str, Scalar]
    notes: tuple[Message, ...]


def lookalike(
    table: pl.DataFrame,
    features: Sequence[Feature],
    *,
    segment: pl.Series,
    candidates: pl.Series,
    refusing: pl.Series | None = None,
    top: int = TOP,
) -> Lookalike:
    """Rank people who have not bought by their distance to a segment, on columns that are known of both.

    Distance is Gower's, to all customers of the segment, on the columns that part them from the other customers; a
    column weighs by how well it does. It is checked on customers of the segment held out: whether they are nearer to
    the rest of it than customers of other segments are. Where they are not, there is no list.

    Args:
        table: `customer_id` and the columns of the features, one row each; see `people.People`.
        features: What is known of customers.
        segment: Ids of the customers of the segment.
        candidates: Ids of those who have not bought.
        refusing: Ids of those whom no list may name.
        top: How many at most.
    """
    import polars as pl

    from acrm.models.nearness import separation

    def chosen(ids: pl.Series) -> pl.DataFrame:
        return table.filter(pl.col("customer_id").is_in(ids.implode())).sort("customer_id")

    group, leads = chosen(segment), chosen(candidates)
    taken = pl.concat([segment.cast(pl.String), candidates.cast(pl.String)])
    others = table.filter(~pl.col("customer_id").is_in(taken.implode())).sort("customer_id")
    figures: dict[str, Scalar] = {
        "lookalike_segment": group.height,
        "lookalike_others": others.height,
        "lookalike_candidates": leads.height,
    }
    nobody = pl.DataFrame(
        schema={
            "rank": pl.Int64,
            "customer_id": pl.String,
            "distance": pl.Float64,
            "known": pl.Float64,
            "reason": pl.String,
        }
    )
    weights = pl.DataFrame(schema={"feature": pl.String, "weight": pl.Float64})
    if min(group.height, others.height) < NEEDED or leads.is_empty():
        note = Message("segment_nearness.few", {"needed": NEEDED, **figures})
        return Lookalike(table=nobody, features=weights, figures=figures, notes=(note,))
    shared = known_before(features, [group, leads])
    learned = nearness(group, others, shared)
    ours, theirs = held_out(group, others, partial(nearness, features=shared))
    check = separation(ours, theirs)
    limits = {"low": check.auc - 1.96 * check.error, "high": check.auc + 1.96 * check.error}
    figures |= {"lookalike_auc": check.auc, "lookalike_auc_low": limits["low"], "lookalike_auc_high": limits["high"]}
    told = {"auc": check.auc, **limits, "columns": len(shared)}
    if not (learned.parts and check.better(SIGMAS)):
        note = Message("segment_nearness.chance", told)
        return Lookalike(table=nobody, features=weights, figures=figures, notes=(note,))
    total = sum(part.weight for part in learned.parts)
    named = {part.feature.name: part.weight / total for part in learned.parts}
    weights = pl.DataFrame(list(named.items()), schema=weights.schema, orient="row")
    weights = weights.sort("weight", "feature", descending=[True, False])
    barred = refusing if refusing is not None else leads["customer_id"].head(0)
    willing = leads.filter(~pl.col("customer_id").is_in(barred.implode()))
    known = pl.Series("known", learned.known(willing), dtype=pl.Float64)
    ranked = (
        willing.with_columns(known.round(6), distance=pl.Series(learned.distances(willing), dtype=pl.Float64).round(6))
        # Of whom nothing is known that counts is no nearer and no farther than anybody.
        .filter(pl.col("known") > 0)
        .sort("distance", "customer_id")
        .head(top)
        .with_row_index("rank", offset=1)
    )
    nearest = ranked.select(
        pl.col("rank").cast(pl.Int64),
        "customer_id",
        "distance",
        "known",
        reason=pl.Series(learned.reasons(ranked), dtype=pl.String),
    )
    notes = [Message("segment_nearness.works", {**told, "names": listed(weights["feature"], 5)})]
    if blank := int((known == 0).sum()):
        notes.append(Message("segment_nearness.blank", {"customers": blank}))
    return Lookalike(table=nearest, features=weights, figures=figures, notes=tuple(notes))
