"""The window of contracts: the usual term where it can be had, else the next best, else what is missing."""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pytest

from acrm.analysis.churn.agreements import read_agreements
from acrm.analysis.churn.contract_windows import contract_windows
from acrm.analysis.churn.windows import Windows
from tests.analysis.churn.test_agreements import contracts

FIRST = date(2020, 1, 1)


def quarters(customers: int, days: int, stays: float = 0.8) -> list[tuple[object, ...]]:
    """Terms of three months, the next written down when the one before is over."""
    rng = np.random.default_rng(3)
    rows: list[tuple[object, ...]] = []
    for who in range(customers):
        month, day = int(rng.integers(0, days // 30)), int(rng.integers(1, 29))
        while True:
            start, end = (date(2020 + at // 12, at % 12 + 1, day) for at in (month, month + 3))
            if start >= FIRST + timedelta(days=days):
                break
            rows.append((f"c{who:04}", start, end - timedelta(days=1), "basic", 9))
            month += 3
            if rng.random() > stays:
                break
    return rows


def found(rows: Sequence[tuple[object, ...]], given: int | None = None) -> Windows:
    return contract_windows(read_agreements(contracts(*rows)), given)


def test_the_usual_term_is_proposed_with_the_share_who_left() -> None:
    everyone = quarters(1500, 900)
    span = found(everyone)
    assert (span.window, span.origin) == (90, "terms")
    assert [note.id for note in span.notes] == ["churn_contractual.window_term"]
    rows = {row["window"]: row for row in span.table.iter_rows(named=True)}
    assert rows[90]["churn_rate"] == pytest.approx(0.2, abs=0.03)
    assert rows[30]["churn_rate"] == pytest.approx(0.2 / 3, abs=0.02)
    assert rows[30]["verdict"] == "few_left"
    assert span.active + span.lost == len({row[0] for row in everyone})


def test_a_short_history_has_a_shorter_window_and_a_given_one_is_kept() -> None:
    rows = quarters(1500, 300)
    span = found(rows)
    assert span.window == 60
    assert span.notes[0].id == "churn_contractual.window_shorter"
    given = found(rows, 90)
    assert given.window == 90
    assert [note.id for note in given.notes] == ["churn_contractual.window_given", "churn_contractual.untried"]


def test_a_window_in_which_few_left_gives_way_to_a_longer_one() -> None:
    """Three days from one end to the next: 100 are over in 300 days, and a year cannot be had."""
    rows = [(f"c{who}", FIRST, FIRST + timedelta(100 + 3 * who) if who < 400 else None) for who in range(900)]
    span = found(rows)
    assert span.table.filter(verdict="ok")["window"].to_list() == [180, 270, 365]
    assert span.window == 365
    assert span.notes[0].id == "churn_contractual.window_longer"


@pytest.mark.parametrize(
    ("rows", "given", "why"),
    [
        (quarters(200, 900), None, "few_customers"),
        (quarters(1500, 300), 365, "short"),
        ([(f"c{who}", FIRST, FIRST + timedelta(400) if who < 240 else None) for who in range(600)], 30, "short"),
        (
            [(f"c{who}", FIRST, FIRST + timedelta(9 * who) if who < 40 else None) for who in range(300)],
            60,
            "few_left",
        ),
    ],
)
def test_what_is_missing_is_said(rows: list[tuple[object, ...]], given: int | None, why: str) -> None:
    span = found(rows, given)
    assert span.window is None
    assert [note.id for note in span.notes] == [f"churn_contractual.{why}"]
