"""What a mapping leaves open and the rest of the table answers: traits a signature does not name, amounts with tax."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from acrm.ingest import amounts, shapes
from acrm.ingest.derive import called
from acrm.ingest.mapping import Plan, fits, known_field, unmapped
from acrm.ingest.raw import RawTable
from acrm.ingest.substitutes import LINKED
from acrm.ingest.vocabulary import currencies, normalise, null_words, synonyms, words
from acrm.schema import TABLES

_TRAITS = (
    *("email", "phone", "birth_date", "gender", "family_status", "social_status", "city", "district", "region"),
    *("country", "postal_code", "holidays", "card_number", "tax_id", "source", "consent", "owner", "tags"),
    *("household_id", "opt_out"),
)
_RETOLD = (
    *("refunded_amount", "refunded_quantity", "cancelled_at", "discount", "discount_percent", "order_discount"),
    *("line_gross", "shipping", "status", "payment_status", "document_type", "deleted"),
)
"""What else changes the amounts of orders, which columns of the same name do in whatever table of orders they stand."""
_TYPES = (
    *("type", "receipt type", "kind", "document type", "doc type", "record type", "operation"),
    *("тип", "вид", "операция"),
)
"""Columns that may say what a row is, a sale or a return: their values decide."""
_DOCUMENT = r"^\pL[\pL\s()-]{5,}.*\d"
"""What a document calls itself, and its number: `Возврат товаров от покупателя 0000-000002 от 06.01.2025`."""
_PAYMENT = (
    r"^(оплата (от|покупател|клиент|поставщик)|платеж(ное поручение|ный ордер| от)|приходный кассовый"
    r"|поступление (на|дс|денеж|оплат|безналич|налич)|возврат (денег|оплаты|покупател|клиент))"
)
_T = "transactions."
_PAID_IN = ("transactions", "deals", "payments", "contracts", "campaigns")
_OPEN = {
    "customers": (*_TRAITS, "created_at"),
    "transactions": ("category", "channel", "coupon", "campaign"),
    "deals": ("lost_reason", "source", "campaign", "owner", "region", "pipeline", "probability", "next_step_at"),
    "interactions": (
        "direction",
        "outcome",
        "subject",
        "satisfaction",
        "source",
        "medium",
        "campaign",
        "page",
        "agent",
    ),
    "products": ("category",),
}
"""Fields that a signature's table may take from columns it does not name: never ids, days, money or a status."""


def completed(plan: Plan, raw: RawTable, sample: pl.DataFrame) -> Plan:
    """The plan with what the other columns of the table add to it.

    A known system's file may have columns that firms add themselves (`Дата рождения`, `Город`): they feed the fields
    that are still empty, if their values fit. Of several columns with the discount the first counts.
    """
    if plan.entity == "transactions":
        if plan.free_form:
            plan = _as_payments(_with_type(_retold(plan, raw, sample), raw, sample), sample)
        plan = amounts.with_tax(_one_discount(plan), sample)
    if plan.system in ("unknown", "acrm") or plan.entity == "other":
        return plan
    return _with_currency(_filled_up(plan, raw, sample), raw)


def _retold(plan: Plan, raw: RawTable, sample: pl.DataFrame) -> Plan:
    """The plan of a table of many firms' making with its columns of refunds, discounts and statuses.

    Of two columns with one meaning the one that the plan has counts, and the other is named: its money may be missed.
    """
    fields, unused = dict(plan.fields), []
    for header in unmapped(plan, raw):
        names = [column for column in _RETOLD if normalise(header) in synonyms("transactions")[column]]
        fitting = [f"transactions.{column}" for column in names if fits(f"transactions.{column}", sample[header])]
        if not fitting or not _telling(sample[header]):
            continue
        free = [name for name in fitting if name not in fields and name not in plan.literals]
        if free and "discount" in free[0] and any("discount" in name for name in fields):
            free = []
        if free:
            fields[free[0]] = (header,)
        else:
            unused.append(header)
    return replace(plan, fields=fields, unused=tuple(unused)) if unused or len(fields) > len(plan.fields) else plan


def _with_type(plan: Plan, raw: RawTable, sample: pl.DataFrame) -> Plan:
    """The plan with what says what its rows are: a `Type` of sales and returns, or the names of documents."""
    name = "transactions.document_type"
    if plan.has(name):
        return plan
    kinds = ("paid", "refunded", "cancelled")
    known = [word for kind in kinds for word in words(f"order_{kind}")]
    for header in unmapped(plan, raw):
        if normalise(header) in _TYPES and _filled(sample[header]) and shapes.among(sample[header], known):
            return replace(plan, fields={**plan.fields, name: (header,)})
    for header in plan.fields.get("transactions.order_id", ()):
        texts = sample[header].drop_nulls() if sample[header].dtype == pl.String else pl.Series([], dtype=pl.String)
        if texts.len() and texts.str.contains(_DOCUMENT).mean() > 0.5:  # type: ignore[operator]
            return replace(plan, fields={**plan.fields, name: (header,)})
    return plan


def _as_payments(plan: Plan, sample: pl.DataFrame) -> Plan:
    """Documents that are called payments are none of sale, though they have a number, a customer and an amount."""
    header = plan.fields.get("transactions.document_type", ("",))[0]
    amount = plan.fields.get("transactions.line_amount", plan.fields.get("transactions.order_total"))
    sold = plan.has(f"{_T}product_id") or plan.has(f"{_T}product_name")
    if not header or amount is None or sold or sample[header].dtype != pl.String or plan.told:
        return plan
    kinds = sample.select(pl.col(header).drop_nulls()).select(called(pl.col(header)).str.contains(_PAYMENT)).to_series()
    if not kinds.len() or kinds.mean() < 0.5:  # type: ignore[operator]
        return plan
    renamed = {"ordered_at": "paid_at", "currency": "currency", "deleted": "deleted", "document_type": "kind"}
    told = {old: plan.fields.get(f"{_T}{old}") for old in renamed}
    fields = {f"payments.{renamed[old]}": headers for old, headers in told.items() if headers}
    fields |= {name: headers for name, headers in plan.fields.items() if name.startswith("customers.")}
    return replace(plan, entity="payments", grain="row", fields={"payments.amount": amount, **fields}, unused=())


def _one_discount(plan: Plan) -> Plan:
    """Money and percent never mix in one field: a second discount column is not read."""
    fields = {name: headers[:1] if "discount" in name else headers for name, headers in plan.fields.items()}
    if "transactions.discount" in fields and "transactions.discount_percent" not in plan.told:
        fields.pop("transactions.discount_percent", None)
    elif "transactions.discount_percent" in plan.told:
        fields.pop("transactions.discount", None)
    return plan if fields == plan.fields else replace(plan, fields=fields)


def _filled_up(plan: Plan, raw: RawTable, sample: pl.DataFrame) -> Plan:
    fields = dict(plan.fields)
    by_name = {normalise(header): header for header in reversed(unmapped(plan, raw))}
    tables = [plan.entity, *(["customers"] if plan.entity in LINKED else [])]
    for table in tables:
        for column in _OPEN.get(table, ()):
            name = f"{table}.{column}"
            own = table != plan.entity and column in TABLES[plan.entity].names
            if name in fields or name in plan.literals or own or not known_field(name):
                continue
            found = next((by_name[word] for word in synonyms(table).get(column, ()) if word in by_name), None)
            if found is not None and _filled(sample[found]) and fits(name, sample[found]):
                fields[name] = (found,)
                del by_name[normalise(found)]
    return plan if len(fields) == len(plan.fields) else replace(plan, fields=fields)


def _with_currency(plan: Plan, raw: RawTable) -> Plan:
    """The plan with the currency column that a signature does not name: amounts in two currencies are never added up.

    One number on all rows (-99) is the system's own for the currency it keeps its books in, and says nothing; two
    different ones are two currencies, whichever they are.
    """
    name = f"{plan.entity}.currency"
    if plan.entity not in _PAID_IN or plan.has(name):
        return plan
    by_name = {normalise(header): header for header in reversed(unmapped(plan, raw))}
    found = next((by_name[word] for word in synonyms(plan.entity)["currency"] if word in by_name), None)
    if found is None:
        return plan
    text = pl.col(found).cast(pl.String).str.strip_chars()
    told = raw.frame.select(text.filter(~text.is_in(null_words())).unique()).collect(engine="streaming").to_series()
    only_number = told.len() == 1 and not currencies().get(told[0]) and told.str.contains(r"^-?\d+$").all()
    return plan if told.is_empty() or only_number else replace(plan, fields={**plan.fields, name: (found,)})


def _telling(values: pl.Series) -> bool:
    """Whether a column holds anything but blanks and zeros."""
    texts = values.drop_nulls().cast(pl.String).str.strip_chars()
    return bool((~texts.is_in(null_words()) & ~texts.str.contains(r"^[-+]?[0.,\s]*%?$")).any())


def _filled(values: pl.Series) -> bool:
    return bool(values.drop_nulls().cast(pl.String).str.strip_chars().str.len_bytes().gt(0).any())
