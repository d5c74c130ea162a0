"""Which days count as purchases, and what was known on a day."""

import math
import random
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_series_equal

from acrm.analysis.clv.purchases import Purchases, read_purchases
from acrm.errors import InputError
from tests.analysis.clv.conftest import FIRST, Line, Lines


def histories(found: Purchases) -> dict[str, list[tuple[int, float]]]:
    spans = zip(found.ids, found.start, found.start[1:], strict=False)
    origin = (FIRST - date(1970, 1, 1)).days
    return {
        name: [(int(day) - origin, money) for day, money in zip(found.day[a:b], found.amount[a:b], strict=True)]
        for name, a, b in spans
    }


def test_orders_of_one_day_are_one_purchase(lines: Lines) -> None:
    found = read_purchases(lines([("bob", 9, 5), ("ada", 3, 10), ("ada", 0, 1), ("ada", 3, 2)]), as_of=None)
    assert histories(found) == {"ada": [(0, 1.0), (3, 12.0)], "bob": [(9, 5.0)]}
    assert (found.as_of, found.span) == (FIRST + timedelta(10), 10)
    assert found.figures["same_day_orders"] == 1
    assert found.figures["purchase_days"] == 3


def test_a_refund_is_taken_off_the_order_it_names(lines: Lines) -> None:
    rows: list[Line] = [("ada", 0, 10, "1"), ("ada", 5, 20, "2"), ("ada", 9, -4, "1"), ("ada", 9, -20, "2")]
    found = read_purchases(lines(rows), as_of=None)
    assert histories(found) == {"ada": [(0, 6.0)]}
    assert found.figures["void_orders"] == 1
    assert found.kept == 1
    assert [note.id for note in found.notes] == ["clv.void_orders"]


def test_a_refund_that_names_none_is_taken_off_the_last_purchases(lines: Lines) -> None:
    rows: list[Line] = [
        ("ada", 0, 10),
        ("ada", 5, 20),
        ("ada", 8, 30),
        # What came before it, the latest first; the order of the day after stays.
        ("ada", 7, "-23.50"),
        ("bob", 1, 40),
        # Bob gave back on the day of the purchase, Cid had bought before there were orders.
        ("bob", 1, -40),
        ("cid", 2, -5),
        ("cid", 3, 50),
    ]
    found = read_purchases(lines(rows), as_of=None)
    assert histories(found) == {"ada": [(0, 6.5), (8, 30.0)], "cid": [(3, 50.0)]}
    assert found.kept == pytest.approx(1 - 5 / 86.5)
    told = {note.id: note.values for note in found.notes}
    assert told["clv.loose_refunds"] == {"amount": Decimal("63.5"), "days": 2}
    assert told["clv.early_refunds"]["amount"] == 5
    assert told["clv.returned_all"] == {"customers": 1}
    assert (found.figures["customers"], found.figures["customers_returned_all"]) == (2, 1)


def test_what_is_given_back_beyond_an_order_is_not_lost(lines: Lines) -> None:
    rows: list[Line] = [("ada", 0, 10), ("ada", 5, 20, "2"), ("ada", 6, -23, "2")]
    found = read_purchases(lines(rows), as_of=None)
    assert histories(found) == {"ada": [(0, 7.0)]}


def test_all_money_is_told(orders: pl.LazyFrame) -> None:
    refunds = orders.with_row_index().cast({"index": pl.Int64}).filter(pl.col("index") % 7 == 0)
    back = refunds.select(
        order_id="back " + pl.col("order_id"),
        customer_id="customer_id",
        ordered_on=pl.col("ordered_on") + pl.duration(days=pl.col("index") % 50 - 5),
        line_amount=-pl.col("line_amount") * 2,
    ).with_columns(pl.col("line_amount").cast(pl.Decimal(38, 4)))
    both = pl.concat([orders, back])
    found = read_purchases(both, as_of=None)
    total = Decimal(both.select(pl.col("line_amount").sum()).collect().item())
    assert math.isclose(found.amount.sum() * found.kept, total, rel_tol=1e-12)
    assert (found.amount > 0).all()


def test_nothing_left_is_refused(lines: Lines) -> None:
    with pytest.raises(InputError, match="refunded"):
        read_purchases(lines([("ada", 0, 10), ("ada", 1, -10)]), as_of=None)
    with pytest.raises(InputError):
        read_purchases(lines([("ada", 0, 0), ("bob", 1, -10)]), as_of=None)


def test_the_order_of_rows_does_not_matter(orders: pl.LazyFrame) -> None:
    rows = orders.collect()
    shuffled = rows[random.Random(3).sample(range(rows.height), rows.height)]
    one, other = (read_purchases(each.lazy(), as_of=None) for each in (rows, shuffled))
    assert_series_equal(one.ids, other.ids)
    assert one.day.tobytes() == other.day.tobytes()
    assert one.amount.tobytes() == other.amount.tobytes()


def test_the_last_day_counts(lines: Lines) -> None:
    rows: list[Line] = [("ada", 0, 10), ("ada", 5, 20), ("ada", 6, 30)]
    found = read_purchases(lines(rows), as_of=FIRST + timedelta(5))
    assert histories(found) == {"ada": [(0, 10.0), (5, 20.0)]}
    known = found.until(found.end)
    assert (known.recency.tolist(), known.age.tolist()) == ([5.0], [5.0])


def test_what_was_known_on_a_day(lines: Lines) -> None:
    rows: list[Line] = [("ada", 0, 10), ("ada", 14, 20), ("ada", 21, 40), ("bob", 4, 7), ("cid", 30, 9)]
    found = read_purchases(lines(rows), as_of=FIRST + timedelta(35))
    known = found.until(found.end - 15)
    assert found.ids.gather(known.customer).to_list() == ["ada", "bob"]
    assert known.frequency.tolist() == [1, 0]
    assert known.recency.tolist() == [14, 0]
    assert known.age.tolist() == [20, 16]
    assert known.mean.tolist() == [20, 0]
    assert known.spend.tolist() == [30, 7]
    everything = found.until(found.end)
    assert everything.mean.tolist() == [30, 0, 0]
    # Gaps of two weeks and one.
    assert everything.log_gaps == pytest.approx([math.log(2) + math.log(1), 0, 0])
    assert found.orders_in(found.end - 15, found.end).tolist() == [1, 0, 0]


def test_cents_of_a_customer_among_billions(lines: Lines) -> None:
    rows: list[Line] = [(f"a{number:04}", number % 9, "999999999.99") for number in range(2000)]
    known = read_purchases(lines([*rows, ("b", 0, "0.01"), ("b", 5, "0.03")]), as_of=None).until(1e9)
    assert known.spend[-1] == 0.04
    assert known.mean[-1] == 0.03


def test_equal_histories_are_one_group(lines: Lines) -> None:
    rows: list[Line] = [("ada", 0, 1), ("ada", 7, 2), ("bob", 0, 1), ("bob", 7, 4), ("cid", 0, 9)]
    grouped = read_purchases(lines(rows), as_of=FIRST + timedelta(14)).until(1e9)
    found = grouped.grouped()
    assert found.histories.count.tolist() == [1, 2]
    assert found.histories.frequency.tolist() == [0, 1]
    assert found.histories.recency.tolist() == [0, 1]
    assert found.total_mean.tolist() == [0, 6]
    assert found.group.tolist() == [1, 1, 0]
    assert np.isfinite(found.histories.age).all()


def test_opportunities_are_counted_back_from_the_end(lines: Lines) -> None:
    rows: list[Line] = [("ada", 0, 1), ("ada", 8, 2), ("ada", 9, 4), ("ada", 30, 8), ("bob", 29, 16)]
    found = read_purchases(lines(rows), as_of=FIRST + timedelta(30)).by_opportunity(10)
    # Ends of the spans that the days fall into: 0, 10, 20, 30 days after the first.
    assert histories(found) == {"ada": [(0, 1.0), (10, 6.0), (30, 8.0)], "bob": [(30, 16.0)]}
    grouped = found.until(found.end).grouped().histories
    assert sorted(zip(grouped.frequency, grouped.recency, grouped.age, strict=True)) == [(0, 0, 0), (2, 3, 3)]
