"""The parts of a page of churn that belong to purchases: the choice of windows, and who is overdue."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from acrm.messages import number, text
from acrm.render.blocks import Block, Cell, Col, Grid, Lines

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.churn.warning import Warnings
    from acrm.analysis.churn.windows import Windows

SHOWN = 5
"""Customers who are overdue that the page shows."""


def _word(key: str, **values: object) -> str:
    return text(f"render.churn_windows.{key}", **values)


def windows_block(found: Windows) -> Grid:
    """The chosen window between its neighbours; where none can be had all of them, with what is missing."""
    picked = _around(found)
    bought = "returns_missed" in found.table.columns
    columns = [
        Col(_word("window"), align="right"),
        Col(_word("active"), "int", priority=1),
        Col(_word("left"), "int", priority=2),
        Col(_word("churn_rate"), "bar"),
        *([Col(_word("returns_missed"), "share")] if bought else []),
        Col(_word("lost"), "int"),
        Col(_word("remark"), priority=3),
    ]
    rows: list[list[Cell]] = []
    for row in picked.iter_rows(named=True):
        days = number(row["window"])
        usable = row["verdict"] in ("ok", "untried")
        figures = [row["active"], row["left"], row["churn_rate"]] if row["verdict"] != "short" else [None] * 3
        remark = _word(f"verdict.{row['verdict']}") or None
        label = _word("chosen", days=days) if usable and row["window"] == found.window else days
        rows.append([label, *figures, *([row["returns_missed"]] if bought else []), row["lost"], remark])
    title = _word("windows" if bought else "windows_contractual")
    return Grid(title, columns, rows, found.table.height - picked.height)


def _around(found: Windows) -> pl.DataFrame:
    import polars as pl

    usable = found.table["verdict"].is_in(["ok", "untried"])
    places = (usable & (found.table["window"] == found.window)).arg_true() if found.window else pl.Series([])
    return found.table if places.is_empty() else found.table[max(places[0] - 1, 0) : places[0] + 2]


def warning_blocks(found: Warnings) -> Iterator[Block]:
    """The customers who became overdue last; nothing where nobody has a rhythm."""
    if not found.watched:
        return
    if found.overdue.is_empty():
        yield Lines([_word("nobody_overdue", watched=found.watched)])
        return
    columns = [
        Col(_word("customer"), max=24),
        Col(_word("silent"), "int"),
        Col(_word("usual"), "int"),
        Col(_word("times"), align="right"),
        Col(_word("since")),
    ]
    picked = found.overdue.head(SHOWN)
    names = ("customer_id", "days_since_last", "usual_gap_days", "times_usual", "overdue_on")
    rows: list[list[Cell]] = [
        [customer, silent, usual, number(times, ".1f"), str(since)]
        for customer, silent, usual, times, since in picked.select(names).rows()
    ]
    title = _word("overdue", overdue=found.overdue.height, watched=found.watched)
    yield Grid(title, columns, rows, found.overdue.height - picked.height)
