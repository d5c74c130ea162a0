"""Deals that are won and no sales, and deals whose columns disagree."""

from __future__ import annotations

from tests.ingest.conftest import Load, rejected, rows

HEAD = "Deal ID,Deal Name,Stage,Status,Amount,Create Date,Is Deleted\n"


def test_won_deals_without_amount_or_date_are_counted(load: Load) -> None:
    dataset = load(HEAD + "1,a,Offer,Won,,2025-01-13,\n2,b,Offer,Won,70,,\n3,c,Offer,Won,80,2025-01-13,\n")
    assert rows(dataset, "transactions", "order_id", "line_amount") == [("3", 80)]
    assert [str(note) for note in dataset.notes] == [
        "1 won deal without an amount: no sales",
        "1 won deal without any date: no sales",
    ]


def test_a_status_counts_before_a_stage_that_says_the_opposite(load: Load) -> None:
    dataset = load(
        HEAD
        + "1,a,Closed Won,Lost,5,2025-01-13,\n2,b,Closed Lost,Won,6,2025-01-13,\n3,c,Closed Won,Open,7,2025-01-13,\n"
    )
    assert rows(dataset, "deals", "deal_id", "status", "_flags") == [
        ("1", "lost", "status_conflict"),
        ("2", "won", "status_conflict"),
        ("3", "won", None),
    ]
    assert [note.id for note in dataset.notes] == ["ingest.status_conflict"]


def test_deleted_deals_are_rejected(load: Load) -> None:
    dataset = load(HEAD + "1,a,Offer,Won,5,2025-01-13,true\n2,b,Offer,Won,6,2025-01-13,false\n")
    assert rejected(dataset) == [("deleted_row", 2)]
    assert rows(dataset, "deals", "deal_id") == [("2",)]
