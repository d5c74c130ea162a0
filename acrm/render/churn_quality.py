"""The part of a page of churn about how well it is foretold: beside rules, in fifths of customers, on other windows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from acrm.messages import Message, listed, number, text
from acrm.render.blocks import Block, Cell, Col, Grid, Lines

if TYPE_CHECKING:
    import polars as pl

GROUPS = 5
"""Groups of customers by risk that the page shows; the file has tenths."""
_VERDICTS = ("worse", "alike", "better")


def _word(key: str, **values: object) -> str:
    return text(f"render.churn_quality.{key}", **values)


def quality_blocks(tables: Mapping[str, pl.DataFrame], *, applied: bool = False) -> Iterator[Block]:
    """The model beside the rules, the verdicts, how true its probabilities are, and what it foretold of other windows.

    Nothing where it was not measured: a model applied to customers of whom nobody knows yet.
    """
    table = tables.get("metrics")
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
    origins = tables.get("origins")
    later = origins is not None and origins.height > 0
    title = "measured_later" if later else "measured_applied" if applied else "measured"
    yield Grid(_word(title), columns, rows)
    yield from _verdicts(table)
    yield _reliability(tables["reliability"])
    if origins is not None and later:
        yield _origins(origins)


def _verdicts(table: pl.DataFrame) -> Iterator[Lines]:
    """Which rules the model beats, and which it does not; the worst news first."""
    rules: dict[str, list[str]] = {verdict: [] for verdict in _VERDICTS}
    for score, verdict in table.select("score", "verdict").iter_rows():
        if verdict is not None:
            rules[verdict].append(_called(score))
    for verdict, names in rules.items():
        if names:
            yield Lines([_word(f"verdict.{verdict}", rules=listed(names))], mark="" if verdict == "better" else "!")


def _three(value: float | None) -> str | None:
    return None if value is None else number(value, ".3f")


def _called(score: str) -> str:
    known = Message(f"churn_model.rule.{score}")
    return text("churn_model.score") if score == "model" else str(known) if known.exists else score


def _reliability(table: pl.DataFrame) -> Grid:
    """What was foretold of each fifth of the customers, and the share of them who left."""
    import polars as pl

    bins = table.height
    each = -(-bins // GROUPS)
    counted = pl.col("customers")
    groups = (
        table.group_by(((pl.col("bin") - 1) // each + 1).alias("group"))
        .agg(counted.sum(), *((pl.col(name) * counted).sum() / counted.sum() for name in ("foretold", "left")))
        .sort("group")
    )
    ends = {1: "lowest", groups.height: "highest"}
    columns = [
        Col(_word("group")),
        Col(_word("customers"), "int"),
        Col(_word("foretold"), "bar"),
        Col(_word("left"), "bar"),
    ]
    rows: list[list[Cell]] = [
        [_word(ends[row[0]], group=row[0]) if row[0] in ends else str(row[0]), *row[1:]] for row in groups.iter_rows()
    ]
    return Grid(_word("reliability"), columns, rows)


def _origins(table: pl.DataFrame) -> Grid:
    """The model beside the best rule of each window."""
    names = [name for name in table.columns if name.startswith("roc_auc_") and table[name].count()]
    columns = [
        Col(_word("tried")),
        Col(_word("customers"), "int", priority=1),
        Col(_word("left"), "share"),
        Col(_word("model"), align="right"),
        *([Col(_word("best"), align="right"), Col(_word("rule"), max=34, priority=2)] if names else []),
    ]
    rows: list[list[Cell]] = []
    for row in table.iter_rows(named=True):
        told: list[Cell] = [str(row["test"]), row["customers"], row["churn"], _three(row["roc_auc"])]
        known = {name: row[name] for name in names if row[name] is not None}
        best = max(known, key=lambda name: known[name], default=None)
        if names:
            told += [None, None] if best is None else [_three(known[best]), _called(best.removeprefix("roc_auc_"))]
        rows.append(told)
    return Grid(_word("later"), columns, rows)
