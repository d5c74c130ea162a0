"""Source columns that feed no field, or did not wholly: kept as `x_` columns, so that nothing of a source is lost."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from acrm.ingest.mapping import Plan, unmapped
from acrm.ingest.raw import ROW, RawTable
from acrm.ingest.vocabulary import fold, normalise

_UNTOLD = (
    *("customers.opt_out", "payments.kind", "payments.paid_out"),
    *(
        f"transactions.{name}"
        for name in (
            *("order_total", "subtotal", "discount_percent", "line_gross", "line_net", "line_tax", "refunded_amount"),
            *("line_before_returns", "line_returned", "shipping"),
            *("refunded_quantity", "payment_status", "document_type", "till", "shift"),
        )
    ),
)


def of(plan: Plan, raw: RawTable) -> dict[str, str]:
    """Names for the columns that feed no field, or stand second behind one: `x_` and the normalised header."""
    unused = set(unmapped(plan, raw))
    for name, headers in plan.fields.items():
        if name not in ("customers.phone", "customers.email"):
            unused.update(headers[1:])
        if name.startswith("customers.") and plan.entity != "customers" and name != "customers.customer_id":
            # What a row says of its customer may differ from row to row; the customer has but one of each.
            unused.update(headers)
    for name in _UNTOLD:
        if name == "transactions.order_total" and not plan.has_line_amounts():
            continue
        # What only decides other columns is kept as the source has it.
        if plan.fields.get(name, ("",))[0] not in {
            headers[0] for other, headers in plan.fields.items() if other != name
        }:
            unused.update(plan.fields.get(name, ()))
    named: dict[str, str] = {}
    for header in raw.header:
        if header not in unused and plan.entity != "other":
            continue
        named[_x_name(header, named, "" if plan.entity == "other" else "x_")] = header
    return named


def unread(staged: pl.LazyFrame, plan: Plan, extra: dict[str, str]) -> dict[str, str]:
    """Columns some of whose values could not be read: they are kept as they are beside what could, as `x_` columns."""
    flags = pl.col("_flags").drop_nulls().str.extract_all(r"bad_value:\w+").explode().unique()
    fields = {flag.removeprefix("bad_value:") for flag in staged.select(flags).collect().to_series().drop_nulls()}
    headers = [
        header
        for name, headers in plan.fields.items()
        if name.partition(".")[2] in fields
        for header in headers
        if header not in extra.values()
    ]
    named: dict[str, str] = {}
    for header in dict.fromkeys(headers):
        named[_x_name(header, {**extra, **named})] = header
    return named


def filled(column: pl.Series) -> bool:
    """Whether a column holds anything but blanks."""
    if column.dtype != pl.String:
        return column.null_count() < column.len()
    return bool((column.str.strip_chars().str.len_bytes() > 0).any())


def _x_name(header: str, taken: Collection[str], prefix: str = "x_") -> str:
    """A column name of ours for a source column, different from those taken."""
    stem = prefix + (fold(normalise(header)).replace(" ", "_") or "column")
    name, count = stem, 1
    while name in taken or name in (ROW, "row", "_source_file", "_flags"):
        count += 1
        name = f"{stem}_{count}"
    return name
