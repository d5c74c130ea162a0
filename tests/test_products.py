"""`acrm products` from files to files."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from tests.conftest import Acrm


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    rows = ["order_id,customer_id,order_date,product_id,product,quantity,amount,channel"]
    for number in range(300):
        day = f"2025-{1 + number // 30:02}-{1 + number % 28:02}"
        for item in sorted({number % 3, number % 7}):
            channel = "web" if item == 5 else "shop"
            rows.append(f"{number},c{number % 50:02},{day},p{item},Thing {item},1,{2 + 9 * item}.50,{channel}")
    rows += [
        "400,c01,2025-03-01,big,Mistake,80995,168469.60,shop",
        "C401,c01,2025-03-01,big,Mistake,-80995,-168469.60,shop",
    ]
    rows.append("0,c00,2025-01-01,POST,Postage,1,3.00,shop")
    (tmp_path / "orders.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (tmp_path / "stock.csv").write_text(
        "product_id,warehouse,on_hand\np0,North,5\np6,North,0\nold,North,30\n", encoding="utf-8"
    )
    return tmp_path / "orders.csv"


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_the_page_says_what_was_left_out(acrm: Acrm, orders: Path, lang: str) -> None:
    ran = acrm("products", orders, "--lang", lang, "-o", "made")
    assert ran.code == 0, ran.err
    assert "Postage" in ran.out
    assert "Mistake" in ran.out
    columns = ["product_id", "revenue", "margin", "abc", "abc_margin", "xyz", "cv", "repeat_rate", "reach", "pull"]
    columns += ["days_since_last", "on_hand", "days_cover", "action", "reason"]
    table = pl.read_parquet("made/products.parquet")
    assert set(columns) <= set(table.columns)
    assert table["revenue"].is_sorted(descending=True)


def test_stock_and_groups(acrm: Acrm, orders: Path) -> None:
    ran = acrm("products", orders, orders.with_name("stock.csv"), "--by", "channel", "-o", "made", "--json")
    assert ran.code == 0, ran.err
    summary = json.loads(ran.out)["summary"]
    assert (summary["dead_products"], summary["action_restock"]) == (1, 1)
    table = pl.read_parquet("made/products.parquet")
    assert table.filter(product_id="old")["action"].to_list() == ["clear"]
    groups = pl.read_parquet("made/products_by.parquet")
    assert groups.columns[:4] == ["channel", "level", "product_id", "product_name"]
    assert groups.filter(channel="web", product_id="p5")["index"][0] > 1


def test_segments_are_those_of_rfm(acrm: Acrm, orders: Path) -> None:
    ran = acrm("products", orders, "--by", "segment", "-o", "made")
    assert ran.code == 0, ran.err
    assert "segment" in pl.read_parquet("made/products_by.parquet").columns
    assert "acrm rfm" in ran.out


@pytest.mark.parametrize("words", ["--abc 95,80", "--abc 80", "--xyz 1,0.5", "--dead-days 0", "--zeros some"])
def test_what_cannot_be_asked(acrm: Acrm, orders: Path, words: str) -> None:
    assert acrm("products", orders, *words.split()).code == 2


def test_classes_as_asked_for(acrm: Acrm, orders: Path) -> None:
    figures = [
        json.loads(acrm("products", orders, "--json", *words).out)["summary"]
        for words in ((), ("--keep-services",), ("--refunds", "ignore"), ("--abc", "40,60"))
    ]
    assert [one["products"] for one in figures] == [7, 8, 8, 7]
    assert figures[3]["class_a"] < figures[0]["class_a"]
