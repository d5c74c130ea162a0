"""`acrm basket` from files to files."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from tests.conftest import Acrm

COLUMNS = [
    *(
        "antecedents",
        "consequents",
        "antecedents_text",
        "consequents_text",
        "support",
        "confidence",
        "lift",
        "leverage",
    ),
    *("conviction", "zhang", "chi_square", "p_value", "q_value", "confidence_low", "confidence_high", "lift_low"),
    *("lift_high", "improvement", "redundant", "baskets", "antecedent_baskets", "consequent_baskets", "revenue"),
    *("margin", "confidence_later", "lift_later", "held"),
]


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    rows = ["order_id,customer_id,order_date,product_id,product,category,channel,quantity,amount"]
    for number in range(400):
        items = {number % 3, (number % 3) + 3, 9} if number % 2 else {10 + number % 7}
        day = f"2025-{1 + number // 40:02}-{1 + number % 28:02}"
        for item in sorted(items):
            cells = (number, f"c{number % 50}", day, f"p{item}", f"Thing {item}", f"kind {item % 3}")
            rows.append(",".join(map(str, (*cells, "web" if number % 3 else "shop", 1, f"{item + 1}.50"))))
        rows.append(f"{number},c{number % 50},{day},POST,Postage,service,web,1,3.00")
    path = tmp_path / "orders.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_the_page_and_the_tables(acrm: Acrm, orders: Path, lang: str) -> None:
    ran = acrm("basket", orders, "--lang", lang, "-o", "made", "--itemsets", "closed")
    assert ran.code == 0, ran.err
    assert "Postage" in ran.out
    assert "Thing 0" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80
    assert pl.read_parquet("made/basket.parquet").columns == COLUMNS
    others = ("bundles", "holdout", "itemsets", "left_out")
    assert all(pl.read_parquet(f"made/basket_{name}.parquet").height for name in others)


def test_every_option_reaches_the_rules(acrm: Acrm, orders: Path) -> None:
    def rules(*words: str) -> pl.DataFrame:
        ran = acrm("basket", orders, "-o", "made", "--quiet", *words)
        assert ran.code == 0, ran.err
        return pl.read_parquet("made/basket.parquet")

    plain = rules()
    assert rules("--keep-redundant").height > plain.height
    assert rules("--min-support", "70").height < plain.height
    assert rules("--min-confidence", "0.9").height < plain.height
    assert rules("--min-lift", "2.5").height < plain.height
    assert rules("--rhs-size", "2").height > plain.height
    assert rules("--max-length", "2")["antecedents"].list.len().max() == 1
    assert set(rules("--rhs", "thing 9")["consequents_text"]) == {"Thing 9"}
    assert all("p3" in row for row in rules("--lhs", "p3")["antecedents"])
    assert rules("--with", "p4").height < plain.height
    assert "POST" in rules("--keep-services")["consequents"].explode()
    assert {one for row in rules("--level", "category")["antecedents"] for one in row} <= {"kind 0", "kind 1", "kind 2"}
    assert any(one.startswith("category:") for one in rules("--level", "item,category")["antecedents"].explode())
    assert set(rules("--by", "channel")["group"]) == {"shop", "web"}
    assert set(rules("--by", "quarter")["group"]) <= {"2025-Q1", "2025-Q2", "2025-Q3", "2025-Q4"}
    assert rules("--by", "segment")["group"].null_count() == 0
    assert rules("--basket-is", "customer")["antecedent_baskets"].max() == 25
    assert rules("--holdout", "0")["held"].null_count() == plain.height
    assert not rules("--as-of", "2025-05-01").equals(plain)
    assert set(rules("--where", "product_id <> 'p9'")["consequents_text"]) < set(plain["consequents_text"])
    acrm("basket", orders, "-o", "made", "--discount", "20%")
    assert set(pl.read_parquet("made/basket_bundles.parquet")["discount"]) == {0.2}


def test_a_store_gives_what_its_exports_gave(acrm: Acrm, orders: Path) -> None:
    assert acrm("clean", orders, "-o", "store").code == 0
    pages = [acrm("basket", source, "--json", "-o", "made").out for source in (orders, "store")]
    first, second = ({**json.loads(page)["summary"], "rows_in": 0} for page in pages)
    assert first == second


def test_receipts_need_no_dates_no_amounts_and_no_customers(acrm: Acrm, tmp_path: Path) -> None:
    rows = [f"{number},{item}" for number in range(60) for item in ("tea", "cup", "pan")[: 1 + number % 3]]
    (tmp_path / "till.csv").write_text("\n".join(["receipt no,item", *rows]) + "\n")
    ran = acrm("basket", "till.csv", "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["summary"]["baskets"] == 60
    assert acrm("clean", "till.csv", "-o", "store").code == 0
    assert json.loads(acrm("basket", "store", "--json").out)["summary"] == json.loads(ran.out)["summary"]
    (tmp_path / "bons.csv").write_text("\n".join(["bon,ware", *rows]) + "\n")
    told = acrm("basket", "bons.csv", "--map", "order_id=bon", "--map", "product_id=ware", "--json")
    assert json.loads(told.out)["summary"] == json.loads(ran.out)["summary"]
    none = acrm("basket", "bons.csv")
    assert none.code == 3
    assert "--map" in none.err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--min-support", "1.5"), 2),
        (("--holdout", "soon"), 2),
        (("--discount", "much"), 2),
        (("--level", "shelf"), 3),
        (("--by", "shelf"), 3),
        (("--by", "order_id"), 3),
        (("--by", "product"), 3),
    ],
)
def test_what_makes_no_sense(acrm: Acrm, orders: Path, words: tuple[str, ...], code: int) -> None:
    ran = acrm("basket", orders, *words)
    assert (ran.code, ran.out) == (code, "")
    assert "hint" in ran.err or code == 3


@pytest.mark.parametrize("words", [(), ("--keep-redundant",)])
def test_groceries(acrm: Acrm, data: Path, words: tuple[str, ...]) -> None:
    source = data / "basket" / "groceries_long.csv"
    ran = acrm("basket", source, "--min-support", "0.001", "--min-confidence", "0.8", "--json", *words)
    told = json.loads(ran.out)
    assert told["summary"]["rules"] == (410 if words else 392)
    assert (told["summary"]["baskets"], told["summary"]["itemsets"]) == (9_835, 13_492)
    assert pl.read_parquet("acrm-out/basket.parquet")["revenue"].null_count() == told["summary"]["rules"]


def test_online_retail(acrm: Acrm, data: Path) -> None:
    source = data / "basket" / "online_retail.csv"
    words = ("--refunds", "ignore", "--keep-services", "--min-support", "0.01", "--itemsets", "all", "--json")
    told = json.loads(acrm("basket", source, *words).out)["summary"]
    assert (told["itemsets"], told["baskets"]) == (2_049, 19_960)
    sizes = pl.read_parquet("acrm-out/basket_itemsets.parquet").group_by("size").len()
    assert dict(sizes.rows())[2] == 935


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (("basket", "--discount", "nan"), "--discount"),
        (("basket", "--min-support", "inf"), "--min-support"),
        (("basket", "--min-lift", "nan"), "--min-lift"),
        (("basket", "--min-lift", "inf"), "--min-lift"),
        (("products", "--abc", "nan,95"), "--abc"),
        (("products", "--xyz", "0.5,inf"), "--xyz"),
    ],
)
def test_what_is_no_number_is_no_limit(acrm: Acrm, orders: Path, words: tuple[str, str, str], option: str) -> None:
    ran = acrm(words[0], orders, *words[1:])
    assert ran.code == 2
    assert f"error: {option}" in ran.err


@pytest.mark.parametrize("command", ["basket", "products"])
def test_receipts_of_nobody_have_no_segments(acrm: Acrm, tmp_path: Path, command: str) -> None:
    (tmp_path / "receipts.csv").write_text("order_id,product_id\n1,a\n1,b\n2,a\n", encoding="utf-8")
    ran = acrm(command, "receipts.csv", "--by", "segment")
    assert (ran.code, "customer_id, ordered_on, line_amount" in ran.err) == (3, True)


@pytest.mark.parametrize("command", ["basket", "products"])
def test_nothing_but_services_is_said(acrm: Acrm, tmp_path: Path, command: str) -> None:
    rows = [f"{number},ada,2025-01-0{number},POST,Postage,1,3" for number in range(1, 9)]
    header = "order_id,customer_id,order_date,product_id,product_name,quantity,line_amount"
    (tmp_path / "fees.csv").write_text("\n".join([header, *rows]), encoding="utf-8")
    ran = acrm(command, "fees.csv")
    assert (ran.code, "--keep-services" in ran.err) == (3, True)


def test_one_transfer_alone_is_no_basket(acrm: Acrm, tmp_path: Path) -> None:
    rows = "\n".join(f"1,p{number}" for number in range(2_001))
    (tmp_path / "transfer.csv").write_text(f"order_id,product_id\n{rows}\n", encoding="utf-8")
    ran = acrm("basket", "transfer.csv")
    assert (ran.code, "2,001 products in all" in " ".join(ran.out.split())) == (0, True)
    assert "chosen" not in ran.out
    assert "no basket of 0" not in ran.out


def test_columns_of_customers_and_of_products_divide_and_name(acrm: Acrm, orders: Path) -> None:
    people = "\n".join(f"c{number},Name {number},{'yes' if number % 2 else 'no'}" for number in range(50))
    (orders.parent / "people.csv").write_text(f"customer_id,full_name,club\n{people}\n", encoding="utf-8")
    goods = "\n".join(f"p{number},Thing {number},kind,brand {number % 2}" for number in range(20))
    (orders.parent / "goods.csv").write_text(f"product_id,product_name,category,brand\n{goods}\n", encoding="utf-8")
    ran = acrm("basket", orders, "people.csv", "--by", "club", "-o", "made")
    assert ran.code == 0, ran.err
    assert pl.read_parquet("made/basket_groups.parquet")["group"].to_list() == ["no", "yes"]
    ran = acrm("basket", orders, "goods.csv", "--level", "brand", "-o", "made")
    assert ran.code == 0, ran.err
    assert set(pl.read_parquet("made/basket.parquet")["consequents_text"]) <= {"brand 0", "brand 1"}


def test_a_day_of_receipts_without_days_is_said_to_change_nothing(acrm: Acrm, tmp_path: Path) -> None:
    (tmp_path / "receipts.csv").write_text("order_id,product_id\n1,a\n1,b\n2,a\n", encoding="utf-8")
    assert "--as-of" in acrm("basket", "receipts.csv", "--as-of", "1960-01-01").out


@pytest.mark.parametrize("command", ["basket", "products"])
def test_receipts_come_through_a_pipe_too(acrm: Acrm, command: str) -> None:
    told = b"order_id,product_id\n" + b"".join(b"%d,a\n%d,b\n" % (number, number) for number in range(30))
    ran = acrm(command, "-", "-o", "made", "--json", stdin=told)
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["summary"]["orders"] == 30
