"""Row filters in SQL: conditions over a table's columns and its customers' columns."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

import polars as pl

from acrm.errors import UsageError
from acrm.messages import listed, text


def names_in(condition: str | None) -> frozenset[str]:
    """The columns that a condition names."""
    return frozenset(_parsed(condition).meta.root_names()) if condition else frozenset()


def where(tables: Mapping[str, pl.LazyFrame], table: str, condition: str | None) -> pl.LazyFrame:
    """Rows of a table that satisfy an SQL condition over its columns and its customers' columns.

    Raises:
        UsageError: The condition is none, or names a column that there is not.
    """
    frame = tables[table]
    if not condition:
        return frame
    expression = _parsed(condition)
    have = frame.collect_schema().names()
    foreign = [name for name in dict.fromkeys(expression.meta.root_names()) if name not in have]
    if not foreign:
        return _filtered(frame, expression, condition)
    customers = tables.get("customers")
    theirs = customers.collect_schema().names() if customers is not None and "customer_id" in have else []
    unknown = [name for name in foreign if name not in theirs]
    if customers is None or unknown:
        known = sorted({name for name in (*have, *theirs) if not name.startswith("_")})
        near = difflib.get_close_matches((unknown or foreign)[0], known, 1)
        raise UsageError("where_column", name=(unknown or foreign)[0], known=listed(near or known))
    traits = customers.select("customer_id", *foreign).unique("customer_id")
    return _filtered(frame.join(traits, on="customer_id", how="left"), expression, condition).drop(foreign)


def _parsed(condition: str) -> pl.Expr:
    try:
        return pl.sql_expr(condition)
    except pl.exceptions.PolarsError as error:
        raise UsageError("where_syntax", condition=condition, reason=str(error).split("\n")[0]) from error


def _filtered(frame: pl.LazyFrame, expression: pl.Expr, condition: str) -> pl.LazyFrame:
    """The rows that satisfy an SQL condition; times are compared as ISO texts where it writes them as texts."""
    kinds = frame.collect_schema()
    try:
        if frame.head(0).select(expression.alias("is")).collect().schema["is"] == pl.Boolean:
            return frame.filter(expression)
        raise UsageError("where_syntax", condition=condition, reason=text("ingest.no_condition"))
    except pl.exceptions.PolarsError:
        pass
    used = [name for name in dict.fromkeys(expression.meta.root_names()) if kinds[name].is_temporal()]
    spelled = [pl.col(name).cast(pl.String).str.slice(0, 19).alias(name) for name in used]
    kept = [pl.col(name).alias(f"_typed_{name}") for name in used]
    try:
        frame.head(0).with_columns(spelled).filter(expression).collect()
    except pl.exceptions.PolarsError as error:
        raise UsageError("where_syntax", condition=condition, reason=str(error).split("\n")[0]) from error
    matched = frame.with_columns(kept).with_columns(spelled).filter(expression)
    return matched.with_columns(pl.col(f"_typed_{name}").alias(name) for name in used).select(kinds.names())
