"""Deals that are won and no sales, and deals whose columns disagree."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from textwrap import dedent

import polars as pl
import pytest

from acrm.ingest import deals
from tests.conftest import Acrm
from tests.ingest.conftest import Load, rejected, rows, utc

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


LEADS = {
    "olist_marketing_qualified_leads_dataset.csv": """\
        mql_id,first_contact_date,landing_page_id,origin
        a,2018-02-01,p1,unknown
        b,2018-02-02,p1,
        c,2018-03-08,p2,email
        """,
}
CLOSED = {
    "olist_closed_deals_dataset.csv": """\
        mql_id,seller_id,sdr_id,sr_id,won_date,business_segment
        a,s1,d1,r1,2018-02-26 19:58:54,pet
        c,s2,d1,r2,2018-03-06 19:38:55,toys
        """,
}
TOLD = ("deal_id", "stage", "status", "source", "owner", "customer_id", "created_at", "closed_at")
BOTH = [
    ("a", "won", "won", "unknown", "r1", "s1", utc("2018-02-01T00:00:00"), utc("2018-02-26T19:58:54")),
    ("b", "lead", "open", None, None, None, utc("2018-02-02T00:00:00"), None),
    ("c", "won", "won", "email", "r2", "s2", utc("2018-03-08T00:00:00"), utc("2018-03-06T19:38:55")),
]


@pytest.mark.parametrize("turned", [False, True], ids=["leads last", "leads first"])
def test_two_files_tell_of_the_same_deals(load: Load, turned: bool) -> None:
    files = LEADS | CLOSED
    if turned:
        files = {f"{'a' if 'qualified' in name else 'b'}.csv": content for name, content in files.items()}
    dataset = load(files)
    assert rows(dataset, "deals", *TOLD) == BOTH
    flags = dict(rows(dataset, "deals", "deal_id", "_flags"))
    assert ["completed_deal" in (flags[deal] or "") for deal in "abc"] == [True, False, True]
    assert dataset.rows_in == 5


def test_leads_alone_are_open(load: Load) -> None:
    assert rows(load(LEADS), "deals", "deal_id", "stage", "status") == [(d, "lead", "open") for d in "abc"]


def test_a_store_keeps_what_each_file_told(acrm: Acrm, tmp_path: Path) -> None:
    for name, content in (LEADS | CLOSED).items():
        (tmp_path / name).write_text(dedent(content), encoding="utf-8")
    leads, closed = LEADS, CLOSED
    for files in (leads, closed, leads, closed):
        assert acrm("clean", *files).code == 0
        found = pl.read_parquet(tmp_path / "acrm-store" / "deals.parquet")
    assert found.select(TOLD).sort("deal_id").rows() == BOTH


def test_won_deals_of_files_without_amounts_are_all_counted(load: Load) -> None:
    said = [note for note in load(LEADS | CLOSED).notes if note.id == "clean.won_no_amount"]
    assert [note.values["deals"] for note in said] == [2]


def test_a_later_export_with_fewer_columns_leaves_the_rest_as_it_was(load: Load) -> None:
    older = "deal id,stage,created at,source,next step date\n1,Demo,2025-01-01,fair,2025-02-01\n2,Won,2025-01-02,web,\n"
    newer = "deal id,stage,created at,next step date\n1,Won,2025-01-01,\n"
    dataset = load({"1.csv": older, "2.csv": newer})
    assert rows(dataset, "deals", "deal_id", "status", "source", "next_step_at") == [
        ("1", "won", "fair", None),
        ("2", "won", "web", None),
    ]
