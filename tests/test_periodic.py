"""A store that is cleaned again and again: overlapping exports add up to what one full export gives."""

from __future__ import annotations

import csv
import json
import random
import shutil
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


@pytest.mark.parametrize("seed", [1, 2])
def test_what_was_known_on_a_day_can_be_had_again(acrm: Acrm, tmp_path: Path, seed: int) -> None:
    lines = orders(seed)
    days = {7: "2026-03-07", 15: "2026-03-15", 28: "2026-03-28"}
    for last in days:
        told = [[*r[:-1], r[-1] if d < last - 3 else "Новый"] for d, r in lines if last - 12 <= d < last]
        write(tmp_path / f"{last}/orders{last}.csv", ORDERS, told)
        people = [[key, name, mail, f"+7927{last:07d}" if phone else ""] for key, name, mail, phone in clients()]
        write(tmp_path / f"{last}/clients{last}.csv", CLIENTS, people[: last * 2])
        assert acrm("clean", str(last), "-o", "store").code == 0
        shutil.copytree(tmp_path / "store", tmp_path / f"then{last}")
    for last, day in days.items():
        assert acrm("clean", "store", "--known-at", day, "-o", f"again{last}").code == 0
        then, again = tables(tmp_path / f"then{last}"), tables(tmp_path / f"again{last}")
        for name, frame in then.items():
            assert_frame_equal(again[name], frame)
        made = [json.loads((tmp_path / f"{kind}{last}/clean.json").read_text("utf-8")) for kind in ("then", "again")]
        assert len({str([one["name"] for one in of["inputs"]]) for of in made}) == 1
    # An analysis may ask the store directly, and between two runs the earlier one is what was known.
    found = [acrm("rfm", *of, "--json").out for of in (("store", "--known-at", "2026-03-20"), ("then15",))]
    assert json.loads(found[0])["summary"]["spend"] == json.loads(found[1])["summary"]["spend"] > 0


def test_two_equal_lines_that_are_both_corrected_are_both_history(acrm: Acrm, tmp_path: Path) -> None:
    line = ["A-1", "13.03.2026", "Чай", "1", "5,00", "Анна", "", "", "Новый"]
    write(tmp_path / "a.csv", ORDERS, [line, line])
    write(tmp_path / "b.csv", ORDERS, [[*line[:-1], "Оплачен"]] * 2)
    assert acrm("clean", "a.csv", "-o", "store").code == 0
    assert acrm("clean", "b.csv", "-o", "store").code == 0
    former = pl.read_parquet(tmp_path / "store/former_transactions.parquet")
    now = pl.read_parquet(tmp_path / "store/transactions.parquet")
    assert (former["status"].to_list(), now["status"].to_list()) == (["pending"] * 2, ["paid"] * 2)


def test_a_day_that_cannot_be_known_is_refused(acrm: Acrm, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("order_id,date,amount\n1,2024-01-13,5\n", encoding="utf-8")
    assert acrm("clean", "a.csv", "-o", "store").code == 0
    early = acrm("clean", "store", "-o", "then", "--known-at", "2024-01-12")
    assert (early.code, "--known-at 2024-01-13" in early.err) == (3, True)
    assert acrm("clean", "a.csv", "-o", "then", "--known-at", "2024-01-13").code == 2
    inside = acrm("clean", "store", "-o", "store", "--known-at", "2024-01-13")
    assert (inside.code, "-o another-folder" in inside.err) == (2, True)


def test_a_second_run_changes_no_byte_and_says_so(acrm: Acrm, tmp_path: Path) -> None:
    write(tmp_path / "in/orders.csv", ORDERS, [row for _, row in orders(3)])
    write(tmp_path / "in/clients.csv", CLIENTS, clients())
    assert "written to store" in acrm("clean", "in", "-o", "store").out
    files = {path.name: path.read_bytes() for path in (tmp_path / "store").iterdir()}
    again = acrm("clean", "in", "-o", "store")
    assert "nothing has changed in store" in again.out
    assert {path.name: path.read_bytes() for path in (tmp_path / "store").iterdir()} == files
    # That it was started anew once says nothing of its content.
    acrm("clean", "in", "-o", "store", "--replace")
    assert "nothing has changed in store" in acrm("clean", "in", "-o", "store").out


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
    whole = acrm("clean", "b.csv", "-o", "store", "--full", "transactions")
    assert "transactions: 2 rows of earlier files" in whole.out
    assert tables(tmp_path / "store")["transactions"]["order_id"].to_list() == ["2"]
    wrong = acrm("clean", "b.csv", "-o", "store", "--full", "sales")
    assert (wrong.code, "sales" in wrong.err) == (2, True)


def test_a_store_started_anew_forgets(acrm: Acrm, tmp_path: Path) -> None:
    for name in ("1", "2"):
        (tmp_path / f"{name}.csv").write_text(f"order_id,date,amount\n{name},2024-01-13,5\n", encoding="utf-8")
    acrm("clean", "1.csv", "-o", "store")
    acrm("clean", "2.csv", "-o", "store", "--replace")
    assert tables(tmp_path / "store")["transactions"]["order_id"].to_list() == ["2"]


PLAIN = "Order ID,Customer ID,Date,Amount\n"


def spend(acrm: Acrm, *sources: str) -> float:
    return float(json.loads(acrm("rfm", *sources, "--json").out)["summary"]["spend"])


def save(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")


def test_files_read_again_beside_their_store_count_once(acrm: Acrm, tmp_path: Path) -> None:
    # Number 1 is two orders of one file, number 2 is one order in each.
    save(tmp_path, a=PLAIN + "1,A,2024-01-13,10\n1,B,2024-05-14,20\n2,C,2024-03-13,7\n", b=PLAIN + "2,D,2024-08-14,9\n")
    assert acrm("clean", "a.csv", "b.csv", "-o", "s").code == 0
    assert spend(acrm, "s") == spend(acrm, "s", "a.csv", "b.csv") == 46


def test_two_stores_that_overlap_count_once(acrm: Acrm, tmp_path: Path) -> None:
    text = PLAIN + "1,17850,2024-01-13,10\n2,17851,2024-01-14,20\n"
    save(tmp_path, a=text, b=text + "3,17850,2024-02-14,5\n")
    for name in ("a", "b"):
        assert acrm("clean", f"{name}.csv", "-o", name).code == 0
    assert spend(acrm, "a", "b") == spend(acrm, "a", "b.csv") == 35
    assert acrm("clean", "a", "b", "-o", "both").code == 0
    assert tables(tmp_path / "both")["customers"]["customer_id"].to_list() == ["17850", "17851"]


def test_raw_exports_give_what_their_store_gives(acrm: Acrm, tmp_path: Path) -> None:
    save(
        tmp_path,
        orders=PLAIN + "1,1,2024-01-13,10\n2,2,2024-02-14,20\n3,3,2024-02-15,30\n",
        people="customer_id,city,Tax ID,created_at\n1,Omsk,7701234567,2022-05-13\n2,Tver,7701234567,2024-01-14\n"
        "3,Omsk,7707654321,2022-01-13\n",
        till="Receipt number,Card number,Date,Amount\n1,K1,2024-01-13,40\n2,K1,2024-01-14,50\n",
    )
    files = ("orders.csv", "people.csv", "till.csv")
    assert acrm("clean", *files, "-o", "s").code == 0
    for more in ((), ("--where", "city = 'Omsk'")):
        raw, kept = (json.loads(acrm("rfm", *sources, *more, "--json").out) for sources in (files, ("s",)))
        for name in ("customers", "orders", "spend"):
            assert raw["summary"][name] == kept["summary"][name]


def test_who_was_known_by_an_old_address_is_still_who_bought(acrm: Acrm, tmp_path: Path) -> None:
    people = "customer_id,full_name,email\n1,Anna Kim,{}@x.ru\n2,Bob Lee,b@x.ru\n"
    save(
        tmp_path,
        o="Order ID,Email,Date,Amount\n1,old@x.ru,2024-01-13,10\n",
        p1=people.format("old"),
        p2=people.format("new"),
    )
    acrm("clean", "o.csv", "p1.csv", "-o", "s")
    acrm("clean", "p2.csv", "-o", "s")
    found = tables(tmp_path / "s")
    assert found["transactions"]["customer_id"].to_list() == ["1"]
    assert found["customers"]["email"].to_list() == ["new@x.ru", "b@x.ru"]
    assert "nothing has changed" in acrm("clean", "p2.csv", "-o", "s").out


def test_a_store_of_ids_keeps_its_customers_beside_one_of_addresses(acrm: Acrm, tmp_path: Path) -> None:
    deals = "Id,AccountId,Name,StageName,Amount,CloseDate,CreatedDate,IsWon,IsClosed\n"
    deals += "0065g00000AAAA1AAA,0015g00000BBBB1AAA,D,Closed Won,100,2024-03-13,2024-01-13T10:00:00.000Z,true,true\n"
    mail = "Order ID,Email,Date,Amount\n{},a@x.ru,2024-01-13,10\n"
    save(tmp_path, sf=deals, em=mail.format(7), em2=mail.format(9))
    acrm("clean", "sf.csv", "-o", "s1")
    acrm("clean", "em.csv", "-o", "s0")
    assert acrm("clean", "s1", "s0", "em2.csv", "-o", "s3").code == 0
    assert pl.read_parquet(tmp_path / "s3/deals.parquet")["customer_id"].to_list() == ["0015g00000BBBB1"]


def test_a_late_correction_replaces_the_order(acrm: Acrm, tmp_path: Path) -> None:
    header = "Order ID,Customer ID,Date,Amount,Status\n"
    save(
        tmp_path,
        mon=header + "1,,2024-01-13,10,pending\n2,,2024-01-13,7,paid\n",
        tue=header + "1,,2024-01-13,10,paid\n",
    )
    acrm("clean", "mon.csv", "-o", "s")
    acrm("clean", "tue.csv", "-o", "s")
    found = tables(tmp_path / "s")["transactions"]
    assert found.select("order_id", "status").rows() == [("1", "paid"), ("2", "paid")]
    save(tmp_path, wed=header + "2,ann,2024-01-13,8,paid\n")
    acrm("clean", "wed.csv", "-o", "s")
    assert tables(tmp_path / "s")["transactions"]["customer_id"].to_list() == [None, "ann"]


def test_made_order_ids_do_not_depend_on_the_files_beside(acrm: Acrm, tmp_path: Path) -> None:
    save(
        tmp_path,
        a="Order ID,Date,Amount,Product\n1,2024-01-13,10,Tea\n",
        b="Date,Amount,Product,Quantity\n2024-08-27,20,Coffee,1\n2024-08-27,10.5,Coffee,2\n",
    )
    acrm("clean", "a.csv", "b.csv", "-o", "s")
    acrm("clean", "s", "-o", "s2")
    assert_frame_equal(tables(tmp_path / "s")["transactions"], tables(tmp_path / "s2")["transactions"])


def told_by(folder: Path, person: str, field: str) -> tuple[str, str]:
    """A field of a customer, and which file it says it is from."""
    row = pl.read_parquet(folder / "customers.parquet").row(by_predicate=pl.col("customer_id") == person, named=True)
    origin = dict(part.split("=") for part in row["_origin"].split("; "))
    return row[field], origin.get(field, "")


def test_a_preferred_source_has_the_word_on_a_field(acrm: Acrm, tmp_path: Path) -> None:
    heads = "customer_id,full_name,email,phone,city,created_at\n"
    (tmp_path / "crm.csv").write_text(f"{heads}7,Ann Lee,a@crm.com,+447911123456,,2024-01-02\n", encoding="utf-8")
    (tmp_path / "shop.csv").write_text(f"{heads}7,Ann B. Lee,a@shop.com,,York,2025-01-02\n", encoding="utf-8")
    acrm("clean", "crm.csv", "shop.csv", "-o", "newest")
    assert told_by(tmp_path / "newest", "7", "email") == ("a@shop.com", "shop.csv")
    (tmp_path / "acrm.toml").write_text('[prefer]\nemail = ["till.csv", "cr?.csv"]\ncity = "crm.csv"\n', "utf-8")
    acrm("clean", "crm.csv", "shop.csv", "-o", "preferred")
    assert told_by(tmp_path / "preferred", "7", "email") == ("a@crm.com", "crm.csv")
    assert told_by(tmp_path / "preferred", "7", "email_key")[0] == "a@crm.com"
    # What the preferred file leaves empty, and what is not named, is as it was.
    assert told_by(tmp_path / "preferred", "7", "city") == ("York", "shop.csv")
    assert told_by(tmp_path / "preferred", "7", "full_name") == ("Ann B. Lee", "shop.csv")
    # A store is asked anew.
    acrm("clean", "newest", "-o", "again", "--prefer", "*=crm.csv")
    assert told_by(tmp_path / "again", "7", "full_name") == ("Ann Lee", "crm.csv")
    wrong = acrm("clean", "crm.csv", "-o", "x", "--prefer", "consent=crm.csv")
    assert (wrong.code, "--prefer" in wrong.err) == (2, True)
