"""Cuts by any column: nobody is lost, sums tie, small groups keep quiet."""

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acrm.analysis.clv.cuts import attributes, cut
from acrm.errors import InputError
from acrm.schema import polars_schema

D = Decimal
LINES = pl.LazyFrame(
    [
        ("1", "ada", date(2025, 1, 1), D(5), "web", "north", "pens"),
        ("1", "ada", date(2025, 1, 1), D(9), "web", "north", "ink"),
        ("2", "ada", date(2025, 2, 1), D(5), "shop", "south", "pens"),
        ("2", "ada", date(2025, 2, 1), D(5), "shop", "south", "ink"),
        ("3", "bob", date(2025, 2, 1), D(5), None, None, "pens"),
    ],
    schema=polars_schema(
        "transactions", ("order_id", "customer_id", "ordered_on", "line_amount", "channel", "unit", "category")
    ),
    orient="row",
)
PEOPLE = pl.LazyFrame(
    {"customer_id": ["ada", "bob", "cid"], "region": ["Ufa", None, "Kazan"], "channel": ["x", "y", "z"]}
)


def told(by: list[str], **changed: Any) -> list[tuple[Any, ...]]:
    tables: dict[str, Any] = {"customers": PEOPLE.drop("channel"), "transactions": LINES}
    return attributes(by, **{**tables, **changed}, as_of=None).rows()


def test_each_column_is_found_where_it_stands() -> None:
    # How ada came: by the first order; where and what she bought: by the last one, where ink and pens weigh the same.
    assert told(["channel", "unit", "category", "region"]) == [
        ("ada", "web", "south", "ink", "Ufa"),
        ("bob", None, None, "pens", None),
        ("cid", None, None, None, "Kazan"),
    ]
    assert told(["channel"], customers=PEOPLE) == [("ada", "x"), ("bob", "y"), ("cid", "z")]
    assert told(["category"], transactions=LINES.filter(pl.col("order_id") != "2"))[0] == ("ada", "ink")


def test_an_unknown_column_is_refused_by_name() -> None:
    with pytest.raises(InputError) as caught:
        told(["region", "colour"])
    assert "colour" in str(caught.value.message)
    assert "category" in str(caught.value.message)
    assert "line_amount" not in str(caught.value.message)
    for near in ("Region", "regin"):
        with pytest.raises(InputError, match=r"there are: region\)"):
            told([near])
    with pytest.raises(InputError):
        told(["order_id"])


def test_the_unknown_are_a_group_and_sums_tie() -> None:
    values = pl.DataFrame(
        {"customer_id": ["a", "b", "c", "d"], "clv": [D("1.1"), D("2.2"), D("3.3"), None], "orders": [1, 2, 3, 4]}
    )
    of = pl.DataFrame({"customer_id": ["a", "b", "d"], "city": ["Ufa", "Ufa", None]})
    found = cut(values, of, ["city"])
    assert found.columns == ["city", "customers", "clv", "orders", "mean", "shrunk", "low", "high", "weight", "share"]
    assert found.select("city", "customers", "clv", "orders").rows() == [
        ("Ufa", 2, D("3.3"), 3),
        (None, 2, D("3.3"), 7),
    ]
    assert found["share"].to_list() == pytest.approx([0.5, 0.5])


def test_seven_lucky_customers_are_no_finding() -> None:
    groups = {
        "few": [90.0, 10, 200, 80, 60, 100, 90],
        "many": [50.0, 20, 80, 45, 55] * 400,
        "more": [48.0, 20, 76] * 600,
    }
    rows = [(f"{name}{n}", value, name) for name, values in groups.items() for n, value in enumerate(values)]
    frame = pl.DataFrame(rows, schema=["customer_id", "clv", "group"], orient="row")
    found = {row["group"]: row for row in cut(frame.drop("group"), frame, ["group"]).iter_rows(named=True)}
    assert found["few"]["mean"] == 90
    assert 48 < found["few"]["shrunk"] < 80
    assert found["few"]["weight"] < 0.9 < found["many"]["weight"]
    assert found["many"]["shrunk"] == pytest.approx(50, abs=0.5)
    assert found["many"]["low"] < 50 < found["many"]["high"]


def test_a_total_that_is_not_above_zero_has_no_shares() -> None:
    values = pl.DataFrame({"customer_id": ["a", "b"], "clv": [1.0, -1.0]})
    of = pl.DataFrame({"customer_id": ["a", "b"], "city": ["x", "y"]})
    assert cut(values, of, ["city"])["share"].to_list() == [None, None]


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-(10**9), 10**9), st.sampled_from("xyz"), st.sampled_from(["1", None])), min_size=1)
)
def test_groups_add_up_whatever_the_cut_and_the_order(rows: list[tuple[int, str, str | None]]) -> None:
    frame = pl.DataFrame(
        [(f"{n:03}", D(value).scaleb(-4), one, two) for n, (value, one, two) in enumerate(rows)],
        schema={"customer_id": pl.String, "clv": pl.Decimal(38, 4), "one": pl.String, "two": pl.String},
        orient="row",
    )
    found = cut(frame.select("customer_id", "clv"), frame, ["one", "two"])
    assert found["clv"].sum() == frame["clv"].sum()
    assert found["customers"].sum() == len(rows)
    assert cut(frame.select("customer_id", "clv").reverse(), frame, ["one", "two"]).equals(found)
