"""The page of churn: who, when, why, what it is worth, and how well it is foretold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from acrm.messages import text
from acrm.render.blocks import Block, Cell, Col, Grid, Headline, Lines, Page, Steps
from acrm.render.churn_economics import economics_blocks
from acrm.render.churn_windows import warning_blocks, windows_block

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.churn.churn import ChurnResult

SHOWN = 8
"""Customers that the page shows."""


def _word(key: str, **values: object) -> str:
    return text(f"render.churn.{key}", **values)


def churn_page(
    result: ChurnResult, typed: str = "acrm-store", tables: Mapping[str, pl.LazyFrame] | None = None
) -> Page:
    """The answer, the top of the list, how well it is foretold, the windows, the money, and what to type next."""
    figures: dict[str, Any] = dict(result.summary)
    blocks: list[Block] = [_headline(figures), _top(result), _measured(result)]
    if result.windows is not None:
        blocks.append(windows_block(result.windows))
    if result.overdue is not None:
        blocks += warning_blocks(result.overdue)
    blocks += economics_blocks(result.economics, figures.get("currency"))
    blocks.append(Lines([str(note) for note in result.notes], mark="!"))
    blocks.append(Steps(list(_steps(typed, tables or {})), text("render.next")))
    return Page(blocks)


def _headline(figures: dict[str, Any]) -> Headline:
    answer = _word("headline", high=figures["high_risk_customers"], customers=figures["customers"])
    return Headline(answer, _word(f"sub.{figures['setting']}", rate=figures["churn_rate"], **_window(figures)))


def _window(figures: dict[str, Any]) -> dict[str, Any]:
    return {name: figures.get(name) for name in ("window_days", "lost_customers")}


def _top(result: ChurnResult) -> Grid:
    """Those first who are most likely to leave; with values, those whose loss would cost most."""
    customers = result.tables["customers"]
    valued = customers["expected_loss"].count() > 0
    first = "expected_loss" if valued else "churn_probability"
    top = customers.sort(first, "customer_id", descending=[True, False], nulls_last=True).head(SHOWN)
    columns = [
        Col(_word("customer"), max=24),
        Col(_word("probability"), "share"),
        Col(_word("between"), align="right", priority=2),
        *([Col(_word("loss"), "number")] if valued else []),
        Col(_word("action"), priority=1),
        Col(_word("because"), "prose"),
    ]
    rows: list[list[Cell]] = []
    for row in top.iter_rows(named=True):
        why = "; ".join(row[name] for name in ("reason_1", "reason_2", "reason_3") if row[name])
        cells: list[Cell] = [row["customer_id"], row["churn_probability"], f"{row['low']:.0%}–{row['high']:.0%}"]
        rows.append([*cells, *([row["expected_loss"]] if valued else []), row["action"], why or None])
    return Grid(_word("top"), columns, rows, customers.height - top.height)


def _measured(result: ChurnResult) -> Grid:
    """The model beside the rules; in purchases on later windows."""
    if "origins" in result.tables and result.tables["origins"].height:
        table = result.tables["origins"]
        names = [name for name in table.columns if name.startswith("roc_auc_") and table[name].count()]
        columns = [
            Col(_word("after")),
            Col(_word("customers"), "int"),
            Col(_word("left"), "share"),
            Col(_word("model"), "number"),
        ]
        columns += [Col(text(f"churn.rule.{name.removeprefix('roc_auc_')}"), "number", priority=1) for name in names]
        rows = [
            [str(row["test"]), row["customers"], row["churn"], row["roc_auc"], *(row[name] for name in names)]
            for row in table.iter_rows(named=True)
        ]
        return Grid(_word("later"), columns, rows)
    table = result.tables["metrics"]
    columns = [Col(_word("score")), Col("ROC-AUC", "number"), Col("PR-AUC", "number"), Col("lift 10%", "number")]
    return Grid(_word("measured"), columns, table.select("score", "roc_auc", "pr_auc", "lift_10").rows())


def _steps(typed: str, tables: Mapping[str, pl.LazyFrame]) -> Iterator[tuple[str, str]]:
    if "transactions" in tables:
        yield f"acrm churn {typed} acrm-out/clv.parquet", _word("next.value")
    yield f"acrm churn {typed} -o - | head", _word("next.table")
