"""Cells to values: one decision per column, from all of its values, else from the file's other columns."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

import polars as pl
import pytest

from acrm.errors import InputError
from acrm.ingest import stage
from tests.ingest.conftest import Load, rows

ORDERS = "order_id,date,amount\n"


def parquet(**columns: Any) -> dict[str, bytes]:
    file = BytesIO()
    pl.DataFrame(columns).write_parquet(file)
    return {"table.parquet": file.getvalue()}


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def test_the_whole_column_decides_its_day_order(load: Load) -> None:
    dataset = load(ORDERS + "1,02/03/2024,5\n2,13/03/2024,5\n")
    assert rows(dataset, "transactions", "ordered_on") == [(date(2024, 3, 2),), (date(2024, 3, 13),)]


def test_another_column_of_the_file_decides_an_open_day_order(load: Load) -> None:
    text = "order_id,order date,amount,birth date,email\n1,02/03/2024,5,14/01/1990,a@x.com\n"
    assert rows(load(text), "transactions", "ordered_on") == [(date(2024, 3, 2),)]


def test_days_that_equal_their_months_decide_nothing(load: Load) -> None:
    text = "order_id,order date,amount,birth date,email\n1,02/03/2024,5,01/01/1990,a@x.com\n"
    with pytest.raises(InputError, match="'02/03/2024' reads as day-month or month-day") as raised:
        load(text)
    assert raised.value.values["column"] == "order date"
    assert rows(load(text, date_order="mdy"), "transactions", "ordered_on") == [(date(2024, 2, 3),)]
    assert rows(load(ORDERS + "1,05/05/2024,5\n"), "transactions", "ordered_on") == [(date(2024, 5, 5),)]


def test_a_column_that_contradicts_itself_is_refused(load: Load) -> None:
    with pytest.raises(InputError) as raised:
        load(ORDERS + "1,13/02/2024,5\n2,02/13/2024,5\n")
    assert raised.value.id == "dates_mixed"


def test_the_whole_column_decides_its_decimal_mark(load: Load) -> None:
    dataset = load('order_id,date,amount\n1,2024-01-13,"1,234"\n2,2024-01-13,"12,50"\n')
    assert rows(dataset, "transactions", "line_amount") == [(Decimal("1.234"),), (Decimal("12.5"),)]
    dataset = load('order_id,date,amount\n1,2024-01-13,"1,234"\n2,2024-01-13,12.50\n')
    assert rows(dataset, "transactions", "line_amount") == [(Decimal("12.5"),), (Decimal(1234),)]


def test_another_column_of_the_file_decides_an_open_decimal_mark(load: Load) -> None:
    text = 'order_id;date;quantity;amount\n1;2024-01-13;"1,5";1,234\n'
    assert rows(load(text), "transactions", "quantity", "line_amount") == [(Decimal("1.5"), Decimal("1.234"))]
    alone = 'order_id,date,amount\n1,2024-01-13,"1,234"\n'
    with pytest.raises(InputError, match="'1,234' reads as thousands or as decimals"):
        load(alone)
    assert rows(load(alone, decimal="."), "transactions", "line_amount") == [(1234,)]
    assert rows(load(alone, decimal=","), "transactions", "line_amount") == [(Decimal("1.234"),)]


def test_ids_stay_text(load: Load) -> None:
    text = "order_id,customer_id,product_id,date,amount\n'007,12345678901234567890,1E5,2024-01-13,5\n"
    assert rows(load(text), "transactions", "order_id", "customer_id", "product_id") == [
        ("007", "12345678901234567890", "1E5")
    ]


def test_a_whole_column_of_point_zero_ids_loses_it(load: Load) -> None:
    dataset = load(
        "order_id,customer_id,date,amount\n1,17850.0,2024-01-13,5\n2,13047.0,2024-01-13,5\n3,,2024-01-13,5\n"
    )
    assert rows(dataset, "transactions", "customer_id") == [("13047",), ("17850",), (None,)]
    dataset = load("order_id,customer_id,date,amount\n1,17850.0,2024-01-13,5\n2,C13047,2024-01-13,5\n")
    assert rows(dataset, "transactions", "customer_id") == [("17850.0",), ("C13047",)]


def test_an_id_that_a_spreadsheet_damaged_is_flagged(load: Load) -> None:
    dataset = load("order_id;customer_id;date;amount\n1;1,23E+12;2024-01-13;5\n")
    assert rows(dataset, "transactions", "customer_id", "_flags") == [("1,23E+12", "id_exponent:customer_id")]


def test_blanks_and_null_words_around_and_instead_of_values(load: Load) -> None:
    text = (
        "order_id,customer_id,status,date,amount\n"
        " 1\u00a0,\u200bann\ufeff,н/д,\t2024-01-13 , 5 \n2,NULL,-,2024-01-13,6\n"
    )
    dataset = load(text)
    assert rows(dataset, "transactions", "order_id", "customer_id", "status") == [("1", "ann", None), ("2", None, None)]


def test_an_unknown_channel_is_an_answer_and_an_empty_one_is_not(load: Load) -> None:
    text = (
        "order_id,customer_id,date,amount,channel,status\n"
        "1,ann,2024-01-13,5,Unknown,unknown\n2,ann,2024-01-13,6,n/a,paid\n3,ann,2024-01-14,7,,paid\n"
    )
    dataset = load(text)
    assert rows(dataset, "transactions", "channel", "status") == [("Unknown", None), (None, "paid"), (None, "paid")]


def test_a_value_that_does_not_parse_is_null_and_flagged(load: Load) -> None:
    dataset = load("order_id,date,amount,quantity\n1,2024-01-13,5,2\n2,2024-01-13,5,3\n3,2024-01-13,5,many\n")
    assert rows(dataset, "transactions", "order_id", "quantity", "_flags") == [
        ("1", 2, None),
        ("2", 3, None),
        ("3", None, "bad_value:quantity"),
    ]


def test_decimals_past_the_fourth_are_rounded_and_flagged(load: Load) -> None:
    dataset = load(ORDERS + "1,2024-01-13,1.23456\n2,2024-01-13,12.500000\n3,2024-01-13,0.0001\n")
    assert rows(dataset, "transactions", "line_amount", "_flags") == [
        (Decimal("0.0001"), None),
        (Decimal("1.2346"), "too_many_decimals:line_amount"),
        (Decimal("12.5"), None),
    ]


@pytest.mark.parametrize("amount", ["123456789012345678901234567890123456789", "1e400", "abc", "inf", "N5"])
def test_amounts_no_column_can_hold(amount: str, load: Load) -> None:
    dataset = load(ORDERS + f"1,2024-01-13,{amount}\n2,2024-01-13,5\n3,2024-01-13,6\n")
    assert dataset.rejects["rule"].to_list() == ["bad_amount"]
    assert rows(dataset, "transactions", "order_id") == [("2",), ("3",)]


def test_dates_that_do_not_exist(load: Load) -> None:
    dataset = load(ORDERS + "1,29.02.2023,5\n2,28.02.23,6\n3,31.04.2024,7\n4,29.02.2024,8\n")
    assert rows(dataset, "transactions", "ordered_on") == [(date(2023, 2, 28),), (date(2024, 2, 29),)]
    assert dataset.rejects["rule"].to_list() == ["bad_date", "bad_date"]


def test_time_zones(load: Load) -> None:
    text = ORDERS + "1,2024-01-13 23:30:00,5\n"
    assert rows(load(text), "transactions", "ordered_at", "ordered_on") == [
        (at(2024, 1, 13, 23, 30), date(2024, 1, 13))
    ]
    moscow = load(text, time_zone="Europe/Moscow")
    assert rows(moscow, "transactions", "ordered_at", "ordered_on") == [(at(2024, 1, 13, 20, 30), date(2024, 1, 13))]
    offset = ORDERS + "1,2024-01-13T23:30:00-05:00,5\n"
    assert rows(load(offset), "transactions", "ordered_at", "ordered_on") == [
        (at(2024, 1, 14, 4, 30), date(2024, 1, 13))
    ]
    shifted = load(offset, time_zone="Europe/Moscow")
    assert rows(shifted, "transactions", "ordered_at", "ordered_on") == [(at(2024, 1, 14, 4, 30), date(2024, 1, 14))]


def test_a_time_in_a_column_of_its_own(load: Load) -> None:
    text = "Дата;Время;Чек;Товар;Сумма\n13.02.2024 0:00:00;11:20;1;Хлеб;50\n14.02.2024;;2;Сыр;70\n"
    assert rows(load(text), "transactions", "ordered_at") == [(at(2024, 2, 13, 11, 20),), (at(2024, 2, 14),)]


def test_several_columns_of_one_field(load: Load) -> None:
    text = "order_id,date,amount,email,phone,mobile\n1,2024-01-13,5,a@x.com,+79271112233,+79270000001\n"
    assert rows(load(text), "customers", "phone", "phone_e164") == [("+79271112233; +79270000001", "+79271112233")]


def test_durations_and_answers(load: Load) -> None:
    text = (
        "call date,client id,duration,agent\n2024-01-13 10:00,7,1:02:03,Ann\n"
        "2024-01-13 11:00,7,02:03,Ann\n2024-01-13 12:00,7,45,Ann\n"
    )
    assert rows(load(text), "interactions", "duration_seconds") == [(45,), (123,), (3723,)]
    people = load("customer id,email,subscribed\n1,a@x.ru,Да\n2,b@x.ru,no\n3,c@x.ru,maybe\n")
    assert rows(people, "customers", "customer_id", "consent") == [("1", True), ("2", False), ("3", None)]


def test_typed_columns_give_what_their_texts_give(load: Load) -> None:
    typed = load(
        parquet(
            order_id=[1, 2],
            customer_id=[17850.0, None],
            date=[datetime(2024, 1, 13, 10, 30), datetime(2024, 1, 14)],
            amount=[0.1 + 0.2, -2.5],
            quantity=[2, -1],
        )
    )
    text = load(
        "order_id,customer_id,date,amount,quantity\n"
        "1,17850.0,2024-01-13 10:30:00,0.3,2\n2,,2024-01-14 00:00:00,-2.5,-1\n"
    )
    columns = ("order_id", "customer_id", "ordered_at", "ordered_on", "line_amount", "quantity", "is_refund")
    assert rows(typed, "transactions", *columns) == rows(text, "transactions", *columns)


@pytest.mark.parametrize("kind", [pl.Date, pl.Datetime("us"), pl.Datetime("ms", "UTC")])
def test_typed_days_that_systems_write_for_none_are_none(load: Load, kind: Any) -> None:
    days = [date(2024, 1, 13), date(1, 1, 1), date(1899, 12, 30), None, date(1900, 1, 1), date(9999, 12, 31)]
    told = {"order_id": [1, 2, 3, 4, 5, 6], "amount": [5] * 6}
    typed = load(parquet(**told, date=pl.Series(days).cast(kind)))
    text = load(pl.DataFrame(told | {"date": days}).write_csv())
    assert rows(typed, "transactions", "order_id") == rows(text, "transactions", "order_id") == [("1",)]
    rules = ["missing_date", "missing_date", "missing_date", "bad_date", "bad_date"]
    assert typed.rejects["rule"].to_list() == text.rejects["rule"].to_list() == rules
    born = load(parquet(customer_id=[1, 2, 3, 4, 5, 6], birth_date=pl.Series(days).cast(kind)))
    assert rows(born, "customers", "birth_date") == [(days[0],), *[(None,)] * 5]


def test_typed_columns_of_other_types_are_read_as_texts(load: Load) -> None:
    dataset = load(
        parquet(
            order_id=[1, 2],
            date=[20240113, 20240114],
            amount=[1.5, float("nan")],
            bits=[["a", "b"], None],
            record=[{"a": 1}, None],
            name=[b"caf\xc3\xa9", b"\xff"],
            took=[timedelta(minutes=1), None],
        ),
        fields=(("ordered_at", "date"),),
    )
    assert rows(dataset, "transactions", "order_id", "ordered_on", "customer_id", "x_bits", "x_record", "x_took") == [
        ("1", date(2024, 1, 13), "café", '["a","b"]', '{"a":1}', "60")
    ]
    assert dataset.rejects.row(0)[2] == "bad_amount"
    # A column that one file has as numbers and another as words is one column all the same.
    both = load(
        parquet(order_id=[1], date=[date(2024, 1, 13)], amount=[5], foo=[7])
        | {"b.csv": ORDERS.strip() + ",foo\n2,2024-01-14,6,z\n"}
    )
    assert rows(both, "transactions", "order_id", "x_foo") == [("1", "7"), ("2", "z")]


def test_an_aware_typed_time_keeps_its_own_day(load: Load) -> None:
    late = pl.Series([datetime(2024, 1, 13, 1, 0)]).dt.replace_time_zone("Europe/Moscow")
    dataset = load(parquet(order_id=[1], date=late, amount=[5]))
    assert rows(dataset, "transactions", "ordered_at", "ordered_on") == [(at(2024, 1, 12, 22), date(2024, 1, 13))]


def test_salesforce_ids_of_18_letters_are_those_of_15(load: Load) -> None:
    files = {
        "Opportunity.csv": "Id,AccountId,Name,StageName,CloseDate,Amount,IsWon,IsClosed,CreatedDate\n"
        "0065g00000ABCDEAA0,0015g00000ABCDEAA0,A,Closed Won,2024-01-13,5,true,true,2024-01-01\n",
        "history.csv": "Opportunity ID,Opportunity Name,To Stage,From Stage,Last Modified\n"
        "0065g00000ABCDE,A,Closed Won,Open,2024-01-13\n",
    }
    dataset = load(files)
    assert rows(dataset, "deals", "deal_id", "customer_id") == [("0065g00000ABCDE", "0015g00000ABCDE")]
    assert rows(dataset, "deal_stages", "deal_id") == [("0065g00000ABCDE",)]


def test_birth_years_of_two_digits_lie_in_the_past(load: Load) -> None:
    text = "customer_id,email,created at,birth date\n1,a@x.com,2024-01-05,01.02.55\n2,b@x.com,2024-03-09,13.02.05\n"
    assert rows(load(text), "customers", "birth_date") == [(date(1955, 2, 1),), (date(2005, 2, 13),)]
    alone = "customer_id,email,birth date\n1,a@x.com,01-Feb-55\n2,b@x.com,13-Feb-05\n"
    assert rows(load(alone), "customers", "birth_date") == [(date(1955, 2, 1),), (date(2005, 2, 13),)]


def test_a_share_of_money_is_flagged(load: Load) -> None:
    text = "order_id,date,amount,unit price\n1,2024-01-13,5,100%\n2,2024-01-13,6,7\n"
    dataset = load(text, fields=(("unit_price", "unit price"),))
    assert rows(dataset, "transactions", "unit_price", "_flags") == [(7, None), (None, "bad_value:unit_price")]


def test_a_won_deal_is_sold_on_the_day_its_source_wrote(load: Load) -> None:
    text = (
        "deal id,deal name,stage,amount,created date,close date\n"
        "1,A,Closed Won,100,2026-01-30T10:00:00+03:00,2026-02-01T01:30:00+03:00\n"
        "2,B,Closed Won,50,2026-01-31T00:30:00+03:00,\n"
    )
    days = rows(load(text), "transactions", "order_id", "ordered_on")
    assert days == [("1", date(2026, 2, 1)), ("2", date(2026, 1, 31))]
    in_zone = rows(load(text, time_zone="America/New_York"), "transactions", "order_id", "ordered_on")
    assert in_zone == [("1", date(2026, 1, 31)), ("2", date(2026, 1, 30))]
    assert "_sold_on" not in load(text).tables["deals"].collect_schema().names()


def test_a_phone_region_beats_the_guess_and_a_damaged_phone_is_flagged(load: Load) -> None:
    text = 'customer_id,phone\n1,030 901820\n2,"7,9271E+10"\n'
    assert rows(load(text, phone_region="DE"), "customers", "customer_id", "phone_e164", "_flags") == [
        ("1", "+4930901820", None),
        ("2", None, "id_exponent:phone"),
    ]
    assert rows(load(text), "customers", "phone_e164") == [(None,), (None,)]


def test_a_fifth_decimal_that_turns_up_late_is_rounded_as_an_early_one(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = ORDERS + "".join(f"{n},2024-01-13,1.25\n" for n in range(20)) + "20,2024-01-13,2.00005\n"
    small = rows(load(text), "transactions", "line_amount")
    monkeypatch.setattr(stage, "_SMALL_BYTES", 0)
    monkeypatch.setattr(stage, "SAMPLE", 5)
    assert rows(load(text), "transactions", "line_amount") == small
    assert small[-1] == (Decimal("2.0001"),)
