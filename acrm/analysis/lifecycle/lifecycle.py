"""Where each customer stands between the first purchase and the last: a function of the days of purchase alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acrm.analysis.lifecycle.gaps import Limits, Proposal, propose
from acrm.analysis.lifecycle.partners import partners
from acrm.analysis.lifecycle.transitions import pooled, transitions
from acrm.analysis.result import Scalar
from acrm.messages import Message

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

STAGES = ("prospect", "new", "active", "loyal", "partner", "at_risk", "lapsed", "returned")


@dataclass(frozen=True, kw_only=True)
class Lifecycle:
    """The stages of all customers, and how they follow each other.

    Attributes:
        proposal: The limits, and where they come from; without limits all tables are empty.
        table: Sorted by `customer_id`: `stage`, `since` (the day it began; null for prospects), `days_since_last`,
            `orders`, `own_gap_days` (median days between the customer's days of purchase; null below two).
        stages: In the order of `STAGES`: `stage`, `customers`, `share`, `median_days` since the last purchase.
        transitions: See `transitions.transitions`.
        matrix: See `transitions.pooled`.
        figures: For the summary.
        notes: What the reader should know.
    """

    proposal: Proposal
    table: pl.DataFrame
    stages: pl.DataFrame
    transitions: pl.DataFrame
    matrix: pl.DataFrame
    figures: dict[str, Scalar]
    notes: tuple[Message, ...]


def lifecycle(
    days: pl.DataFrame,
    tables: Mapping[str, pl.LazyFrame],
    *,
    as_of: date,
    given: Mapping[str, int] | None = None,
    everyone: pl.Series | None = None,
) -> Lifecycle:
    """Tell the stage of every customer as of a day, and count the changes from month to month.

    With d days since the last of n days of purchase, in this order:

    | stage    | who                                                                                      |
    |----------|------------------------------------------------------------------------------------------|
    | partner  | is under contract, or brought another customer and has not lapsed                        |
    | lapsed   | d > the limit `lapsed`; or was under contract and never bought                           |
    | at_risk  | d > the limit `active`                                                                   |
    | returned | the last purchase came more than the limit `lapsed` after the one before                 |
    | loyal    | n >= the limit `loyal`                                                                   |
    | new      | n = 1                                                                                    |
    | active   | all others                                                                               |
    | prospect | never bought and never was under contract                                                |

    Args:
        days: `customer_id`, `day`, `orders`, as of `acrm.summaries.customers.purchase_days`; later ones do not count.
        tables: `contracts` and `customers`, if there are any.
        as_of: Today.
        given: Limits that are not to be found, see `gaps.propose`.
        everyone: Ids of all customers there are; None: of those who bought.
    """
    import polars as pl

    days = days.filter(pl.col("day") <= as_of).sort("customer_id", "day")
    proposal = propose(days, as_of, given)
    limits = proposal.limits
    if limits is None:
        return _nothing(proposal)
    changes = stages(days, limits, as_of, partners(tables, days, limits.lapsed))
    latest: Any = days["day"].max()
    first = _first(days, changes, as_of)
    months = transitions(changes, first=first, last=latest, lapsed=limits.lapsed, as_of=as_of)
    matrix, notes = pooled(months)
    table = _table(days, changes, as_of, everyone)
    sizes = _sizes(table)
    figures: dict[str, Scalar] = {
        **{f"limit_{name}": getattr(limits, name) for name in ("active", "lapsed", "loyal")},
        **{f"{row['stage']}_customers": row["customers"] for row in sizes.iter_rows(named=True)},
        **{f"{row['stage']}_share": round(row["share"], 6) for row in sizes.iter_rows(named=True)},
    }
    return Lifecycle(
        proposal=proposal,
        table=table,
        stages=sizes,
        transitions=months,
        matrix=matrix,
        figures=figures,
        notes=(*proposal.notes, *notes),
    )


def stages(days: pl.DataFrame, limits: Limits, as_of: date, partner: pl.DataFrame) -> pl.DataFrame:
    """When the stage of whom changed: `customer_id`, `day`, `stage`, sorted; the stage holds until the next row.

    Args:
        days: `customer_id`, `day`, sorted by them, up to `as_of`.
        limits: What parts the stages.
        as_of: The last day that counts.
        partner: As of `partners.partners`.

    Examples:
        >>> from datetime import date
        >>> import polars as pl
        >>> days = pl.DataFrame({"customer_id": ["a", "a"], "day": [date(2025, 1, 1), date(2025, 1, 9)]})
        >>> nobody = pl.DataFrame(schema={"customer_id": pl.String, "from": pl.Date, "to": pl.Date})
        >>> stages(days, Limits(active=5, lapsed=20, loyal=3), date(2025, 1, 31), nobody).rows()[1:]
        [('a', datetime.date(2025, 1, 7), 'at_risk'), ('a', datetime.date(2025, 1, 9), 'active'), \
('a', datetime.date(2025, 1, 15), 'at_risk'), ('a', datetime.date(2025, 1, 30), 'lapsed')]
    """
    import polars as pl

    def whole(span: pl.Expr) -> pl.Expr:
        return span.over("customer_id").dt.total_days()

    placed = days.select(
        "customer_id",
        "day",
        before=whole(pl.col("day").diff()),
        after=whole(pl.col("day").shift(-1) - pl.col("day")),
        n=pl.int_range(1, pl.len() + 1).over("customer_id"),
    )
    bought = (
        pl.when(pl.col("before") > limits.lapsed)
        .then(pl.lit("returned"))
        .when(pl.col("n") >= limits.loyal)
        .then(pl.lit("loyal"))
        .when(pl.col("n") == 1)
        .then(pl.lit("new"))
        .otherwise(pl.lit("active"))
    )
    parts = [placed.select("customer_id", "day", stage=bought)]
    for stage, limit in (("at_risk", limits.active), ("lapsed", limits.lapsed)):
        late = placed.filter(pl.col("after").is_null() | (pl.col("after") > limit + 1))
        parts.append(late.select("customer_id", pl.col("day") + pl.duration(days=limit + 1), stage=pl.lit(stage)))
    base = pl.concat(parts).filter(pl.col("day") <= as_of)
    return _changes(base if partner.is_empty() else _with_partners(base, partner, as_of))


def _changes(told: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    told = told.sort("customer_id", "day")
    return told.filter(pl.col("stage").ne_missing(pl.col("stage").shift().over("customer_id")))


def _with_partners(base: pl.DataFrame, partner: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """The stages where those of partners go before: told anew on each day on which either may change."""
    import polars as pl

    spans = partner.filter(pl.col("from") <= as_of)
    edges = [
        spans.select("customer_id", day="from", step=pl.lit(1)),
        spans.drop_nulls("to").select("customer_id", day=pl.col("to") + pl.duration(days=1), step=pl.lit(-1)),
    ]
    steps = pl.concat(edges).filter(pl.col("day") <= as_of).group_by("customer_id", "day").agg(pl.col("step").sum())
    both = base.join(steps, on=["customer_id", "day"], how="full", coalesce=True).sort("customer_id", "day")
    inside = pl.col("step").fill_null(0).cum_sum().over("customer_id") > 0
    otherwise = pl.col("stage").forward_fill().over("customer_id").fill_null("lapsed")
    return both.select("customer_id", "day", stage=pl.when(inside).then(pl.lit("partner")).otherwise(otherwise))


def _first(days: pl.DataFrame, changes: pl.DataFrame, as_of: date) -> date:
    """The day on which the data begin: of the first purchase, or of the first contract where nobody bought."""
    first: Any = (changes if days.is_empty() else days)["day"].min()
    return first or as_of


def _table(days: pl.DataFrame, changes: pl.DataFrame, as_of: date, everyone: pl.Series | None) -> pl.DataFrame:
    import polars as pl

    now = changes.group_by("customer_id", maintain_order=True).agg(
        pl.col("stage").last(), pl.col("day").last().alias("since")
    )
    bought = days.group_by("customer_id").agg(
        (pl.lit(as_of) - pl.col("day").max()).dt.total_days().alias("days_since_last"),
        pl.col("orders").sum().cast(pl.Int64),
        pl.col("day").sort().diff().dt.total_days().median().alias("own_gap_days"),
    )
    known = now["customer_id"] if everyone is None else pl.concat([everyone.rename("customer_id"), now["customer_id"]])
    return (
        known.unique()
        .sort()
        .to_frame("customer_id")
        .join(now, on="customer_id", how="left", maintain_order="left")
        .join(bought, on="customer_id", how="left", maintain_order="left")
        .with_columns(pl.col("stage").fill_null("prospect"), pl.col("orders").fill_null(0))
    )


def _sizes(table: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    counted = table.group_by("stage").agg(
        pl.len().cast(pl.Int64).alias("customers"), pl.col("days_since_last").median().alias("median_days")
    )
    return (
        pl.DataFrame({"stage": STAGES})
        .join(counted, on="stage", how="left", maintain_order="left")
        .with_columns(pl.col("customers").fill_null(0))
        .select("stage", "customers", (pl.col("customers") / max(table.height, 1)).alias("share"), "median_days")
    )


def _nothing(proposal: Proposal) -> Lifecycle:
    import polars as pl

    empty = pl.DataFrame(schema={"customer_id": pl.String, "stage": pl.String})
    return Lifecycle(
        proposal=proposal,
        table=empty,
        stages=empty.drop("customer_id"),
        transitions=empty,
        matrix=empty,
        figures={},
        notes=proposal.notes,
    )
