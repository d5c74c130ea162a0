"""Numbers of documents in the purposes of payments."""

import polars as pl
import pytest

from acrm.ingest.people.privacy_key import Key
from acrm.purposes import coded, named


@pytest.mark.parametrize(
    ("text", "called"),
    [
        ("Оплата по счету от 03.02.2026 № 55", ["55"]),
        ("Счёт №A-17/2", ["A-17/2"]),
        ("Invoice INV-0042", ["INV-0042"]),
        ("Order no. 7", ["7"]),
        ("#1001", ["1001"]),
        ("Оплата за ремонт 2 окон", []),
        ("Счета № 101, 102 и №103", ["101", "102", "103"]),
        ("Счет 17, 18.02.2026, 20% НДС, 25 000,08 руб.", ["17"]),
        ("по заказу клиента 00УТ-000017 от 5.2.26", ["00УТ-000017"]),
        ("Счет-договор № 17 от 03.02.2026 г.", ["17"]),
        ("Счет на оплату 17", ["17"]),
        ("Активация заказа 17, акт № 4 от 2026-02-03", ["17"]),
        ("invoices 5 and 6", ["5", "6"]),
        ("Счета 17 (500,00 руб.) и 18 (600 руб.)", ["17", "18"]),
        ("по счёту17 р/с 40702810", ["17"]),
        ("по инвойсу INV-5", ["INV-5"]),
        ("оплата по с/ф 17, счет б/н", []),
        ("Р/с 40702810900000000001, инн 7701000001", []),
    ],
)
def test_how_purposes_name_documents(text: str, called: list[str]) -> None:
    assert sorted(named(pl.DataFrame({"at": [0], "purpose": [text]}))["called"]) == called


def test_codes_are_found_where_the_numbers_were() -> None:
    code = Key(b"k" * 32).coders["order"]
    texts = pl.Series(["Оплата по сделке 7 и 8 за Анну", "Счет № A-17 от 01.02.2026", "Возврат долга Анне", None])
    made = coded(texts, code)
    assert made.to_list()[2:] == [None, None]
    found = named(pl.DataFrame({"at": [0, 1, 2, 3], "purpose": made})).sort("at", "called")
    wanted = [(0, "deal", code("7")), (0, "deal", code("8")), (1, "", code("A-17"))]
    assert sorted(found.rows()) == sorted(wanted)
