"""Contracts joined into spells, and their periods."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from acrm.analysis.clv.spells import (
    counted,
    find_period,
    find_terms,
    linked,
    periods_begun,
    periods_passed,
    read_spells,
)
from acrm.errors import InputError

TODAY = date(2025, 7, 1)


def contracts(*rows: tuple[object, ...]) -> pl.LazyFrame:
    schema: dict[str, Any] = {
        "customer_id": pl.String,
        "start_at": pl.Date,
        "end_at": pl.Date,
        "price": pl.Decimal(38, 4),
        "plan": pl.String,
        "end_reason": pl.String,
    }
    return pl.LazyFrame([(*row, *[None] * (6 - len(row))) for row in rows], schema=schema, orient="row")


def test_terms_are_one_spell_and_a_comeback_another() -> None:
    frame = read_spells(
        contracts(
            # Renewed in time, and once ten days late.
            ("ada", date(2024, 1, 1), date(2024, 3, 31), 10),
            ("ada", date(2024, 4, 1), date(2024, 6, 30), 10),
            ("ada", date(2024, 7, 10), None, 12),
            # Half a year of pause.
            ("bob", date(2024, 1, 1), date(2024, 3, 31), 10),
            ("bob", date(2024, 10, 1), date(2024, 12, 31), 10),
            # Two plans at a time, one of which ended.
            ("cleo", date(2024, 1, 1), None, 10),
            ("cleo", date(2024, 2, 1), None, 5),
            ("cleo", date(2024, 2, 1), date(2024, 5, 1), 7),
        ),
        TODAY,
        None,
    ).frame
    assert frame.select("customer_id", "start_at", "end_at", "ended", "price", "current").rows() == [
        ("ada", date(2024, 1, 1), None, False, 12, True),
        ("bob", date(2024, 1, 1), date(2024, 3, 31), True, 10, False),
        ("bob", date(2024, 10, 1), date(2024, 12, 31), True, 10, True),
        ("cleo", date(2024, 1, 1), None, False, 15, True),
    ]


def test_rows_that_are_no_contract_are_counted() -> None:
    found = read_spells(
        contracts(
            ("ada", date(2024, 1, 1)),
            (None, date(2024, 1, 1)),
            ("bob", None, date(2024, 1, 1)),
            ("cleo", date(2024, 5, 1), date(2024, 4, 1)),
            ("dan", TODAY),
        ),
        TODAY,
        None,
    )
    assert found.frame["customer_id"].to_list() == ["ada"]
    assert {note.id: note.values["contracts"] for note in found.notes} == {
        "clv_contract.left_out_no_key": 2,
        "clv_contract.left_out_backwards": 1,
        "clv_contract.left_out_not_begun": 1,
    }


def test_the_day_after_the_last_event() -> None:
    open_ended = contracts(("ada", date(2024, 1, 1)), ("bob", date(2024, 2, 1), date(2024, 5, 3)))
    assert read_spells(open_ended, None, None).as_of == date(2024, 5, 4)
    # Without a contract left open the ends are terms that run out later.
    terms = contracts(("ada", date(2024, 1, 1), date(2024, 12, 31)), ("bob", date(2024, 2, 1), date(2025, 1, 31)))
    assert read_spells(terms, None, None).as_of == date(2024, 2, 2)


def test_days_far_ahead_do_not_move_the_day_of_the_question() -> None:
    rows = [(f"c{n}", date(2024, 1, 1) + timedelta(days=2 * n)) for n in range(200)]
    last = rows[-1][1]
    signed, announced = ("kim", date(2027, 1, 1)), ("lee", date(2025, 1, 1), date(2026, 6, 1), 1, None, "moving")
    found = read_spells(contracts(*rows, signed, announced), None, None)
    assert found.as_of == last + timedelta(days=1)
    assert found.frame.filter(customer_id="lee")["announced"].item()
    told = {note.id: note.values for note in found.notes}
    assert told["clv_contract.ahead"] == {"days": 2, "as_of": found.as_of}
    assert told["clv_contract.left_out_not_begun"]["contracts"] == 1
    # A pause as there are others is none, and what follows it close together no slip.
    weekly = [(f"c{n}", date(2024, 1, 1) + timedelta(days=14 * n)) for n in range(30)]
    assert read_spells(contracts(*weekly, ("kim", date(2025, 5, 1))), None, None).as_of == date(2025, 5, 2)
    batch = [(f"d{n}", last + timedelta(days=200)) for n in range(9)]
    assert read_spells(contracts(*rows, *batch), None, None).as_of == last + timedelta(days=201)


def test_ends_that_are_announced_and_terms_that_ran_out_yesterday() -> None:
    rows = [
        ("ada", date(2024, 7, 1), TODAY + timedelta(days=60), 1, None, "too dear"),
        ("bob", date(2024, 7, 1), TODAY + timedelta(days=60)),
        ("cleo", date(2024, 7, 1), TODAY - timedelta(days=1)),
    ]
    terms = read_spells(contracts(*rows), TODAY, None).frame
    assert terms["announced"].to_list() == [True, False, False]
    assert terms["ended"].to_list() == [False, False, False]
    # With open contracts among them ends are ends.
    open_ended = read_spells(contracts(*rows, ("dan", date(2024, 7, 1))), TODAY, None).frame
    assert open_ended["ended"].to_list() == [False, False, True, False]


def test_periods_by_the_calendar() -> None:
    days = pl.DataFrame(
        {
            "start": [date(2024, 1, 31), date(2024, 1, 31), date(2024, 1, 15), date(2024, 1, 15)],
            "end": [date(2024, 2, 29), date(2024, 3, 31), date(2024, 4, 14), date(2024, 4, 20)],
        }
    )
    passed = days.select(periods_passed(pl.col("start"), pl.col("end"), 1)).to_series().to_list()
    assert passed == [0, 2, 2, 3]
    begun = days.select(periods_begun(pl.col("start"), pl.col("end"), 1)).to_series().to_list()
    assert begun == [1, 2, 3, 4]
    assert days.select(periods_begun(pl.col("start"), pl.col("end"), 3)).to_series().to_list() == [1, 1, 1, 2]


def test_an_end_in_a_period_that_is_not_over_waits_for_it() -> None:
    spells = read_spells(
        contracts(
            # Ended after 2 months and 10 days; 4 have passed.
            ("ada", date(2025, 2, 15), date(2025, 4, 25)),
            # Ended 10 days ago, in the third month, which is not over.
            ("bob", date(2025, 4, 15), date(2025, 6, 20)),
            ("cleo", date(2025, 4, 15)),
        ),
        TODAY,
        None,
    )
    found = counted(spells.frame, TODAY, 1)
    assert found.select("age", "time", "left").rows() == [(4, 3, True), (2, 2, False), (2, 2, False)]


@pytest.mark.parametrize(("months", "period"), [(1, "month"), (3, "quarter"), (12, "year"), (24, "year"), (2, "month")])
@pytest.mark.parametrize("inclusive", [0, 1])
def test_the_period_is_that_of_the_lengths(months: int, period: str, inclusive: int) -> None:
    rows = []
    for number in range(40):
        start = date(2020, 1, 1) + timedelta(days=17 * number)
        end = pl.select(pl.lit(start).dt.offset_by(f"{months * (1 + number % 3)}mo")).item() - timedelta(days=inclusive)
        # One in twenty ends on any day.
        rows.append((f"c{number}", start, end - timedelta(days=10 if number % 20 == 0 else 0)))
    found, share = find_period(contracts(*rows))
    assert found == period
    assert share >= 0.8


def test_lengths_of_any_kind_are_no_period() -> None:
    rows = [(f"c{n}", date(2020, 1, 1), date(2020, 2, 1) + timedelta(days=7 * n)) for n in range(40)]
    period, share = find_period(contracts(*rows))
    assert period == "month"
    assert share < 0.5
    assert find_period(contracts(*rows[:5])) == ("month", 0.0)


def test_nothing_to_work_on() -> None:
    for rows in ([], [(None, None)], [("ada", TODAY)]):
        with pytest.raises(InputError, match="no contract"):
            read_spells(contracts(*rows), TODAY, None)
    with pytest.raises(InputError, match="no column 'tier'"):
        read_spells(contracts(("ada", date(2024, 1, 1))), TODAY, "tier")


def test_terms_are_found_by_plan() -> None:
    start = date(2020, 1, 15)
    ends = {"two years": date(2022, 1, 14), "half": date(2020, 7, 14), "month": date(2020, 2, 14)}
    rows = [(f"{plan}{n}", start, end, 5, plan) for plan, end in ends.items() for n in range(10)]
    rows += [(f"any{n}", start, start + timedelta(days=40 + 17 * n), 5, "any") for n in range(12)]
    rows += [("few", start, date(2021, 1, 14), 5, "few")]
    assert find_terms(contracts(*rows), "plan") == {"half": 6, "month": 1, "two years": 24}
    assert find_terms(contracts(*rows[:10]), None) == {"": 24}


def test_a_pause_is_bounded_and_later_contracts_move_none_before_them() -> None:
    rows = [("ada", date(2024, 1, 1), date(2024, 6, 30), 5), ("ada", date(2024, 7, 20), None, 5)]
    frame = contracts(*rows).with_columns(group=pl.lit("")).collect()
    assert linked(frame)["spell"].to_list() == [1, 1]
    assert linked(frame)["pause"].to_list() == [None, 20]
    assert linked(frame, 19)["spell"].to_list() == [1, 2]
    assert linked(frame.head(1))["spell"].to_list() == [1]
