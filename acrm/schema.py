"""The canonical tables: each column's type and role. What a column means is `column.<table>.<name>` of the words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

SCHEMA_VERSION = 1
LINEAGE = ("_source_file", "_source_row", "_ref", "_origin", "_since", "_until")
"""Columns that say where a row came from and when it was known: kept in every table, left out of comparisons."""

CHANNELS = frozenset({"source", "medium", "campaign", "channel"})
"""Columns that say where somebody came from, in whatever table."""
NOWHERE = frozenset({"unknown", "undefined", "(not set)", "(none)", "не определено", "неизвестно"})
"""What a source writes there where it does not know: an answer, and not the same as a cell that nobody filled in."""


@dataclass(frozen=True)
class Column:
    """One canonical column.

    `kind` is text, id, money, number, integer, date, datetime, bool or list; `makes` marks what makes the table:
    a source without it is not that table.
    """

    name: str
    kind: str = "text"
    makes: bool = False


@dataclass(frozen=True)
class Table:
    """One canonical table: its columns in order and the key it is sorted by."""

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    def __getitem__(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(column.name for column in self.columns)

    @property
    def makers(self) -> tuple[str, ...]:
        """The columns without which there is no such table."""
        return tuple(column.name for column in self.columns if column.makes)


def _table(name: str, key: str, columns: str) -> Table:
    """`columns` reads `name:kind` with `*` for what makes the table; text is the default kind."""
    parsed = []
    for word in columns.split():
        makes = word.endswith("*")
        label, _, kind = word.rstrip("*").partition(":")
        parsed.append(Column(label, kind or "text", makes))
    return Table(name, tuple(key.split()), tuple(parsed))


TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        _table(
            "customers",
            "customer_id",
            "customer_id:id* customer_type external_id:id tax_id:id card_number:id full_name first_name middle_name"
            " last_name company email email_key phone phone_e164 birth_date:date gender family_status social_status"
            " city district region country postal_code:id holidays source created_at:datetime consent:bool owner"
            " tags household_id:id company_id:id person_id:id",
        ),
        _table(
            "transactions",
            "order_id line_no",
            "order_id:id* line_no:integer customer_id:id ordered_at:datetime* ordered_on:date product_id:id"
            " product_name category quantity:number unit_price:money discount:money line_amount:money* cost:money"
            " currency status is_refund:bool is_test:bool channel unit coupon campaign",
        ),
        _table("products", "product_id", "product_id:id* name category list_price:money cost:money is_active:bool"),
        _table(
            "interactions",
            "started_at kind interaction_id customer_id",
            "interaction_id:id kind* started_at:datetime* customer_id:id deal_id:id first_response_at:datetime"
            " ended_at:datetime duration_seconds:integer direction outcome subject satisfaction source medium"
            " campaign page agent",
        ),
        _table(
            "deals",
            "deal_id",
            "deal_id:id* name stage* status* created_at:datetime* amount:money currency closed_at:datetime"
            " expected_close_at:datetime next_step_at:datetime probability:number lost_reason source campaign owner"
            " region pipeline is_repeat:bool product_id:id customer_id:id",
        ),
        _table(
            "deal_stages",
            "deal_id entered_at stage",
            "deal_id:id* stage* entered_at:datetime* left_at:datetime from_stage pipeline",
        ),
        _table(
            "campaigns",
            "date campaign source",
            "date:date* campaign* campaign_id:id spend:money* currency source ad_group ad impressions:integer"
            " clicks:integer conversions:number",
        ),
        _table(
            "contracts",
            "customer_id start_at",
            "customer_id:id* start_at:date* end_at:date renewal_at:date plan price:money currency end_reason",
        ),
        _table(
            "payments",
            "paid_at order_id deal_id customer_id",
            "paid_at:datetime* paid_on:date amount:money* currency order_id:id deal_id:id customer_id:id purpose",
        ),
        _table(
            "service_costs",
            "period customer_id segment activity",
            "period:date* cost:money* customer_id:id segment activity",
        ),
        _table("stock", "product_id unit date", "product_id:id* quantity:number* date:date unit value:money"),
        _table("units", "unit", "unit:id* kind parent region"),
        _table(
            "decisions",
            "made_at customer_id decision_id",
            "decision_id:id made_at:date customer_id:id segment scenario action reason channel owner due:date"
            " expected_response:number expected_value:money cost:money currency control:bool",
        ),
    )
}


def dtype(kind: str) -> pl.DataType:
    """The Polars type of a column kind: money and numbers are Decimal(38, 4), times are UTC."""
    import polars as pl

    decimal = pl.Decimal(38, 4)
    types: dict[str, pl.DataType] = {
        "text": pl.String(),
        "id": pl.String(),
        "money": decimal,
        "number": decimal,
        "integer": pl.Int64(),
        "date": pl.Date(),
        "datetime": pl.Datetime("us", "UTC"),
        "bool": pl.Boolean(),
    }
    return types[kind]


def polars_schema(table: str, columns: Iterable[str] | None = None) -> dict[str, pl.DataType]:
    """Column name to Polars type for a canonical table, in order."""
    wanted = TABLES[table].names if columns is None else tuple(columns)
    return {name: dtype(TABLES[table][name].kind) for name in wanted}
