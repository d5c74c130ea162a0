"""Encodings are told apart by few words as well as by many."""

from __future__ import annotations

import pytest

from acrm.ingest.encoding import decoded, is_binary, of_head, of_words, words

WORDS = {
    "cp1251": "Уфа уфа УФА Мужчина женщина Название сделки Бюджет Ответственный Самара ЗАКАЗ Алёна Київ",
    "cp1252": "grün Größe Straße déjà Montréal coração España Málaga naïve Übung São Göteborg",
    "koi8-r": "Москва город Название сделки Клиент",
    "cp866": "Москва Казань Название сделки КЛИЕНТ",
}


@pytest.mark.parametrize(("name", "word"), [(name, word) for name, text in WORDS.items() for word in text.split()])
def test_one_word_is_enough(name: str, word: str) -> None:
    if not word.isascii():
        assert decoded(word.encode(name), of_words([word.encode(name)])) == word


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("cp1250", "książka żółw Łódź Kraków Toruń Częstochowa"),
        ("cp1250", "Győr Gödöllő Mezőkövesd Kiskőrös Fűzfő Szentgyörgy"),
        ("cp1250", "Příliš žluťoučký kůň úpěl ďábelské ódy"),
        ("cp1252", "Ligações informações São coração não"),
        ("koi8-r", "МЕНЕДЖЕР ОТВЕТСТВЕННЫЙ НАЗВАНИЕ КОМПАНИИ ТЕЛЕФОН ГОРОД ДАТА СОЗДАНИЯ"),
        ("cp1251", "Цемент М500, 50 кг; «СтройДом» № 12 — 24\xa0800,00"),
    ],
)
def test_several_words_tell_the_rarer_ones(name: str, text: str) -> None:
    assert of_words(words([text.encode(name)])) == name


def test_an_inch_mark_and_quotes_do_not_mislead() -> None:
    assert of_words(words(['1\tTasse "Set" 4, grün\tMUG-4'.encode("cp1252")])) == "cp1252"


def test_words_come_from_the_whole_text() -> None:
    chunks = [b"id;name\n" * 1000] * 50 + ["1;Анна\n".encode("cp1251")]
    assert words(chunks) == ["Анна".encode("cp1251")]


def test_a_few_damaged_bytes_leave_utf8_what_it_is() -> None:
    text = " ".join(f"Покупатель{place} из города Уфа" for place in range(20)).encode()
    assert of_words(words([text.replace("Уфа".encode(), b"\xd0\xa3\xd1", 1)])) == "utf-8"


def test_utf16_without_a_mark_shows_in_its_zeros_but_one_zero_does_not() -> None:
    text = "id;имя\r\n1;Анна\r\n"
    assert of_head(text.encode("utf-16-le")) == "utf-16-le"
    assert of_head(text.encode("utf-16-be")) == "utf-16-be"
    assert of_head(b"id,x\n1,\x002\n3,4\n5,6\n7,8,9,10,11\n") is None


def test_binary_is_what_has_many_control_characters() -> None:
    assert is_binary(b"\x7fELF\2\1\1" + bytes(50))
    assert not is_binary(b"id,x\n1,\x002\n" + b"3,4\n" * 30)
    assert not is_binary("название\tсумма\r\n".encode("cp866"))
