"""Days on which things became known: checked against plain Python, and against another engine."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acrm.schema import polars_schema
from acrm.summaries.days import contact_days, order_days

DAY = date(2025, 3, 1)
COLUMNS = ("order_id", "customer_id", "ordered_on", "line_amount", "product_id", "discount", "channel")
CONTACTS: dict[str, Any] = {
    "customer_id": pl.String,
    "kind": pl.String,
    "started_at": pl.Datetime("us", "UTC"),
    "first_response_at": pl.Datetime("us", "UTC"),
    "ended_at": pl.Datetime("us", "UTC"),
    "subject": pl.String,
    "outcome": pl.String,
    "satisfaction": pl.Float64,
}
Row = tuple[Any, ...]

lines = st.lists(
    st.tuples(
        st.sampled_from("123"),
        st.sampled_from(["ada", "bob"]),
        st.integers(0, 9).map(lambda days: DAY + timedelta(days)),
        st.integers(-50, 90).filter(bool).map(Decimal),
        st.sampled_from(["tea", "ink", None]),
        st.one_of(st.none(), st.integers(0, 5).map(Decimal)),
        st.sampled_from(["web", "shop", None]),
    ),
    max_size=30,
)


def frame(rows: list[Row]) -> pl.LazyFrame:
    return pl.LazyFrame(rows, schema=polars_schema("transactions", COLUMNS), orient="row")


@settings(max_examples=60, deadline=None)
@given(rows=lines)
def test_order_days_in_plain_python(rows: list[Row]) -> None:
    as_of = DAY + timedelta(6)
    kept = [row for row in rows if row[2] <= as_of]
    expected = []
    for customer, day in {(row[1], row[2]) for row in kept}:
        own = [row for row in kept if row[1:3] == (customer, day)]
        sold = [row for row in own if row[3] > 0]
        before = {row[4] for row in kept if row[1] == customer and row[2] < day and row[3] > 0}
        expected.append(
            {
                "customer_id": customer,
                "day": day,
                "orders": sum(sum(row[3] for row in own if row[0] == order) > 0 for order in {row[0] for row in sold}),
                "lines": len(sold),
                "sales": sum(row[3] for row in sold),
                "refunds": -sum(row[3] for row in own if row[3] < 0),
                "discounts": sum(row[5] or 0 for row in sold),
                "channel": min((row[6] for row in sold if row[6]), default=None),
                "new_products": len({row[4] for row in sold} - before - {None}),
            }
        )
    found = order_days(frame(rows), as_of=as_of).collect().sort("customer_id", "day")
    assert found.to_dicts() == sorted(expected, key=lambda row: (row["customer_id"], row["day"]))


def contact(customer: str | None, kind: str, *days: int | None, **told: Any) -> Row:
    """A contact that began, was answered and ended on days."""
    times = [
        None if day is None else datetime(2025, 3, 1, 10 + place, tzinfo=UTC) + timedelta(day)
        for place, day in enumerate(days)
    ]
    return (customer, kind, *times, told.get("subject"), told.get("outcome"), told.get("satisfaction"))


TOLD = [
    contact("ada", "ticket", 0, 1, 4, subject=" Delivery", satisfaction=2.0),
    contact("ada", "ticket", 2, None, None, subject="Complaint: late", satisfaction=5.0),
    contact("ada", "call", 2, 2, 2, subject="delivery", outcome="Жалоба"),
    contact("ada", "call", 3, 1, None, subject="price", outcome="complaint"),
    contact("bob", "web_visit", 5, None, None),
    contact(None, "call", 5, None, None),
]


def test_every_fact_of_a_contact_stands_on_its_own_day() -> None:
    interactions = pl.LazyFrame(TOLD, schema=CONTACTS, orient="row")
    found = contact_days(interactions, topics=["delivery"]).collect()
    facts: dict[str, list[Any]] = defaultdict(list)
    for row in found.sort("customer_id", "day", "kind", "topic").to_dicts():
        for name in ("begun", "complaints", "answers", "closed", "ratings"):
            facts[name] += [((row["day"] - DAY).days, row["kind"], row["topic"])] * int(row[name])
    assert facts["begun"] == [
        (0, "ticket", "delivery"),
        (2, "call", "delivery"),
        (2, "ticket", None),
        (3, "call", None),
        (5, "web_visit", None),
    ]
    assert facts["complaints"] == [(2, "call", "delivery"), (2, "ticket", None), (3, "call", None)]
    # An answer before the beginning is none.
    assert facts["answers"] == [(1, "ticket", "delivery"), (2, "call", "delivery")]
    assert facts["closed"] == [(2, "call", "delivery"), (4, "ticket", "delivery")]
    assert facts["ratings"] == [(2, "ticket", None), (4, "ticket", "delivery")]
    assert found["answer_minutes"].sum() == (25 + 1) * 60
    until = contact_days(interactions, topics=["delivery"], as_of=DAY + timedelta(1)).collect()
    assert until["begun"].sum() == 1
    assert until["closed"].sum() == until["ratings"].sum() == 0


def test_contacts_of_which_little_is_told() -> None:
    interactions = pl.LazyFrame(TOLD, schema=CONTACTS, orient="row").select("customer_id", "kind", "started_at")
    found = contact_days(interactions).collect()
    assert found.columns == ["customer_id", "day", "kind", "topic", "begun"]
    assert found["begun"].sum() == 5


def test_another_engine_finds_the_same() -> None:
    duckdb = pytest.importorskip("duckdb")
    pytest.importorskip("pyarrow")
    rows = [
        (
            str(n % 17),
            f"c{n % 5}",
            DAY + timedelta(n % 40),
            Decimal(n * 37 % 101 - 20) / 8,
            f"p{n % 7}",
            Decimal(n % 3),
            ("web", None)[n % 2],
        )
        for n in range(200)
    ]
    contacts = pl.DataFrame(TOLD, schema=CONTACTS, orient="row")
    with duckdb.connect() as connection:
        oldest = pl.CompatLevel.oldest()
        relation = connection.from_arrow(frame(rows).collect().to_arrow(compat_level=oldest))
        asked = connection.from_arrow(contacts.to_arrow(compat_level=oldest))
        for ours, theirs in (
            (order_days(frame(rows), as_of=DAY), order_days(relation, as_of=DAY)),
            (order_days(frame(rows), as_of=None), order_days(relation, as_of=None)),
            (contact_days(contacts.lazy(), topics=["delivery"]), contact_days(asked, topics=["delivery"])),
        ):
            expected, found = ours.collect().rows(), theirs.fetchall()
            assert sorted(map(str, map(_plain, found))) == sorted(map(str, map(_plain, expected)))


def _plain(row: Row) -> list[Any]:
    return [float(value) if isinstance(value, int | float | Decimal) else value for value in row]
