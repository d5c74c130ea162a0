"""What was bought and kept: exchanges, reversals, receipts of nobody, lists without dates and money."""

import json
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from acrm.analysis.kept import read_kept
from acrm.errors import InputError
from acrm.schema import polars_schema
from tests.conftest import Acrm

DAY = date(2025, 3, 1)
COLUMNS = ("order_id", "customer_id", "ordered_on", "product_id", "quantity", "cost", "line_amount")
Row = tuple[str, str | None, int | None, str | None, int | None]


def lines(rows: list[Row]) -> pl.LazyFrame:
    """Order, customer, day, product, amount; two of each, cost half."""
    told: list[tuple[Any, ...]] = []
    for order, who, day, item, amount in rows:
        money = None if amount is None else Decimal(amount)
        when = None if day is None else DAY + timedelta(day)
        told.append((order, who, when, item, Decimal(2), None if money is None else abs(money) / 2, money))
    return pl.LazyFrame(told, schema=polars_schema("transactions", COLUMNS), orient="row")


def found(rows: list[Row], **options: Any) -> list[tuple[Any, ...]]:
    kept = read_kept(lines(rows), as_of=DAY + timedelta(9), **options)
    return kept.rows.select("customer_id", "order_id", "product_id", "amount").rows()


def test_a_reversal_under_another_id_leaves_nothing() -> None:
    rows: list[Row] = [("1", "ada", 0, "jar", 70), ("C1", "ada", 0, "jar", -70), ("2", "ada", 3, "cup", 5)]
    assert found(rows) == [("ada", "2", "cup", 5)]
    assert found(rows, refunds="ignore") == [("ada", "1", "jar", 70), ("ada", "2", "cup", 5)]


def test_a_part_given_back_takes_its_share_of_units_and_cost() -> None:
    kept = read_kept(lines([("1", "ada", 0, "jar", 8), ("C1", "ada", 2, "jar", -2)]), as_of=None)
    assert kept.rows.select("amount", "quantity", "cost", "day").rows() == [(6, Decimal("1.5"), 3, DAY)]
    assert [note.id for note in kept.notes] == ["kept.taken_off"]


def test_what_comes_back_in_an_exchange_is_another_purchase() -> None:
    rows: list[Row] = [("1", "ada", 0, "jar", 5), ("2", "ada", 1, "cup", 5), ("2", "ada", 1, "jar", -5)]
    assert found(rows) == [("ada", "2", "cup", 5)]


def test_a_refund_without_a_product_voids_the_order_it_takes_whole() -> None:
    half: list[Row] = [("1", "ada", 0, "jar", 5), ("1", "ada", 3, None, -4), ("2", "ada", 0, "cup", 5)]
    whole: list[Row] = [("1", "ada", 0, "jar", 5), ("1", "ada", 3, None, -5), ("2", "ada", 0, "cup", 5)]
    assert found(half) == [("ada", "1", "jar", 5), ("ada", "2", "cup", 5)]
    assert found(whole) == [("ada", "2", "cup", 5)]


def test_a_refund_before_any_purchase_is_loose() -> None:
    kept = read_kept(lines([("C1", "ada", 0, "jar", -3), ("1", "ada", 1, "jar", 5)]), as_of=None)
    assert kept.loose.rows() == [("jar", DAY, 3)]
    assert kept.rows["amount"].to_list() == [5]


def test_receipts_of_nobody_count_where_asked_for() -> None:
    rows: list[Row] = [("1", None, 0, "jar", 5), ("2", "ada", 0, "jar", 5), ("C2", None, 1, "jar", -5)]
    assert found(rows) == [("ada", "2", "jar", 5)]
    kept = read_kept(lines(rows), as_of=None, anonymous=True)
    # Which of the jars came back nobody knows.
    assert kept.rows.select("customer_id", "order_id").rows() == [(None, "1"), ("ada", "2")]
    assert (kept.loose["amount"].sum(), kept.figures["customers"], kept.figures["orders"]) == (5, 1, 2)


@pytest.mark.parametrize("columns", [("order_id", "product_id"), COLUMNS])
def test_a_list_of_baskets_needs_neither_dates_nor_money(columns: tuple[str, ...]) -> None:
    rows: list[Row] = [("1", None, None, "jar", None), ("1", None, None, "cup", None), ("2", None, None, "jar", None)]
    kept = read_kept(lines(rows).select(columns), as_of=None, anonymous=True)
    assert kept.rows.select("order_id", "product_id").rows() == [("1", "cup"), ("1", "jar"), ("2", "jar")]
    assert kept.rows["day"].null_count() == kept.rows["amount"].null_count() == 3
    assert kept.figures["as_of"] is None
    assert kept.figures["spend"] is None
    with pytest.raises(InputError):
        read_kept(lines(rows), as_of=None)


def test_online_retail_without_what_was_reversed(data: Path, acrm: Acrm, tmp_path: Path) -> None:
    assert acrm("clean", str(data / "basket" / "online_retail.csv"), "-o", "store").code == 0
    lines = pl.scan_parquet(tmp_path / "store/transactions.parquet")
    kept = read_kept(lines, as_of=None)
    spend = Decimal(kept.rows["amount"].sum())
    assert kept.rows.filter(product_id="23843").is_empty()
    # Nothing is counted twice and nothing lost: sales less refunds of the goods that are kept.
    goods = kept.goods.lines.filter(pl.col("customer_id").is_not_null())
    net = Decimal(goods.select(pl.col("line_amount").sum()).collect().item())
    assert spend - Decimal(kept.loose["amount"].sum()) == net


def with_totals(rows: list[Row], emptied: list[bool]) -> pl.LazyFrame:
    flags = pl.Series("_flags", ["order_total_once" if one else None for one in emptied], dtype=pl.String)
    return lines(rows).collect().with_columns(flags).lazy()


def test_products_of_an_order_with_one_total_for_all_are_bought() -> None:
    rows: list[Row] = [
        ("1", "ada", 0, "jar", 0),
        ("1", "ada", 0, "cup", 70),
        ("2", "ada", 1, "cup", 5),
        ("C1", "ada", 2, "jar", -70),
        ("C1", "ada", 2, "cup", 0),
        ("3", "bob", 2, "bag", 0),
        ("3", "bob", 2, "jar", 9),
    ]
    source = with_totals(rows, [row[4] == 0 and row[3] != "bag" for row in rows])
    kept = read_kept(source, as_of=None)
    # A bag for nothing is no sale; both things that ada gave back were hers; the money of each nobody knows.
    told = kept.rows.select("customer_id", "order_id", "product_id", "amount").rows()
    assert told == [("ada", "1", "cup", None), ("bob", "3", "jar", None)]
    assert kept.figures["spend"] is None
    assert [(note.id, note.values) for note in kept.notes if note.id.startswith("kept")] == [
        ("kept.totals", {"lines": 2}),
        ("kept.taken_off_lines", {"amount": 2}),
    ]


def test_an_export_with_orders_totals_alone_has_baskets(acrm: Acrm, tmp_path: Path) -> None:
    cells = [(order, item) for order in range(40) for item in "ab"]
    rows = [f"{order},c{order % 9},2025-03-{order % 28 + 1:02},{item},{7 * order + 10}" for order, item in cells]
    (tmp_path / "totals.csv").write_text("order_id,customer_id,order_date,product_id,order_total\n" + "\n".join(rows))
    ran = acrm("basket", "totals.csv", "--json")
    told = json.loads(ran.out)["summary"]
    assert (told["items_a_basket"], told["rules"]) == (2, 2)
