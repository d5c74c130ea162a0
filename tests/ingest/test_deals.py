"""Deals that are won and no sales, and deals whose columns disagree."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest

from acrm.ingest import deals
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


NAMED = "Opportunity Name,Stage,Amount,Close Date,Created Date,Account Name,Probability (%)\n"


@pytest.mark.parametrize("reverse", [False, True])
def test_deals_of_one_name_without_ids_stay_several(load: Load, reverse: bool) -> None:
    lines = [
        "Renewal,Closed Won,100,2025-01-25,2025-01-05,Acme,100\n",
        "Renewal,Closed Won,200,2025-01-26,2025-01-05,Beta,100\n",
        "Renewal,Closed Won,300,2025-02-26,2025-01-05,Acme,100\n",
        "Start,Closed Won,50,2025-02-26,2025-01-05,Acme,100\n",
    ]
    dataset = load(NAMED + "".join(reversed(lines) if reverse else lines))
    assert rows(dataset, "deals", "deal_id", "amount", "_flags") == [
        ("Renewal/2025-01-05/Acme", 100, "made_deal_id"),
        ("Renewal/2025-01-05/Acme/2", 300, "made_deal_id"),
        ("Renewal/2025-01-05/Beta", 200, "made_deal_id"),
        ("Start", 50, None),
    ]
    assert [note.id for note in dataset.notes] == ["ingest.names_reused"]


def test_product_lines_of_one_deal_without_ids_are_one_deal(load: Load) -> None:
    head = "Opportunity Name,Stage,Amount,Close Date,Account Name,Product Name,Quantity,Sales Price\n"
    dataset = load(
        head
        + "Renewal,Closed Won,30,2025-01-25,Acme,Mug,1,10\nRenewal,Closed Won,30,2025-01-25,Acme,Plate,1,20\n"
        + "Renewal,Closed Won,5,2025-01-26,Beta,Mug,1,5\n"
    )
    assert rows(dataset, "deals", "deal_id", "amount", "product_id") == [
        ("Renewal/2025-01-25/Acme", 30, "Mug; Plate"),
        ("Renewal/2025-01-26/Beta", 5, "Mug"),
    ]
    assert sum(amount for (amount,) in rows(dataset, "transactions", "line_amount")) == 35


LINED = "ID;Стадия сделки;Название сделки;Сумма;Дата создания;Предполагаемая дата закрытия;Контакт: ID;"
LINED += "Товар;Цена;Количество\n"


def test_product_lines_share_what_the_deal_was_won_for(load: Load) -> None:
    won = "Сделка успешна;А;{};05.01.2025;15.01.2025;7"
    dataset = load(
        LINED
        + f"1;{won.format('100,01')};Стол;100;1\n1;{won.format('100,01')};Стул;50;2\n"
        + f"2;{won.format('1000')};Стол;0;1\n2;{won.format('1000')};Стул;0;3\n"
        + f"3;{won.format('500')};Стол;500;1\n4;{won.format('')};Стол;70;1\n"
        + "5;Переговоры;Б;900;05.01.2025;15.01.2025;7;;;\n"
    )
    assert rows(dataset, "transactions", "order_id", "product_id", "line_amount", "_flags") == [
        ("1", "Стол", Decimal("50.0"), "shared_deal_amount from_deal"),
        ("1", "Стул", Decimal("50.01"), "shared_deal_amount from_deal"),
        ("2", "Стол", 250, "shared_deal_amount from_deal"),
        ("2", "Стул", 750, "shared_deal_amount from_deal"),
        ("3", "Стол", 500, "from_deal"),
        ("4", "Стол", 70, "from_deal"),
    ]
    assert ("clean.lines_as_won", 2) in [(note.id, note.values.get("deals")) for note in dataset.notes]
    assert rows(dataset, "deals", "deal_id", "product_id")[-1] == ("5", None)


def test_a_store_forgets_the_name_of_a_deal_that_became_two() -> None:
    texts = dict.fromkeys(("deal_id", "name", "customer_id"), pl.String)
    schema = texts | {"created_at": pl.Int64, "_flags": pl.String}
    stored = [("Renewal", "Renewal", "A", 1, None), ("7", "Renewal", "A", 1, None), ("Start", "Start", "A", 1, None)]
    later = [("Renewal/1/A", "Renewal", "A", 1, "made_deal_id"), ("Renewal/2/B", "Renewal", "B", 2, "made_deal_id")]
    frames = [pl.LazyFrame(told, schema=schema, orient="row") for told in (stored, later)]
    assert deals.still_told(*frames).collect()["deal_id"].to_list() == ["7", "Start"]
    assert deals.still_told(*reversed(frames)).collect()["deal_id"].to_list() == ["Renewal/2/B"]
