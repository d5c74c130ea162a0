"""What is no goods: by name in two languages, by code, and what only looks like it."""

from pathlib import Path

import polars as pl
import pytest

from acrm.analysis.goods import CODES, NAMES, goods
from acrm.messages import LANGUAGES, catalogue


def reason(name: str | None, code: str = "12345") -> str | None:
    others = pl.LazyFrame({"product_id": ["22000", "22001", "22002"], "product_name": ["MUG", "LAMP", "CHAIR"]})
    one = pl.LazyFrame({"product_id": [code], "product_name": [name]}, schema_overrides={"product_name": pl.String})
    found = goods(pl.concat([others, one])).left_out
    return None if not found.height else str(found["reason"][0])


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("POSTAGE", "shipping"),
        ("DOTCOM  POSTAGE ", "shipping"),
        ("Доставка", "shipping"),
        ("Доставка по Москве", "shipping"),
        ("Курьерская доставка", "shipping"),
        ("Shipping & handling fee", "shipping"),
        ("Пакет", "bag"),
        ("Пакет-майка 30x50", "bag"),
        ("Carrier bag 10p", "bag"),
        ("Gift wrapping", "gift_wrap"),
        ("Подарочная упаковка", "gift_wrap"),
        ("Dotcomgiftshop Gift Voucher £40.00", "voucher"),
        ("Подарочный сертификат 3000", "voucher"),
        ("SAMPLES", "sample"),
        ("AMAZON FEE", "fee"),
        ("Bank Charges", "fee"),
        ("CRUK Commission", "fee"),
        ("Комиссия за перевод", "fee"),
        ("Чаевые", "donation"),
        ("Discount", "discount"),
        ("Скидка 10%", "discount"),
        ("Adjust bad debt", "adjustment"),
        ("Округление", "adjustment"),
        ("Manual", "manual"),
        # Goods that share a word with them.
        ("SPACEBOY GIFT WRAP", None),
        ("JUMBO BAG RED RETROSPOT", None),
        ("shopping bags", None),
        ("Пакет молока", None),
        ("COFFEE MUG", None),
        ("Открытка почтовая", None),
        ("POSTAGE STAMP ALBUM", None),
        ("Сумка для доставки", None),
    ],
)
def test_names(name: str, wanted: str | None) -> None:
    assert reason(name) == wanted


def test_codes_speak_only_where_no_name_does() -> None:
    assert reason(None, "POST") == "shipping"
    assert reason(None, "M") == "manual"
    assert reason("m", "M") == "manual"
    assert reason("Milk", "M") is None
    assert reason(None, "gift_0001_40") == "voucher"


def test_letters_among_letters_are_goods() -> None:
    assert goods(pl.LazyFrame({"product_id": ["A", "B", "D", "S", "M"]})).left_out.is_empty()


def test_services_can_stay_and_are_listed_all_the_same() -> None:
    lines = pl.LazyFrame({"product_id": ["POST", "1", None], "product_name": ["POSTAGE", "CUP", None]})
    found = goods(lines, keep_services=True)
    assert found.lines.collect()["product_id"].to_list() == ["POST", "1"]
    assert [note.id for note in found.notes()] == ["goods.kept", "goods.no_item"]
    assert [note.id for note in goods(lines).notes()] == ["goods.left_out", "goods.no_item"]


def test_a_product_without_an_id_is_its_name() -> None:
    found = goods(pl.LazyFrame({"product_name": ["Доставка", "Чай"]}))
    assert found.lines.collect()["product_id"].to_list() == ["Чай"]
    assert goods(pl.LazyFrame({"order_id": ["1"]})).left_out["reason"].to_list() == ["unnamed"]


def test_the_name_of_most_lines_decides() -> None:
    lines = pl.LazyFrame({"product_id": ["7"] * 3, "product_name": ["CUP", "CUP", "Discount"]})
    assert goods(lines).left_out.is_empty()


def test_capitals_alone_make_no_other_product() -> None:
    ids = ["85123a", "85123A", "85123A", "7x", "7X", "milk", "Milk", "Milk"]
    names = ["Holder", "HOLDER", "HOLDER", "Cup", "Pan", None, None, None]
    lines = pl.LazyFrame({"product_id": [*ids[:5], None, None, None], "product_name": [*names[:5], *ids[5:]]})
    found = goods(lines)
    assert found.lines.collect()["product_id"].to_list() == [*["85123A"] * 3, "7x", "7X", *["Milk"] * 3]
    assert found.spelled == {"85123a": "85123A", "milk": "Milk"}
    assert "goods.spelled" in {note.id for note in found.notes()}


def test_every_reason_has_words() -> None:
    assert NAMES.keys() == CODES.keys()
    assert all(f"goods.{id}" in catalogue(language) for id in NAMES for language in LANGUAGES)


def test_online_retail(data: Path) -> None:
    table = pl.scan_csv(data / "basket" / "online_retail.csv", infer_schema=False)
    lines = table.select(product_id="StockCode", product_name="Description")
    found = dict(goods(lines).left_out.select("product_id", "reason").iter_rows())
    # 23444 is "Next Day Carriage", 22016 a voucher of £100, and 23595 has no line but two adjustments of stock.
    plain = {"22016", "23444", "23595"}
    services = plain | {"POST", "DOT", "C2", "M", "D", "S", "B", "AMAZONFEE", "BANK CHARGES", "CRUK"}
    assert services < found.keys()
    assert {code for code in found if not code.startswith("gift_0001")} == services
