"""How column names, words and names of people are compared."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acrm.ingest import vocabulary
from acrm.schema import TABLES


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Order_ID", " order  id: "),
        ("Бюджет ₽", "бюджет"),
        ("Сумма, руб.", "сумма"),
        ("Сумма (руб)", "СУММА"),
        ("Отчёт", "отчет"),
        ("Amount\u00a0($)", "amount ("),
        ("ＯＲＤＥＲ", "order"),
        ('"Name"', "name"),
    ],
)
def test_headers_that_are_the_same(one: str, other: str) -> None:
    assert vocabulary.normalise(one).rstrip(" ()") == vocabulary.normalise(other).rstrip(" ()")


def test_headers_that_are_not_the_same() -> None:
    names = ["order id", "orderid", "order-id", "№ заказа", "заказ", "сумма с НДС", "сумма", "price, %"]
    assert len({vocabulary.normalise(name) for name in names}) == len(names)


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\u0130"), max_size=12))
def test_folding_is_done_once_and_the_same_for_columns(word: str) -> None:
    folded = vocabulary.fold(word)
    assert vocabulary.fold(folded) == folded
    assert vocabulary.normalise(vocabulary.normalise(word)) == vocabulary.normalise(word)


@pytest.mark.parametrize("word", ["Закрыто - Успех", "ООО «СтройДом»", "  Ёлка_2 ", "CLOSED/WON!", "", "—", "ﬁn 5"])
def test_a_column_is_folded_as_a_word_is(word: str) -> None:
    assert pl.DataFrame({"t": [word]}).select(vocabulary.folded(pl.col("t"))).item() == vocabulary.fold(word)


def test_names_with_letters_that_look_alike() -> None:
    assert vocabulary.name_key("Bэрри Aллен") == vocabulary.name_key("вэрри аллен")
    assert vocabulary.name_key("Анна") != vocabulary.name_key("Инна")


def test_null_words_come_in_the_usual_cases() -> None:
    nothing = set(vocabulary.null_words())
    assert {"NULL", "null", "Null", "n/a", "N/A", "Не Закрыта", "Не закрыта", "не закрыта", "#Н/Д", "-", ""} <= nothing
    assert not {"0", "no", "нет", "none of these"} & nothing


def test_statuses_do_not_contradict_each_other() -> None:
    for classes in (("won", "lost"), ("order_paid", "order_pending", "order_cancelled", "order_refunded")):
        words = [{vocabulary.fold(word) for word in vocabulary.words(name)} for name in classes]
        assert sum(map(len, words)) == len(set().union(*words)), classes
    answers = [
        {vocabulary.fold(word) for word in vocabulary.words(f"bool_{name}")} - {""} for name in ("true", "false")
    ]
    assert not answers[0] & answers[1]


def test_every_synonym_means_a_field() -> None:
    from acrm.ingest.mapping import known_field

    for table in TABLES:
        fields = vocabulary.synonyms(table)
        assert all(known_field(f"{table}.{field}") for field in fields), table
        assert all(names and "" not in names for names in fields.values()), table
        # What makes a table can be said in words, but for ids that its other columns make.
        assert {name for name in TABLES[table].makers if name not in fields} <= {"customer_id", "kind"}, table


def test_currencies() -> None:
    codes = vocabulary.currencies()
    assert {codes[mark] for mark in ("₽", "руб", "р", "rub", "rur")} == {"RUB"}
    assert (codes["$"], codes["€"], codes["£"]) == ("USD", "EUR", "GBP")
    # Yen and yuan share a mark.
    assert "¥" not in codes
