"""Pivot tables, against pandas."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, get_args

import pandas as pd
import polars as pl
import pytest

from acrm.analysis.report.pivot import NONE, Measure, PivotParams, parse_pivot, pivot
from acrm.errors import AcrmError, InputError, UsageError
from acrm.ingest.dataset import load
from acrm.ingest.options import IngestOptions
from tests.analysis.report.orders import counted, random_lines, table

PARTS = ("month", "quarter", "weekday", "channel", "category", "unit", "product_id", "city")
CITIES = {"ada": "Ufa", "bob": "Omsk", "eve": "Ufa", "kim": None}


def part(row: dict[str, Any], name: str) -> Any:
    day: date = row["ordered_on"]
    made = {"month": f"{day:%Y-%m}", "quarter": f"{day.year}-Q{(day.month + 2) // 3}", "weekday": day.isoweekday()}
    found = made[name] if name in made else CITIES.get(row["customer_id"]) if name == "city" else row[name]
    return NONE if found is None else found


@pytest.mark.parametrize("seed", range(20))
def test_it_equals_pandas(seed: int) -> None:
    random = Random(seed)
    names = random.sample(PARTS, random.randint(1, 4))
    rows = tuple(names[: max(1, len(names) // 2)])
    cols = tuple(names[len(rows) :])
    measure = random.choice(get_args(Measure))
    of = random.choice(
        ["amount", "quantity"] if measure in ("sum", "mean", "median", "share") else ["customer_id", "cost"]
    )
    lines = random_lines(seed, 300)
    people = pl.LazyFrame({"customer_id": list(CITIES), "city": list(CITIES.values())})
    made = pivot(
        {"transactions": table(lines), "customers": people}, PivotParams(rows=rows, cols=cols, measure=measure, of=of)
    )

    kept = [row for row in lines if counted(row)]
    flat = pd.DataFrame({name: [part(row, name) for row in kept] for name in names})
    if of in ("amount", "quantity"):
        source = "line_amount" if of == "amount" else of
        flat["_v"] = [float(-abs(row[source]) if row["is_refund"] else row[source]) for row in kept]
    else:
        signed = [None if row[of] is None else str(row[of]) for row in kept]
        if of == "cost":
            # Of refunds below 0: no value of a sale's.
            signed = [f"-{text}" if text and row["is_refund"] else text for text, row in zip(signed, kept, strict=True)]
        flat["_v"] = pd.Series(signed, dtype=object)
    func = "sum" if measure == "share" else measure
    wide = flat.pivot_table(index=list(rows), columns=list(cols) or None, values="_v", aggfunc=func, dropna=False)
    if not cols:
        wide = wide.rename(columns={"_v": "total"})
    whole = flat["_v"].sum() if measure == "share" else None
    ours = {
        tuple(NONE if one is None else one for one in row[: len(names)]): row[len(names)] for row in made.cells.rows()
    }
    theirs = {}
    for row_key, values in wide.to_dict("index").items():
        for col_key, value in values.items():
            left = row_key if isinstance(row_key, tuple) else (row_key,)
            right = () if not cols else col_key if isinstance(col_key, tuple) else (col_key,)
            if not pd.isna(value):
                theirs[*left, *right] = value / whole if whole is not None else value
    zero = {"sum", "count", "nunique", "share"}
    for key, value in theirs.items():
        if key in ours:
            assert float(ours[key]) == pytest.approx(float(value), abs=1e-9)
        else:
            # pandas fills combinations that never were with nothing.
            assert value == 0
            assert measure in zero
    for key, value in ours.items():
        assert key in theirs or value is None or value == 0


@pytest.mark.parametrize("measure", ["sum", "count", "mean", "median", "nunique"])
def test_totals_are_those_of_all_lines_together(measure: str) -> None:
    lines = random_lines(4)
    words = f"rows=month,cols=channel+category,{measure}=amount"
    made = pivot({"transactions": table(lines)}, parse_pivot(words))
    kept = [float(row["line_amount"]) for row in lines if counted(row)]
    whole = {
        "sum": pd.Series.sum,
        "count": pd.Series.count,
        "mean": pd.Series.mean,
        "median": pd.Series.median,
        "nunique": pd.Series.nunique,
    }
    assert float(made.table["total"].to_list()[-1]) == pytest.approx(whole[measure](pd.Series(kept)))
    assert made.counts["total"].to_list()[-1] == len(kept)
    inner = made.counts.filter(~pl.col("_total"))
    assert inner["total"].sum() == len(kept)
    names = [name for name in inner.columns if name not in ("month", "total", "_total")]
    assert inner.select(pl.sum_horizontal(names)).to_series().to_list() == inner["total"].to_list()
    if measure == "sum":
        assert Decimal(made.table.filter(~pl.col("_total"))["total"].sum()) == made.figures["total"]


def test_the_order_of_lines_says_nothing() -> None:
    lines = random_lines(5)
    words = parse_pivot("rows=channel+month,cols=unit,median=amount")
    one, other = (pivot({"transactions": table(rows)}, words) for rows in (lines, lines[::-1]))
    assert one.table.equals(other.table)
    assert one.cells.equals(other.cells)


def test_columns_that_read_like_others_keep_apart() -> None:
    lines = [{"channel": name, "ordered_on": date(2025, 1, 1)} for name in ("total", None, NONE, "_total")]
    made = pivot({"transactions": table(lines)}, parse_pivot("rows=month,cols=channel,count"))
    assert sorted(made.table.columns) == sorted(["month", "total", "_total", "total_", "_total_", NONE, f"{NONE}_"])
    assert made.table["total"].to_list() == [4, 4]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("row=month", "rows"),
        ("cols=month", "rows"),
        ("rows=month,sum=amount,mean=amount", "sum"),
        ("rows=month,sum=", "sum"),
        ("rows=month,rows=year", "rows"),
    ],
)
def test_what_says_nothing_is_refused(words: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse_pivot(words)


def test_what_cannot_be_counted_is_refused() -> None:
    tables = {"transactions": table([{"channel": "web"}])}
    for words, kind, said in (
        ("rows=chanel,sum=amount", InputError, "channel"),
        ("rows=month,mean=channel", UsageError, "amount"),
    ):
        with pytest.raises(kind, match=said):
            pivot(tables, parse_pivot(words))
    wide = {"transactions": table([{"order_id": str(number)} for number in range(101)])}
    with pytest.raises(UsageError, match="101"):
        pivot(wide, parse_pivot("rows=month,cols=order_id,count"))
    with pytest.raises(AcrmError, match="cancelled"):
        pivot({"transactions": table([{"status": "cancelled"}])}, parse_pivot("rows=month,count"))


def test_online_retail(data: Path, tmp_path: Path) -> None:
    tables = load([str(data / "basket" / "online_retail.csv")], IngestOptions(), tmp_path).tables
    made = pivot(tables, parse_pivot("rows=month,cols=country,sum=amount"))
    assert made.figures["total"] == Decimal("9747747.934")
    assert made.figures["rows"] == 13
    assert made.figures["cols"] == 38
