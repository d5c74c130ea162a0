"""What is to be said of a row once it is parsed: the rule it breaks, and the marks it carries."""

from __future__ import annotations

import re

import polars as pl

from acrm.ingest import derive, parse, rules
from acrm.ingest.mapping import Plan, field_kind
from acrm.ingest.people import contacts
from acrm.ingest.raw import ROW
from acrm.ingest.vocabulary import folded

_MORE_DECIMALS = r"[.,]\d{4}\d*[1-9]"
_NULL_DAY = r"^(01\.01\.0001|0001-01-01|1/1/0001|30\.12\.1899|1899-12-30|00\.00\.0000|0000-00-00)"
DATED = {"transactions": "ordered_at", "interactions": "started_at", "campaigns": "date", "payments": "paid_at"}
DATED |= {"deal_stages": "entered_at", "service_costs": "period", "contracts": "start_at"}
_SPENT = {"payments": "amount", "campaigns": "spend", "service_costs": "cost"}
"""The amount without which a row of these tables says nothing."""
KEYED = {
    "products": ("product_id", "name"),
    "deals": ("deal_id", "name"),
    "units": ("unit",),
    "stock": ("product_id",),
}
KEYED |= {"customers": ("customer_id", "email", "phone", "full_name", "last_name", "first_name", "company")}
_TELLING = ("deals.stage", "deals.created_at", "customers.email", "customers.phone", "interactions.started_at")
"""A row with one of these is a record, though its first cell reads `Total`: there are firms of that name."""
_CONTACTS = ("customers.full_name", "customers.email", "customers.phone", "deals.name", "customers.last_name")


def flags(plan: Plan, names: list[str], dtypes: pl.Schema) -> pl.Expr:
    """Marks of a row: values that did not parse, ids damaged by a spreadsheet, test rows."""
    marks = []
    for name in names:
        kind = field_kind(name)
        if name in plan.literals or name.split(".")[1] in ("money_text", "test_mark"):
            continue
        text = [dtypes[header] == pl.String for header in plan.fields[name]]
        if kind in ("date", "datetime", "money", "number", "integer", "bool") and all(text):
            source = parse.source_text(plan, name, dtypes)
            bad = source.is_not_null() & pl.col(name).is_null()
            if kind in ("date", "datetime"):
                bad = bad & ~source.str.contains(_NULL_DAY)
            marks.append(pl.when(bad).then(pl.lit(f"bad_value:{name.split('.')[1]}")))
            if kind == "money":
                cut = source.str.contains(_MORE_DECIMALS)
                marks.append(pl.when(cut).then(pl.lit(f"too_many_decimals:{name.split('.')[1]}")))
        if (
            kind == "id"
            and name.endswith(("customer_id", "order_id", "deal_id", "product_id", "card_number"))
            and all(text)
        ):
            marks.append(
                pl.when(parse.exponent_id(plan, name, dtypes)).then(pl.lit(f"id_exponent:{name.split('.')[1]}"))
            )
    if "customers.phone" in names and "customers.phone" in plan.fields:
        cut = parse.source_text(plan, "customers.phone", dtypes).str.contains(contacts.EXPONENT)
        marks.append(pl.when(cut.fill_null(False)).then(pl.lit("id_exponent:phone")))
    test = _test(plan, names, dtypes)
    if test is not None:
        marks.append(pl.when(test).then(pl.lit("test_row")))
    return pl.concat_str(marks, separator=" ", ignore_nulls=True) if marks else pl.lit("")


def _test(plan: Plan, names: list[str], dtypes: pl.Schema) -> pl.Expr | None:
    """Whether a row was made to try the system out, by its names or by a mark; None where nothing could say so."""
    tests = [parse.source_text(plan, name, dtypes) for name in _CONTACTS if name in names and name in plan.fields]
    if "transactions.test_mark" not in names:
        return rules.is_test(tests) if tests else None
    text = parse.source_text(plan, "transactions.test_mark", dtypes)
    test = rules.is_test(tests) | folded(text).str.contains(r"\b(test|тест)\b").fill_null(False)
    # Of a column that is called a test, yes is enough.
    if re.search("test|тест", plan.fields["transactions.test_mark"][0].casefold()):
        test = test | parse.boolean(text).fill_null(False)
    return test


def rule(plan: Plan, names: list[str], dtypes: pl.Schema) -> pl.Expr:
    """The rule a row breaks, null when it stays; `rules.refine` says it more exactly later."""
    broken: list[pl.Expr] = []
    entity = plan.entity
    dated = f"{entity}.{DATED[entity]}" if entity in DATED else ""
    # A start that was made of the first answer is missing of what nobody has answered yet.
    made = set(plan.fields.get(dated, ())) & set(plan.fields.get("interactions.first_response_at", ()))
    if dated and dated in plan.fields and not made:
        no_day = ~parse.is_told(plan, dated, dtypes)
        # In a text a day may be written that is none.
        if any(dtypes[header] == pl.String for header in plan.fields[dated]):
            no_day = no_day | parse.source_text(plan, dated, dtypes).str.contains(_NULL_DAY)
        empty = pl.col(dated).is_null()
        broken.append(pl.when(empty & no_day).then(pl.lit("missing_date")).when(empty).then(pl.lit("bad_date")))
    if entity == "transactions":
        amounts = [
            name
            for name in ("transactions.line_amount", "transactions.line_gross", "transactions.unit_price")
            if name in names and name in plan.fields
        ]
        told = [parse.is_told(plan, name, dtypes) for name in amounts]
        bad = pl.all_horizontal(told) if told else pl.lit(False)
        empty = pl.col("transactions.line_amount").is_null()
        broken.append(pl.when(empty & bad).then(pl.lit("bad_amount")).when(empty).then(pl.lit("missing_amount")))
    if "transactions.document_type" in names:
        broken.append(pl.when("transactions._no_sale").then(pl.lit("not_a_sale")))
    if "payments.kind" in names:
        broken.append(pl.when(derive.no_payment(names)).then(pl.lit("not_a_payment")))
    spent = f"{entity}.{_SPENT[entity]}" if entity in _SPENT else ""
    if spent in names:
        empty, nothing = pl.col(spent).is_null(), ~parse.is_told(plan, spent, dtypes)
        broken.append(pl.when(empty & nothing).then(pl.lit("missing_amount")).when(empty).then(pl.lit("bad_amount")))
    if entity != "transactions" and f"{entity}.deleted" in names:
        broken.append(pl.when(pl.col(f"{entity}.deleted")).then(pl.lit("deleted_row")))
    keys = [f"{entity}.{name}" for name in KEYED.get(entity, ()) if f"{entity}.{name}" in names]
    if keys:
        empty = pl.all_horizontal(pl.col(name).is_null() for name in keys)
        broken.append(pl.when(empty).then(pl.lit("missing_key")))
    if entity != "transactions":
        headers = [header for header in dtypes.names() if header != ROW]
        texts = [parse.text_of(header, dtypes) for header in headers]
        telling = [pl.col(name).is_not_null() for name in _TELLING if name in names]
        record = pl.any_horizontal(telling) if telling else pl.lit(False)
        broken.append(pl.when(rules.is_totals(texts[0]) & ~record).then(pl.lit("totals_row")))
        blank = pl.all_horizontal(text.is_null() | (text.str.strip_chars() == "") for text in texts)
        broken.append(pl.when(blank).then(pl.lit("blank_row")))
    return pl.coalesce(broken) if broken else pl.lit(None, pl.String)
