"""Receipts that tell what was bought together and neither when nor for how much: no orders by the rules of orders."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from acrm.ingest import parse
from acrm.ingest.mapping import Plan, assigned
from acrm.ingest.options import IngestOptions
from acrm.ingest.stage import SAMPLE
from acrm.ingest.vocabulary import normalise
from acrm.messages import Message, text
from acrm.schema import LINEAGE

_FIELDS = ("order_id", "customer_id", "ordered_at", "product_id", "product_name", "category", "quantity")
"""What is read of them where it is told; the rest is kept as `x_` columns."""
_OURS = frozenset({*LINEAGE, "row", "_flags"})


def receipts(tables: Mapping[str, pl.LazyFrame], options: IngestOptions) -> tuple[pl.LazyFrame, Message] | None:
    """Order lines of the tables that fit none of ours but name products and what they were bought in.

    Args:
        tables: Tables of a dataset; those that fit none are called `other_...`, their columns texts.
        options: What the user fixed; `--map` names columns that their names do not tell.

    Returns:
        Lines with `product_id` or `product_name`, and `order_id` or `customer_id`, as texts; `ordered_on`, `quantity`,
        `category` where a table has them; other columns as `x_` columns. And how the tables were read. None where there
        is no such table.
    """
    frames, said = [], []
    for name in sorted(tables):
        if not name.startswith("other_"):
            continue
        frame = tables[name]
        headers = {normalise(header): header for header in frame.collect_schema().names() if header not in _OURS}
        sample = frame.select(headers.values()).head(SAMPLE).collect()
        fields = _fields(headers, sample, options)
        have = {field.partition(".")[2] for field in fields}
        if have & {"product_id", "product_name"} and have & {"order_id", "customer_id"}:
            frames.append(_read(frame, fields, sample, options, list(headers.values())))
            said += [
                text("receipts.field", field=field.partition(".")[2], column=source[0])
                for field, source in fields.items()
            ]
    if not frames:
        return None
    lines = pl.concat(frames, how="diagonal_relaxed")
    return lines, Message("receipts.read", {"columns": ", ".join(dict.fromkeys(said))})


def _fields(headers: Mapping[str, str], sample: pl.DataFrame, options: IngestOptions) -> dict[str, tuple[str, ...]]:
    """The columns of what is read: those that were typed, then those that their names tell."""
    told = {f"transactions.{field}": headers.get(normalise(column)) for field, column in options.fields}
    chosen = {field: (header,) for field, header in told.items() if header}
    taken = {header for (header,) in chosen.values()}
    rest = {word: header for word, header in headers.items() if header not in taken}
    found = assigned("transactions", rest, sample)
    # Whose order it is stands among the columns about the customer.
    named = {field.replace("customers.customer_id", "transactions.customer_id"): one for field, one in found.items()}
    wanted = {f"transactions.{field}" for field in _FIELDS}
    return {field: source for field, source in (named | chosen).items() if field in wanted}


def _read(
    frame: pl.LazyFrame,
    fields: Mapping[str, tuple[str, ...]],
    sample: pl.DataFrame,
    options: IngestOptions,
    headers: list[str],
) -> pl.LazyFrame:
    """The lines of one table."""
    plan = Plan(system="unknown", title="", entity="transactions", fields=fields)
    decisions = parse.decide(plan, list(fields), sample, options)
    types = sample.schema
    parsed = parse.cleaned(frame, headers, types, plan).with_columns(
        parse.value(plan, field, types, decisions).alias(field) for field in fields
    )
    dated = "transactions.ordered_at"
    day = {"ordered_on": parse.day(plan, dated, types, decisions)} if dated in fields else {}
    values = [pl.col(field).alias(field.partition(".")[2]) for field in fields if field != dated]
    used = {header for sources in fields.values() for header in sources}
    rest = [pl.col(header).alias(f"x_{header}") for header in headers if header not in used]
    return parsed.select(*values, *rest, **day)
