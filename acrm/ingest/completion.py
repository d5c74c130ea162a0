"""What a mapping leaves open and the rest of the table answers: traits a signature does not name, amounts with tax."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from acrm.ingest import amounts
from acrm.ingest.mapping import LINKED, Plan, fits, known_field, unmapped
from acrm.ingest.raw import RawTable
from acrm.ingest.vocabulary import normalise, synonyms
from acrm.schema import TABLES

_TRAITS = (
    *("email", "phone", "birth_date", "gender", "family_status", "social_status", "city", "district", "region"),
    *("country", "postal_code", "holidays", "card_number", "tax_id", "source", "consent", "owner", "tags"),
    "household_id",
)
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
        plan = amounts.with_tax(_one_discount(plan), sample)
    return plan if plan.system in ("unknown", "acrm") or plan.entity == "other" else _filled_up(plan, raw, sample)


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


def _filled(values: pl.Series) -> bool:
    return bool(values.drop_nulls().cast(pl.String).str.strip_chars().str.len_bytes().gt(0).any())
