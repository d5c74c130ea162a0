"""Figures of every customer, product or company."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from acrm.analysis.report.objects import COLUMN, Kind, objects
from acrm.errors import InputError
from tests.analysis.report.orders import counted, random_lines, table


@pytest.mark.parametrize("kind", ["customer", "unit", "product"])
def test_objects_add_up_to_the_shop(kind: Kind) -> None:
    lines = random_lines(1)
    found = objects({"transactions": table(lines)}, kind)
    sums: dict[Any, Decimal] = defaultdict(Decimal)
    orders: dict[Any, set[Any]] = defaultdict(set)
    for row in lines:
        if counted(row):
            sums[row[COLUMN[kind]]] += row["line_amount"]
            if not row["is_refund"]:
                orders[row[COLUMN[kind]]].add(row["order_id"])
    assert {row[0]: row[1] for row in found.table.iter_rows()} == dict(sums)
    assert {row[COLUMN[kind]]: row["orders"] for row in found.table.iter_rows(named=True)} == {
        key: len(orders[key]) for key in sums
    }
    assert found.figures["revenue"] == sum(sums.values())
    assert found.table["share"].sum() == pytest.approx(1.0)
    known = found.table.filter(pl.col(COLUMN[kind]).is_not_null())
    assert known["revenue"].to_list() == sorted(known["revenue"].to_list(), reverse=True)


def test_companies_are_those_of_their_people() -> None:
    lines = table([{"customer_id": "ada"}, {"customer_id": "bob"}, {"customer_id": "eve", "order_id": "1"}])
    people = pl.LazyFrame({"customer_id": ["ada", "bob", "eve"], "company_id": ["A", "A", None]})
    found = objects({"transactions": lines, "customers": people}, "company").table
    assert found.select("company_id", "revenue", "buyers", "orders").rows() == [("A", 20, 2, 2), (None, 10, 1, 1)]


def test_what_lines_do_not_tell_is_refused() -> None:
    with pytest.raises(InputError, match="unit"):
        objects({"transactions": table([{"ordered_on": date(2025, 1, 1)}])}, "unit")


def test_products_without_ids_go_by_their_names() -> None:
    lines = table([{}, {}]).drop("product_id").with_columns(product_name=pl.Series(["pen", "ink"]))
    assert objects({"transactions": lines}, "product").table["product_name"].to_list() == ["ink", "pen"]
