from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import polars as pl
import pytest

from acrm.analysis.churn.case import Case
from acrm.analysis.churn.leaks import Found, leak
from acrm.analysis.people.features import Feature
from acrm.analysis.people.kinds import told

Made = Callable[[np.ndarray, np.random.Generator], object]


def found(made: Made, n: int = 2000, rate: float = 0.2, name: str = "x_color") -> Found | None:
    """What is said of one column, made from the outcome of customers."""
    random = np.random.default_rng(4)
    left = random.random(n) < rate
    values = np.asarray(made(left, random), dtype=object)
    text = pl.Series([None if value is None else str(value) for value in values], dtype=pl.String)
    kind, column = told(text, date(2026, 1, 1))
    table = pl.DataFrame({"customer_id": [f"{at:05}" for at in range(n)], name: column})
    case = Case(table=table, features=(), outcome=pl.Series("left", left))
    return leak(case, Feature(name=name, axis="extra", kind=kind), left, None)


def some(rows: np.ndarray, values: object, other: object) -> np.ndarray:
    return np.where(rows, np.asarray(values, dtype=object), np.asarray(other, dtype=object))


LEAKS: dict[str, tuple[Made, str]] = {
    "the label under other words": (lambda y, _: np.where(y, "B", "A"), "label"),
    "the opposite of the label": (lambda y, _: np.where(y, 0, 1), "label"),
    "a copy wrong for one in ten": (lambda y, r: y ^ (r.random(len(y)) < 0.1), "auc"),
    "days since leaving, 999 for others": (lambda y, r: np.where(y, r.integers(1, 90, len(y)), 999), "label"),
    "a refund that half of the leavers got": (
        lambda y, r: np.where(y & (r.random(len(y)) < 0.5), r.gamma(2, 40, len(y)).round(2), 0),
        "level",
    ),
    "a code that three in ten leavers have": (
        lambda y, r: np.where(y & (r.random(len(y)) < 0.3), 7, r.integers(0, 6, len(y))),
        "level",
    ),
    "several states of leavers, rarely of others": (
        lambda y, r: np.where(
            y & (r.random(len(y)) < 0.5) | (r.random(len(y)) < 0.002),
            r.choice(["closing", "sold"], len(y)),
            r.choice(["new", "old"], len(y)),
        ),
        "level",
    ),
    "a state of those who stayed": (
        lambda y, r: np.where(~y & (r.random(len(y)) < 0.6), "renewed", r.choice(["new", "old"], len(y))),
        "level",
    ),
    "a day of leaving": (lambda y, r: some(y & (r.random(len(y)) < 0.6), "2025-12-07", None), "filled"),
    "emptied for most leavers, and for few others": (
        lambda y, r: some(
            np.where(y, r.random(len(y)) < 0.07, r.random(len(y)) < 0.95), r.integers(1, 60, len(y)), None
        ),
        "filled",
    ),
    "a score made of the label": (lambda y, r: (3 * y + r.normal(size=len(y))).round(4), "auc"),
}


@pytest.mark.parametrize("kind", LEAKS)
def test_every_kind_of_leak_is_called_one(kind: str) -> None:
    made, guard = LEAKS[kind]
    said = found(made)
    assert said is not None
    assert said.guard == guard, said
    assert said.detail


@pytest.mark.parametrize(("n", "rate", "guard"), [(300, 0.3, "level"), (20_000, 0.02, "level"), (6000, 0.5, "level")])
def test_a_level_of_some_leavers_is_seen_where_few_or_many_leave(n: int, rate: float, guard: str) -> None:
    said = found(lambda y, r: np.where(y & (r.random(len(y)) < 0.4), "Z9", r.choice(["A", "B"], len(y))), n, rate)
    assert said is not None
    assert (said.guard, said.column) == (guard, "x_color")


def shares(size: int, drawn: float) -> Made:
    """The share of leavers in each customer's group, drawn to the mean by so many customers."""

    def made(y: np.ndarray, random: np.random.Generator) -> np.ndarray:
        group = random.integers(0, max(len(y) // size, 2), len(y))
        n, left = np.bincount(group), np.bincount(group, weights=y)
        share: np.ndarray = ((left + drawn * y.mean()) / (n + drawn)).round(4)
        return share[group]

    return made


@pytest.mark.parametrize(("size", "drawn"), [(8, 0.0), (20, 0.0), (20, 10.0), (60, 20.0)])
def test_shares_of_leavers_by_group_are_the_outcome(size: int, drawn: float) -> None:
    said = found(shares(size, drawn), 6000)
    assert said is not None
    assert said.guard == "shares"


def honest(y: np.ndarray, random: np.random.Generator, apart: float) -> np.ndarray:
    values: np.ndarray = (apart * y + random.normal(size=len(y))).round(3)
    return values


HONEST: dict[str, Made] = {
    "strong": lambda y, r: honest(y, r, 1.6),
    "of few values": lambda y, r: np.clip(np.round(4 + 2 * honest(y, r, 1.4)), 0, 9).astype(int),
    "a rate that foretells": lambda y, r: (1 / (1 + np.exp(1.5 - 1.2 * honest(y, r, 1.2)))).round(2),
    "a complaint": lambda y, r: np.where(r.random(len(y)) < np.where(y, 0.5, 0.1), "yes", "no"),
    "a contract that few leave": lambda y, r: np.where(
        y,
        r.choice(["month", "year", "two"], len(y), p=[0.88, 0.09, 0.03]),
        r.choice(["month", "year", "two"], len(y), p=[0.43, 0.25, 0.32]),
    ),
    # All sixty with four products left in a well-known file of a bank: so few make no leak.
    "four products": lambda y, r: np.where(y & (r.random(len(y)) < 0.05), 4, r.choice([1, 2, 3], len(y))),
    "places that few share": lambda y, r: [f"town {at}" for at in r.integers(0, 300, len(y))],
    "unknown for some": lambda y, r: some(r.random(len(y)) < np.where(y, 0.5, 0.8), r.integers(1, 60, len(y)), None),
}


@pytest.mark.parametrize("rate", [0.05, 0.2, 0.5])
@pytest.mark.parametrize("kind", HONEST)
def test_honest_columns_are_not(kind: str, rate: float) -> None:
    assert found(HONEST[kind], 3000, rate) is None


def test_a_name_that_speaks_of_leaving_needs_less() -> None:
    assert found(lambda y, r: honest(y, r, 1.6)) is None
    said = found(lambda y, r: honest(y, r, 1.6), name="x_churn_score")
    assert said is not None
    assert said.guard == "named"
