"""Canonical columns that other columns of the row decide: status of orders and deals, amounts, kinds of contact."""

from __future__ import annotations

import polars as pl

from acrm.ingest.mapping import Plan
from acrm.ingest.vocabulary import fold, folded, value_map
from acrm.schema import dtype

_CANCELLED = (
    r"\b(отмен|аннул|удал|черновик|корзин|не ?оплач|cancel|annul|storn|void|draft|trash|abandon|unpaid|uncaptured)"
)
_WON_STAGE, _LOST_STAGE = r"\b(closed won|успешно реализован)", r"\b(closed lost|не реализован)"
_KINDS = ("kind_call", "kind_email", "kind_meeting", "kind_chat", "kind_ticket", "kind_web_visit")
_HEADER_KINDS = {
    "звонк": "call",
    "call": "call",
    "обращени": "ticket",
    "ticket": "ticket",
    "визит": "web_visit",
    "visit": "web_visit",
}


def with_status(parsed: pl.LazyFrame, plan: Plan, names: list[str]) -> pl.LazyFrame:
    """Orders get paid, pending, cancelled or refunded; deals open, won or lost: by the system's words, then by all.

    An order with a cancellation date is cancelled; a deal that neither words nor flags call won or lost is open.
    """
    own = {fold(word): kind for field_words in plan.values.values() for word, kind in field_words.items()}
    if plan.entity == "transactions":
        known = {word: kind.removeprefix("order_") for word, kind in _order_words().items()} | own
        status = pl.lit(None, pl.String)
        if "transactions.status" in names:
            status = folded(pl.col("transactions.status")).replace_strict(known, default=None, return_dtype=pl.String)
            word = folded(pl.col("transactions.status"))
            # Stems, for what no list can hold: "Отменён клиентом", "Cancelled by buyer", "черновик заказа".
            dropped = word.str.contains(_CANCELLED)
            partly = (status == "refunded") & word.str.contains(r"partial|частич")
            status = pl.when(partly).then(pl.lit("paid")).otherwise(status)
            status = pl.when(status.is_null() & dropped).then(pl.lit("cancelled")).otherwise(status)
        if "transactions.cancelled_at" in names:
            status = (
                pl.when(pl.col("transactions.cancelled_at").is_not_null()).then(pl.lit("cancelled")).otherwise(status)
            )
        columns = [status.alias("transactions.status")]
        if "transactions.status" in names:
            columns.append(pl.col("transactions.status").alias("transactions._status_text"))
        return parsed.with_columns(columns)
    known = value_map("won", "lost") | own
    sources = [name for name in ("deals.status", "deals.stage") if name in names]
    said = [folded(pl.col(name)).replace_strict(known, default=None, return_dtype=pl.String) for name in sources]
    # What firms make of the standard stages: "7. Closed Won", "Closed Lost (EMEA)", "Успешно реализовано (розница)".
    for name in sources:
        words = folded(pl.col(name))
        lost, won = words.str.contains(_LOST_STAGE), words.str.contains(_WON_STAGE)
        said.append(pl.when(lost).then(pl.lit("lost")).when(won).then(pl.lit("won")))
    if "deals.is_won" in names:
        won = pl.col("deals.is_won")
        lost = ~won & (pl.col("deals.is_closed") if "deals.is_closed" in names else pl.lit(False))
        said.insert(0, pl.when(won).then(pl.lit("won")).when(lost).then(pl.lit("lost")))
    status = pl.coalesce([*said, pl.lit("open")])
    columns = [status.alias("deals.status")]
    if "deals.stage" not in names and "deals.status" in names:
        columns.append(pl.col("deals.status").alias("deals.stage"))
    return parsed.with_columns(columns)


def kind(plan: Plan, names: list[str]) -> pl.Expr:
    """What kind of contact a row is: said by its column, else by the words of the file's headers, else other."""
    known = {word: kind.removeprefix("kind_") for word, kind in value_map(*_KINDS).items()}
    headers = " ".join(fold(header) for name in names for header in plan.fields.get(name, ()))
    implied = next((kind for word, kind in _HEADER_KINDS.items() if word in headers), "other")
    if "interactions.kind" not in names:
        return pl.lit(implied)
    said = pl.col("interactions.kind")
    mapped = folded(said).replace_strict(known, default=None, return_dtype=pl.String)
    return pl.coalesce(mapped, said.str.to_lowercase(), pl.lit(implied))


def _order_words() -> dict[str, str]:
    return value_map("order_cancelled", "order_refunded", "order_pending", "order_paid")


def with_amount(parsed: pl.LazyFrame, names: list[str]) -> pl.LazyFrame:
    """The amount of a row: as given, else quantity x price less discount, else the order's total.

    A discount makes the amount smaller whatever its sign. A line of an order whose total stands on another line has 0.
    """
    money = dtype("money")
    have = {name.removeprefix("transactions.") for name in names}
    ways = []
    if "line_amount" in have:
        ways.append(pl.col("transactions.line_amount"))
    if {"quantity", "unit_price"} <= have:
        # Beyond these no till has ever gone, and the product would not fit.
        quantity, price = (_within(f"transactions.{name}", 10**13) for name in ("quantity", "unit_price"))
        product = (quantity * price).cast(money)
        if "discount" in have:
            less = pl.col("transactions.discount").fill_null(0).abs() * pl.col("transactions.quantity").sign()
            product = (product - less).cast(money)
        ways.append(product)
    if "order_total" in have and not ways:
        ways.append(pl.col("transactions.order_total"))
        if "order_id" in have:
            elsewhere = ways[0].is_not_null().any().over("transactions.order_id")
            ways.append(pl.when(elsewhere & pl.col("transactions.order_id").is_not_null()).then(pl.lit(0).cast(money)))
    amount = pl.coalesce(ways) if ways else pl.lit(None, money)
    cancelled = pl.col("transactions.status") == "cancelled"
    amount = pl.when(amount.is_null() & cancelled).then(pl.lit(0).cast(money)).otherwise(amount)
    return parsed.with_columns(amount.cast(money).alias("transactions.line_amount"))


def _within(column: str, limit: int) -> pl.Expr:
    return pl.when(pl.col(column).abs() < limit).then(pl.col(column))
