"""A table of anything by anything: what spreadsheets call a pivot table, with how much stands behind each cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal, get_args

from acrm.analysis.history import far_dates, left_out
from acrm.analysis.report.columns import with_columns
from acrm.analysis.result import Scalar
from acrm.errors import InputError, UsageError
from acrm.messages import Message, listed, text

if TYPE_CHECKING:
    import polars as pl

Measure = Literal["sum", "count", "mean", "median", "nunique", "share"]
WIDEST = 100
"""Columns that a table may have."""
TOTAL, NONE = "total", "(none)"


@dataclass(frozen=True, kw_only=True)
class PivotParams:
    """What stands where.

    Attributes:
        rows: Columns whose values make the rows.
        cols: Columns whose values make the columns; none: one column.
        measure: `sum`, `mean` and `median` of a number, `share` of its total, `count` of filled cells (of lines,
            without a column), `nunique` different values.
        of: The column that is measured.
        as_of: Last day that counts; None: the last that is not mistyped.
        zone: Time zone of hours.
    """

    rows: tuple[str, ...]
    cols: tuple[str, ...] = ()
    measure: Measure = "sum"
    of: str | None = "amount"
    as_of: date | None = None
    zone: str | None = None


@dataclass(frozen=True, kw_only=True)
class Pivot:
    """The pivot table.

    Attributes:
        table: Wide: the row columns, a column per column value (`(none)`: not told), `total`; the last row, all row
            columns null and `_total` true, is the total of the columns.
        counts: The same shape: how many lines stand behind each cell.
        cells: Long: row columns, column columns, `value`, `n`; without totals.
        figures: `total`, `n`, `rows`, `cols`.
        notes: What was left out.
    """

    table: pl.DataFrame
    counts: pl.DataFrame
    cells: pl.DataFrame
    figures: dict[str, Scalar]
    notes: tuple[Message, ...]


def parse_pivot(words: str) -> PivotParams:
    """Read `rows=month+channel,cols=country,sum=amount`.

    >>> parse_pivot("rows=month,cols=channel,sum=amount").cols
    ('channel',)
    >>> parse_pivot("rows=month,count").of is None
    True

    Raises:
        UsageError: A part is none of these, there are no rows, or more than one measure.
    """
    known = ("rows", "cols", *get_args(Measure))
    found: dict[str, str] = {}
    for part in words.split(","):
        key, _, value = (piece.strip() for piece in part.partition("="))
        if key not in known or key in found or (not value and key != "count"):
            near = get_close_matches(key, known, 1)
            raise UsageError("report_pivot", part=part.strip(), known=listed(near or known))
        found[key] = value
    measures = [name for name in found if name in get_args(Measure)]
    if "rows" not in found or len(measures) > 1:
        raise UsageError("report_pivot", part=words, known=listed(known))
    measure: Any = measures[0] if measures else "sum"
    return PivotParams(
        rows=_names(found["rows"]),
        cols=_names(found.get("cols", "")),
        measure=measure,
        of=(found[measure] or None) if measures else "amount",
    )


def _names(words: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in words.split("+") if name.strip()))


def pivot(tables: Mapping[str, pl.LazyFrame], params: PivotParams) -> Pivot:
    """Cut the order lines by any columns, in one scan.

    Lines of tests, of cancelled orders, without a day or an amount are left out, as in every other figure of a report;
    refunds count negative. Totals of means, medians and different values are those of all lines together.

    Args:
        tables: Canonical tables, `transactions` among them.
        params: See `PivotParams`.

    Raises:
        InputError: No table has such a column, or no line counts.
        UsageError: The measured column holds no numbers, or there are too many columns.
    """
    import polars as pl

    from acrm.summaries.ledger import Part

    asked = [*params.rows, *params.cols, *([params.of] if params.of else [])]
    lines = with_columns(asked, tables, params.zone)
    named, far = _named(lines, params.as_of)
    kept = named.filter(pl.col("part") <= int(Part.REFUND))
    schema = lines.collect_schema()
    keys = [*params.rows, *params.cols]
    of = params.of
    if of is not None and params.measure not in ("count", "nunique") and not schema[of].is_numeric():
        numbers = [name for name, kind in schema.items() if kind.is_numeric() and name[0] != "_"]
        raise UsageError("report_pivot_number", column=of, known=listed(["amount", *numbers]))
    value = _signed(of) if of is not None else pl.lit(1)
    needed = kept.select(*(pl.col(name) for name in keys), value.alias("_value"))
    cuts = [_cut(needed, by, params.measure) for by in (keys, params.rows, params.cols, ())]
    parts_of = named.group_by("part").agg(pl.len().cast(pl.Int64))
    cells, rows, cols, whole, counts = pl.collect_all([*cuts, parts_of], engine="streaming")
    found = dict(counts.rows())
    notes = (*far, *left_out({part: found.get(int(part), 0) for part in Part}))
    n = int(whole["n"].sum())
    if not n:
        raise InputError("no_sales", reasons="; ".join(map(str, notes)) or text("history.no_lines"))
    total = whole["value"][0]
    if params.measure == "share":
        cells, rows, cols, whole = (_as_share(part, total) for part in (cells, rows, cols, whole))
        total = whole["value"][0]
    cells = cells.sort(keys, nulls_last=True)
    names = _headers(cells, params.cols)
    if names.height > WIDEST:
        raise UsageError("report_pivot_wide", columns=names.height, most=WIDEST, cols="+".join(params.cols))
    parts = {"cells": cells, "rows": rows, "cols": cols, "whole": whole}
    return Pivot(
        table=_wide(parts, params, names, "value"),
        counts=_wide(parts, params, names, "n"),
        cells=cells,
        figures={"total": total, "n": n, "rows": rows.height, "cols": cols.height if params.cols else 1},
        notes=notes,
    )


def _signed(of: str) -> pl.Expr:
    """The measured column; what is given back counts negative, whatever sign it was written with."""
    import polars as pl

    from acrm.summaries.ledger import Part

    if of not in ("amount", "line_amount", "quantity", "cost", "discount"):
        return pl.col(of)
    return pl.when(pl.col("part") == int(Part.REFUND)).then(-pl.col(of).abs()).otherwise(pl.col(of))


def _named(lines: pl.LazyFrame, as_of: date | None) -> tuple[pl.LazyFrame, tuple[Message, ...]]:
    """The lines with what each is (`part`), and what is said of mistyped days."""
    import narwhals.stable.v2 as nw
    import polars as pl

    from acrm.summaries.ledger import part_of

    names = lines.collect_schema().names()
    named = lines if "customer_id" in names else lines.with_columns(customer_id=pl.lit(None, pl.String))
    far: tuple[Message, ...] = ()
    if as_of is None:
        as_of, far = far_dates(named)
    # Whose a line is does not matter here.
    told = named.with_columns(_customer="customer_id", customer_id=pl.col("customer_id").fill_null(""))
    frame = nw.from_native(told).with_columns(part=part_of([*names, "customer_id"], as_of)).to_native()
    return frame.with_columns(customer_id="_customer"), far


def _cut(lines: pl.LazyFrame, by: Sequence[str], measure: Measure) -> pl.LazyFrame:
    import polars as pl

    value = pl.col("_value")
    made = {
        "sum": value.sum(),
        "share": value.sum(),
        "count": value.count().cast(pl.Int64),
        "nunique": value.drop_nulls().n_unique().cast(pl.Int64),
        "mean": value.sum().cast(pl.Float64) / value.count(),
        "median": value.cast(pl.Float64, strict=False).median() if measure == "median" else value.count(),
    }[measure]
    sums = (made.alias("value"), pl.len().cast(pl.Int64).alias("n"))
    return lines.group_by(by).agg(sums) if by else lines.select(sums)


def _as_share(part: pl.DataFrame, total: Any) -> pl.DataFrame:
    import polars as pl

    whole = float(total or 0)
    share = pl.col("value").cast(pl.Float64) / whole if whole else pl.lit(None, pl.Float64)
    return part.with_columns(value=share)


def _headers(cells: pl.DataFrame, cols: Sequence[str]) -> pl.DataFrame:
    """The column values in order, with the name that each has as a column of the table."""
    import polars as pl

    if not cols:
        return pl.DataFrame({"_header": []}, schema={"_header": pl.String})
    values = cells.select(cols).unique().sort(cols, nulls_last=True)
    label = pl.concat_str([pl.col(name).cast(pl.String).fill_null(NONE) for name in cols], separator=" / ")
    labels: list[str] = []
    for name in values.select(label.alias("_header"))["_header"].to_list():
        while name in (*labels, TOTAL, "_total"):
            name += "_"  # noqa: PLW2901  # of two values that read the same, the second
        labels.append(name)
    return values.with_columns(pl.Series("_header", labels, dtype=pl.String))


def _wide(parts: Mapping[str, pl.DataFrame], params: PivotParams, names: pl.DataFrame, what: str) -> pl.DataFrame:
    """Rows by columns, with a column and a row of totals."""
    import polars as pl

    rows, order = list(params.rows), names["_header"].to_list()
    body = parts["rows"].select(*rows, pl.col(what).alias(TOTAL)).sort(rows, nulls_last=True)
    last = parts["whole"].select(pl.col(what).alias(TOTAL))
    if order:
        cols = list(params.cols)
        named = parts["cells"].join(names, on=cols, how="left", nulls_equal=True)
        spread = named.select(*rows, "_header", what).pivot("_header", index=rows, values=what)
        body = spread.join(body, on=rows, how="right", nulls_equal=True, maintain_order="right")
        sums = parts["cols"].join(names, on=cols, how="left", nulls_equal=True)
        last = pl.concat(
            [sums.select(pl.col(what), "_header").with_columns(_=0).pivot("_header", index="_", values=what), last],
            how="horizontal",
        )
    body = body.select(*rows, *order, TOTAL, pl.lit(False).alias("_total"))
    last = last.select(
        *(pl.lit(None, body.schema[name]).alias(name) for name in rows), *order, TOTAL, pl.lit(True).alias("_total")
    )
    whole = pl.concat([body, last])
    return whole.with_columns(pl.col([*order, TOTAL]).fill_null(0)) if what == "n" else whole
