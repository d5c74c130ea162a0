"""Texts to times."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acrm.errors import InputError
from acrm.ingest import dates
from tests.ingest.conftest import Load, rejected, rows


def read(texts: list[str], zone: str | None = None, preferred: str | None = None) -> list[datetime | None]:
    form = dates.decide(pl.Series(texts), preferred)
    return pl.DataFrame({"t": texts}).select(dates.instant(pl.col("t"), form, zone)).to_series().to_list()


def days(texts: list[str], zone: str | None = None) -> list[date | None]:
    form = dates.decide(pl.Series(texts))
    return pl.DataFrame({"t": texts}).select(dates.business_day(pl.col("t"), form, zone)).to_series().to_list()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2010-12-01 08:26:00", datetime(2010, 12, 1, 8, 26)),
        ("01.12.2010 08:26", datetime(2010, 12, 1, 8, 26)),
        ("01.01.2021 0:00:00", datetime(2021, 1, 1)),
        ("3/25/2026 2:15:33 PM", datetime(2026, 3, 25, 14, 15, 33)),
        ("3/25/2026 12:15:33 AM", datetime(2026, 3, 25, 0, 15, 33)),
        ("2026-01-17T10:00:00.000Z", datetime(2026, 1, 17, 10)),
        ("2026-02-01 10:14:00 -0500", datetime(2026, 2, 1, 15, 14)),
        ("2026-02-01T09:15:00+03:00", datetime(2026, 2, 1, 6, 15)),
        ("45384.34789", datetime(2024, 4, 2, 8, 20, 58)),
        ("1.2.26", datetime(2026, 2, 1)),
        ("янв.26", datetime(2026, 1, 1)),
        ("5 января 2024 г.", datetime(2024, 1, 5)),
        ("12 мая 2023", datetime(2023, 5, 12)),
        ("Jan 5, 2024", datetime(2024, 1, 5)),
        ("Jan 5, 2024 3:15 PM", datetime(2024, 1, 5, 15, 15)),
        ("1 июня 2024 г. 10:30", datetime(2024, 6, 1, 10, 30)),
        ("5 января 2024 в 09:05:07", datetime(2024, 1, 5, 9, 5, 7)),
        ("20190131", datetime(2019, 1, 31)),
        ("1719800000", datetime(2024, 7, 1, 2, 13, 20)),
        ("45384,5", datetime(2024, 4, 2, 12)),
        ("13.02.2026 24:00", datetime(2026, 2, 14)),
        ("2026-12-31 24:00:00", datetime(2027, 1, 1)),
        ("2026-02-13 12:00:00+03", datetime(2026, 2, 13, 9)),
        ("2026-02-13 12:00:00 +3", datetime(2026, 2, 13, 9)),
        ("2026-02-13 12:00 GMT+3", datetime(2026, 2, 13, 9)),
        ("2026-02-13 12:00 (UTC+03:00)", datetime(2026, 2, 13, 9)),
        ("13.02.2026 12:00 MSK", datetime(2026, 2, 13, 9)),
        ("13.02.2026 12:00 МСК", datetime(2026, 2, 13, 9)),
        ("02/13/2026 3:15 PM EST", datetime(2026, 2, 13, 20, 15)),
        ("Feb 13, 2026 11:03:13 PM PST", datetime(2026, 2, 14, 7, 3, 13)),
        ("2024-01-31T10:00:00.000+0000", datetime(2024, 1, 31, 10)),
        ("2024-01-31 10:00:00  Z", datetime(2024, 1, 31, 10)),
        ("2024/01/31", datetime(2024, 1, 31)),
        ("02/13/2024 3:15 p.m.", datetime(2024, 2, 13, 15, 15)),
        ("02/13/2024 12:15 a. m.", datetime(2024, 2, 13, 0, 15)),
        ("03.31.2024", datetime(2024, 3, 31)),
        ("99-12-31", datetime(1999, 12, 31)),
        ("13.02.2026, 12:30:10,500", datetime(2026, 2, 13, 12, 30, 10, 500_000)),
    ],
)
def test_one_way_of_writing(text: str, expected: datetime) -> None:
    assert read([text]) == [expected.replace(tzinfo=UTC)]


@pytest.mark.parametrize("text", ["2026-02-13 12:00 CST", "2026-02-13 12:00 IST", "until 13.02.2026", "5 января"])
def test_what_may_mean_several_times_is_not_read(text: str) -> None:
    assert read([text, "2026-02-13 12:00"])[0] is None


YEAR_FIRST = ["26-11-22", "26-11-30", "25-01-05"]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (YEAR_FIRST, [date(2026, 11, 22), date(2026, 11, 30), date(2025, 1, 5)]),
        (["13-02-24", "14-02-24", "15-02-24"], [date(2024, 2, day) for day in (13, 14, 15)]),
        (["01-02-85", "15-02-40"], [date(1985, 2, 1), date(2040, 2, 15)]),
        (["02/13/24", "03/01/24"], [date(2024, 2, 13), date(2024, 3, 1)]),
        (["15.01.24", "15.02.25", "15.03.26"], [date(2024, 1, 15), date(2025, 2, 15), date(2026, 3, 15)]),
    ],
)
def test_where_a_year_of_two_digits_stands(texts: list[str], expected: list[date]) -> None:
    assert days(texts) == expected


@pytest.mark.parametrize("texts", [["26-11-22"], ["15-01-24", "15-02-25", "15-03-26"]])
def test_a_year_of_two_digits_that_may_stand_in_both_places_is_refused_unless_told(texts: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        dates.refuse_doubt("a.csv", "paid", dates.decide(pl.Series(texts)))
    assert caught.value.id == "dates_short_year"
    assert dates.decide(pl.Series(texts), "ymd").formats == ("%y-%m-%d",)
    assert dates.decide(pl.Series(texts), "dmy").formats == ("%d-%m-%y",)


def test_dots_are_month_first_only_when_many_values_say_so() -> None:
    assert days(["03.31.2024", "04.01.2024"]) == [date(2024, 3, 31), date(2024, 4, 1)]
    mistyped = ["01.02.2024", "02.02.2024", "03.02.2024", "04.02.2024", "02.13.2024"]
    assert days(mistyped) == [*(date(2024, 2, day) for day in (1, 2, 3, 4)), None]


def test_seconds_and_times_may_be_missing_in_some_rows() -> None:
    texts = ["13.02.2026 12:30", "13.02.2026 12:30:15", "14.02.2026"]
    assert read(texts) == [
        datetime(2026, 2, 13, 12, 30, tzinfo=UTC),
        datetime(2026, 2, 13, 12, 30, 15, tzinfo=UTC),
        datetime(2026, 2, 14, tzinfo=UTC),
    ]


def test_unreadable_cells_do_not_change_how_the_others_are_read() -> None:
    form = dates.decide(pl.Series(["13.02.2026", "soon", "нет"]))
    assert (form.formats, form.spoken) == (("%d.%m.%Y",), False)


def test_midnight_at_the_end_of_a_day_with_an_offset_is_of_the_next_day() -> None:
    assert days(["2026-02-13 24:00:00+03"]) == [date(2026, 2, 14)]


@pytest.mark.parametrize("text", ["01.01.0001 0:00:00", "30.12.1899", "00.00.0000", "31.02.2024", "soon"])
def test_no_date_is_null(text: str) -> None:
    assert read([text, "05.06.2024"])[0] is None


def test_one_value_above_twelve_decides_for_all() -> None:
    assert days(["01/02/2024", "03/25/2024"]) == [date(2024, 1, 2), date(2024, 3, 25)]
    assert days(["01/02/2024", "25/03/2024"]) == [date(2024, 2, 1), date(2024, 3, 25)]


def test_both_orders_possible_is_refused_unless_told() -> None:
    form = dates.decide(pl.Series(["01/02/2024", "03/04/2024"]))
    with pytest.raises(InputError) as caught:
        dates.refuse_doubt("a.csv", "paid", form)
    assert "--date-order" in str(caught.value.hint)
    assert read(["01/02/2024"], preferred="mdy") == [datetime(2024, 1, 2, tzinfo=UTC)]


def test_equal_day_and_month_need_no_decision() -> None:
    assert dates.decide(pl.Series(["01/01/2024", "02/02/2024"])).doubt is None


def test_a_column_that_contradicts_itself_is_refused() -> None:
    with pytest.raises(InputError):
        dates.refuse_doubt("a.csv", "paid", dates.decide(pl.Series(["25/03/2024", "03/25/2024"])))


def test_two_spellings_in_one_column_are_both_read() -> None:
    assert days(["2016-10-20", "21.10.2016"]) == [date(2016, 10, 20), date(2016, 10, 21)]


def test_the_business_day_is_the_day_on_the_wall() -> None:
    late = ["2026-02-01 23:14:00 -0500"]
    assert days(late) == [date(2026, 2, 1)]
    assert days(late, "Europe/Moscow") == [date(2026, 2, 2)]


def test_naive_times_are_taken_in_the_zone() -> None:
    assert read(["01.02.2026 02:00"], "Europe/Moscow") == [datetime(2026, 1, 31, 23, tzinfo=UTC)]


@given(st.lists(st.datetimes(datetime(1950, 1, 1), datetime(2099, 12, 31)), min_size=1), st.sampled_from("./-"))
def test_what_was_written_day_first_is_read_back(times: list[datetime], mark: str) -> None:
    whole = [time.replace(microsecond=0) for time in times] + [datetime(2024, 3, 25)]
    texts = [time.strftime(f"%d{mark}%m{mark}%Y %H:%M:%S") for time in whole]
    assert read(texts) == [time.replace(tzinfo=UTC) for time in whole]


def test_a_day_at_the_end_of_time_is_no_day(load: Load) -> None:
    dataset = load("order_id,date,amount\n1,31.12.9999 24:00,6\n2,13.02.2026,7\n3,9999-12-31 23:59,7\n")
    assert rejected(dataset) == [("bad_date", 2), ("bad_date", 4)]
    assert rows(dataset, "transactions", "order_id") == [("2",)]
