"""The account of a run: sources, decisions, columns, rules, notes, lineage."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from acrm.ingest import account
from tests.ingest.conftest import Load, load_texts

ORDERS = "Отчёт;;;\nДата;№ заказа;Сумма;Смена\n13.01.2024;1;5,50;a\n;2;6,00;b\n14.01.2024;3;7,00;\n"


def test_sources(load: Load) -> None:
    found = account.sources(load({"o.csv": ORDERS.encode("cp1251"), "x.csv": "foo,bar\n1,2\n"}))
    assert found.drop("layout").rows() == [
        ("o.csv", "unknown", "transactions", 3, 2, 1, 0, 0),
        ("x.csv", "unknown", "other", 1, 1, 0, 0, 0),
    ]
    assert found["layout"].to_list() == ["cp1251 ';' header on line 2", "utf-8 ','"]
    assert found.filter(found["rows_in"] != found["kept"] + found["rejected"]).is_empty()


def test_decisions(load: Load) -> None:
    text = 'order_id,customer id,date,amount\n1,7.0,13.01.2024,"$5,50"\n2,8.0,14.01.2024 10:15,"$6,50"\n'
    assert account.decisions(load(text)).rows() == [
        ("table.csv", "dd.mm.yyyy | dd.mm.yyyy hh:mm", "date"),
        ("table.csv", "decimal comma", "amount"),
        ("table.csv", "'.0' taken off", "customer id"),
        ("table.csv", "USD", "amount"),
    ]
    assert account.decisions(load("foo,bar\n1,2\n")).is_empty()


def test_fields(load: Load) -> None:
    assert account.fields(load({"o.csv": ORDERS + "15.01.2024;4;8,00;\n"})).rows() == [
        ("o.csv", "Сумма", "transactions.line_amount"),
        ("o.csv", "№ заказа", "transactions.order_id"),
        ("o.csv", "Дата", "transactions.ordered_at"),
        ("o.csv", "Смена", "transactions.shift"),
    ]
    empty = account.fields(load("order_id,date,amount,remark\n1,2024-01-13,5,\n"))
    assert empty.rows()[-1] == ("table.csv", "remark", None)


def test_rules(load: Load) -> None:
    text = (
        "order_id,date,amount,quantity,email\n1,2024-01-13,5,1,test@test.ru\n2,2024-01-13,5,2,a@x.com\n"
        "3,,5,3,a@x.com\n,,,,\n4,2024-01-13,-5,x,a@x.com\n"
    )
    found = account.rules(load(text))
    assert found.select("rule", "action", "rows").rows() == [
        ("blank_row", "reject", 1),
        ("missing_date", "reject", 1),
        ("bad_value", "flag", 1),
        ("test_row", "flag", 1),
    ]
    assert found["meaning"].to_list()[0] == "nothing in any cell"


def test_a_flag_is_counted_where_it_was_read(load: Load) -> None:
    # One test row gives a deal, a sale and a customer; it is one row all the same.
    text = "ID;Стадия сделки;Название сделки;Сумма;Дата создания;Контакт: Имя;Контакт: Фамилия\n"
    dataset = load(
        text + "1;Сделка успешна;Тест;100;13.01.2024;Тест;Тест\n2;Сделка успешна;П;100;13.01.2024;Анна;Ёлкина\n"
    )
    assert dict(account.rules(dataset).select("rule", "rows").iter_rows()) == {"test_row": 1, "from_deal": 2}


def test_notes(load: Load) -> None:
    files = {
        "orders.csv": "order_id,date,amount,sku,email\n1,2024-01-13,5,M,a@x.com\n2,2024-01-13,5,X,a@x.com\n"
        "3,2024-01-13,5,X,b@x.com\n",
        "products.csv": "sku,product name,price,price\nM,Mug,5,6\n",
        "people.csv": "customer id,email\n7,a@x.com\n8,a@x.com\n",
        "deals.csv": "deal id,stage,amount,created at\n1,Won,5,2024-01-13\n",
        "tills.csv": "order_id,date,spent,till\n1,2024-01-13,100,ann\n",
        "x.csv": "foo,bar\n1,2\n",
    }
    found = {note.id: note.values for note in account.notes(load(files))}
    assert found == {
        "clean.renamed": {"file": "products.csv", "columns": "price__2"},
        "clean.nearly": {
            "file": "tills.csv",
            "table": "transactions",
            "needs": "line_amount or order_total or quantity&unit_price",
        },
        "clean.unrecognised": {"file": "x.csv"},
        "clean.joined": {"kind": "e-mail", "n": 1},
        "clean.won_not_sales": {"deals": 1},
        "clean.orphans": {"table": "transactions", "rows": 2, "products": 1, "named": "X (2)"},
    }


def test_the_lineage(tmp_path: Path) -> None:
    text = "order_id,date,amount\n1,2024-01-13,5\n2,,5\n"
    dataset = load_texts(tmp_path, {"a.csv": text, "b.csv": text.replace("1,", "3,")})
    made = account.lineage(dataset, "clean", {"decimal": (",", "flag")})
    assert (made.command, made.rows_in, made.rows_out, made.rows_rejected) == ("clean", 4, 2, 2)
    assert [(source.name, source.rows, source.bytes) for source in made.inputs] == [
        ("a.csv", 2, len(text)),
        ("b.csv", 2, len(text)),
    ]
    assert made.inputs[0].sha256 == sha256(text.encode()).hexdigest()
