"""The table of customers: what is known of each, of what kind it is, and what is unknown."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from acrm.analysis.people.behaviour import in_touch
from acrm.analysis.people.needs import needs
from acrm.analysis.people.people import age_band, people
from acrm.errors import InputError
from acrm.schema import polars_schema

DAY = date(2025, 6, 30)
COLUMNS = ("order_id", "customer_id", "ordered_on", "product_id", "category", "line_amount", "discount", "channel")
Row = tuple[str, str, int, str, str, int, int, str | None]
ROWS: list[Row] = [
    ("1", "ada", 2, "tea", "drinks", 90, 10, "shop"),
    ("2", "ada", 12, "ink", "office", 100, 0, "web"),
    ("3", "ada", 16, "tea", "drinks", 60, 0, "web"),
    ("3", "ada", 16, "cup", "drinks", -10, 0, None),
    ("4", "bob", 7, "ink", "office", 50, 0, None),
]


def lines(rows: list[Row] = ROWS) -> pl.LazyFrame:
    told = [(*row[:2], date(2025, 6, row[2]), *row[3:5], Decimal(row[5]), Decimal(row[6]), row[7]) for row in rows]
    return pl.LazyFrame(told, schema=polars_schema("transactions", COLUMNS), orient="row")


def one(table: pl.DataFrame, customer: str) -> dict[str, Any]:
    return table.row(by_predicate=pl.col("customer_id") == customer, named=True)


def test_what_customers_do() -> None:
    found = people({}, lines=lines(), axes=("behaviour",), as_of=DAY)
    ada = one(found.table, "ada")
    assert (ada["orders"], ada["spend"], ada["days_since_last"], ada["customer_days"]) == (3, 240, 14, 28)
    assert (ada["gap_days"], ada["channel"], ada["mean_order"]) == (7, "web", 80)
    # Drawn to the share of all orders: 3 of hers with 10 of 250 given back, 1 of his without.
    usual = 3 * 10 / 250 / 4
    assert ada["return_share"] == pytest.approx((3 * 10 / 250 + 3 * usual) / 6, abs=1e-6)
    usual = 3 * 10 / 260 / 4
    assert ada["discount_share"] == pytest.approx((3 * 10 / 260 + 3 * usual) / 6, abs=1e-6)
    bob = one(found.table, "bob")
    # 7 June 2025 was a Saturday.
    assert (bob["gap_days"], bob["channel"]) == (None, None)
    assert (bob["weekend_share"], ada["weekend_share"]) == ((1 + 3 / 4) / 4, 3 / 4 / 6)
    assert {feature.axis for feature in found.features} == {"behaviour"}


def test_who_never_bought_has_no_orders_and_no_last_one() -> None:
    customers = pl.LazyFrame({"customer_id": ["eve"], "gender": ["female"], "x_dog": ["yes"]})
    found = people({"customers": customers}, lines=lines(), axes=("demo", "behaviour"), as_of=DAY)
    eve = one(found.table, "eve")
    assert (eve["orders"], eve["spend"], eve["days_since_last"], eve["x_dog"]) == (0, 0, None, "yes")
    assert {feature.name: feature.axis for feature in found.features}["x_dog"] == "extra"
    assert found.table["customer_id"].to_list() == ["ada", "bob", "eve"]


def test_needs_are_what_others_buy_less_of() -> None:
    rows = pl.DataFrame({"customer_id": ["a"] * 20 + ["b"] * 20 + ["c"], "category": ["tea"] * 20 + ["ink"] * 21})
    found = needs(rows)
    assert found["need"].to_list()[:2] == ["tea", "ink"]
    # One purchase says little.
    assert abs(one(found, "c")["need_ink"]) < abs(one(found, "b")["need_ink"]) / 2
    assert needs(rows.filter(pl.col("category") == "tea")).width == 1
    joined = people({}, lines=lines(), axes=("needs",), as_of=DAY)
    assert one(joined.table, "ada")["need"] == "drinks"


def test_contacts_are_counted_until_the_day() -> None:
    rows = [
        ("ada", "call", 1),
        ("ada", "call", 2),
        ("ada", "chat", 3),
        ("bob", "web_visit", 3),
        (None, "call", 3),
        ("ada", "call", 20),
    ]
    told = pl.LazyFrame(
        [(who, kind, datetime(2025, 6, day)) for who, kind, day in rows],
        schema={"customer_id": pl.String, "kind": pl.String, "started_at": pl.Datetime},
        orient="row",
    )
    assert in_touch(told, date(2025, 6, 15)).rows() == [("ada", 0, 2, 0, 1), ("bob", 1, 0, 0, 0)]


@pytest.mark.parametrize(
    ("born", "band"),
    [
        (date(2000, 6, 30), "25-34"),
        (date(2000, 7, 1), "18-24"),
        (date(1960, 2, 29), "65+"),
        (date(2020, 1, 1), "<18"),
        (date(1893, 1, 1), None),
        (None, None),
    ],
)
def test_ages_are_whole_years_as_of_the_day(born: date | None, band: str | None) -> None:
    frame = pl.DataFrame({"born": [born]}, schema={"born": pl.Date})
    assert frame.select(age_band(pl.col("born"), DAY)).item() == band


def test_on_29_february_one_is_older_on_1_march() -> None:
    frame = pl.DataFrame({"born": [date(2004, 2, 29)]})
    bands = [frame.select(age_band(pl.col("born"), day)).item() for day in (date(2022, 2, 28), date(2022, 3, 1))]
    assert bands == ["<18", "18-24"]


def test_without_any_customer_there_is_nothing_to_group() -> None:
    with pytest.raises(InputError):
        people({}, lines=None)
