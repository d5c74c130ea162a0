"""Canonical columns that other columns of the row decide: status of orders and deals, kinds of contact."""

from __future__ import annotations

import polars as pl

from acrm.ingest import parse
from acrm.ingest.mapping import Plan
from acrm.ingest.vocabulary import fold, folded, value_map

_CANCELLED = r"\b(отмен|аннул|удал|черновик|корзин|cancel|annul|storn|void|draft|trash|abandon)"
_PENDING = r"\b(не ?оплач|ожида\w* оплат|unpaid|not paid|uncaptured|awaiting payment)"
_PLACED = ("status", "payment_status", "document_type")
"""What may say how an order stands; each in words of its own."""
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
    """Orders get paid, pending, cancelled or refunded; deals open, won or lost: by the system's words, then by all."""
    own = {fold(word): kind for field_words in plan.values.values() for word, kind in field_words.items()}
    return _order_status(parsed, names, own) if plan.entity == "transactions" else _deal_status(parsed, names, own)


def _order_status(parsed: pl.LazyFrame, names: list[str], own: dict[str, str]) -> pl.LazyFrame:
    """How an order stands, of all that its columns say of it.

    It is cancelled if one of them says so, or it has a cancellation date, is marked as deleted, or was never posted;
    else refunded if one says so; else what its payment status says; else what its status says.
    """
    have = [name for name in _PLACED if f"transactions.{name}" in names]
    known = {word: kind.removeprefix("order_") for word, kind in _order_words().items()} | own
    said = {name: _placed(f"transactions.{name}", known) for name in have}
    columns = []
    if "payment_status" in said:
        paid = parse.boolean(pl.col("transactions.payment_status"))
        flag = pl.when(paid).then(pl.lit("paid")).when(~paid).then(pl.lit("pending"))
        said["payment_status"] = pl.coalesce(flag, said["payment_status"])
    gone = [one == "cancelled" for one in said.values()]
    if "transactions.cancelled_at" in names:
        gone.append(pl.col("transactions.cancelled_at").is_not_null())
    if "transactions.deleted" in names:
        gone.append(pl.col("transactions.deleted"))
    if "transactions.posted" in names:
        gone.append(~pl.col("transactions.posted"))
    back = [one == "refunded" for one in said.values()]
    rest = [said[name] for name in ("payment_status", "status", "document_type") if name in said]
    status = pl.coalesce(rest) if rest else pl.lit(None, pl.String)
    for tests, word in ((back, "refunded"), (gone, "cancelled")):
        if tests:
            holds = pl.any_horizontal(test.fill_null(False) for test in tests)
            status = pl.when(holds).then(pl.lit(word)).otherwise(status)
    columns.append(status.alias("transactions.status"))
    if have:
        columns.append(pl.coalesce(f"transactions.{name}" for name in have).alias("transactions._status_text"))
    if "document_type" in said:
        columns.append((said["document_type"] == "refunded").fill_null(False).alias("transactions._returned"))
    return parsed.with_columns(columns)


def _placed(name: str, known: dict[str, str]) -> pl.Expr:
    """What a column's words say of an order; null where nobody knows them."""
    word = folded(pl.col(name))
    status = word.replace_strict(known, default=None, return_dtype=pl.String)
    # Stems, for what no list can hold: "Отменён клиентом", "Cancelled by buyer", "черновик заказа".
    partly = (status == "refunded") & word.str.contains(r"partial|частич")
    status = pl.when(partly).then(pl.lit("paid")).otherwise(status)
    pending, dropped = word.str.contains(_PENDING), word.str.contains(_CANCELLED)
    status = pl.when(status.is_null() & pending).then(pl.lit("pending")).otherwise(status)
    return pl.when(status.is_null() & dropped).then(pl.lit("cancelled")).otherwise(status)


def _deal_status(parsed: pl.LazyFrame, names: list[str], own: dict[str, str]) -> pl.LazyFrame:
    """How a deal ended: flags of the system come first, then its status, then its stage; else it is open.

    A stage that says the opposite of what counts is marked `status_conflict`.
    """
    known = value_map("won", "lost") | own
    said: dict[str, pl.Expr] = {}
    if "deals.is_won" in names:
        won = pl.col("deals.is_won")
        lost = ~won & (pl.col("deals.is_closed") if "deals.is_closed" in names else pl.lit(False))
        said["flag"] = pl.when(won).then(pl.lit("won")).when(lost).then(pl.lit("lost"))
    for name in ("deals.status", "deals.stage"):
        if name not in names:
            continue
        words = folded(pl.col(name))
        exact = words.replace_strict(known, default=None, return_dtype=pl.String)
        # What firms make of standard stages: "7. Closed Won", "Closed Lost (EMEA)", "Успешно реализовано (розница)".
        lost, won = words.str.contains(_LOST_STAGE), words.str.contains(_WON_STAGE)
        said[name] = pl.coalesce(exact, pl.when(lost).then(pl.lit("lost")).when(won).then(pl.lit("won")))
    columns = [pl.coalesce([*said.values(), pl.lit("open")]).alias("deals.status")]
    if len(said) > 1:
        ends = [pl.when(one.is_in(["won", "lost"])).then(one) for one in said.values()]
        conflict = (pl.min_horizontal(ends) != pl.max_horizontal(ends)).fill_null(False)
        marked = pl.concat_str([pl.col("_flags"), pl.lit("status_conflict")], separator=" ").str.strip_chars()
        columns.append(pl.when(conflict).then(marked).otherwise(pl.col("_flags")).alias("_flags"))
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
