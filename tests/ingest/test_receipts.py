"""Tables that fit none of ours, read as receipts."""

from datetime import date
from decimal import Decimal

import polars as pl

from acrm.ingest.options import IngestOptions
from acrm.ingest.receipts import receipts
from acrm.messages import language


def other(columns: dict[str, list[str]]) -> dict[str, pl.LazyFrame]:
    return {"other_till": pl.LazyFrame({"row": list(range(len(next(iter(columns.values()))))), **columns})}


def test_names_tell_baskets_and_items_and_the_rest_stays() -> None:
    found = receipts(
        other({"basket": ["1", "1", "2"], "item": ["tea", " cup", "-"], "aisle": ["a", "b", "a"]}), IngestOptions()
    )
    assert found
    assert found[0].collect().to_dict(as_series=False) == {
        "order_id": ["1", "1", "2"],
        "product_name": ["tea", "cup", None],
        "x_aisle": ["a", "b", "a"],
    }
    assert language() == "en"
    assert str(found[1]) == "read as receipts without amounts: order_id from basket, product_name from item"


def test_days_customers_and_pieces_are_read_where_they_are_told() -> None:
    table = other(
        {
            "customer_id": ["a", "b"],
            "date": ["21.03.2025", "02.04.2025"],
            "product": ["tea", "cup"],
            "quantity": ["1", "2,5"],
        }
    )
    found = receipts(table, IngestOptions())
    assert found
    lines = found[0].collect()
    assert lines["ordered_on"].to_list() == [date(2025, 3, 21), date(2025, 4, 2)]
    assert lines["quantity"].to_list() == [Decimal(1), Decimal("2.5")]
    assert lines["customer_id"].to_list() == ["a", "b"]


def test_what_was_typed_counts_first() -> None:
    table = other({"bon": ["1"], "ware": ["tea"], "item": ["x"]})
    assert receipts(table, IngestOptions()) is None
    found = receipts(table, IngestOptions(fields=(("order_id", "bon"), ("product_id", "ware"))))
    assert found
    assert found[0].collect().row(0, named=True) == {"order_id": "1", "product_id": "tea", "product_name": "x"}


def test_only_tables_that_fit_none_of_ours() -> None:
    lines = pl.LazyFrame({"basket": ["1"], "item": ["tea"]})
    assert receipts({"transactions": lines, "other_notes": lines.select("basket")}, IngestOptions()) is None


def test_several_tables_are_one() -> None:
    tables = {
        "other_may": pl.LazyFrame({"basket": ["1"], "item": ["tea"]}),
        "other_june": pl.LazyFrame({"receipt no": ["2"], "item": ["cup"], "aisle": ["b"]}),
        "other_notes": pl.LazyFrame({"text": ["x"]}),
    }
    found = receipts(tables, IngestOptions())
    assert found
    assert found[0].collect().rows() == [("2", "cup", "b"), ("1", "tea", None)]
    assert str(found[1]).endswith("order_id from receipt no, product_name from item, order_id from basket")
