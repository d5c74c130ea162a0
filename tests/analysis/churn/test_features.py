"""Features: a customer whose every figure can be counted by hand, contacts, and who the customers are."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from acrm.analysis.churn.features import contact_features, purchase_features
from acrm.analysis.churn.records import read_records
from acrm.analysis.churn.snapshots import snapshot
from acrm.analysis.segment.naming import readable
from acrm.messages import Message
from tests.analysis.churn.conftest import FIRST, Lines


def test_one_customer_by_hand(lines: Lines) -> None:
    rows = [
        ("a", 0, 10, "1", "tea", 0, "shop"),
        ("a", 0, 30, "1", "ink", 0, "shop"),
        ("a", 20, 20, "2", "tea", 0, "web"),
        ("a", 50, 40, "3", "pen", 10, "web"),
        ("a", 55, -20, "2", "tea"),
        ("b", 59, 7, "4"),
    ]
    past = read_records(lines(rows), {}, as_of=FIRST + timedelta(60)).past
    row = purchase_features(past, 30).row(0, named=True)
    expected = {
        "days_since_last": 10,
        "purchase_days": 3,
        "orders": 3,
        "spend": 80,
        "mean_order": 100 / 3,
        "customer_days": 60,
        "gap_days": 25,
        "gap_spread": round(50**0.5 / 25, 6),
        "last_gap_ratio": 1.2,
        "overdue_ratio": 0.4,
        "days_recent": 1,
        "days_trend": 1 - 1,
        "spend_recent": 40,
        "spend_trend": (40 - 20) / 60,
        "lines_per_order": 4 / 3,
        "returns_recent": 1,
        "products": 3,
        "new_products_recent": 1,
        "channel": "web",
    }
    assert {name: row[name] for name in expected} == pytest.approx(expected)
    # The own share, drawn to that of all by three orders.
    assert row["return_share"] == pytest.approx((3 * 0.2 + 3 * (3 * 0.2 + 0) / 4) / 6, abs=1e-6)


def test_who_bought_once_has_no_rhythm(lines: Lines) -> None:
    past = read_records(lines([("a", 0, 5), ("b", 1, 5), ("b", 9, 5)]), {}).past
    names = ("gap_days", "gap_spread", "last_gap_ratio", "overdue_ratio")
    once, twice = purchase_features(past, 30).select(names).rows()
    assert once == (None,) * 4
    assert twice == (8, None, None, 1 / 8)


def test_contacts(lines: Lines) -> None:
    def at(day: int, hour: int = 0) -> datetime:
        return datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=day, hours=hour)

    rows = [
        ("a", "call", at(10), None, None, "Delivery", None),
        ("a", "call", at(70), at(70, 2), at(70, 3), "delivery ", "4"),
        ("a", "ticket", at(72), at(72, 4), None, "a complaint", "good"),
        ("a", "meeting", at(80), None, None, None, None),
        ("b", "web_visit", at(79), None, None, None, None),
    ]
    names = ("customer_id", "kind", "started_at", "first_response_at", "ended_at", "subject", "satisfaction")
    contacts = pl.LazyFrame(rows, schema=list(names), orient="row")
    bought = lines([("a", 0, 5), ("a", 90, 5), ("b", 88, 5), ("c", 89, 5)])
    past = read_records(bought, {"interactions": contacts}, as_of=FIRST + timedelta(90)).past
    found = contact_features(past, pl.DataFrame({"customer_id": ["a", "b", "c"]}))
    assert found is not None
    one, two, three = found.rows(named=True)
    assert (one["calls"], one["calls_30d"], one["tickets"], one["contacts_30d"], one["visits"]) == (2, 1, 1, 1, 0)
    assert (one["about_delivery_30d"], one["complaints_30d"], one["tickets_open"]) == (1, 1, 1)
    assert (one["answer_hours"], one["satisfaction"], one["days_since_contact"]) == (3, 4, 10)
    assert (two["visits_30d"], two["calls"], two["answer_hours"]) == (1, 0, None)
    assert (three["visits"], three["complaints"], three["days_since_contact"]) == (0, 0, None)


def test_who_the_customers_are_stands_beside_what_they_do(lines: Lines) -> None:
    since = datetime(2023, 12, 1, tzinfo=UTC)
    customers = pl.LazyFrame(
        {"customer_id": ["a", "z"], "city": ["Perm", "Omsk"], "created_at": [since] * 2, "x_floor": ["1", "2"]}
    )
    deals = pl.LazyFrame({"customer_id": ["a"], "created_at": [since], "closed_at": [None], "status": ["open"]})
    records = read_records(lines([("a", 0, 5), ("b", 9, 5)]), {"customers": customers, "deals": deals})
    seen = snapshot(records, records.past.cutoff, 30)
    assert [one.name for one in seen.features] == seen.table.columns[1:]
    assert seen.table["customer_id"].to_list() == ["a", "b"]
    assert seen.table.select("city", "known_days", "deals_open", "customer_days").rows() == [
        ("Perm", 41, 1, 10),
        (None, None, 0, 1),
    ]
    assert {one.name: one.axis for one in seen.features}["x_floor"] == "extra"


def test_every_feature_has_words_of_its_own(lines: Lines) -> None:
    at = datetime(2024, 1, 1, tzinfo=UTC)
    contacts = {"customer_id": ["a"], "kind": ["call"], "started_at": [at], "first_response_at": [at], "ended_at": [at]}
    tables = {
        "interactions": pl.LazyFrame(contacts | {"subject": ["Price"], "satisfaction": ["3"]}),
        "deals": pl.LazyFrame({"customer_id": ["a"], "created_at": [at], "closed_at": [at], "status": ["won"]}),
    }
    records = read_records(lines([("a", 0, 5), ("a", 9, 5)]), tables)
    for one in snapshot(records, records.past.cutoff, 30).features:
        known = Message(f"segment_profile.feature.{one.name}").exists
        assert known or readable(one.name) == "contacts in 30 days about price", one.name
