"""Held-out validation: what is counted, what is refused, and that a useless ranking is called one."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest

from acrm.analysis.holdout import share_caught, top_weights, validate, wilson
from acrm.analysis.rfm import RfmParams, RfmResult, rfm

START = date(2024, 1, 1)


Row = tuple[str, int, int]
OnBoard = Callable[[int, int], int]


def lines(rows: list[Row]) -> pl.LazyFrame:
    return pl.LazyFrame(
        [(f"{n}", customer, START + timedelta(day), Decimal(amount)) for n, (customer, day, amount) in enumerate(rows)],
        schema={
            "order_id": pl.String,
            "customer_id": pl.String,
            "ordered_on": pl.Date,
            "line_amount": pl.Decimal(38, 4),
        },
        orient="row",
    )


def validated(rows: list[Row]) -> RfmResult:
    return validate(rfm(lines(rows), RfmParams()), lines(rows))


def test_next_period_is_the_last_quarter_and_only_of_known_customers() -> None:
    # 200 days: scored as of day 150, looked at on days 151 to 200.
    result = validated([("a", 0, 10), ("b", 150, 20), ("b", 151, 7), ("b", 160, -2), ("c", 200, 99)])
    assert result.summary["validation_cut"] == START + timedelta(150)
    figures = [result.summary[f"validation_{key}"] for key in ("days", "customers", "buyers", "spend")]
    assert figures == [50, 2, 1, Decimal(5)]
    table = result.tables["validation"]
    assert table["segment"].to_list() == rfm(lines([("a", 0, 1)]), RfmParams()).tables["segments"]["segment"].to_list()
    assert table.filter(pl.col("buyers") > 0).select("customers", "buyers_share", "next_spend").rows() == [(1, 1.0, 5)]
    assert table["next_spend_share"].sum() == 1.0


def test_too_short_is_refused_in_words() -> None:
    result = validated([("a", 0, 10), ("a", 111, 10)])
    assert "validation" not in result.tables
    assert str(result.notes[-1]) == "not validated: 111 days of orders, 112 needed"


def test_nobody_known_bought_again() -> None:
    result = validated([("a", 0, 10), ("b", 200, 10)])
    assert "validation" not in result.tables
    assert result.notes[-1].id == "rfm.validate_no_spend"


def squares(recency: OnBoard, spend: OnBoard, again: OnBoard) -> list[Row]:
    """Three customers on each square of a 10 x 10 board, one order each, and 50 more from those who come again."""
    board = [(row, column, copy) for row in range(10) for column in range(10) for copy in range(3)]
    first = [(f"{cell}", 10 * recency(*cell[:2]), 100 + 10 * spend(*cell[:2])) for cell in board]
    return [("first", 0, 1), ("last", 200, 1), *first, *((f"{cell}", 170, 50) for cell in board if again(*cell[:2]))]


def by_row(row: int, _column: int) -> int:
    return row


def by_column(_row: int, column: int) -> int:
    return column


def test_rfm_is_better_where_recency_and_spend_both_tell() -> None:
    result = validated(squares(by_row, by_column, lambda row, column: row + column >= 14))
    assert result.notes[-1].id == "rfm.validate_better"
    caught = dict(result.tables["validation_rules"].select("rule", "caught").rows())
    assert caught["rfm"] > caught["spend"] > 0.5
    assert result.summary["caught_by_rfm"] == caught["rfm"]


def test_rfm_is_worse_where_only_spend_tells() -> None:
    result = validated(squares(lambda row, _: 9 - row, by_row, lambda row, _: row >= 8))
    assert result.notes[-1].id == "rfm.validate_worse"
    assert "spend so far" in str(result.notes[-1])


def test_no_difference_is_called_that() -> None:
    result = validated(squares(by_row, by_column, lambda row, column: (row + 3 * column) % 9 == 0))
    assert result.notes[-1].id == "rfm.validate_same"


def test_no_verdict_on_a_handful_of_buyers() -> None:
    result = validated(squares(by_row, by_column, lambda row, column: row == column == 9))
    assert str(result.notes[-1]).endswith("3 of the known customers bought again, 30 needed")
    assert result.summary["validation_buyers"] == 3


def test_ties_at_the_border_are_taken_in_part() -> None:
    assert sum(top_weights(pl.Series([1] * 7 + [2] * 3))) == pytest.approx(2.0)
    assert set(top_weights(pl.Series([1] * 10))) == {0.2}


def test_share_caught_by_chance_is_the_share_taken() -> None:
    assert share_caught([0.2] * 10, range(1, 11)) == pytest.approx((0.2, 0.0))


def test_wilson_stays_within_the_possible() -> None:
    assert wilson(0, 0) == (None, None)
    assert wilson(0, 5)[0] == pytest.approx(0)
    assert wilson(5, 5)[1] == pytest.approx(1)
