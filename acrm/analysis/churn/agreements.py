"""Contracts as they were known on a day: who was under one, on what terms, and who has given notice.

The end of a contract without a term is written when the customer cancels, and a term that is renewed may be written
over with its new end. So no end is known before its day, whatever the file says now. When a decision is due is told by
what the contracts of a plan have in common: the length of their terms.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from acrm.analysis.clv.spells import PAUSE, SLACK, find_terms, linked, periods_passed, read_contracts

if TYPE_CHECKING:
    import polars as pl

    from acrm.messages import Message

FEATURES = (
    *("days_under_contract", "days_to_renewal", "plan", "price", "price_change"),
    *("contracts_so_far", "earlier_stays", "contracts_in_force", "contract_days", "term_share"),
)
"""Of columns that tell the same the first is kept."""
IN_TIME = 0.95
"""Share of the renewals that come within the grace."""


@dataclass(frozen=True, kw_only=True)
class Agreements:
    """Contracts and what became of them.

    Attributes:
        contracts: As `Past` takes them, sorted by `customer_id` and `day`: `day` (of the start), `left_on` (the day on
            which it is no longer in force; null: nobody knows of an end), `spell`, `plan` ("" without one), `price`,
            `months` (between two days of renewal; null: not known).
        stays: `spell`, `customer_id`, `left_on`, `end_at` (the last day in force; both null where a contract has no
            end), `notice` (given before `as_of`, of a day after it), `reason` (of the last contract).
        as_of: As of which customers are scored.
        first: The first day on which anybody left: before it, who left was not written down.
        last: Last day observed: contracts that begin today are not known yet.
        grace: Days after an end within which a contract may yet be renewed; a label is not certain before.
        notes: What was left out.
    """

    contracts: pl.DataFrame
    stays: pl.DataFrame
    as_of: date
    first: date
    last: date
    grace: int
    notes: tuple[Message, ...]


def read_agreements(contracts: pl.LazyFrame, as_of: date | None = None) -> Agreements:
    """Read contracts and join those that renew each other, as `acrm.analysis.clv.spells.linked` does.

    The grace is as long as nineteen in twenty of the renewals take that come within the 90 days of `linked`; who
    comes back later has left and begins anew. A term is over on the day after its end, as a renewal may start then; a
    contract without a term on the day of its end. Ends with a reason and ends in plans whose contracts mostly have none
    are notices, unless the file was written after `as_of`: then it tells nothing of what was known.

    Args:
        contracts: Canonical contracts.
        as_of: See `read_contracts`.

    Raises:
        InputError: No contract has a customer and a start up to `as_of`.
    """
    import polars as pl

    by = "plan" if "plan" in contracts.collect_schema().names() else None
    begun = read_contracts(contracts, as_of, by)
    today = begun.as_of
    pauses = linked(begun.frame).filter(pl.col("spell") == pl.col("spell").shift())["pause"]
    late: Any = pauses.filter(pauses >= 0).quantile(IN_TIME, "higher")
    grace = min(max(int(late or 0), SLACK), PAUSE)
    terms = find_terms(contracts, by)
    over = timedelta(days=0 if begun.frame["end_at"].null_count() else 1)
    rows = linked(begun.frame, grace).with_columns(
        left_on=pl.col("end_at") + over,
        months=pl.col("group").replace_strict(terms, default=None, return_dtype=pl.Int32),
    )
    in_force = pl.col("left_on").is_null() | (pl.col("left_on") > today)
    endless = (in_force & pl.col("left_on").is_null()).sum().over("group") * 2 > in_force.sum().over("group")
    told = pl.col("end_reason").is_not_null() | endless
    notice = (pl.col("left_on") > today).fill_null(value=False) & told & (begun.written_on <= today)
    rows = rows.with_columns(notice=notice, in_force=in_force)
    told_of_all = pl.col("left_on").null_count() == 0
    stays = rows.group_by("spell", maintain_order=True).agg(
        pl.col("customer_id").first(),
        *(pl.when(told_of_all).then(pl.col(name).max()).alias(name) for name in ("left_on", "end_at")),
        ((pl.col("notice") | ~pl.col("in_force")).all() & pl.col("notice").any()).alias("notice"),
        pl.col("end_reason").last().alias("reason"),
    )
    left: Any = stays["left_on"].min()
    return Agreements(
        contracts=rows.rename({"start_at": "day", "group": "plan"})
        .select("customer_id", "day", "left_on", "spell", "plan", pl.col("price").cast(pl.Float64), "months")
        .sort("customer_id", "day", "plan", "price", nulls_last=True),
        stays=stays,
        as_of=today,
        first=left or today,
        last=today - timedelta(days=1),
        grace=grace,
        notes=begun.notes,
    )


def contract_features(contracts: pl.DataFrame, cutoff: date) -> pl.DataFrame:
    """One row per customer under contract at the end of a day, by `customer_id`.

    Args:
        contracts: As `Past.until` has them on that day: no row of a later one, no end that is still to come.
        cutoff: The day.

    Returns:
        `FEATURES`. Of the contract in force that began last: `contract_days` (since its start), `plan`, `price_change`
        (of its price over that of the one before in the same stay; null where there is none), `days_to_renewal` and
        `term_share` (share of the term that is gone; both null where the plan has no term). Of the stay:
        `days_under_contract`, `contracts_so_far`, `earlier_stays`. Of all contracts in force: `contracts_in_force`,
        `price` (their sum; null: none has one).
    """
    import polars as pl

    today = pl.lit(cutoff)
    before = pl.col("price").shift().over("spell")
    rows = contracts.with_columns(
        price_change=pl.when(before > 0).then((pl.col("price") / before - 1).round(6)),
        stay=pl.col("spell") - pl.col("spell").min().over("customer_id"),
    )
    stays = rows.group_by("spell", maintain_order=True).agg(
        (today - pl.col("day").min()).dt.total_days().cast(pl.Float64).alias("days_under_contract"),
        pl.len().cast(pl.Float64).alias("contracts_so_far"),
        pl.col("stay").first().cast(pl.Float64).alias("earlier_stays"),
    )
    prices = pl.col("price").drop_nulls()
    table = (
        rows.filter(pl.col("left_on").is_null())
        .group_by("customer_id", maintain_order=True)
        .agg(
            pl.col("spell", "day", "months", "plan", "price_change").last(),
            pl.len().cast(pl.Float64).alias("contracts_in_force"),
            pl.when(prices.len() > 0).then(prices.sum().round(4)).alias("price"),
        )
        .join(stays, on="spell", how="left", maintain_order="left")
    )
    gone = periods_passed(pl.col("day"), today, pl.col("months"))
    begun, due = (pl.col("day").dt.offset_by(pl.format("{}mo", (gone + ahead) * pl.col("months"))) for ahead in (0, 1))
    length = (due - begun).dt.total_days()
    return table.with_columns(
        (today - pl.col("day")).dt.total_days().cast(pl.Float64).alias("contract_days"),
        pl.when(pl.col("plan") != "").then("plan").alias("plan"),
        (due - today).dt.total_days().cast(pl.Float64).alias("days_to_renewal"),
        ((today - begun).dt.total_days() / length).round(6).alias("term_share"),
    ).select("customer_id", *FEATURES)
