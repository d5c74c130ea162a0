"""The parts of a page of churn about changes: who newly entered, what has drifted, which contracts end soon."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from acrm.messages import number, text
from acrm.render.blocks import Block, Cell, Col, Grid
from acrm.render.churn_economics import loss_column

if TYPE_CHECKING:
    from acrm.analysis.churn.watch import Watched

SHOWN = 8


def _word(key: str, **values: object) -> str:
    return text(f"render.churn_watch.{key}", **values)


def compared_blocks(found: Watched, drifted: Watched | None) -> Iterator[Block]:
    """Risk bands then and now, who is newly at risk, and the columns that moved."""
    bands = found.tables["bands"]
    columns = [
        Col(_word("band")),
        Col(_word("before"), "int"),
        Col(_word("before_share"), "share"),
        Col(_word("now"), "int"),
        Col(_word("now_share"), "bar"),
    ]
    rows: list[list[Cell]] = [
        [text(f"churn_watch.band.{row[0]}"), *row[1:]]
        for row in bands.select("risk_band", "before", "before_share", "now", "now_share").iter_rows()
    ]
    yield Grid(_word("bands"), columns, rows)
    entered = found.tables["entered"]
    if entered.height:
        picked = entered.head(SHOWN)
        columns = [
            Col(_word("customer"), max=24),
            Col(_word("was"), "share"),
            Col(_word("is"), "share"),
            Col(_word("because"), "prose"),
        ]
        names = ("customer_id", "probability_before", "churn_probability", "reason_1")
        yield Grid(_word("entered"), columns, picked.select(names).rows(), entered.height - picked.height)
    if drifted is not None:
        from acrm.analysis.segment.naming import readable

        moved = drifted.tables["drift"].filter(drifted.tables["drift"]["drift"].is_in(["some", "large"]))
        if moved.height:
            columns = [
                Col(_word("column"), max=30),
                Col(_word("index"), "number"),
                Col(_word("level"), max=30),
                Col(_word("before"), "share"),
                Col(_word("now"), "share"),
            ]
            picked = moved.select("column", "index", "level", "before", "now").head(SHOWN)
            named: list[list[Cell]] = [[readable(column), *rest] for column, *rest in picked.iter_rows()]
            yield Grid(_word("drift"), columns, named, max(moved.height - SHOWN, 0))


def ending_block(found: Watched, currency: str | None = None) -> Grid:
    """Contracts that end soon, the greatest expected loss first, with what to say."""
    table = found.tables["ending"]
    valued = table["expected_loss"].count() > 0
    columns = [
        Col(_word("customer"), max=24),
        Col(_word("ends")),
        Col(_word("leaves"), "share"),
        *([loss_column(table["expected_loss"], currency)] if valued else []),
        Col(_word("action")),
        Col(_word("say"), "prose", priority=3),
    ]
    rows: list[list[Cell]] = []
    for row in table.head(SHOWN).iter_rows(named=True):
        cells: list[Cell] = [row["customer_id"], _word("in_days", day=row["ends_at"], days=number(row["days_left"]))]
        cells.append(row["churn_probability"])
        rows.append([*cells, *([row["expected_loss"]] if valued else []), row["action"], row["line"]])
    return Grid(_word("ending"), columns, rows, max(table.height - SHOWN, 0))
