"""What is rejected, by which rule, at which line, with which text."""

from __future__ import annotations

import polars as pl
import pytest

from acrm.ingest.rules import RULES, is_test, is_totals, refine
from acrm.messages import Message
from tests.ingest.conftest import Load, rejected, rows

HEADER = "order_id,date,amount\n"
GOOD = "1,2024-01-13,5\n2,2024-01-14,6\n3,2024-01-15,7\n"


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        (",,", "blank_row"),
        ("-,n/a,NULL", "blank_row"),
        ("Total,,18", "totals_row"),
        (",Итого:,18", "totals_row"),
        ("Grand Totals (3 records),,", "totals_row"),
        ("order_id,date,amount", "repeated_header"),
        ("Confidential Information - Do Not Distribute,,", "footer_row"),
        ("printed by Ann,,", "footer_row"),
        ("4,2024-01-13,5,surplus", "too_many_fields"),
        ("4,,5", "missing_date"),
        ("4,01.01.0001 0:00:00,5", "missing_date"),
        ("4,2024-02-30,5", "bad_date"),
        ("4,2024-01-13,", "missing_amount"),
        ("4,2024-01-13,five", "bad_amount"),
    ],
)
def test_rejected_orders(line: str, rule: str, load: Load) -> None:
    first, *others = GOOD.splitlines(keepends=True)
    dataset = load(HEADER + first + line + "\n" + "".join(others))
    assert dataset.rejects.drop("table").rows() == [("table.csv", 3, rule, line)]
    assert rows(dataset, "transactions", "order_id") == [("1",), ("2",), ("3",)]
    assert dataset.rows_in == 4


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("product id,product name,price\n1,Mug,5\n,,6\n", "missing_key"),
        ("customer id,email,city\n1,a@x.com,Bath\n,,Oxford\n", "missing_key"),
        ("deal id,deal name,stage,amount\n1,A,Won,5\n,,Won,6\n", "missing_key"),
        ("sku,on hand,warehouse\n1,5,A\n,6,A\n", "missing_key"),
        ("date,campaign,spend\n2024-01-13,a,5\n,a,6\n", "missing_date"),
        ("date,campaign,spend\n2024-01-13,a,5\nTotal,,6\n", "totals_row"),
        ("payment date,payment amount\n2024-01-13,5\nlater,6\n2024-01-14,5\n", "bad_date"),
        ("call date,client id,duration\n2024-01-13,7,60\n,7,60\n", "missing_date"),
        ("foo,bar,baz\n1,2,3\n,,\n", "blank_row"),
        ("foo,bar,baz\n1,2,3\nИтого,2,3\n", "totals_row"),
    ],
)
def test_rejected_rows_of_other_tables(text: str, rule: str, load: Load) -> None:
    assert rejected(load(text)) == [(rule, 3)]


def test_the_raw_text_is_the_lines(load: Load) -> None:
    dataset = load('order_id;date;note;amount\n1;2024-01-13;"a;b";5\n2;;"c\nd";6\n3;later;;7\n4;2024-01-14;;8\n')
    assert dataset.rejects.select("line", "rule", "raw").rows() == [
        (3, "missing_date", "2;;c\nd;6"),
        (5, "bad_date", "3;later;;7"),
    ]


def test_what_cannot_be_cut_is_unreadable(load: Load) -> None:
    dataset = load(HEADER + '1,"2024-01-13",5\n4,"2024-01-13\n2,"2024-01-14",6\n')
    assert dataset.rejects.select("line", "rule", "raw").rows() == [(3, "unreadable", '4,"2024-01-13')]


def test_lines_below_a_preamble(load: Load) -> None:
    text = (
        "Отчёт о продажах;;\nПериод: январь 2024;;\n;;\nДата;Товар;Сумма\n"
        "13.01.2024;Доска;5,00\n;Доска;6,00\nИтого;;11,00\n"
    )
    assert rejected(load(text)) == [("missing_date", 6), ("totals_row", 7)]


def test_every_rule_is_explained() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert all(Message(f"rule.{rule.id}").exists and rule.action in ("reject", "flag") for rule in RULES)


def test_a_product_that_is_called_total_is_no_total() -> None:
    texts = pl.DataFrame({"t": ["Total", "ИТОГО:", "итого по складу", "Total Energies", "Totally", "Sum 41", None]})
    assert texts.select(is_totals(pl.col("t")))["t"].to_list() == [True, True, True, False, False, False, False]


def test_what_says_that_it_is_a_test() -> None:
    texts = pl.DataFrame(
        {"t": ["test", "Тест 2", "тестовый заказ", "qwerty", "test@x.com", "a@test.ru", "70000000000"]}
    )
    assert texts.select(is_test([pl.col("t")]))["t"].all()
    texts = pl.DataFrame({"t": ["Test drive", "тесто", "contest", "Attest Ltd", "79271112233", "latest@x.com"]})
    assert not texts.select(is_test([pl.col("t")]))["t"].any()


def test_refining_nothing() -> None:
    nothing = pl.DataFrame(schema={"a": pl.String, "rule": pl.String})
    assert refine(nothing, ["a"]).is_empty()
