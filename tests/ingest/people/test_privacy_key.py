"""Keys and codes: what a key file must hold, and what codes keep of the values they stand for."""

from __future__ import annotations

import codecs
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acrm.errors import InputError
from acrm.ingest.people.joins import is_role
from acrm.ingest.people.names import alike, firm, is_firm, nobody
from acrm.ingest.people.privacy_key import CODE, Key, read_key

KEY = Key(b"\x01" * 31 + b"\x02")


@pytest.mark.parametrize(
    ("content", "good"),
    [
        (random.Random(1).randbytes(32), True),
        (random.Random(1).randbytes(31), False),
        (random.Random(1).randbytes(32).hex().encode() + b"\n", True),
        (random.Random(1).randbytes(16).hex().encode() + b"\n", False),
        (b"q83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4k=\n", True),
        (b"a short passphrase of few words\n", False),
        (b"0" * 64, False),
        (b"", False),
    ],
)
def test_a_key_has_32_random_bytes(tmp_path: Path, content: bytes, good: bool) -> None:
    (tmp_path / "key").write_bytes(content)
    if good:
        assert read_key(tmp_path / "key").secret == content.rstrip(b"\n")
    else:
        with pytest.raises(InputError, match="32"):
            read_key(tmp_path / "key")


def test_what_an_editor_adds_changes_no_code(tmp_path: Path) -> None:
    text = random.Random(2).randbytes(32).hex().encode()
    for number, content in enumerate((text, text + b"\n", text + b"\r\n", codecs.BOM_UTF8 + text)):
        (tmp_path / str(number)).write_bytes(content)
    assert len({read_key(tmp_path / str(number)).fingerprint for number in range(4)}) == 1


def test_a_key_is_not_shown() -> None:
    assert "x01" not in repr(KEY)
    assert KEY.fingerprint not in KEY.secret.hex()


def test_what_is_one_value_is_one_code_and_kinds_differ() -> None:
    assert KEY.tax("7707 083-893") == KEY.tax("7707083893") != KEY.tax("7707083894")
    assert KEY.code("customer", "7") != KEY.code("order", "7")
    assert KEY.reference("email:a@b.ru") == f"email:{KEY.email('a@b.ru')}"
    assert KEY.reference("id:shop:a:b") == f"id:shop:{KEY.code('customer', 'a:b')}"
    assert KEY.reference("anything") == KEY.code("text", "anything")


def test_an_office_stays_an_office_and_a_number_that_is_none_joins_nobody() -> None:
    assert is_role(KEY.email("info@romashka.ru"))
    assert not is_role(KEY.email("anna@mail.ru"))
    assert not any(letter.isdigit() for letter in KEY.tax("0000000000").split("_")[0])


@given(st.text(min_size=1))
def test_every_code_looks_like_one(value: str) -> None:
    import re

    for kind in ("customer", "order", "email", "phone", "card", "tax", "name"):
        assert re.fullmatch(CODE, KEY.coders[kind](value)), kind


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Анна Иванова", "ИВАНОВА Анна"),
        ("Анна Иванова", "Ivanova A."),
        ("Анна Иванова", "Пётр Иванов"),
        ("Ёлкин Семён", "Елкин Семен"),
        ("ООО «Ромашка»", "Ромашка"),
        ("ООО «Ромашка»", "ООО Лютик"),
    ],
)
def test_names_in_codes_are_alike_where_names_are(one: str, other: str) -> None:
    assert alike(KEY.words(one), KEY.words(other)) == alike(one, other)


def test_firms_and_nobody_are_known_in_codes() -> None:
    assert is_firm(KEY.words("ООО Ромашка"))
    assert firm(KEY.words("ООО Ромашка")) == firm(KEY.words("Ромашка"))
    assert nobody(KEY.words("Розничный покупатель"))


def test_slips_of_the_pen_are_other_names_in_codes() -> None:
    assert alike("Анна Иванова", "Анна Иваново")
    assert not alike(KEY.words("Анна Иванова"), KEY.words("Анна Иваново"))
