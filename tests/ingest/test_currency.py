"""Which currency amounts are in, and sums in one."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from acrm.errors import InputError
from acrm.ingest import currency
from acrm.ingest.currency import in_one_currency
from acrm.ingest.mapping import Plan
from acrm.ingest.numbers import NumberFormat
from acrm.ingest.parse import Decisions
from tests.ingest.conftest import Load, rows

ORDERS = "order_id,date,amount\n"


def found(load: Load, text: str) -> list[str | None]:
    return [code for _, code in rows(load(text), "transactions", "order_id", "currency")]


def test_a_mark_in_some_amounts_is_the_columns(load: Load) -> None:
    text = 'order_id,date,amount\n1,2024-01-13,"USD 3,000.00"\n2,2024-01-14,"12,500.00"\n'
    assert found(load, text) == ["USD", "USD"]


def test_a_mark_in_a_few_amounts_is_not_the_others(load: Load) -> None:
    dataset = load(ORDERS + "1,2024-01-13,$5\n2,2024-01-14,1000\n3,2024-01-15,2000\n")
    assert [code for _, code in rows(dataset, "transactions", "order_id", "currency")] == ["USD", None, None]
    assert [note.values for note in dataset.notes if note.id == "ingest.currency_open"] == [
        {"file": "table.csv", "marked": 1, "of": 3, "currency": ""}
    ]


@pytest.mark.parametrize(("amount", "code"), [("900", "EUR"), ("90000", None)])
def test_a_mark_in_several_amounts_is_the_others_if_they_are_of_its_size(
    amount: str, code: str | None, load: Load
) -> None:
    marked = "".join(f"{n},2024-01-13,€1 000\n" for n in range(10))
    dataset = load(ORDERS + marked + "".join(f"{n},2024-01-13,{amount}\n" for n in range(10, 30)))
    assert {code for _, code in rows(dataset, "transactions", "order_id", "currency")} == {"EUR", code}
    assert [note.id for note in dataset.notes] == ["ingest.currency_taken" if code else "ingest.currency_open"]


def test_different_marks_are_the_rows(load: Load) -> None:
    assert found(load, ORDERS + "1,2024-01-13,$5\n2,2024-01-14,€6\n3,2024-01-15,7\n") == ["USD", "EUR", None]


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        ("1 234,50 р.", "RUB"),
        ("350 000 ₽", "RUB"),
        ("5 руб.", "RUB"),
        ("€ 2.900,00", "EUR"),
        ("-$18.00", "USD"),
        ("500,00 тг", "KZT"),
        ("100 zł", "PLN"),
        ("100 баксов", "USD"),
        ("100 долларов", "USD"),
        ("5 тенге", "KZT"),
        ("5 грн.", "UAH"),
        ("5 сомони", "TJS"),
        ("5 злотых", "PLN"),
        ("50 у.е.", "У.Е"),
        ("5 шт", None),
        ("¥500", None),
        ("500", None),
    ],
)
def test_marks(amount: str, code: str | None, load: Load) -> None:
    assert found(load, f"order_id;date;amount\n1;2024-01-13;{amount}\n2;2024-01-13;5,5\n")[0] == code


@pytest.mark.parametrize(
    ("header", "code"),
    [("Сумма, руб.", "RUB"), ("Amount ($)", "USD"), ("amount EUR", "EUR"), ("Сумма", None), ("Сумма сумма", None)],
)
def test_a_mark_in_the_header(header: str, code: str | None, load: Load) -> None:
    dataset = load(f'order_id;date;"{header}"\n1;2024-01-13;5\n', fields=(("line_amount", header),))
    assert rows(dataset, "transactions", "currency") == [(code,)]


def test_a_currency_column(load: Load) -> None:
    text = (
        "order_id,date,amount,currency\n1,2024-01-13,$5,руб.\n2,2024-01-14,6,eur\n3,2024-01-15,7,\n"
        "4,2024-01-15,8,Rubles?\n"
    )
    assert found(load, text) == ["RUB", "EUR", None, "RUBLES?"]


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("доллары", "USD"),
        ("рублей", "RUB"),
        ("643", "RUB"),
        ("Тенге", "KZT"),
        ("сомони", "TJS"),
        ("лари", "GEL"),
        ("драм", "AMD"),
        ("манат", "AZN"),
        ("Br", "BYN"),
        ("грн.", "UAH"),
        ("злотых", "PLN"),
        ("у.е.", "У.Е."),
        ("chf", "CHF"),
    ],
)
def test_words_of_a_currency_column(word: str, code: str, load: Load) -> None:
    assert found(load, f"order_id,date,amount,currency\n1,2024-01-13,5,{word}\n") == [code]


def test_an_unknown_currency_is_named(load: Load) -> None:
    dataset = load("order_id,date,amount,currency\n1,2024-01-13,5,RUB\n2,2024-01-13,5,у.е.\n")
    assert [str(note) for note in dataset.notes if note.id == "ingest.unknown_currencies"] == [
        "table.csv: no known currency: У.Е. (1); such amounts are added to no others"
    ]


def test_the_mark_of_the_cells_number_format_counts_where_no_text_has_one() -> None:
    plan = Plan(system="unknown", title="", entity="transactions", fields={"transactions.line_amount": ("Sum",)})
    frame = pl.LazyFrame({"Sum": ["5", "6"]})
    told = currency.of_table(plan, frame, Decisions(numbers={"transactions.line_amount": NumberFormat()}), {"Sum": "₽"})
    assert told == ("RUB", (0, 0))


def lines(*amounts: tuple[str, str | None]) -> pl.LazyFrame:
    frame = pl.LazyFrame(amounts, schema={"line_amount": pl.String, "currency": pl.String}, orient="row")
    return frame.with_columns(pl.col("line_amount").cast(pl.Decimal(38, 4)))


MIXED = lines(("10", "EUR"), ("3", "USD"), ("0.0001", "USD"))


def converted(frame: pl.LazyFrame, tmp_path: Path, rates: str, currency: str | None) -> list[tuple[str, Decimal]]:
    file = tmp_path / "rates.csv"
    file.write_text(rates, encoding="utf-8-sig")
    in_one, said = in_one_currency(frame, ("line_amount",), currency, file)
    assert said == ()
    return in_one.select("currency", "line_amount").collect().rows()


def test_one_currency_is_kept_and_the_rest_counted() -> None:
    assert in_one_currency(MIXED, ("line_amount",), None, None) == (MIXED, ())
    kept, (said,) = in_one_currency(MIXED, ("line_amount",), "eur", None)
    assert kept.collect().rows() == [(Decimal(10), "EUR")]
    assert said.values == {"rows": 2, "currency": "EUR"}


def test_an_amount_that_the_table_has_not_is_not_converted(tmp_path: Path) -> None:
    (tmp_path / "rates.csv").write_text("currency,rate\nEUR,1\nUSD,0.5\n", encoding="utf-8")
    made, _ = in_one_currency(lines(("8", "USD")), ("line_amount", "cost"), None, tmp_path / "rates.csv")
    assert made.select("line_amount", "currency").collect().rows() == [(Decimal(4), "EUR")]


def test_rows_that_name_no_currency() -> None:
    # They are in the only currency there is, or in the one asked for where there is none.
    kept, said = in_one_currency(lines(("1", "EUR"), ("2", None)), ("line_amount",), "EUR", None)
    assert (kept.collect()["currency"].to_list(), said) == (["EUR", "EUR"], ())
    kept, said = in_one_currency(lines(("1", None), ("2", None)), ("line_amount",), "EUR", None)
    assert (kept.collect()["currency"].to_list(), said) == (["EUR", "EUR"], ())
    kept, (left_out,) = in_one_currency(lines(("1", "EUR"), ("2", "USD"), ("3", None)), ("line_amount",), "EUR", None)
    assert (kept.collect().height, left_out.values["rows"]) == (1, 2)
    # That the most were only taken to be in it is said.
    kept, said = in_one_currency(lines(("1", "EUR"), ("2", None), ("3", None)), ("line_amount",), "EUR", None)
    assert (kept.collect().height, [note.values["rows"] for note in said]) == (3, [2])
    with pytest.raises(InputError) as raised:
        in_one_currency(MIXED, ("line_amount",), "RUB", None)
    assert raised.value.values == {"currency": "RUB", "known": "EUR, USD"}


def test_rates_convert_to_the_currency_whose_rate_is_one(tmp_path: Path) -> None:
    expected = [("USD", Decimal(11)), ("USD", Decimal(3)), ("USD", Decimal("0.0001"))]
    assert converted(MIXED, tmp_path, "currency,rate\nUSD,1\nEUR,1.1\n", None) == expected
    assert converted(MIXED, tmp_path, "usd;1\n\neur;1.1\n", None) == expected


def test_rates_convert_to_the_currency_asked_for(tmp_path: Path) -> None:
    rates = "USD,90\nEUR,99\nRUB,1\n"
    assert converted(MIXED, tmp_path, rates, "eur") == [
        ("EUR", Decimal(10)),
        ("EUR", Decimal("2.7273")),
        ("EUR", Decimal("0.0001")),
    ]
    only = lines(("10", "USD"), ("5", None))
    assert converted(only, tmp_path, rates, "RUB") == [("RUB", Decimal(900)), ("RUB", Decimal(450))]


def test_large_amounts_are_converted_exactly(tmp_path: Path) -> None:
    large = lines(("12345678901234.5678", "EUR"))
    assert converted(large, tmp_path, "USD,1\nEUR,1\n", "USD") == [("USD", Decimal("12345678901234.5678"))]


@pytest.mark.parametrize(
    ("rates", "currency", "id"),
    [
        ("USD,1\n", None, "no_rate"),
        ("USD,2\nEUR,3\n", None, "no_base_rate"),
        ("USD,1\nEUR,1.1\n", "RUB", "no_base_rate"),
        ("USD,1\nEUR,0\n", None, "bad_rates"),
        ("USD,1\nEUR,-1\n", None, "bad_rates"),
        ("USD,1\nEUR,NaN\n", None, "bad_rates"),
        ("USD,1\nEUR,many\n", None, "bad_rates"),
        ("USD\n", None, "bad_rates"),
        ("USD,1,5\n", None, "bad_rates"),
    ],
)
def test_rates_that_do_not_do(rates: str, currency: str | None, id: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        converted(MIXED, tmp_path, rates, currency)
    assert raised.value.id == id


def test_no_file_of_rates(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        in_one_currency(MIXED, ("line_amount",), None, tmp_path / "rates.csv")
