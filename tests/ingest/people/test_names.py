"""Names of one person or firm, however they are written, and names of two."""

from __future__ import annotations

import pytest

from acrm.ingest.people.names import alike, firm, latin, nobody

ONE = [
    ("Анна Иванова", "ИВАНОВА  анна"),
    ("Анна Иванова", "Anna Ivanova"),
    ("Анна Иванова", "Иванова А."),
    ("Анна Иванова", "Иванова Анна Петровна"),
    ("Фёдор Соловьёв", "Федор Соловьев"),
    ("Aннa Ивaнoвa", "Анна Иванова"),
    ("Юлия Щукина", "Yuliya Shchukina"),
    ("Alexander Smith", "Alex Smith"),
    ("Jon Smith", "John Smith"),
    ("Ёлкина Алёна", "Alyona Yolkina"),
    ("Фёдор Алексеевич Ковалёв", "Fjodor Kovalyov"),
    ("Елена Дмитриева", "Yelena Dmitriyeva"),
    ("Иванова Анна", "Иванов Анна"),
    ("ООО «Ромашка»", "Ромашка, ООО"),
    ("Acme Inc.", "ACME"),
    ('ОБЩЕСТВО С ОГРАНИЧЕННОЙ ОТВЕТСТВЕННОСТЬЮ "РОМАШКА"', "Ромашка"),
    ("Публичное акционерное общество Вектор", "ПАО «Вектор»"),
    ("Индивидуальный предприниматель Иванов Иван Иванович", "ИП Иванов И.И."),
    ("ИП Иванов Иван Иванович", "Иван Иванов"),
]
TWO = [
    ("Анна Иванова", "Пётр Иванов"),
    ("Анна Иванова", "Анна Смирнова"),
    ("Ann Lee", "Amy Lee"),
    ("ООО Ромашка", "Анна Иванова"),
    ("Акционерное общество Вектор", "Акционерное общество Луч"),
    ("ООО Ромашка", "ООО Лютик"),
    ("Анна", ""),
    ("Иванов Виктор", "Иванова Виктория"),
    ("Александр Пушкин", "Александра Пушкина"),
]


@pytest.mark.parametrize(("one", "other"), ONE)
def test_one_name_in_two_spellings(one: str, other: str) -> None:
    assert alike(one, other)
    assert alike(other, one)


@pytest.mark.parametrize(("one", "other"), TWO)
def test_two_names(one: str, other: str) -> None:
    assert not alike(one, other)
    assert not alike(other, one)


def test_keys() -> None:
    assert latin("Ёлкина-Щукина Анна") == "elkina shchukina anna"
    assert firm('ТОО "Ромашка и Ко"') == "romashka i ko"
    assert nobody("  РОЗНИЧНЫЙ покупатель ")
    assert not nobody("Анна")
