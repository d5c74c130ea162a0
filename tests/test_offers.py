"""`acrm offers` from a file to files, and from its files to one customer scored again."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from tests.conftest import Acrm


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    rows = ["order_id,customer_id,order_date,product_id,product,amount"]
    for number in range(60):
        for order in range(3):
            rows += [
                f"{number}-{order},c{number:02},2025-0{order + 1}-10,p{item},Thing {item},{item + 1}.50"
                for item in sorted({number % 4, (number + order) % 4, 9})
            ]
        rows.append(f"{number}-0,c{number:02},2025-01-10,POST,Postage,3.00")
    path = tmp_path / "orders.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_the_page_says_how_good_it_is(acrm: Acrm, orders: Path, lang: str) -> None:
    ran = acrm("offers", orders, "--lang", lang, "-o", "made")
    assert ran.code == 0, ran.err
    assert "Postage" in ran.out
    assert "--stdin" in ran.out
    columns = ["customer_id", "kind", "rank", "product_id", "score", "expected_value", "due_from", "due_to", "reason"]
    assert pl.read_parquet("made/offers.parquet").columns == columns


def test_a_kind_and_a_pattern(acrm: Acrm, orders: Path) -> None:
    ran = acrm("offers", orders, "--kind", "repeat", "--top", "2", "--exclude", "thing 9", "-o", "made", "--json")
    assert json.loads(ran.out)["summary"]["products_excluded"] == 1
    table = pl.read_parquet("made/offers.parquet")
    assert set(table["kind"]) == {"repeat"}
    assert "p9" not in set(table["product_id"])
    assert table["rank"].max() == 2


def test_services_can_stay(acrm: Acrm, orders: Path) -> None:
    counts = [
        json.loads(acrm("offers", orders, "--json", *words).out)["summary"]["products"]
        for words in ((), ("--keep-services",))
    ]
    assert counts == [5, 6]


def test_one_customer_again(acrm: Acrm, orders: Path) -> None:
    assert acrm("offers", orders, "-o", "made").code == 0
    lines = b'{"customer_id": "c01", "items": ["p3", "x"]}\n\n{"customer_id": "new", "items": ["p2"]}\n'
    ran = acrm("offers", "made", "--stdin", "--top", "1", stdin=lines)
    assert ran.code == 0, ran.err
    first, second = (json.loads(line) for line in ran.out.splitlines())
    assert (first["customer_id"], first["unknown_items"]) == ("c01", ["x"])
    assert [row["product_id"] for row in second["offers"] if row["kind"] == "repeat"] in ([], ["p2"])
    assert acrm("offers", "nowhere", "--stdin", stdin=lines).code == 3
    without = acrm("offers", "made", "--stdin", "--exclude", "thing*", "--exclude", "p9", stdin=lines)
    assert [json.loads(line)["offers"] for line in without.out.splitlines()] == [[], []]
    latin = acrm("offers", "made", "--stdin", stdin='{"customer_id": "Ж"}'.encode("cp1251"))
    assert latin.code == 3


@pytest.mark.parametrize(
    "line",
    [
        "c01",
        "[]",
        '{"items": ["p3"]}',
        '{"customer_id": null}',
        '{"customer_id": "c01", "items": "p3"}',
        '{"customer_id": true}',
    ],
)
def test_what_is_no_customer_is_refused_with_its_line(acrm: Acrm, orders: Path, line: str) -> None:
    assert acrm("offers", orders, "-o", "made").code == 0
    ran = acrm("offers", "made", "--stdin", stdin=b'{"customer_id": 7}\n' + line.encode())
    assert ran.code == 3
    assert "line 2" in ran.err
    assert json.loads(ran.out)["customer_id"] == "7"


@pytest.mark.parametrize(
    "words",
    [["--where", "amount > 1"], ["--keep-services"], ["--map", "product_id=x"], ["--fail-on", "offers<1"], ["more"]],
)
def test_what_would_change_nothing_beside_stdin_is_refused(acrm: Acrm, words: list[str]) -> None:
    ran = acrm("offers", "made", "--stdin", *words, stdin=b"{}")
    assert ran.code == 2
    assert "hint: " in ran.err


def test_a_refused_kind_is_not_offered_again(acrm: Acrm, tmp_path: Path) -> None:
    rows = [f"{who}-{day},c{who:02},2025-01-{day},p{day},5" for who in range(60) for day in (10, 11, 12)]
    (tmp_path / "orders.csv").write_text("order_id,customer_id,order_date,product_id,amount\n" + "\n".join(rows))
    summary = json.loads(acrm("offers", "orders.csv", "--kind", "repeat", "--json").out)["summary"]
    assert (summary["kinds_offered"], summary["kinds_refused"]) == ("repeat", "new")
    ran = acrm("offers", "acrm-out", "--stdin", stdin=b'{"customer_id": "c01", "items": ["p10"]}')
    assert {row["kind"] for row in json.loads(ran.out)["offers"]} == {"repeat"}
    assert "new to the customer: not offered" in ran.err


def test_without_order_numbers_a_day_is_an_order(acrm: Acrm, orders: Path, tmp_path: Path) -> None:
    """As in till data: the same lines, and the same offers but for the ids of orders."""
    rows = [line.split(",", 1)[1] for line in orders.read_text(encoding="utf-8").splitlines()]
    (tmp_path / "till.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    summaries = []
    for path in (orders, "till.csv"):
        ran = acrm("offers", path, "-o", "made", "--json")
        summaries.append((json.loads(ran.out)["summary"], pl.read_parquet("made/offers.parquet")))
    (known, offers), (till, made) = summaries
    assert {name: till[name] for name in ("orders", "recall_all", "ndcg_repeat")} == {
        name: known[name] for name in ("orders", "recall_all", "ndcg_repeat")
    }
    assert made.equals(offers)
    assert f"{len(rows) - 1} lines without an order number" in " ".join(acrm("offers", "till.csv").out.split())


def test_online_retail_from_the_raw_file(acrm: Acrm, data: Path) -> None:
    """Recall@10 known of this data: .2045 by habit, .0657 by EASE, .0360 and .0171 by popularity, with services."""
    ran = acrm("offers", data / "basket" / "online_retail.csv", "--top", "3", "--json")
    figures = json.loads(ran.out)["summary"]
    assert figures["recall_all"] >= 0.20
    assert figures["recall_new"] >= 0.065
    assert figures["recall_all_popularity"] == pytest.approx(0.036, abs=0.003)
    assert figures["recall_new_popularity"] == pytest.approx(0.017, abs=0.002)
    assert figures["kinds_offered"] == "repeat,new"
    # What is in a customer's only order comes again in 18% of cases.
    table, chances = (pl.read_parquet(f"acrm-out/offers_{name}.parquet") for name in ("histories", "probabilities"))
    once = (1 + 0.5) / 4
    line = chances.filter(pl.col("kind") == "repeat", pl.col("score") <= once)["probability"]
    assert table["orders"].min() == 1
    assert 0.1 < line.max() < 0.3  # type: ignore[operator]
