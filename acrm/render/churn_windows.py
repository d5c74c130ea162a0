"""The parts of a page of churn that belong to purchases: the choice of windows, and who is overdue."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from acrm.messages import number, text
from acrm.render.blocks import Block, Cell, Col, Grid, Lines

if TYPE_CHECKING:
    from acrm.analysis.churn.warning import Warnings
    from acrm.analysis.churn.windows import Windows

SHOWN = 5
"""Customers who are overdue that the page shows."""


def _word(key: str, **values: object) -> str:
    return text(f"render.churn_windows.{key}", **values)


def windows_block(found: Windows) -> Grid:
    """The windows to choose from, the chosen one marked; those for which the data do not suffice say why."""
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
    for row in found.table.iter_rows(named=True):
        days = number(row["window"])
        usable = row["verdict"] in ("ok", "untried")
        figures = [row["active"], row["left"], row["churn_rate"]] if row["verdict"] != "short" else [None] * 3
        remark = _word(f"verdict.{row['verdict']}") or None
        label = _word("chosen", days=days) if usable and row["window"] == found.window else days
        rows.append([label, *figures, *([row["returns_missed"]] if bought else []), row["lost"], remark])
    return Grid(_word("windows" if bought else "windows_contractual"), columns, rows)


def warning_blocks(found: Warnings) -> Iterator[Block]:
    """The customers who became overdue last; nothing where nobody has a rhythm."""
    if not found.watched:
        return
    if found.overdue.is_empty():
        yield Lines([_word("nobody_overdue", watched=found.watched)])
        return
    columns = [
        Col(_word("customer"), max=30),
        Col(_word("probability"), "share"),
        Col(_word("expected"), priority=2),
        Col(_word("since")),
        Col(_word("why"), "prose"),
    ]
    picked = found.overdue.head(SHOWN)
    names = ("customer_id", "probability", "expected_on", "overdue_on", "sentence")
    rows: list[list[Cell]] = [
        [customer, probability, str(expected), str(since), why]
        for customer, probability, expected, since, why in picked.select(names).rows()
    ]
    title = _word("overdue", overdue=found.overdue.height, watched=found.watched)
    yield Grid(title, columns, rows, found.overdue.height - picked.height)
