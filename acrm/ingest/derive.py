"""Canonical columns that other columns of the row decide: status of orders and deals, kinds of contact."""

from __future__ import annotations

import polars as pl

from acrm.ingest import parse
from acrm.ingest.mapping import Plan
from acrm.ingest.vocabulary import fold, folded, value_map

_CANCELLED = r"\b(отмен|аннул|удал|черновик|корзин|cancel|annul|storn|void|draft|trash|abandon|undeliver|not delivered"
_CANCELLED += r"|payment failed|не ?выкуп|не ?доставлен|отказ)"
_PARTLY = r"(partial|частич|teil).*(refund|return|возвра|erstatt|retour)"
_PENDING = r"\b(не ?оплач|ожида\w* оплат|unpaid|(not|never) paid|uncaptured|awaiting payment)"
_RETURN = r"(^|на |по )возврат|\b(сторно|returns?|refund\w*|credit (note|memo)|gutschrift|retoure|devoluci\w+)\b"
_PAID_BACK_IN = r"возврат\w* расхода\b"
"""What a till calls money that comes back after it was paid out: no return of goods."""
_NO_SALE = (
    r"поставщик|^(поступлени|приобретени|закуп|перемещени|списани|оприходовани|инвентаризаци|комплектаци"
    r"|ввод (начальных )?остатков|оплата (от|покупател|клиент)|purchase|vendor|supplier"
    r"|goods receipt|stock (transfer|adjustment|count)"
    r"|inventory (transfer|adjustment|count)|write off|expense)"
)
"""Documents of buying and of the warehouse."""
_NO_PAYMENT = (
    r"поставщик|^(payout|transfer|top ?up|adjustment|reserve|advance|contribution|tax|уплат|перечислени|перевод|выплат"
    r"|выдач|инкассаци|зарплат|комисси)|\bfees?\b|налог|подотчет|кредит|займ"
)
_PAID_BACK, _DISPUTE = r"возврат|refund|chargeback|dispute", r"chargeback|dispute"
"""Kinds of payments: of no customer's, to a customer, taken back by the customer's bank."""
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
    own = {fold(word): kind for name in (*_PLACED, "stage") for word, kind in plan.values.get(name, {}).items()}
    return (
        _order_status(parsed, plan, names, own) if plan.entity == "transactions" else _deal_status(parsed, names, own)
    )


def _order_status(parsed: pl.LazyFrame, plan: Plan, names: list[str], own: dict[str, str]) -> pl.LazyFrame:
    """How an order stands, of all that its columns say of it.

    It is cancelled if one of them says so, or it has a cancellation date, is marked as deleted, or was never posted;
    else refunded if one says so; else what its payment status says; else what its status says.
    """
    have = [name for name in _PLACED if f"transactions.{name}" in names]
    known = {word: kind.removeprefix("order_") for word, kind in _order_words().items()} | own
    # In layers: each is computed once and the next reads its column.
    parsed = parsed.with_columns(_words(name).alias(f"said {name}") for name in have)
    placed = [_placed(pl.col(f"said {name}"), known, name).alias(f"said {name}") for name in have]
    if "document_type" in have:
        other = pl.col("said document_type").str.contains(_NO_SALE).fill_null(False)
        placed.append(other.alias("transactions._no_sale"))
    parsed = parsed.with_columns(placed)
    said = {name: pl.col(f"said {name}") for name in have}
    if set(plan.fields.get("transactions.document_type", ())) & set(plan.fields.get("transactions.order_id", ())):
        # What documents are called is no status.
        have = [name for name in have if name != "document_type"]
    columns = []
    if "payment_status" in said:
        paid = parse.boolean(pl.col("transactions.payment_status"))
        flag = pl.when(paid).then(pl.lit("paid")).when(~paid).then(pl.lit("pending"))
        said["payment_status"] = pl.coalesce(flag, said["payment_status"])
    marks = {
        "cancelled_at": pl.col("transactions.cancelled_at").is_not_null(),
        "deleted": pl.col("transactions.deleted"),
        "posted": ~pl.col("transactions.posted"),
    }
    gone = [one == "cancelled" for one in said.values()]
    gone += [mark for name, mark in marks.items() if f"transactions.{name}" in names]
    back = [one == "refunded" for one in said.values()]
    rest = [said[name] for name in ("payment_status", "status", "document_type") if name in said]
    status = pl.coalesce(rest) if rest else pl.lit(None, pl.String)
    for tests, word in ((back, "refunded"), (gone, "cancelled")):
        if tests:
            holds = pl.any_horizontal(test.fill_null(False) for test in tests)
            status = pl.when(holds).then(pl.lit(word)).otherwise(status)
    columns.append(status.alias("transactions.status"))
    if said:
        texts = [pl.col(f"transactions.{name}") for name in have]
        columns.append(pl.coalesce(*texts, pl.lit(None, pl.String)).alias("transactions._status_text"))
    if "document_type" in said:
        columns.append((said["document_type"] == "refunded").fill_null(False).alias("transactions._returned"))
    return parsed.with_columns(columns).drop(f"said {name}" for name in said)


def _words(name: str) -> pl.Expr:
    """The words of a status column as they are compared; WooCommerce's own begin with `wc-`."""
    text = pl.col(f"transactions.{name}")
    return called(text) if name == "document_type" else folded(text).str.strip_prefix("wc ")


def called(document: pl.Expr) -> pl.Expr:
    """What a document is, folded, without its number and date."""
    return folded(document.str.replace(r"\s*(№|\d).*$", ""))


def no_payment(parsed: list[str]) -> pl.Expr:
    """Whether money moved to or from somebody who is no customer: suppliers, the bank, the payment service itself.

    Args:
        parsed: Fields of payments that are read, `payments.kind` among them.
    """
    kind = folded(pl.col("payments.kind"))
    other = kind.str.contains(_NO_PAYMENT)
    if "payments.purpose" in parsed:
        # A payment service calls it an adjustment when a customer's bank takes money back.
        disputed = folded(pl.col("payments.purpose")).str.contains(_DISPUTE).fill_null(False)
        other = other & ~(kind.str.starts_with("adjustment") & disputed)
    return other.fill_null(False)


def with_sign(parsed: pl.LazyFrame, names: list[str]) -> pl.LazyFrame:
    """Payments by what they are: what is given back to a customer is below 0, in whatever column it stands."""
    kind = folded(pl.col("payments.kind"))
    back = (kind.str.contains(_PAID_BACK) & ~kind.str.contains("fail|revers")).fill_null(False)
    amount = [pl.col(name) for name in ("payments.amount", "payments.paid_out") if name in names]
    return parsed.with_columns(
        pl.when(back).then(-pl.coalesce(amount).abs()).otherwise(amount[0]).alias("payments.amount")
    )


def _placed(word: pl.Expr, known: dict[str, str], name: str) -> pl.Expr:
    """What a column's words say of an order; null where nobody knows them."""
    exact = word.replace_strict(known, default=None, return_dtype=pl.String)
    # Stems, for what no list can hold: "Отменён клиентом", "Cancelled by buyer", "черновик заказа".
    partly = word.str.contains(_PARTLY) & (exact.is_null() | (exact == "refunded"))
    stems = [(_PAID_BACK_IN, "cancelled"), (_RETURN, "refunded")] if name == "document_type" else []
    stems += [(_PENDING, "pending"), (_CANCELLED, "cancelled")]
    told = [pl.when(word.str.contains(stem)).then(pl.lit(status)) for stem, status in stems]
    return pl.coalesce(pl.when(partly).then(pl.lit("paid")), exact, *told)


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


def with_consent(parsed: pl.LazyFrame, names: list[str]) -> pl.LazyFrame:
    """Who opted out gave no consent, whatever else is said; who did not opt out has not consented by that."""
    if "customers.opt_out" not in names:
        return parsed
    told = pl.col("customers.consent") if "customers.consent" in names else pl.lit(None, pl.Boolean)
    refused = pl.when(pl.col("customers.opt_out")).then(pl.lit(False))
    return parsed.with_columns(refused.otherwise(told).alias("customers.consent"))


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
