"""The page of churn: who, when, why, what it is worth, and how well it is foretold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from acrm.messages import Message, number, text
from acrm.render.blocks import Block, Cell, Col, Grid, Headline, Lines, Page, Steps
from acrm.render.churn_economics import economics_blocks
from acrm.render.churn_stays import by_block, stays_blocks
from acrm.render.churn_uplift import uplift_blocks
from acrm.render.churn_watch import compared_blocks, ending_block
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
    """The answer, the top of the list, when, why, what it is worth, how well it is foretold, and what to type next."""
    figures: dict[str, Any] = dict(result.summary)
    shown = result.shown
    blocks: list[Block] = [Headline(_word("headline", **_counts(figures)), learned(figures)), top_grid(result)]
    if "ending" in shown:
        blocks.append(ending_block(shown["ending"]))
    if "compare" in shown:
        blocks += compared_blocks(shown["compare"], shown.get("drift"))
    if "overdue" in shown:
        blocks += warning_blocks(shown["overdue"])
    if "by" in result.tables:
        blocks.append(by_block(result.tables["by"]))
    if "retention" in shown:
        blocks += stays_blocks(shown["retention"])
    blocks += economics_blocks(result.economics, figures.get("currency"))
    if "uplift" in shown:
        blocks += uplift_blocks(shown["uplift"])
    if "windows" in shown:
        blocks.append(windows_block(shown["windows"]))
    blocks += _quality(result)
    blocks.append(Lines([str(note) for note in result.notes], mark="!"))
    blocks.append(Steps(list(_steps(typed, tables or {}, figures)), text("render.next")))
    return Page(blocks)


def _counts(figures: dict[str, Any]) -> dict[str, Any]:
    return {"high": figures["high_risk_customers"], "customers": figures["here"]}


def learned(figures: dict[str, Any]) -> str:
    """What leaving is, and how well it is foretold."""
    values = {name: figures.get(name) for name in ("churn_rate", "window_days", "lost_customers", "roc_auc")}
    return _word(f"sub.{figures['setting'] if figures.get('roc_auc') is not None else 'applied'}", **values)


def top_grid(result: ChurnResult) -> Grid:
    """Those still here who are most likely to leave; with values, those whose loss would cost most."""
    import polars as pl

    gone = list(result.shown.get("gone", ()))
    customers = result.tables["customers"].filter(~pl.col("customer_id").is_in(gone))
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
        between = f"{number(row['low'], '.0%')}–{number(row['high'], '.0%')}"
        cells: list[Cell] = [row["customer_id"], row["churn_probability"], between]
        rows.append([*cells, *([row["expected_loss"]] if valued else []), row["action"], why or None])
    return Grid(_word("top_loss" if valued else "top"), columns, rows, customers.height - top.height)


def _quality(result: ChurnResult) -> Iterator[Block]:
    """The model beside the rules, how true its probabilities are, and what it foretold of other windows."""
    table = result.tables.get("metrics")
    if table is None:
        return
    columns = [
        Col(_word("score"), max=34),
        Col("ROC-AUC", align="right"),
        Col(_word("interval"), align="right", priority=1),
        Col("PR-AUC", align="right"),
        Col(_word("lift"), align="right"),
        Col("Brier", align="right", priority=2),
        Col("ECE", align="right", priority=2),
    ]
    rows: list[list[Cell]] = [
        [
            _called(row["score"]),
            _three(row["roc_auc"]),
            f"{number(row['roc_auc_low'], '.3f')}–{number(row['roc_auc_high'], '.3f')}",
            *(_three(row[name]) for name in ("pr_auc", "lift_10", "brier", "ece")),
        ]
        for row in table.iter_rows(named=True)
    ]
    origins = result.tables.get("origins")
    later = origins is not None and origins.height > 0
    yield Grid(_word("measured_later" if later else "measured"), columns, rows)
    yield _reliability(result.tables["reliability"])
    if origins is not None and origins.height > 1:
        yield _origins(origins)


def _three(value: float | None) -> str | None:
    return None if value is None else number(value, ".3f")


def _called(score: str) -> str:
    known = Message(f"churn_model.rule.{score}")
    return text("churn_model.score") if score == "model" else str(known) if known.exists else score


def _reliability(table: pl.DataFrame) -> Grid:
    """What was foretold of each tenth of the customers, and the share of them who left."""
    columns = [
        Col(_word("tenth"), "int"),
        Col(_word("customers"), "int", priority=1),
        Col(_word("foretold"), "share"),
        Col(_word("left"), "bar"),
        Col(_word("interval"), align="right", priority=2),
    ]
    rows: list[list[Cell]] = [
        [
            row["bin"],
            row["customers"],
            row["foretold"],
            row["left"],
            f"{number(row['left_low'], '.0%')}–{number(row['left_high'], '.0%')}",
        ]
        for row in table.iter_rows(named=True)
    ]
    return Grid(_word("reliability"), columns, rows)


def _origins(table: pl.DataFrame) -> Grid:
    names = [name for name in table.columns if name.startswith("roc_auc_") and table[name].count()]
    columns = [
        Col(_word("after")),
        Col(_word("customers"), "int", priority=1),
        Col(_word("left"), "share"),
        Col(_word("model"), align="right"),
        *(Col(_called(name.removeprefix("roc_auc_")), align="right", priority=1) for name in names),
    ]
    rows = [
        [str(row["test"]), row["customers"], row["churn"], *(_three(row[name]) for name in ("roc_auc", *names))]
        for row in table.iter_rows(named=True)
    ]
    return Grid(_word("later"), columns, rows)


def _steps(typed: str, tables: Mapping[str, pl.LazyFrame], figures: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if figures["setting"] == "transactional":
        yield f"acrm churn {typed} acrm-out/clv.parquet", _word("next.value")
    if "contracts" in tables:
        yield f"acrm churn {typed} --ending 30", _word("next.ending")
    yield f"acrm churn {typed} --compare acrm-out", _word("next.compare")
    yield f"acrm churn {typed} -o - | head", _word("next.table")
