"""A store that is cleaned again and again: overlapping exports add up to what one full export gives."""

from __future__ import annotations

import csv
import random
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.conftest import Acrm

Row = list[str]
ORDERS = ["Номер заказа", "Дата заказа", "Товар", "Количество", "Сумма", "Покупатель", "E-mail", "Телефон", "Статус"]
CLIENTS = ["Код клиента", "ФИО", "Почта", "Телефон"]
START = datetime(2026, 3, 1, 10)  # as the shop writes it: without a zone


def orders(seed: int) -> list[tuple[int, Row]]:
    """Order lines with the day of each; customers are known by name, e-mail or phone, as it happens."""
    chance = random.Random(seed)
    lines = []
    for order in range(200):
        person, day = chance.randrange(60), order * 28 // 200
        when = (START + timedelta(days=day, minutes=order % 60)).strftime("%d.%m.%Y %H:%M")
        who = [
            f"Имя{person} Фамилия{person}" if chance.random() < 0.7 else "",
            f"U{person}@mail.ru" if chance.random() < 0.8 else "",
            f"8 927 {person:07d}" if chance.random() < 0.5 else "",
        ]
        for line in range(1 + order % 2):
            amount = f"{order % 50 * 10 + 5 + line},50"
            lines.append((day, [f"A-{order}", when, f"Товар {order % 17 + line}", "1", amount, *who, "Оплачен"]))
    return lines


def clients() -> list[Row]:
    return [
        [f"c{person}", f"Фамилия{person} Имя{person}", f"u{person}@mail.ru", f"+7927{person:07d}" if person % 2 else ""]
        for person in range(60)
    ]


def write(path: Path, header: Row, rows: list[Row]) -> None:
    path.parent.mkdir(exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows([header, *rows])


def tables(store: Path) -> dict[str, pl.DataFrame]:
    files = [store / f"{name}.parquet" for name in ("customers", "transactions")]
    found = {path.stem: pl.read_parquet(path) for path in files if path.exists()}
    return {name: frame.drop(column for column in frame.columns if column[0] == "_") for name, frame in found.items()}


@pytest.mark.parametrize("seed", [1, 2])
def test_monday_and_an_overlapping_tuesday_are_one_full_export(acrm: Acrm, tmp_path: Path, seed: int) -> None:
    lines = orders(seed)
    write(tmp_path / "full/orders.csv", ORDERS, [row for _, row in lines])
    write(tmp_path / "full/clients.csv", CLIENTS, clients())
    # Monday's file does not know yet how the orders of its last days end.
    write(tmp_path / "mon/orders1.csv", ORDERS, [[*r[:-1], r[-1] if d < 14 else "Новый"] for d, r in lines if d < 16])
    write(tmp_path / "mon/clients1.csv", CLIENTS, clients()[:35])
    write(tmp_path / "tue/orders2.csv", ORDERS, [row for day, row in lines if day >= 14])
    write(tmp_path / "tue/clients2.csv", CLIENTS, clients()[20:])
    assert acrm("clean", "full", "-o", "whole").code == 0
    assert acrm("clean", "mon", "-o", "grown").code == 0
    added = acrm("clean", "tue", "-o", "grown")
    assert (added.code, "added to grown" in added.out) == (0, True)
    whole, grown = tables(tmp_path / "whole"), tables(tmp_path / "grown")
    for name, frame in whole.items():
        assert_frame_equal(grown[name], frame)


def test_a_second_run_changes_no_byte_and_says_so(acrm: Acrm, tmp_path: Path) -> None:
    write(tmp_path / "in/orders.csv", ORDERS, [row for _, row in orders(3)])
    write(tmp_path / "in/clients.csv", CLIENTS, clients())
    assert "written to store" in acrm("clean", "in", "-o", "store").out
    files = {path.name: path.read_bytes() for path in (tmp_path / "store").iterdir()}
    again = acrm("clean", "in", "-o", "store")
    assert "nothing has changed in store" in again.out
    assert {path.name: path.read_bytes() for path in (tmp_path / "store").iterdir()} == files


def test_a_file_read_again_in_another_way_leaves_nothing_of_the_former(acrm: Acrm, tmp_path: Path) -> None:
    text = "date;number;alias;amount\n13.01.2024;1;x1;5\n14.01.2024;2;x2;6\n"
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    for column in ("number", "alias"):
        assert acrm("clean", "a.csv", "-o", "store", "--map", f"order_id={column}").code == 0
    assert tables(tmp_path / "store")["transactions"]["order_id"].to_list() == ["x1", "x2"]


def test_a_full_table_loses_what_its_files_lack(acrm: Acrm, tmp_path: Path) -> None:
    for name, rows in (("a.csv", "1,2024-01-13,5,x\n2,2024-01-13,6,y\n"), ("b.csv", "2,2024-01-13,6,y\n")):
        (tmp_path / name).write_text(f"order_id,date,amount,customer id\n{rows}", encoding="utf-8")
    assert acrm("clean", "a.csv", "-o", "store").code == 0
    assert acrm("clean", "b.csv", "-o", "store").code == 0
    assert tables(tmp_path / "store")["transactions"]["order_id"].to_list() == ["1", "2"]
    assert acrm("clean", "b.csv", "-o", "store", "--full", "transactions").code == 0
    assert tables(tmp_path / "store")["transactions"]["order_id"].to_list() == ["2"]
    wrong = acrm("clean", "b.csv", "-o", "store", "--full", "sales")
    assert (wrong.code, "sales" in wrong.err) == (2, True)


def test_a_store_started_anew_forgets(acrm: Acrm, tmp_path: Path) -> None:
    for name in ("1", "2"):
        (tmp_path / f"{name}.csv").write_text(f"order_id,date,amount\n{name},2024-01-13,5\n", encoding="utf-8")
    acrm("clean", "1.csv", "-o", "store")
    acrm("clean", "2.csv", "-o", "store", "--replace")
    assert tables(tmp_path / "store")["transactions"]["order_id"].to_list() == ["2"]
