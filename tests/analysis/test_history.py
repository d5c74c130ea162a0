"""What is left out is said; currencies are never added up; the default day is that after the last event."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from acrm.analysis.history import read_history
from acrm.errors import InputError

DAY = date(2025, 3, 1)


Row = tuple[str, str | None, date, Decimal | None, str | None, bool | None]


def lines(*rows: Row, **columns: list[str | None]) -> pl.LazyFrame:
    frame = pl.LazyFrame(
        rows,
        schema={
            "order_id": pl.String,
            "customer_id": pl.String,
            "ordered_on": pl.Date,
            "line_amount": pl.Decimal(38, 4),
            "status": pl.String,
            "is_test": pl.Boolean,
        },
        orient="row",
    )
    return frame.with_columns(pl.Series(name, values, dtype=pl.String) for name, values in columns.items())


SALE: Row = ("1", "ada", DAY, Decimal(10), "paid", False)


def test_every_line_left_out_has_its_reason() -> None:
    history = read_history(
        lines(
            SALE,
            ("2", "ada", DAY, Decimal(9), "cancelled", False),
            ("3", None, DAY, Decimal(9), "paid", False),
            ("4", "ada", date(2025, 4, 2), Decimal(9), "paid", False),
            ("5", "ada", date(2025, 9, 9), Decimal(9), "paid", True),
            ("6", "ada", DAY, Decimal(0), "paid", False),
            ("7", "bob", DAY, Decimal(-5), "paid", False),
            ("8", "ada", DAY, Decimal(-2), "paid", False),
        ),
        refunds="net",
        as_of=date(2025, 4, 1),
    )
    columns = ["customer_id", "days_since_last", "orders", "spend", "first_order_at", "last_order_at"]
    assert history.customers.columns == columns
    assert history.customers.rows() == [("ada", 31, 1, Decimal(8), DAY, DAY)]
    assert [note.id for note in history.notes] == [
        "history.left_out_test",
        "history.left_out_cancelled",
        "history.left_out_after",
        "history.left_out_no_customer",
        "history.left_out_no_amount",
        "history.refunds_net",
        "history.refunds_only",
    ]
    assert "5.00" in str(history.notes[-1])
    figures: dict[str, Any] = history.figures
    parts = ("test", "cancelled", "undated", "after", "no_customer", "no_amount")
    assert figures["lines"] == 8 == figures["lines_used"] + sum(figures[f"lines_{name}"] for name in parts)
    assert (figures["refunded"], figures["spend"]) == (Decimal(7), Decimal(8))


def test_as_of_is_the_day_after_the_last_event_that_is_no_test() -> None:
    source = lines(
        SALE, ("2", None, date(2025, 3, 7), Decimal(1), None, None), ("3", "x", date(2026, 1, 1), None, None, True)
    )
    history = read_history(source, refunds="net", as_of=None)
    assert history.figures["as_of"] == date(2025, 3, 8)
    assert history.customers["days_since_last"].to_list() == [7]


def test_two_currencies_are_refused_with_their_counts() -> None:
    source = lines(SALE, SALE, ("2", "bob", DAY, Decimal(1), None, False), currency=["EUR", "EUR", "USD"])
    with pytest.raises(InputError) as caught:
        read_history(source, refunds="net", as_of=None)
    assert caught.value.id == "mixed_currencies"
    assert "EUR on 2 lines, USD on 1 lines" in str(caught.value)
    assert "--currency EUR" in str(caught.value.hint)


def test_a_currency_on_lines_left_out_does_not_matter() -> None:
    source = lines(SALE, ("2", None, DAY, Decimal(1), None, False), currency=["EUR", "USD"])
    assert read_history(source, refunds="net", as_of=None).figures["currency"] == "EUR"


def test_lines_without_a_currency_are_of_the_only_one_and_their_order_counts_once() -> None:
    history = read_history(lines(SALE, SALE, currency=["EUR", None]), refunds="net", as_of=None)
    assert history.customers["orders"].to_list() == [1]
    assert history.figures["currency"] == "EUR"
    assert [note.id for note in history.notes] == ["history.no_currency"]


def test_nobody_bought_is_an_error_that_says_why() -> None:
    with pytest.raises(InputError) as caught:
        read_history(lines(("3", None, DAY, Decimal(9), "paid", False)), refunds="net", as_of=None)
    assert "1 lines without a customer id (100.0%)" in str(caught.value)
    with pytest.raises(InputError, match="no lines"):
        read_history(lines(), refunds="net", as_of=None)


def far(*days: date) -> pl.LazyFrame:
    return lines(*((str(number), "bob", day, Decimal(1), "paid", False) for number, day in enumerate(days)))


USUAL = [date(2025, month, 1) for month in range(1, 7)]


def test_a_mistyped_far_date_does_not_move_the_as_of_day_and_is_named() -> None:
    history = read_history(far(*USUAL, date(2206, 1, 1)), refunds="net", as_of=None)
    assert history.figures["as_of"] == date(2025, 6, 2)
    assert history.figures["lines_after"] == 1
    assert [note.id for note in history.notes] == ["history.far_dates", "history.left_out_after"]
    assert "6 (2206-01-01)" in str(history.notes[0])
    told = read_history(far(*USUAL, date(2206, 1, 1)), refunds="net", as_of=date(2206, 1, 1))
    assert (told.figures["lines_after"], told.notes) == (0, ())


def test_several_mistyped_dates_are_cut_at_the_first() -> None:
    history = read_history(far(*USUAL, date(2035, 1, 1)), refunds="net", as_of=None)
    assert history.figures["as_of"] == date(2025, 6, 2)
    many = [date(2020, 1, 1) + timedelta(days=day) for day in range(3000)]
    history = read_history(far(*many, date(2062, 1, 1), date(2206, 1, 1)), refunds="net", as_of=None)
    assert history.figures["as_of"] == many[-1] + timedelta(days=1)


@pytest.mark.parametrize(
    "days",
    [
        # Every other year; two rows that tell of no rhythm; half of all orders after a pause.
        [date(2020, 5, 1), date(2022, 5, 1), date(2024, 5, 2)],
        [date(2024, 5, 1), date(2206, 5, 1)],
        [*USUAL, *(day.replace(year=2031) for day in USUAL[:2])],
    ],
)
def test_a_pause_that_proves_nothing_is_only_said(days: list[date]) -> None:
    history = read_history(far(*days), refunds="net", as_of=None)
    assert history.figures["as_of"] == days[-1] + timedelta(days=1)
    assert [note.id for note in history.notes] in (["history.far_date"], [])


def test_one_order_a_year_is_nothing_unusual() -> None:
    history = read_history(far(*(date(year, 5, 1) for year in range(2018, 2025))), refunds="net", as_of=None)
    assert (history.figures["as_of"], history.notes) == (date(2024, 5, 2), ())


def test_lines_of_no_currency_that_are_the_most_are_not_taken_to_be_in_the_only_one() -> None:
    source = lines(SALE, SALE, SALE, currency=["EUR", None, None])
    with pytest.raises(InputError, match="EUR on 1 lines, none on 2 lines"):
        read_history(source, refunds="net", as_of=None)
