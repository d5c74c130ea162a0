"""Reconciliation: which deals and orders are paid, which payments belong to nothing, why sources count differently."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from acrm.analysis import settlement
from acrm.analysis.ledger import DEPARTMENTS
from acrm.analysis.matching import UNIT, match, money
from acrm.analysis.result import Result, Scalar
from acrm.errors import InputError, UsageError
from acrm.messages import Message, text

if TYPE_CHECKING:
    import polars as pl

STATES = ("paid", "partly", "unpaid", "overpaid")
APART = ("open", "cancelled", "test", "sold_as_order", "no_amount")
"""Documents that nobody has to pay."""


@dataclass(frozen=True, kw_only=True)
class ReconcileParams:
    """How payments are put to documents.

    Attributes:
        as_of: The last day that counts. None: the day after the last document or payment.
        window: Days between a document and a payment of its amount up to which they belong together.
    """

    as_of: date | None = None
    window: int = 30

    def __post_init__(self) -> None:
        if self.window < 0:
            raise UsageError("reconcile_window", value=self.window)


@dataclass(frozen=True, kw_only=True)
class Told:
    """What is known of the sources beside their tables.

    Attributes:
        files: `file`, `system`, `rows`: every file read, now or into a store; `order`, `deal`: how many each tells of,
            0 where that is not known.
        rejects: `file`, `line`, `rule`, `table`, `raw`.
        identities: `customer_id`, `ref`, `_source_file`, `_times` and traits; None where nobody is named.
    """

    files: pl.DataFrame
    rejects: pl.DataFrame
    identities: pl.DataFrame | None = None
    parties: pl.DataFrame | None = None
    """`customer_id`, `company_id`: whose company is known."""


@dataclass(frozen=True, kw_only=True)
class ReconcileResult(Result):
    """Tables `documents`, `payments`, `parts`, `totals`, `differences`, `sources`."""

    params: ReconcileParams


def reconcile(entries: pl.LazyFrame, told: Told, params: ReconcileParams) -> ReconcileResult:
    """Put payments to documents, and sources side by side. Rules and limits: docs/methods/reconcile.md.

    Every payment has one state: `matched` (a rule says for which document), `allocated` (it lowers what its customer
    owes, oldest document first) or `unmatched`; its amount is `matched` + `allocated` + `unmatched`, exactly. What
    another file tells again is `repeated` and counts nowhere.

    Args:
        entries: As `ledger.ledger` makes them.
        told: What is known of the sources.
        params: See `ReconcileParams`.

    Returns:
        | table | one row per | columns |
        |---|---|---|
        | `documents` | order, deal | state, amount, paid, balance, days_overdue, … |
        | `payments` | payment | state, rule, document, matched, allocated, unmatched, reason |
        | `parts` | payment and document | amount, rule |
        | `totals` | source, kind, month, department | records, customers, amount |
        | `differences` | what one source has and another has not | reason, detail |
        | `sources` | source | rows, rejected, records, customers, amount |

    Raises:
        InputError: No document; amounts in more than one currency.
    """
    import polars as pl

    from acrm.analysis.side_by_side import differences, retold, series, sources, totals

    whole = entries.collect(engine="streaming")
    again = retold(whole, told)
    last: Any = whole.filter(pl.col("standing").is_null() | (pl.col("standing") != "test"))["on"].max()
    as_of = params.as_of or (last + timedelta(days=1) if last else None)
    later = whole.filter(pl.col("on") > as_of) if as_of else whole.clear()
    whole = whole.filter(~(pl.col("on") > as_of).fill_null(False)) if as_of else whole
    whole, currency, notes = _one_currency(whole)
    # Nobody pays a part of a cent, which sums of lines may have.
    cents = pl.col("amount", "gross").round(2, mode="half_away_from_zero").cast(pl.Decimal(38, 4))
    whole = whole.with_columns(cents)
    documents = settlement.documents(whole, params.window)
    payments = settlement.payments(whole, documents)
    if documents.is_empty():
        raise InputError("reconcile_no_documents")
    parts = match(documents, payments.filter(pl.col("told_by").is_null()), params.window)
    documents = settlement.states(documents, parts, as_of, known=payments.height > 0)
    payments = settlement.explained(settlement.spent(payments, documents, parts), documents, told)
    tables = {
        "documents": _document_table(documents),
        "payments": _payment_table(payments),
        "parts": _part_table(parts, documents, payments),
    }
    files = series(whole, told, again)
    ranked = sources(whole, told, again, files)
    tables["totals"] = totals(whole, files)
    tables["differences"] = differences(whole, documents, payments, told, ranked, files)
    tables["sources"] = ranked
    figures = _figures(tables, as_of, currency, later.height)
    return ReconcileResult(params=params, tables=tables, summary=figures, notes=(*notes, *_notes(figures, documents)))


def _one_currency(entries: pl.DataFrame) -> tuple[pl.DataFrame, str | None, list[Message]]:
    """Entries in the only currency there is; amounts in several are never summed."""
    import polars as pl

    amounts = entries.filter(pl.col("amount").is_not_null() & (pl.col("amount") != 0))
    counts = amounts.group_by("currency").len().sort("len", "currency", descending=[True, False])
    named = counts.drop_nulls("currency")
    if named.height > 1:
        said = [text("history.in_currency", currency=name, lines=count) for name, count in named.rows()]
        raise InputError("mixed_currencies", counts=", ".join(said), currency=named["currency"][0])
    if named.is_empty():
        return entries, None, []
    currency: str = named["currency"][0]
    without = int(counts.filter(pl.col("currency").is_null())["len"].sum())
    notes = [Message("reconcile.no_currency", {"rows": without, "currency": currency})] if without else []
    return entries.with_columns(pl.col("currency").fill_null(currency)), currency, notes


def _document_table(documents: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    return documents.select(
        "kind",
        pl.col("id_of").alias("document_id"),
        "customer_id",
        "party",
        "on",
        "state",
        "amount",
        money("paid").alias("paid"),
        money("allocated").alias("allocated"),
        money("balance").alias("balance"),
        "currency",
        "days_overdue",
        pl.col("also").alias("deal_id"),
        *DEPARTMENTS,
        "file",
        "row",
    ).sort("kind", "document_id", "currency", nulls_last=True)


def _payment_table(payments: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    return payments.select(
        pl.col("id").alias("payment_id"),
        pl.col("on").alias("paid_on"),
        "customer_id",
        "party",
        pl.col("money").alias("amount"),
        "currency",
        "state",
        "rule",
        pl.col("what").alias("kind"),
        pl.col("name").alias("document_id"),
        "documents",
        *(money(name).alias(name) for name in ("matched", "allocated", "unmatched")),
        "reason",
        "told_as",
        "order_id",
        "deal_id",
        "purpose",
        "file",
        "row",
    ).sort("paid_on", "payment_id", nulls_last=True)


def _part_table(parts: pl.DataFrame, documents: pl.DataFrame, payments: pl.DataFrame) -> pl.DataFrame:
    return (
        parts.join(payments.select(payment="at", payment_id="id", paid_on="on"), on="payment")
        .join(documents.select("kind", document="at", document_id="id"), on="document")
        .with_columns(money("amount").alias("amount"))
        .select("payment_id", "paid_on", "kind", "document_id", "amount", "rule")
        .sort("paid_on", "payment_id", "kind", "document_id", nulls_last=True)
    )


def _figures(
    tables: Mapping[str, pl.DataFrame], as_of: date | None, currency: str | None, later: int
) -> dict[str, Scalar]:
    import polars as pl

    documents, payments = tables["documents"], tables["payments"]
    known = payments.height > 0
    owed = documents.filter(~pl.col("state").is_in(APART))
    late = owed.filter(pl.col("state").is_in(["unpaid", "partly"]))
    due, open_ = _sum(owed["amount"]), _sum(late["balance"])
    # What was paid of what was due: an overpaid document pays for no other.
    settled = _sum(owed.select(pl.min_horizontal("paid", "amount")).to_series()) if known else None
    again = payments.filter(state="repeated")
    payments = payments.filter(pl.col("state") != "repeated")
    money = _sum(payments["amount"])
    states: dict[str, Scalar] = {
        f"{state}_documents": owed.filter(state=state).height if known else None for state in STATES
    }
    return {
        "as_of": as_of,
        "currency": currency,
        "documents": owed.height,
        "due": due,
        "paid": settled,
        "unpaid": open_ if known else None,
        "unpaid_share": (round(float(open_ / due), 6) if due > 0 else None) if known else None,
        **states,
        "overpaid": -_sum(owed.filter(state="overpaid")["balance"]) if known else None,
        **{f"documents_{name}": documents.filter(state=name).height for name in APART},
        "paid_apart": _sum(documents.filter(pl.col("state").is_in(APART))["paid"]),
        "payments": payments.height,
        "received": money,
        "repeated_payments": again.height,
        "repeated": _sum(again["amount"]),
        **{f"{name}_payments": payments.filter(state=name).height for name in ("matched", "allocated", "unmatched")},
        **{name: _sum(payments[name]) for name in ("matched", "allocated", "unmatched")},
        "unmatched_share": round(float(_sum(payments["unmatched"]) / money), 6) if money > 0 else None,
        "entries_later": later,
        "sources": tables["sources"].height,
        "differences": tables["differences"].height,
    }


def _sum(amounts: pl.Series) -> Decimal:
    return Decimal(amounts.sum() or 0)


def _notes(figures: Mapping[str, Any], documents: pl.DataFrame) -> list[Message]:
    import polars as pl

    notes = []
    if not figures["payments"]:
        notes.append(Message("reconcile.no_payments"))
    if figures["repeated_payments"]:
        values = {"payments": figures["repeated_payments"], "amount": figures["repeated"]}
        notes.append(Message("reconcile.told_again", values))
    if figures["allocated_payments"]:
        values = {"payments": figures["allocated_payments"], "amount": figures["allocated"]}
        notes.append(Message("reconcile.is_allocation", values))
    if figures["documents_sold_as_order"]:
        notes.append(Message("reconcile.same_sale", {"deals": figures["documents_sold_as_order"]}))
    own = documents.filter(pl.col("standing") == "due")
    deals = own.filter(kind="deal").height
    if deals and own.filter(kind="order").height:
        notes.append(Message("reconcile.deals_beside_orders", {"deals": deals}))
    for standing in ("cancelled", "open"):
        paid = documents.filter((pl.col("state") == standing) & (pl.col("paid") > 0))
        if paid.height:
            values = {"documents": paid.height, "amount": Decimal(paid["paid"].sum()) / UNIT}
            notes.append(Message(f"reconcile.paid_{standing}", values))
    if figures["documents_no_amount"]:
        notes.append(Message("reconcile.no_amount", {"deals": figures["documents_no_amount"]}))
    if figures["entries_later"]:
        notes.append(Message("reconcile.later", {"rows": figures["entries_later"], "as_of": figures["as_of"]}))
    return notes
