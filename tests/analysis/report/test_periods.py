"""Which periods are whole."""

from datetime import date, timedelta
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acrm.analysis.report.periods import Period, calendar, last_of, moved, start_of

days = st.dates(date(1999, 12, 25), date(2030, 1, 5))


@given(days, st.sampled_from(["day", "week", "month"]), st.integers(-30, 30))
def test_periods_follow_each_other_without_a_gap(day: date, period: Period, by: int) -> None:
    start = start_of(day, period)
    assert start <= day <= last_of(start, period)
    assert moved(moved(start, period, by), period, -by) == start
    assert last_of(start, period) + timedelta(days=1) == moved(start, period, 1)
    assert start_of(moved(start, period, by), period) == moved(start, period, by)


def every(first: date, last: date, but: tuple[int, ...] = ()) -> pl.Series:
    span = [first + timedelta(k) for k in range((last - first).days + 1)]
    return pl.Series([day for day in span if day.weekday() not in but])


def test_a_month_is_whole_when_it_is_seen_to_its_last_day() -> None:
    seen = every(date(2025, 1, 1), date(2025, 3, 30))
    assert calendar(seen, "month", date(2025, 3, 31))["complete"].to_list() == [True, True, False]
    assert calendar(seen, "month", date(2025, 4, 1))["complete"].to_list() == [True, True, True]
    assert calendar(every(date(2025, 1, 2), date(2025, 2, 28)), "month", date(2025, 3, 1))["complete"][0] is False


def test_weekdays_on_which_the_shop_is_closed_need_not_be_seen() -> None:
    # Open from Monday to Friday; 2025-05-31 is a Saturday, 2025-03-01 too.
    seen = every(date(2025, 3, 3), date(2025, 5, 30), but=(5, 6))
    assert calendar(seen, "month", date(2025, 5, 31))["complete"].to_list() == [True, True, True]
    weeks = calendar(seen, "week", date(2025, 5, 31))
    assert weeks["complete"].all()
    assert weeks["until"].to_list()[-1] == date(2025, 6, 1)


def test_a_silence_never_seen_before_is_the_end_of_the_data() -> None:
    seen = every(date(2025, 1, 1), date(2025, 2, 20))
    months = calendar(seen, "month", date(2025, 7, 1))
    assert months.rows() == [
        (date(2025, 1, 1), date(2025, 1, 31), True),
        (date(2025, 2, 1), date(2025, 2, 28), False),
    ]


def test_today_is_not_over() -> None:
    seen = every(date(2025, 1, 1), date(2025, 1, 31))
    assert calendar(seen, "day", date(2025, 1, 31))["complete"].to_list() == [True] * 30 + [False]
    assert calendar(seen, "month", date(2025, 1, 31))["complete"].to_list() == [False]


@pytest.mark.parametrize("period", ["day", "week", "month"])
def test_empty_periods_are_there(period: Period) -> None:
    seen = pl.Series([date(2025, 1, 1), date(2025, 6, 30)])
    table = calendar(seen, period, date(2025, 7, 1))
    starts = table["period"].to_list()
    assert all(moved(one, period, 1) == other for one, other in pairwise(starts))
