"""The part of a page on how well it is foretold."""

from datetime import date

import polars as pl
import pytest

from acrm.messages import use
from acrm.render.blocks import Grid, Lines, Page
from acrm.render.churn_quality import quality_blocks
from acrm.render.terminal import render

FIGURES = ("roc_auc", "roc_auc_low", "roc_auc_high", "pr_auc", "lift_10", "brier", "ece")


def metrics(**verdicts: str) -> pl.DataFrame:
    own = {"score": "model", **dict.fromkeys(FIGURES, 0.5), "verdict": None}
    rules = [
        {"score": rule, **dict.fromkeys(FIGURES[:-2], 0.4), "brier": None, "ece": None, "verdict": verdict}
        for rule, verdict in verdicts.items()
    ]
    return pl.DataFrame(
        [own, *rules], schema={"score": pl.String, **dict.fromkeys(FIGURES, pl.Float64), "verdict": pl.String}
    )


BINS = pl.DataFrame(
    {
        "bin": list(range(1, 11)),
        "customers": [10, 30, *[20] * 8],
        "foretold": [0.1, 0.2, *[0.5] * 8],
        "left": [0.0, 0.4, *[0.5] * 8],
    }
)


def test_verdicts_are_said_once_the_worst_first() -> None:
    table = metrics(recency="better", frequency="worse", overdue="alike", tenure="better")
    lines = [block for block in quality_blocks({"metrics": table, "reliability": BINS}) if isinstance(block, Lines)]
    assert [(block.mark, *block.lines) for block in lines] == [
        ("!", "the model ranks customers worse than these rules: frequency; go by the rule"),
        ("!", "no better than these rules, as far as can be told: overdue"),
        ("", "the model ranks customers better than these rules: recency, tenure"),
    ]


def test_tenths_are_shown_as_fifths_weighed_by_their_customers() -> None:
    grid = list(quality_blocks({"metrics": metrics(), "reliability": BINS}))[-1]
    assert isinstance(grid, Grid)
    assert [row[0] for row in grid.rows] == ["1, lowest", "2", "3", "4", "5, highest"]
    assert grid.rows[0][1:] == [40, pytest.approx(0.175), pytest.approx(0.3)]


def test_one_bin_is_no_scale() -> None:
    grid = list(quality_blocks({"metrics": metrics(), "reliability": BINS[:1]}))[-1]
    assert isinstance(grid, Grid)
    assert len(grid.rows) == 1


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_window_has_its_best_rule(language: str) -> None:
    use(language)
    origins = pl.DataFrame(
        {
            "train": [date(2024, 1, 1), date(2023, 10, 1)],
            "test": [date(2024, 4, 1), date(2024, 1, 1)],
            "customers": [500, 400],
            "churn": [0.3, 0.4],
            "roc_auc": [0.75, 0.74],
            "roc_auc_recency": [0.65, 0.7],
            "roc_auc_frequency": [0.72, None],
        }
    )
    blocks = list(quality_blocks({"metrics": metrics(), "reliability": BINS, "origins": origins}))
    grid = blocks[-1]
    assert isinstance(grid, Grid)
    assert [row[-2] for row in grid.rows] == [
        {"en": "0.720", "ru": "0,720"}[language],
        {"en": "0.700", "ru": "0,700"}[language],
    ]
    assert max(map(len, render(Page(blocks), width=80, plain=True, colour=False).splitlines())) <= 80


def test_nothing_where_nothing_was_measured() -> None:
    assert not list(quality_blocks({}))
