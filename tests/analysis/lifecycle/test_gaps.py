"""Limits of the stages: from all customers' gaps, censored ones too, or as they are given."""

from datetime import date, timedelta

import polars as pl
import pytest

from acrm.analysis.lifecycle.gaps import NEEDED, Limits, given_limits, propose
from acrm.errors import UsageError

START = date(2025, 1, 1)


def days(gaps: dict[str, list[int]]) -> pl.DataFrame:
    rows = []
    for customer, steps in gaps.items():
        day = START
        rows.append((customer, day))
        for step in steps:
            day += timedelta(days=step)
            rows.append((customer, day))
    return pl.DataFrame(rows, schema={"customer_id": pl.String, "day": pl.Date}, orient="row")


def test_limits_are_quantiles_of_the_gaps_where_nothing_is_open_for_long() -> None:
    # 100 gaps of 1 to 100 days, each ended today.
    one = days({f"c{gap:03}": [gap] for gap in range(1, 101)}).sort("customer_id", "day")
    shift = pl.lit(START + timedelta(days=100)) - pl.col("day").max().over("customer_id")
    found = propose(one.with_columns(day=pl.col("day") + shift), START + timedelta(days=100), None)
    assert found.limits == Limits(active=80, lapsed=95, loyal=3)
    assert found.never == pytest.approx(0)
    assert found.gaps == 100


def test_customers_of_one_purchase_move_no_limit() -> None:
    many = {f"c{n}": [10 + n % 20] * 5 for n in range(40)}
    once: dict[str, list[int]] = {f"o{n}": [] for n in range(400)}
    today = START + timedelta(days=400)
    without, with_them = propose(days(many), today, None), propose(days(many | once), today, None)
    assert without.limits == with_them.limits
    assert without.never is not None
    assert with_them.never is not None
    assert with_them.never > without.never


def test_gaps_still_open_count_as_longer() -> None:
    """Half of the customers began so late that their long gaps cannot have ended: the shares correct for it."""
    early = {f"e{n}": [20, 20, 100] for n in range(50)}
    today = START + timedelta(days=200)
    late = days({f"l{n}": [20, 20] for n in range(50)}).with_columns(pl.col("day") + pl.duration(days=155))
    both = propose(pl.concat([days(early), late]), today, None)
    plain = propose(days(early), today, None)
    assert both.limits is not None
    assert plain.limits is not None
    # Without the open ones, 100 of 250 gaps are long; with them, as many as where all had the time: one in three.
    assert both.limits.active == plain.limits.active == 100


def test_given_limits_stand_and_the_others_make_room() -> None:
    many = days({f"c{n}": [10 + n % 20] * 5 for n in range(40)})
    today = START + timedelta(days=200)
    found = propose(many, today, {"active": 300})
    assert found.limits is not None
    assert (found.limits.active, found.limits.lapsed) == (300, 301)
    assert found.origin == {"active": "given", "lapsed": "gaps", "loyal": "gaps"}
    low = propose(many, today, {"lapsed": 5})
    assert low.limits is not None
    assert (low.limits.active, low.limits.lapsed) == (4, 5)


def test_few_gaps_say_nothing_unless_all_is_given() -> None:
    few = days({"a": [5] * (NEEDED - 1)})
    today = START + timedelta(days=200)
    found = propose(few, today, {"active": 10})
    assert found.limits is None
    assert "lapsed" in str(found.notes[0])
    told = propose(few, today, {"active": 10, "lapsed": 20, "loyal": 4})
    assert told.limits == Limits(active=10, lapsed=20, loyal=4)
    assert propose(days({"a": [5] * NEEDED}), today, None).limits is not None


@pytest.mark.parametrize("words", ["active", "active=0", "active=x", "late=5", "active=5,,loyal=3", "active=-5"])
def test_what_is_no_limit_is_refused(words: str) -> None:
    with pytest.raises(UsageError):
        given_limits(words)


@pytest.mark.parametrize("given", [{"active": 9, "lapsed": 9}, {"loyal": 1}])
def test_limits_must_ascend(given: dict[str, int]) -> None:
    with pytest.raises(UsageError):
        propose(days({"a": []}), START, {"active": 5, "lapsed": 10, "loyal": 3} | given)
