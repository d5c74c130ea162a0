"""Refunds that an export tells only beside its orders: negative rows made from amounts, quantities and statuses."""

from __future__ import annotations

import polars as pl

from acrm.ingest.orders import SOURCE_ID
from acrm.ingest.raw import ROW
from acrm.ingest.totals import mark
from acrm.schema import dtype

_LINE = "transactions."
_MONEY = dtype("money")


def rows(good: pl.LazyFrame, have: set[str], order: str, lineage: dict[str, pl.Expr]) -> pl.LazyFrame:
    """One negative row per order that was refunded, dated as the order; cancelled where the order is.

    The amount is the order's refunded amount, else what its returned pieces cost, all of its lines where only the
    status says so, and never more than its lines: what is given back may include shipping and tax, which are no part
    of them. The quantity is that of the returned pieces where the source has it.
    """
    lines = pl.col(f"{_LINE}line_amount")
    pieces = f"{_LINE}refunded_quantity" in have
    if f"{_LINE}refunded_amount" not in have:
        good = good.with_columns(_cost_of_returned().alias(f"{_LINE}refunded_amount"))
        figure = pl.col(f"{_LINE}refunded_amount").sum()
    else:
        # One figure, once or repeated, is the order's; several figures are its lines'.
        positive = pl.col(f"{_LINE}refunded_amount").filter(pl.col(f"{_LINE}refunded_amount") > 0)
        figure = pl.when(positive.n_unique() == 1).then(positive.max()).otherwise(positive.sum())
    refunded = pl.col(f"{_LINE}refunded_amount")
    said = pl.col(f"{_LINE}status") == "refunded" if f"{_LINE}status" in have else pl.lit(False)
    names = ("order_id", "ordered_at", "ordered_on", "currency", "status")
    kept = [name for name in names if f"{_LINE}{name}" in have]
    returned = [pl.col(f"{_LINE}refunded_quantity").abs().sum().alias("quantity")] if pieces else []
    numbered = [SOURCE_ID] if SOURCE_ID in have else []
    found = (
        good.filter(((refunded > 0) | said).any().over(order))
        .sort(ROW)
        .group_by(order, maintain_order=True)
        .agg(
            *(pl.col(f"{_LINE}{name}").first().alias(name) for name in kept),
            pl.when(figure > 0)
            .then(pl.min_horizontal(figure, lines.sum()))
            .otherwise(lines.sum())
            .alias("line_amount"),
            *returned,
            *(pl.col(name).first() for name in numbered),
            pl.col("ref").first().alias("customer_id"),
            pl.col("_flags").first(),
            pl.col(ROW).first(),
        )
        .filter(pl.col("line_amount") > 0)
    )
    # What was cancelled counts for nothing, and so does giving back what was paid for it.
    cancelled = pl.col("status") == "cancelled" if "status" in kept else pl.lit(False)
    quantity = pl.when(pl.col("quantity") > 0).then(-pl.col("quantity")).cast(_MONEY) if pieces else None
    return found.select(
        *(name for name in kept if name != "status"),
        *numbered,
        "customer_id",
        (-pl.col("line_amount")).cast(_MONEY).alias("line_amount"),
        *([] if quantity is None else [quantity.alias("quantity")]),
        pl.when(cancelled).then(pl.lit("cancelled")).otherwise(pl.lit("refunded")).alias("status"),
        pl.lit(True).alias("is_refund"),
        pl.col("_flags").str.contains("test_row").fill_null(False).alias("is_test"),
        **lineage,
        _flags=mark(pl.col("_flags"), pl.lit(True), "derived_refund"),
    )


def _cost_of_returned() -> pl.Expr:
    """What the returned pieces of a line cost: their part of the line's quantity and amount."""
    amount, quantity = pl.col(f"{_LINE}line_amount"), pl.col(f"{_LINE}quantity")
    returned = pl.col(f"{_LINE}refunded_quantity").abs()
    each = amount.cast(pl.Float64) / quantity.cast(pl.Float64)
    part = (each * returned.cast(pl.Float64)).round(2).cast(_MONEY)
    return pl.when(returned >= quantity).then(amount).when(returned > 0).then(part).fill_null(0)


def of_status(lines: pl.LazyFrame, wholly: pl.Expr, *, counted: bool) -> pl.LazyFrame:
    """The lines that their status says were given back, once more with the opposite sign."""
    turned = [(-pl.col(name)).alias(name) for name in ("line_amount", *(["quantity"] if counted else []))]
    return lines.filter(wholly).with_columns(
        *turned, is_refund=pl.lit(True), _flags=mark(pl.col("_flags"), pl.lit(True), "derived_refund")
    )
