"""What was known until a day: nothing that was written later."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from acrm.analysis.churn import records
from acrm.analysis.churn.records import Records, read_records
from tests.analysis.churn.conftest import FIRST, Lines, build


def day(number: int) -> date:
    return FIRST + timedelta(number)


def at(number: int, hour: int = 9) -> datetime:
    return datetime.combine(day(number), datetime.min.time(), UTC) + timedelta(hours=hour)


def test_days_of_purchase_have_the_gap_before_them(lines: Lines) -> None:
    found = read_records(lines([("b", 3, 5), ("a", 0, 5), ("a", 10, 5), ("a", 10, 1), ("a", 14, 5)]), {})
    assert found.past.days.select("customer_id", "day", "gap", "orders").rows() == [
        ("a", day(0), None, 1),
        ("a", day(10), 10.0, 2),
        ("a", day(14), 4.0, 1),
        ("b", day(3), None, 1),
    ]
    assert (found.first, found.last, found.past.cutoff) == (day(0), day(14), day(15))


def test_today_that_is_given_is_the_last_day(lines: Lines) -> None:
    found = read_records(lines([("a", 0, 5), ("a", 10, 5), ("a", 14, 5)]), {}, as_of=day(10))
    assert found.past.days["day"].to_list() == [day(0), day(10)]
    assert (found.last, found.past.cutoff) == (day(10), day(10))


def test_a_refund_counts_on_its_own_day_and_what_comes_back_at_once_was_no_purchase(lines: Lines) -> None:
    rows = [("a", 0, 5, "1"), ("a", 9, -5, "1"), ("b", 0, 5, "2"), ("b", 0, -5, "2"), ("b", 9, 5, "3")]
    past = read_records(lines(rows), {}).past
    assert past.days.select("customer_id", "day").rows() == [("a", day(0)), ("b", day(9))]
    assert past.until(day(8)).refunds.select("customer_id", "day").rows() == [("b", day(0))]
    assert past.refunds.height == 2


def test_nobody_looks_ahead() -> None:
    past = read_records(build([("a", 0, 5), ("a", 10, 5)]), {}).past
    assert past.until(day(5)).days.height == 1
    with pytest.raises(ValueError, match="is after"):
        past.until(day(5)).until(day(6))


def test_contacts_and_deals_are_known_by_and_by(lines: Lines) -> None:
    contacts = pl.LazyFrame(
        {
            "customer_id": ["a", None],
            "kind": ["ticket", "call"],
            "started_at": [at(1), at(2)],
            "first_response_at": [at(3), None],
            "ended_at": [at(5), None],
            "subject": ["Жалоба на доставку", None],
            "satisfaction": ["2", None],
        },
        schema_overrides={"started_at": pl.Datetime("us", "UTC")},
    )
    deals = pl.LazyFrame({"customer_id": ["a"], "created_at": [at(2)], "closed_at": [at(7)], "status": ["lost"]})
    past = read_records(lines([("a", 0, 5), ("a", 10, 5)]), {"interactions": contacts, "deals": deals}).past
    assert past.contacts is not None
    assert past.deals is not None
    columns = ("day", "begun", "complaints", "answers", "answer_minutes", "closed", "satisfaction")
    assert past.contacts.select(columns).rows() == [
        (day(1), 1, 1, 0, 0, 0, 0),
        (day(3), 0, 0, 1, 48 * 60, 0, 0),
        (day(5), 0, 0, 0, 0, 1, 2),
    ]
    assert past.deals.select("day", "begun", "won", "lost").rows() == [(day(2), 1, 0, 0), (day(7), 0, 0, 1)]
    before = past.until(day(4))
    assert before.contacts is not None
    assert before.deals is not None
    assert before.contacts["closed"].sum() == 0
    assert before.deals["lost"].sum() == 0


def test_customers_created_later_are_not_known_yet(lines: Lines) -> None:
    customers = pl.LazyFrame({"customer_id": ["a", "b", "c"], "created_at": [at(1), at(9), None]})
    past = read_records(lines([("a", 0, 5), ("a", 10, 5)]), {"customers": customers}).past.until(day(5))
    assert past.customers is not None
    assert past.customers["customer_id"].to_list() == ["a", "c"]


def test_very_many_lines_are_not_told_apart_by_product(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    three = lines([("a", 0, 5), ("a", 10, 5), ("b", 14, 5)])
    monkeypatch.setattr(records, "MOST_LINES", 3)
    assert "new_products" in read_records(three, {}).past.days.columns
    monkeypatch.setattr(records, "MOST_LINES", 2)
    found = read_records(three, {})
    assert "new_products" not in found.past.days.columns
    assert "3 order lines" in str(found.notes[0])


def test_so_many_customers_are_drawn_with_all_that_is_known_of_them(shop: Records) -> None:
    some = shop.drawn(100, 3)
    ids = some.past.days["customer_id"].unique()
    assert len(ids) == 100
    assert some.past.days.equals(shop.past.days.filter(pl.col("customer_id").is_in(ids.implode())))
    assert some.first == shop.first
    assert shop.drawn(100, 3).past.days.equals(some.past.days)
    assert not shop.drawn(100, 4).past.days.equals(some.past.days)
    assert shop.drawn(10_000, 3) is shop
