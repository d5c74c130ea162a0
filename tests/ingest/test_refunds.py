"""Refunds told by quantities and statuses."""

from __future__ import annotations

from tests.ingest.conftest import Load, rows


def test_returned_pieces_make_a_refund_of_their_cost(load: Load) -> None:
    text = "order_id,date,client id,product,quantity,price,refunded quantity\n"
    dataset = load(text + "1,2025-01-13,a,tea,3,10,1\n1,2025-01-13,a,cup,1,4,0\n2,2025-01-13,b,tea,1,10,1\n")
    refunds = dataset.tables["transactions"].filter("is_refund").select("order_id", "quantity", "line_amount")
    assert sorted(refunds.collect().rows()) == [("1", -1, -10), ("2", -1, -10)]


def test_a_refunded_amount_carries_the_returned_pieces(load: Load) -> None:
    text = "order_id,date,client id,product,quantity,price,refunded quantity,refunded amount\n"
    dataset = load(text + "1,2025-01-13,a,tea,3,10,2,15\n")
    assert rows(dataset, "transactions", "quantity", "line_amount", "is_refund") == [(-2, -15, True), (3, 30, False)]


def test_a_status_gives_back_pieces_and_money(load: Load) -> None:
    text = "order_id,date,client id,product,quantity,price,status\n1,2025-01-13,a,tea,3,10,returned\n"
    assert rows(load(text), "transactions", "quantity", "line_amount", "_flags") == [
        (-3, -30, "derived_refund"),
        (3, 30, None),
    ]
