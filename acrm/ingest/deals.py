"""Deals without ids, won deals that are no sales, and deals whose columns contradict each other."""

from __future__ import annotations

import polars as pl

from acrm.ingest import totals
from acrm.ingest.mapping import Plan
from acrm.ingest.people.mentions import names_customers
from acrm.ingest.raw import ROW
from acrm.messages import Message
from acrm.schema import LINEAGE, dtype

SOLD_ON = "_sold_on"
"""Beside deals until sales are made of them: the day as the source wrote it, which UTC times do not tell."""
MADE_ID = "made_deal_id"
"""Flag of deals whose name other deals of the file bear, too."""
COMPLETED = "completed_deal"
"""Flag of deals of which an earlier file tells what the last one has no columns for."""
BEGUN = "_begun"
"""Beside deals of a file that says where deals begin and nothing of how they stand: the stage they begin in."""
AS_WON = "shared_deal_amount"
"""Flag of product lines that got their part of what the deal was won for."""
_MONEY = dtype("money")
_DAYS = ("deals.created_on", "deals.closed_on")
_CUSTOMERS = tuple(
    f"customers.{name}" for name in ("customer_id", "full_name", "last_name", "company", "email", "phone")
)


def with_ids(good: pl.LazyFrame, *, lined: bool) -> tuple[pl.LazyFrame, int]:
    """Deals of a file without ids, and how many names several of them bear.

    A deal is called by its name; of several deals of one name each is called `name/yyyy-mm-dd/customer`, by the day it
    was created, else closed, with a number behind where that is not enough, and flagged. Which number is whose depends
    on what the rows say, not on their order.

    Args:
        good: Rows of deals, with `deals.name` and `_flags`.
        lined: Whether a deal has a row per product: rows that agree in all but that are one deal.
    """
    have = good.collect_schema().names()
    days, people = ([column for column in columns if column in have] for columns in (_DAYS, _CUSTOMERS))
    told = [name for name in have if name.startswith("deals.") and name not in ("deals.name", "deals.product_id")]
    told = list(dict.fromkeys([*days, *people, *told]))
    rows = good.select(ROW, "deals.name", *told).filter(pl.len().over("deals.name") > 1).collect()
    deal = pl.col(ROW).min().over("deals.name", *told) if lined else pl.col(ROW)
    rows = rows.with_columns(_deal=deal).filter(pl.col("_deal").n_unique().over("deals.name") > 1)
    if rows.is_empty():
        return good.with_columns(pl.col("deals.name").alias("deals.deal_id")), 0
    day = pl.coalesce(*(pl.col(name) for name in days), pl.lit(None, pl.Date)).dt.strftime("%Y-%m-%d").fill_null("-")
    parts = ["deals.name", day, pl.coalesce(*people, pl.lit(None, pl.String))]
    named = (
        rows.unique("_deal", keep="first", maintain_order=True)
        .sort("deals.name", *told, ROW, nulls_last=True)
        .with_columns(_id=pl.concat_str(parts, separator="/", ignore_nulls=True))
        .with_columns(_n=pl.int_range(1, pl.len() + 1).over("_id"))
        .with_columns(_id=pl.when(pl.col("_n") > 1).then(pl.concat_str("_id", pl.lit("/"), "_n")).otherwise("_id"))
    )
    ids = rows.select(ROW, "_deal").join(named.select("_deal", "_id"), on="_deal").drop("_deal")
    flags = pl.concat_str([pl.col("_flags"), pl.lit(MADE_ID)], separator=" ", ignore_nulls=True)
    good = good.join(ids.lazy(), on=ROW, how="left", maintain_order="left").with_columns(
        pl.coalesce("_id", "deals.name").alias("deals.deal_id"),
        _flags=pl.when(pl.col("_id").is_not_null()).then(flags).otherwise(pl.col("_flags")),
    )
    return good.drop("_id"), named["deals.name"].n_unique()


def begun(plan: Plan, deals: pl.LazyFrame) -> pl.LazyFrame:
    """The deals of a file without what it does not tell: how they stand, where the system gives it a stage alone.

    Another file of the system tells it, in whatever order the two are read.
    """
    told = {"deals.status", "deals.stage", "deals.is_won"} & plan.fields.keys()
    if told or "deals.stage" not in plan.literals or "deals.status" in plan.literals:
        return deals
    silent = ["status", SOLD_ON, *([] if names_customers(plan) else ["customer_id"])]
    return deals.rename({"stage": BEGUN}).drop(silent, strict=False)


def completed(later: pl.LazyFrame, earlier: pl.LazyFrame) -> pl.LazyFrame:
    """The deals of a file with what an earlier one tells of them in columns that the later one does not have."""
    have, known = later.collect_schema().names(), earlier.collect_schema().names()
    lacking = [name for name in known if name not in have and name not in (*LINEAGE, "_flags")]
    lacking += ["_ref"] if "customer_id" in lacking and "_ref" in known else []
    if not lacking or not {"deal_id"} <= {*have} & {*known}:
        return later
    told = earlier.select("deal_id", *lacking).unique("deal_id", keep="last", maintain_order=True)
    filled = pl.any_horizontal(pl.col(name).is_not_null() for name in lacking)
    return later.join(told, on="deal_id", how="left", maintain_order="left").with_columns(
        _flags=totals.mark(pl.col("_flags"), filled, COMPLETED)
    )


def standing(deals: pl.LazyFrame) -> pl.LazyFrame:
    """The deals of all files, those open and in their first stage of which no file says how they stand."""
    have = deals.collect_schema().names()
    if BEGUN not in have:
        return deals
    texts = [pl.lit(None, pl.String).alias(name) for name in ("stage", "status", "customer_id") if name not in have]
    deals = deals.with_columns(texts).with_columns(pl.col("status").fill_null("open"))
    return deals.with_columns(pl.coalesce("stage", BEGUN, "status").alias("stage")).drop(BEGUN)


def still_told(stored: pl.LazyFrame, later: pl.LazyFrame) -> pl.LazyFrame:
    """The deals of a store without those that a later file tells under another made id.

    A name that becomes several deals' name, or ceases to be, changes the ids of all of them: deals that are called by
    their name are the same when name, customer and the time they were created (else closed) are.
    """
    have = {*stored.collect_schema().names()} & {*later.collect_schema().names()}
    about = ["name", "customer_id", *(name for name in ("created_at", "closed_at") if name in have)][:3]
    if len(about) < 3 or not {*about} <= have:
        return stored
    own = (pl.col("deal_id") == pl.col("name")) | pl.col("_flags").str.contains(MADE_ID).fill_null(False)
    own = own.fill_null(False)
    told = later.filter(own).select(*about, _again=pl.lit(True)).unique()
    joined = stored.join(told, on=about, how="left", nulls_equal=True, maintain_order="left")
    return joined.filter(~own | pl.col("_again").is_null()).drop("_again")


def as_won(deals: pl.LazyFrame, lines: pl.LazyFrame) -> pl.LazyFrame:
    """Product lines whose amounts add up to what their deal was won for, where they do not by themselves.

    The deal's amount is shared in proportion to the lines' amounts, else to their quantities, else evenly; to the cent,
    the sum exact. A deal without an amount, or with 0 where its lines have one, is worth its lines.
    """
    if "amount" not in deals.collect_schema().names():
        return lines
    have = lines.collect_schema().names()
    amount, won = pl.col("line_amount"), pl.col("_won")
    known = deals.filter(pl.col("amount") != 0).select(pl.col("deal_id").alias("order_id"), _won="amount")
    pieces = pl.col("quantity").fill_null(0) if "quantity" in have else pl.lit(0).cast(_MONEY)
    ways = [(each, ((each >= 0).all() | (each <= 0).all()) & (each.sum() != 0)) for each in (amount, pieces)]
    weight = pl.lit(1).cast(_MONEY)
    for each, fit in reversed(ways):
        weight = pl.when(fit.over("order_id")).then(each).otherwise(weight)
    order = [name for name in ("product_id", "product_name", "quantity", "line_amount") if name in have]
    lines = lines.join(known, on="order_id", how="left", maintain_order="left").with_columns(_weight=weight)
    until = pl.col("_weight").cum_sum().over("order_id", order_by=[*order, "_source_row"])
    lines = lines.with_columns(_until=until, _all=pl.col("_weight").sum().over("order_id"))

    def part(upto: pl.Expr) -> pl.Expr:
        """What of the deal's amount belongs to the lines that make `upto` of all weights."""
        share = won.cast(pl.Float64) * upto.cast(pl.Float64) / pl.col("_all").cast(pl.Float64)
        return pl.when(upto == pl.col("_all")).then(won).otherwise(share.round(2).cast(_MONEY))

    other = (amount.sum().over("order_id") != won).fill_null(False)
    flags = pl.concat_str([pl.col("_flags"), pl.lit(AS_WON)], separator=" ", ignore_nulls=True)
    shared = (part(pl.col("_until")) - part(pl.col("_until") - pl.col("_weight"))).cast(_MONEY)
    return lines.with_columns(
        line_amount=pl.when(other).then(shared).otherwise(amount),
        _flags=pl.when(other).then(flags).otherwise(pl.col("_flags")),
    ).drop("_won", "_weight", "_until", "_all")


def differing(sales: pl.LazyFrame, lines: pl.LazyFrame | None) -> list[Message]:
    """Say how many deals were won for another amount than their product lines make."""
    if lines is None:
        return []
    shared = sales.filter(pl.col("_flags").str.contains(AS_WON).fill_null(False)).select("order_id").unique().collect()
    return [Message("clean.lines_as_won", {"deals": shared.height})] if shared.height else []


def unsold(deals: pl.LazyFrame | None, lines: pl.LazyFrame | None) -> list[Message]:
    """Say how many won deals do not become sales, for want of an amount or of any date.

    Args:
        deals: The deals.
        lines: Product lines of won deals, which are sales whatever the deal's own amount says.
    """
    if deals is None:
        return []
    have = deals.collect_schema().names()
    if lines is not None:
        deals = deals.join(lines.select("order_id").unique(), left_on="deal_id", right_on="order_id", how="anti")
    dates = [pl.col(name).is_null() for name in ("closed_at", "created_at") if name in have]
    # Of every row: a literal alone would count as one, however many rows there are.
    every = pl.col("status").is_not_null()
    amountless = pl.col("amount").is_null() if "amount" in have else every
    dateless = pl.all_horizontal(dates) if dates else every
    won = deals.filter(pl.col("status") == "won")
    counts = won.select(amountless.sum().alias("amount"), (~amountless & dateless).sum().alias("date")).collect()
    said = {"clean.won_no_amount": counts["amount"].item(), "clean.won_no_date": counts["date"].item()}
    return [Message(note, {"deals": int(count)}) for note, count in said.items() if count]


def conflicts(deals: pl.LazyFrame, file: str) -> list[Message]:
    """Say how many deals a stage calls won and a status or flag lost, or the other way round."""
    count = deals.select(pl.col("_flags").str.contains("status_conflict").fill_null(False).sum()).collect().item()
    return [Message("ingest.status_conflict", {"file": file, "deals": int(count)})] if count else []
