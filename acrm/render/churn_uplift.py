"""The part of a page of churn about a past campaign: what it did, and for whom."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from acrm.messages import number, text
from acrm.render.blocks import Block, Cell, Col, Grid

if TYPE_CHECKING:
    from acrm.analysis.churn.uplift import Uplift

REFERENCES = ("response", "untreated")
"""Orders of customers that foretell no effect."""


def _word(key: str, **values: object) -> str:
    return text(f"render.churn_uplift.{key}", **values)


def uplift_blocks(found: Uplift) -> Iterator[Block]:
    """Effects with limits, arm by arm, and the best uplift model of each beside orders that foretell no effect."""
    import polars as pl

    arms = found.tables["arms"]
    if arms.is_empty():
        return
    columns = [
        Col(_word("arm"), max=30),
        Col(_word("customers"), "int"),
        Col(_word("control"), "int", priority=3),
        Col(_word("mean"), align="right", priority=2),
        Col(_word("control_mean"), align="right", priority=2),
        Col(_word("effect"), align="right"),
        Col(_word("between"), align="right"),
        Col(_word("heterogeneity")),
    ]
    rows: list[list[Cell]] = []
    for row in arms.iter_rows(named=True):
        means = [None if row[name] is None else number(row[name], ",.4f") for name in ("mean", "control_mean")]
        effect = None if row["effect"] is None else number(row["effect"], "+,.4f")
        between = (
            None if row["low"] is None else f"{number(row['low'], '+,.4f')}\u00a0…\u00a0{number(row['high'], '+,.4f')}"
        )
        usable = _word(f"verdict.{row['heterogeneity'] or 'unasked'}")
        rows.append([row["arm"], row["customers"], row["control"], *means, effect, between, usable])
    yield Grid(_word("arms"), columns, rows)
    learners = found.tables["learners"]
    if learners.is_empty():
        return
    columns = [
        Col(_word("arm"), max=30),
        Col(_word("learner"), max=34),
        Col(_word("area"), "number"),
        Col(_word("between"), align="right"),
        Col(_word("first"), align="right", priority=1),
    ]
    # The best model of each arm, and what it is measured by; the file has all.
    measure = pl.col("learner").is_in(REFERENCES)
    told = learners.sort("arm", measure, "qini_area", descending=[False, False, True])
    told = told.filter(measure | pl.col("arm").is_first_distinct())
    rows = [
        [
            row["arm"],
            text(f"churn_uplift.learner.{row['learner']}"),
            round(row["qini_area"], 2),
            f"{number(row['low'], '.2f')} … {number(row['high'], '.2f')}".replace(" ", "\u00a0"),
            number(row["first"], "+.4f"),
        ]
        for row in told.iter_rows(named=True)
    ]
    yield Grid(_word("learners"), columns, rows)
