"""The table whose rows are the customers of whom a column says whether they left, whatever the table is taken for."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from acrm.analysis.churn.label import column_of, no_column, recognised
from acrm.messages import Message, text

if TYPE_CHECKING:
    import polars as pl

_CALLED = re.compile(r"(^|_)(id|no|key|guid|uuid|ид|код|номер)(_|$)|id$|num$|number$|^№", re.IGNORECASE)
_CALLS = ("full_name", "first_name", "last_name", "company", "email", "phone")
_SAME = 0.9


def with_customers(
    tables: Mapping[str, pl.LazyFrame], target: str | None, wanted: Collection[str] = (), told: int = 0
) -> tuple[Mapping[str, pl.LazyFrame], tuple[Message, ...]]:
    """Let the table with the label stand for the customers, if the customers themselves have no such column.

    A file of churn is often taken for contracts, as it has plans and first days, or for nothing of ours, as it has no
    name or place. It is looked for among the contracts first, then among the tables that fit nothing. All its columns
    are theirs then. A customer is called by `customer_id`; where there is none, by the first column that is called
    like an id and in which every row has a value of its own; or by the number of the row.

    Args:
        tables: As they were read.
        target: The column that says who left, if it was told.
        wanted: Columns, if they are looked for in place of the label: those of a model that scores customers.
        told: Rows of the sources that told of customers.

    Returns:
        The tables, and what to say of it.

    Raises:
        InputError: No table has the column told, and there are no customers nor purchases that could do without.
    """
    import polars as pl

    others = sorted(name for name in tables if name.startswith("other_"))
    for name in ("customers", "contracts", *others):
        if name not in tables:
            continue
        names = tables[name].collect_schema().names()
        there = all(column_of(names, one) for one in wanted) if wanted else recognised(tables[name], target)
        if not there:
            continue
        if name == "customers":
            return tables, _repeated(told, tables[name].select(pl.len()).collect().item())
        rows = tables[name].collect()
        everyone = tables["customers"].collect() if "customers" in tables else rows.clear()
        key = "customer_id" if "customer_id" in rows.columns else _key(rows)
        beside = {"row", "customer_id", key, *(_names(rows, everyone) if key == "customer_id" else ())}
        own = [column for column in rows.columns if column[0] != "_" and column not in beside]
        made = rows.with_row_index("_number", offset=1).select(
            pl.col(key or "_number").cast(pl.String).alias("customer_id"),
            *(pl.col(column).alias(f"x_{column.removeprefix('x_')}") for column in own),
            *(column for column in ("_source_file", "_source_row") if column in rows.columns),
        )
        if key == "customer_id":
            places = [column for column in ("_source_file", "_source_row") if column in made.columns]
            made = made.drop_nulls("customer_id").sort(places) if places else made.drop_nulls("customer_id")
            told = made.height
            made = made.unique("customer_id", keep="last", maintain_order=True).sort("customer_id")
        values = {"table": name, "key": (key or "").removeprefix("x_") or text("churn_label.row_number")}
        repeated = _repeated(told, made.height) if key == "customer_id" else ()
        return {**tables, "customers": made.lazy()}, (Message("churn_label.rows", values), *repeated)
    if target is not None and not wanted and not {"customers", "transactions"} & set(tables):
        known = [one for table in tables.values() for one in table.collect_schema().names() if one[0] != "_"]
        raise no_column("churn_no_target", "target", target, known)
    return tables, ()


def _repeated(rows: int, customers: int) -> tuple[Message, ...]:
    if rows <= customers:
        return ()
    return (Message("churn_label.repeated", {"rows": rows, "customers": customers}),)


def _key(rows: pl.DataFrame) -> str | None:
    import polars as pl

    for column in rows.columns:
        if column[0] == "_" or column == "row" or not _CALLED.search(column):
            continue
        values = rows[column].cast(pl.String)
        if rows.height and not values.null_count() and values.is_unique().all():
            return column
    return None


def _names(rows: pl.DataFrame, everyone: pl.DataFrame) -> list[str]:
    """Columns that repeat names and addresses of the customers."""
    import polars as pl

    told = [name for name in _CALLS if name in everyone.columns and everyone[name].null_count() < everyone.height]
    both = rows.join(everyone.select("customer_id", pl.col(told).name.prefix("_")), on="customer_id", how="left")
    texts = [name for name in rows.columns if name.startswith("x_") and rows[name].dtype == pl.String]
    return [name for name in texts if any((both[name] == both[f"_{one}"]).sum() > _SAME * len(both) for one in told)]
