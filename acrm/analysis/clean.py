"""The result of cleaning: what was read, what became of every row, how full the tables are, what they are good for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from acrm.analysis.readiness import figures, readiness
from acrm.analysis.result import Result, Scalar
from acrm.analysis.scorecard import changes, problems, scorecard
from acrm.messages import Message
from acrm.schema import TABLES

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, kw_only=True)
class CleanResult(Result):
    """Tables `sources`, `decisions`, `fields`, `rules`, `tables`, `columns`, `readiness`, and of the scorecard three.

    They are `scorecard`, `problems` and `changes`.
    """

    params: None = None


def cleaned(
    sources: pl.DataFrame,
    decisions: pl.DataFrame,
    fields: pl.DataFrame,
    rules: pl.DataFrame,
    tables: Mapping[str, pl.LazyFrame],
    filled: Mapping[str, Mapping[str, int]],
    notes: Sequence[Message],
    *,
    as_of: date | None = None,
    orders: pl.LazyFrame | None = None,
    identities: pl.LazyFrame | None = None,
    before: pl.DataFrame | None = None,
) -> CleanResult:
    """Gather what the summary of a cleaning run shows.

    Args:
        sources: One row per source table, with `rows_in`, `kept`, `rejected`.
        decisions: One row per file and decision about its values.
        fields: One row per source column.
        rules: One row per rule that applied.
        tables: The canonical tables as written.
        filled: Table -> column -> filled cells, rows under the empty name.
        notes: What was noticed while reading.
        as_of: The data's newest day.
        orders: The ledger of the order lines.
        identities: Every way in which a source names its customers.
        before: The scorecard of the store as it was.
    """
    rows_in, rejected = int(sources["rows_in"].sum()), int(sources["rejected"].sum())
    whole = overview(tables, filled)
    summary: dict[str, Scalar] = {
        "sources": sources.height,
        "rows_in": rows_in,
        "kept": rows_in - rejected,
        "rejected": rejected,
        "rejected_share": round(rejected / rows_in, 6) if rows_in else 0.0,
        "unmapped_columns": fields.filter(~fields["field"].str.contains(r"\.").fill_null(False)).height,
        **{f"{row['table']}_rows": row["rows"] for row in whole.iter_rows(named=True)},
        **_sales(tables, orders),
    }
    ready = readiness(filled, figures(tables, filled, orders))
    card = scorecard(tables, filled, identities, as_of)
    return CleanResult(
        tables={
            "sources": sources,
            "decisions": decisions,
            "fields": fields,
            "rules": rules,
            "tables": whole,
            "columns": _columns(filled),
            "readiness": ready,
            "scorecard": card,
            "problems": problems(card),
            "changes": changes(card, before),
        },
        summary=summary,
        notes=tuple(notes),
    )


_EVENTS = ("ordered_on", "started_at", "date", "entered_at", "paid_on", "paid_at", "start_at", "period", "created_at")
"""The column that says when a table's rows happened; the first that there is: a business day before a time in UTC."""


def overview(tables: Mapping[str, pl.LazyFrame], filled: Mapping[str, Mapping[str, int]]) -> pl.DataFrame:
    """One row per table: `rows`, the period it covers (`from`, `to`), its currencies.

    Args:
        tables: Canonical tables, and those kept as they came.
        filled: Table -> column -> filled cells, rows under the empty name.
    """
    import polars as pl

    rows = []
    for name, frame in tables.items():
        # A table that is kept as it came has texts only, whatever they are called.
        own = filled[name] if name in TABLES else {}
        when = next((column for column in _EVENTS if own.get(column)), None)
        days = pl.col(when).cast(pl.Date) if when else pl.lit(None, pl.Date)
        first, last = frame.select(days.min().alias("from"), days.max().alias("to")).collect().row(0)
        codes: list[str] = []
        if "currency" in own:
            codes = frame.select(pl.col("currency").drop_nulls().unique().sort()).collect().to_series().to_list()
        rows.append(
            {"table": name, "rows": filled[name][""], "from": first, "to": last, "currency": " ".join(codes) or None}
        )
    schema = {"table": pl.String, "rows": pl.Int64, "from": pl.Date, "to": pl.Date, "currency": pl.String}
    return pl.DataFrame(rows, schema=schema).sort("table")


def _columns(filled: Mapping[str, Mapping[str, int]]) -> pl.DataFrame:
    import polars as pl

    rows = [
        {"table": table, "column": column, "filled": count, "share": count / counts[""] if counts[""] else 0.0}
        for table, counts in sorted(filled.items())
        for column, count in counts.items()
        if column
    ]
    return pl.DataFrame(rows, schema={"table": pl.String, "column": pl.String, "filled": pl.Int64, "share": pl.Float64})


def _sales(tables: Mapping[str, pl.LazyFrame], orders: pl.LazyFrame | None) -> dict[str, Scalar]:
    """Figures of the transactions that everybody asks for first."""
    import polars as pl

    lines = tables.get("transactions")
    if lines is None:
        return {}
    counts = lines.select(
        without_customer=pl.col("customer_id").is_null().sum(),
        refund_lines=pl.col("is_refund").sum(),
        test_lines=pl.col("is_test").sum(),
        cancelled_lines=(pl.col("status") == "cancelled").fill_null(False).sum(),
        # Sums are never made across currencies.
        amount=pl.when((pl.col("currency").min() == pl.col("currency").max()).fill_null(value=True)).then(
            pl.col("line_amount").sum()
        ),
    )
    # Every customer of a line has an order in the ledger, too.
    buyers = lines if orders is None else orders
    people = buyers.group_by("customer_id").agg().select(pl.col("customer_id").count().alias("customer_ids"))
    one, other = pl.collect_all([counts, people], engine="streaming")
    return {**one.row(0, named=True), "customer_ids": int(other.item())}
