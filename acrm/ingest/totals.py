"""Amounts of whole orders: a total repeated on each line, a discount of the order, totals that do not add up."""

from __future__ import annotations

import polars as pl

from acrm.ingest.amounts import quoted
from acrm.ingest.raw import ROW
from acrm.ingest.stage import Staged
from acrm.messages import Message
from acrm.schema import dtype

_LINE = "transactions."
_MONEY = dtype("money")
_MANY_ORDERS = 5
"""Fewer orders of several lines than this do not prove that a total is repeated."""


def mark(flags: pl.Expr, when: pl.Expr, word: str) -> pl.Expr:
    """The flags with a word more where a condition holds."""
    marked = pl.concat_str([flags, pl.lit(word)], separator=" ", ignore_nulls=True)
    return pl.when(when.fill_null(False)).then(marked).otherwise(flags)


def by_content(have: set[str]) -> list[str]:
    """What puts the lines of an order in order, whatever the order of the source's rows."""
    names = ("line_no", "product_id", "product_name", "quantity", "unit_price", "line_amount")
    return [name for column in names if (name := f"{_LINE}{column}") in have] + [ROW]


def share_discount(good: pl.LazyFrame, have: set[str], order: str) -> pl.LazyFrame:
    """Share an order's discount over its lines in proportion to their amounts, to the cent, the sum exact.

    Where the order has a sum of its goods (`subtotal`), no more is taken off than makes its lines that sum: the rest of
    the discount was off the shipping, or is off the lines already.
    """
    amount = pl.col(f"{_LINE}line_amount")
    total = amount.sum().over(order)
    discount = pl.col(f"{_LINE}order_discount").max().over(order)
    if f"{_LINE}subtotal" in have:
        above = total - pl.col(f"{_LINE}subtotal").max().over(order)
        discount = pl.when(above.is_null() | (above > discount)).then(discount).otherwise(above)
    until = amount.cum_sum().over(order, order_by=by_content(have))

    def given(part: pl.Expr) -> pl.Expr:
        """What of the discount belongs to the lines that make `part` of the total."""
        share = discount.cast(pl.Float64) * part.cast(pl.Float64) / total.cast(pl.Float64)
        return pl.when(part == total).then(discount).otherwise(share.round(2).cast(_MONEY))

    share = pl.when((discount > 0) & (total > 0)).then(given(until) - given(until - amount)).otherwise(pl.lit(0))
    if f"{_LINE}order_total" in have:
        # Lines that add up to the order's total are without the discount already.
        share = pl.when(total != pl.col(f"{_LINE}order_total").max().over(order)).then(share).otherwise(pl.lit(0))
    own = pl.col(f"{_LINE}discount").fill_null(0) if f"{_LINE}discount" in have else pl.lit(0)
    return good.with_columns(share.cast(_MONEY).fill_null(0).alias("_share")).with_columns(
        (amount - pl.col("_share")).cast(_MONEY).alias(f"{_LINE}line_amount"),
        (own.cast(_MONEY) + pl.col("_share")).cast(_MONEY).alias(f"{_LINE}discount"),
        _flags=mark(pl.col("_flags"), pl.col("_share") != 0, "shared_discount"),
    )


def repeated(staged: Staged, good: pl.LazyFrame, have: set[str]) -> tuple[bool, Message | None]:
    """Whether the amount is the whole order's, written again on each of its lines; and the note that says what decided.

    Known systems say what their rows are, and so does `--map line_amount=` or `--map order_total=`. Else, with equal
    amounts on the lines of nearly every order, the first of these decides: quantity x price; another column of order
    totals; the same product's amounts in other orders; the name of the column, or five orders.
    """
    plan = staged.plan
    priced = plan.has(f"{_LINE}quantity", f"{_LINE}unit_price")
    single = plan.has(f"{_LINE}line_amount") or plan.has(f"{_LINE}line_net")
    from_total = plan.has(f"{_LINE}order_total") and not single
    lined = plan.has(f"{_LINE}product_id") or plan.has(f"{_LINE}product_name")
    told = {name.removeprefix(_LINE) for name in plan.told}
    if f"{_LINE}order_id" not in have or not lined or "line_amount" in told or not (plan.free_form or from_total):
        return False, None
    if (priced and not single) or plan.has(f"{_LINE}line_gross"):
        return False, None
    amount = pl.col(f"{_LINE}line_amount")
    if priced:
        product = pl.col(f"{_LINE}quantity") * pl.col(f"{_LINE}unit_price")
        if (good.select(((product - amount).abs() <= 1).mean()).collect().item() or 0) > 0.5:
            return False, None
    orders = (
        good.group_by(f"{_LINE}order_id")
        .agg(
            pl.len().alias("lines"),
            (amount.min() == amount.max()).alias("same"),
            *(
                [(amount.sum() == pl.col(f"{_LINE}order_total").max()).alias("adds_up")]
                if _checked(have, from_total)
                else []
            ),
        )
        .filter(pl.col("lines") > 1)
        .select(pl.len(), pl.col("same").mean(), *([pl.col("adds_up").mean()] if _checked(have, from_total) else []))
        .collect()
    )
    count, same = orders.row(0)[:2]
    sources = ["order_total"] if from_total else ["line_amount", "line_net"]
    column = quoted(next((plan.fields[name][0] for of in sources if (name := f"{_LINE}{of}") in plan.fields), ""))
    values = {"file": staged.raw.name, "column": column}
    if "order_total" in told and from_total and count:
        return True, None
    if count < (1 if from_total else _MANY_ORDERS) or same < 0.95:
        return False, None
    if "adds_up" in orders.columns and orders["adds_up"].item() >= 0.95:
        return False, None
    if _own_amounts(good, have, order=f"{_LINE}order_id"):
        return False, Message("ingest.equal_lines", values)
    return True, Message("ingest.repeated_totals", values)


def _checked(have: set[str], from_total: bool) -> bool:
    return f"{_LINE}order_total" in have and not from_total


def _own_amounts(good: pl.LazyFrame, have: set[str], *, order: str) -> bool:
    """Whether products have amounts of their own: the same ones in whatever order they stand.

    Judged on the products that stand in several orders, when their amounts tell them from other products.
    """
    product = next(f"{_LINE}{name}" for name in ("product_id", "product_name") if f"{_LINE}{name}" in have)
    amount = pl.col(f"{_LINE}line_amount")
    pieces = pl.col(f"{_LINE}quantity") if f"{_LINE}quantity" in have else pl.lit(1)
    products = (
        good.filter(pl.col(product).is_not_null() & (amount > 0) & (pieces.fill_null(1) > 0))
        .with_columns(_lines=pl.len().over(order), _each=amount.cast(pl.Float64) / pieces.fill_null(1).cast(pl.Float64))
        .group_by(product)
        .agg(
            pl.col(order).n_unique().alias("orders"),
            pl.col("_each").round(4).n_unique().alias("amounts"),
            (pl.col("_lines") == 1).any().alias("alone"),
            (pl.col("_lines") > 1).any().alias("together"),
        )
        .filter((pl.col("orders") > 1) & pl.col("together"))
        .collect()
    )
    if products.is_empty():
        return False
    telling = products.filter("alone") if products["alone"].any() else products
    return bool((telling["amounts"] == 1).mean() >= 0.5)  # type: ignore[operator]


def once(good: pl.LazyFrame, have: set[str], order: str) -> pl.LazyFrame:
    """Leave an order's repeated total on its first line only; an order of different amounts keeps them."""
    amount = pl.col(f"{_LINE}line_amount")
    first = pl.int_range(pl.len()).over(order, order_by=by_content(have)) == 0
    kept = first | (amount.min() != amount.max()).over(order)
    return good.with_columns(
        pl.when(kept).then(amount).otherwise(pl.lit(0).cast(_MONEY)).alias(f"{_LINE}line_amount"),
        _flags=mark(pl.col("_flags"), ~kept, "order_total_once"),
    )


def differing(staged: Staged, good: pl.LazyFrame, have: set[str], order: str) -> list[Message]:
    """Say how many orders' lines do not add up to the total that the source has for them."""
    plan = staged.plan
    if not {f"{_LINE}order_total", f"{_LINE}order_id"} <= have or not plan.has_line_amounts():
        return []
    if f"{_LINE}status" in have:
        good = good.filter(pl.col(f"{_LINE}status").is_null() | (pl.col(f"{_LINE}status") != "cancelled"))
    total, lines = pl.col(f"{_LINE}order_total"), pl.col(f"{_LINE}line_amount")
    column = plan.fields[f"{_LINE}order_total"][0]
    # A total may have the shipping in it, and the tax.
    known = [name for name in ("shipping", "line_tax") if f"{_LINE}{name}" in have]
    tops = [pl.lit(0), *map(pl.col, known), *([pl.sum_horizontal(known)] if len(known) > 1 else [])]
    # A column of totals that differ from line to line is of lines, not of orders.
    sums = (
        good.group_by(order)
        .agg(
            total.max().alias("total"),
            (total.min() == total.max()).alias("one"),
            lines.sum().alias("sum"),
            pl.len(),
            *(pl.col(f"{_LINE}{name}").max().fill_null(0).alias(name) for name in known),
        )
        .filter(pl.col("total").is_not_null() & pl.col("one"))
        .with_columns(more=pl.col("total") - pl.col("sum"))
    )
    slack = 0.01 * pl.col("len")
    off = pl.all_horizontal((pl.col("more") - top).abs() > slack for top in tops)
    found = sums.select(pl.len(), off.sum().alias("off"), pl.col("more").filter(off).sum()).collect()
    count, orders, more = found.row(0)
    if not orders:
        return []
    values = {"file": staged.raw.name, "orders": int(orders), "of": int(count), "column": column, "more": more}
    return [Message("ingest.totals_differ", values)]
