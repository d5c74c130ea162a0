"""Order numbers that start again (each year, at each till): one number that is several orders is told apart."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from acrm.ingest.mapping import Plan
from acrm.ingest.vocabulary import normalise
from acrm.messages import Message

SOURCE_ID = "x_order_id_in_source"
"""The number as the source has it, where the order id had to be made different."""
RENUMBERED = "order_number_reused"
DAYS = 31
"""An order's lines may be this many days apart (partial deliveries); lines further apart are of two orders."""
_RECEIPTS = ("чек", "receipt", "beleg", "ticket", "check number")
_PLACES = (
    "касса",
    "магазин",
    "торговая точка",
    "точка продаж",
    "филиал",
    "store",
    "shop",
    "outlet",
    "branch",
    "tienda",
)


def apart(
    lines: pl.LazyFrame,
    *,
    order: str,
    customer: str,
    day: str,
    amount: str,
    places: list[str],
    days: int = DAYS,
    who: pl.LazyFrame | None = None,
    large: bool = False,
) -> tuple[pl.LazyFrame, int]:
    """Order lines whose order ids name one order each, and how many numbers had to be told apart.

    A number is several orders when its lines name different customers or different tills, or when more than `days`
    days lie between one line and the next; a line with a negative amount, and one without a customer, stays with the
    order it follows. Such an order is called `number/yyyy-mm-dd`, by its first day, with the till and the customer
    behind where that is not enough; its number stays in `x_order_id_in_source`.

    Args:
        lines: Order lines, with `_flags`.
        order, customer, day, amount: Their columns.
        places: Columns of tills and shops.
        days: See above.
        who: Which values of `customer` are the same customer, as `ref` and `customer_id`.
        large: Whether to look at one number in 16 first, and at all of them only if that finds any.
    """
    some = lines.filter(pl.col(order).hash() % 16 == 0)
    if large and not _doubtful(some, order, customer, day, places, days).height:
        return lines, 0
    doubtful = _doubtful(lines, order, customer, day, places, days)
    if not doubtful.height:
        return lines, 0
    marked = lines.with_columns(
        _back=(pl.col(amount) < 0).fill_null(False),
        _place=pl.concat_str(places, separator="/", ignore_nulls=True) if places else pl.lit(""),
    )
    rows = (
        marked.select(
            pl.col(order).alias("o"), pl.col(customer).alias("ref"), pl.col(day).alias("day"), "_back", "_place"
        )
        .with_columns(h=pl.col("o").hash())
        .join(doubtful.lazy(), left_on="h", right_on="o", how="semi")
        .drop("h")
        .unique()
        .collect()
    )
    if who is None:
        rows = rows.with_columns(who=pl.col("ref"))
    else:
        rows = rows.join(who.rename({"customer_id": "who"}).collect(), on="ref", how="left")
    named = _named(rows, days)
    if not named.height:
        return lines, 0
    joined = marked.join(
        named.lazy(),
        left_on=[order, customer, day, "_back", "_place"],
        right_on=["o", "ref", "day", "_back", "_place"],
        how="left",
        nulls_equal=True,
        maintain_order="left",
    )
    renamed = pl.col("_id").is_not_null()
    flags = pl.concat_str([pl.col("_flags"), pl.lit(RENUMBERED)], separator=" ", ignore_nulls=True)
    known = SOURCE_ID in lines.collect_schema().names()
    own = pl.coalesce(SOURCE_ID, order) if known else pl.col(order)
    before = pl.col(SOURCE_ID) if known else pl.lit(None, pl.String)
    joined = joined.with_columns(
        pl.coalesce("_id", order).alias(order),
        pl.when(renamed).then(own).otherwise(before).alias(SOURCE_ID),
        _flags=pl.when(renamed).then(flags).otherwise(pl.col("_flags")),
    )
    return joined.drop("_id", "_back", "_place"), named["o"].n_unique()


def _doubtful(lines: pl.LazyFrame, order: str, customer: str, day: str, places: list[str], days: int) -> pl.DataFrame:
    """Hashes of the numbers that may be several orders.

    Hashes, because texts cost three times as much; and lines that continue the order above them are left out first:
    where every number then stands once, as in most exports, nothing needs to be grouped.
    """
    who = [
        pl.when(pl.col(name).is_not_null()).then(pl.col(name).hash()).alias(f"p{at}")
        for at, name in enumerate((customer, *places))
    ]
    keys = [pl.col(order).hash().alias("o"), pl.col(day).to_physical().alias("d"), *who]
    names = [key.meta.output_name() for key in keys]
    other = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift(1)) for name in names)
    parts = (
        lines.filter(pl.col(order).is_not_null()).select(keys).filter(other | (pl.int_range(pl.len()) == 0)).collect()
    )
    if parts["o"].n_unique() == parts.height:
        return parts.select("o").clear()
    differ = [(pl.col(name).min() != pl.col(name).max()).fill_null(False) for name in names[2:]]
    spread = (pl.col("d").max() - pl.col("d").min() > days).fill_null(False)
    return parts.group_by("o").agg(pl.any_horizontal(*differ, spread).alias("several")).filter("several").select("o")


def _named(rows: pl.DataFrame, days: int) -> pl.DataFrame:
    """The rows (o, ref, day, _back, _place, who) of numbers that are several orders, with the order's name as `_id`."""
    single = pl.col("who").min() == pl.col("who").max()
    for near in (["o", "_place", "day"], ["o", "_place"]):
        # Who is named on one line alone bought the others, too.
        known = pl.when(single.over(near)).then(pl.col("who").max().over(near))
        rows = rows.with_columns(who=pl.coalesce("who", known))
    group = ["o", "_place", "who"]
    rows = rows.sort(*group, "day", "_back", "ref", nulls_last=True).with_row_index("_at")
    # In rows that are sorted a group is what stands between two beginnings; windows over each take far longer.
    new = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift(1)) for name in group) | (pl.col("_at") == 0)
    begin = pl.when(new).then("_at").forward_fill()
    last = pl.when(~pl.col("_back")).then("_at").forward_fill().shift(1)
    sold = pl.when(last >= begin).then(pl.when(~pl.col("_back")).then("day").forward_fill().shift(1))
    start = (~pl.col("_back") & ((pl.col("day") - sold).dt.total_days() > days)).fill_null(False)
    rows = rows.with_columns(new=new, part=start.cum_sum())
    rows = rows.with_columns(part=pl.col("part") - pl.when("new").then("part").forward_fill())
    rows = rows.with_columns(first=pl.col("day").min().over(*group, "part"))
    several = rows.select(*group, "part", "first").unique().filter(pl.len().over("o") > 1)
    alike = several.select("o", "first", "_place").unique().filter(pl.len().over("o", "first") > 1).select("o", "first")
    placed = several.join(alike.unique(), on=["o", "first"], how="semi", nulls_equal=True)
    twice = several.filter(pl.len().over("o", "first", "_place") > 1)
    names = [
        pl.col("o"),
        pl.col("first").dt.strftime("%Y-%m-%d").fill_null("-"),
        pl.when("placed").then("_place"),
        pl.when("twice").then(pl.col("who").str.replace(r"^(id:[^:]*:|\w+:)", "").fill_null("-")),
    ]
    key = [*group, "part"]
    several = (
        several.join(placed.select(*key, placed=pl.lit(True)), on=key, how="left", nulls_equal=True)
        .join(twice.select(*key, twice=pl.lit(True)), on=key, how="left", nulls_equal=True)
        .with_columns(pl.col("placed", "twice").fill_null(False))
        .with_columns(_id=pl.concat_str(names, separator="/", ignore_nulls=True))
    )
    found = rows.join(several, on=key, how="inner", nulls_equal=True)
    return found.select("o", "ref", "day", "_back", "_place", "_id")


def across(tables: Mapping[str, pl.LazyFrame], files: int, notes: list[Message]) -> dict[str, pl.LazyFrame]:
    """The order lines of several files, where a number of one file is another order's in the next.

    Args:
        tables: Canonical tables.
        files: How many frames their transactions were put together from.
        notes: Takes a word about the numbers told apart.

    Returns:
        `transactions`, or nothing where there is nothing to tell apart.
    """
    if files < 2 or "order_id" not in tables["transactions"].collect_schema().names():
        return {}
    lines, reused = apart(
        tables["transactions"],
        order="order_id",
        customer="customer_id",
        day="ordered_on",
        amount="line_amount",
        places=[],
    )
    if reused:
        notes.append(Message("clean.numbers_reused", {"n": reused}))
    return {"transactions": lines}


def of_source(lines: pl.LazyFrame) -> pl.LazyFrame:
    """Order lines under the numbers of their source, the order ids set aside as `_order_id`."""
    have = lines.collect_schema().names()
    if "order_id" not in have:
        return lines.with_columns(_order_id=pl.lit(None, pl.String))
    own = pl.coalesce(SOURCE_ID, "order_id") if SOURCE_ID in have else pl.col("order_id")
    return lines.with_columns(order_id=own, _order_id=pl.col("order_id"))


def of_ours(lines: pl.LazyFrame) -> pl.LazyFrame:
    """The opposite of `of_source`."""
    return lines.with_columns(order_id=pl.col("_order_id")).drop("_order_id")


def places(plan: Plan) -> list[str]:
    """The fields that say at which till or shop a line was sold; a warehouse is none, as an order may need two."""
    found = [f"transactions.{name}" for name in ("till", "shift") if plan.has(f"transactions.{name}")]
    headers = plan.fields.get("transactions.unit", ())
    if headers and any(word in normalise(headers[0]) for word in _PLACES):
        found.append("transactions.unit")
    return found


def days_apart(plan: Plan) -> int:
    """How many days the lines of one order may be apart: a receipt is of one moment."""
    headers = plan.fields.get("transactions.order_id", ("",))
    receipts = any(word in normalise(headers[0]) for word in _RECEIPTS)
    return 0 if receipts or plan.has("transactions.till") or plan.has("transactions.shift") else DAYS
