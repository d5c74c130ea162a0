"""The parts of a page of churn about groups: their risk, and how long their customers stay."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from acrm.messages import Message, number, text
from acrm.render.blocks import Block, Cell, Col, Grid
from acrm.render.churn_economics import loss_column

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.churn.retention import Retained

SHOWN = 12
"""Groups, and reasons, that the page shows."""
_AT = (1, 3, 6, 12, 24, 36, 60)
"""Periods at which the curve is told."""


def _word(key: str, **values: object) -> str:
    return text(f"render.churn_stays.{key}", **values)


def by_block(table: pl.DataFrame, currency: str | None = None) -> Grid:
    """The risk of each group."""
    valued = table["expected_loss"].count() > 0
    columns = [
        Col(_word("group"), max=34),
        Col(_word("customers"), "int"),
        Col(_word("high"), "int", priority=2),
        Col(_word("high_share"), "bar"),
        Col(_word("mean"), "share", priority=1),
        *([loss_column(table["expected_loss"], currency)] if valued else []),
    ]
    rows: list[list[Cell]] = []
    for row in table.head(SHOWN).iter_rows(named=True):
        cells: list[Cell] = [row["group"], row["customers"], row["high"], row["high_share"], row["churn_probability"]]
        rows.append([*cells, *([row["expected_loss"]] if valued else [])])
    return Grid(_word("by"), columns, rows, max(table.height - SHOWN, 0))


def stays_blocks(found: Retained) -> Iterator[Block]:
    """How long customers stay by group, the curve, and why they left where that is told."""
    table = found.tables["groups"]
    named = table["group"].n_unique() > 1
    columns = [
        *([Col(_word("group"), max=34)] if named else []),
        Col(_word("customers"), "int"),
        Col(_word("left"), "int", priority=1),
        Col(_word("median"), align="right"),
        Col(_word("mean_stay"), align="right", priority=1),
        Col(_word("retention"), "share"),
        Col(_word("forecast"), align="right"),
    ]
    rows: list[list[Cell]] = []
    for row in table.head(SHOWN).iter_rows(named=True):
        median = _word("beyond") if row["median"] is None else number(row["median"], ",.0f")
        mean = _word("mean_of", mean=row["mean"], until=row["mean_until"])
        name: list[Cell] = [row["group"]] if named else []
        rows.append([*name, row["customers"], row["left"], median, mean, row["retention"], _forecast(row)])
    unit = text(f"render.churn_stays.period.{table['period'][0]}") if table.height else ""
    yield Grid(_word("stays", period=unit), columns, rows, max(table.height - SHOWN, 0))
    yield from _curve(found.tables["survival"], named=named, period=unit)
    told = found.tables["reasons"]
    if told.height and set(told["reason"].to_list()) != {"unknown"}:
        yield _reasons(told, named=named)


def _forecast(row: dict[str, Any]) -> str | None:
    if row["forecast"] is None:
        return None
    between = f"{number(row['forecast_low'], '.0%')}–{number(row['forecast_high'], '.0%')}"
    return f"{number(row['forecast'], '.1%')} ({between})"


def _curve(survival: pl.DataFrame, *, named: bool, period: str) -> Iterator[Grid]:
    """The share of customers still there after so many periods, a row for each group."""
    import polars as pl

    curves = survival.drop_nulls("survival")
    times = [time for time in _AT if curves.filter(pl.col("period") == time).height]
    if not times:
        return
    columns = [*([Col(_word("group"), max=34)] if named else [])]
    columns += [Col(number(time), "share", priority=place) for place, time in enumerate(times)]
    rows: list[list[Cell]] = []
    for (group,), curve in curves.partition_by("group", as_dict=True, maintain_order=True).items():
        known = dict(curve.select("period", "survival").iter_rows())
        rows.append([*([group] if named else []), *(known.get(time) for time in times)])
        if len(rows) == SHOWN:
            break
    yield Grid(_word("curve", period=period), columns, rows, max(curves["group"].n_unique() - SHOWN, 0))


def _reasons(told: pl.DataFrame, *, named: bool) -> Grid:
    """Why customers left, and the chance to leave for it in the year to come."""
    columns = [
        *([Col(_word("group"), max=34)] if named else []),
        Col(_word("reason"), max=34),
        Col(_word("customers"), "int"),
        Col(_word("share"), "bar"),
        Col(_word("within_year"), "share", priority=1),
        Col(_word("next_year"), "share"),
    ]
    rows: list[list[Cell]] = []
    for row in told.head(SHOWN).iter_rows(named=True):
        name: list[Cell] = [row["group"]] if named else []
        known = Message(f"churn_retention.reason.{row['reason']}")
        said = str(known) if known.exists else row["reason"]
        rows.append([*name, said, row["customers"], row["share"], row["within_year"], row["next_year"]])
    return Grid(_word("why"), columns, rows, max(told.height - SHOWN, 0))
