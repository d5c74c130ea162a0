"""What one row is: repeated totals, shared discounts, refunds, deals and their products, stages in columns."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from itertools import permutations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ingest.conftest import Load, load_texts, rows

SHOPIFY = "Name,Email,Financial Status,Created at,Cancelled at,Lineitem quantity,Lineitem name,Lineitem price"
BITRIX = "ID;Стадия сделки;Название сделки;Сумма;Валюта;Дата создания;Дата закрытия;Товар;Цена;Количество\n"


def test_an_order_total_on_each_line_counts_once(load: Load) -> None:
    lines = "".join(f"{i},2024-01-13,{product},{i}00\n" for i in range(1, 7) for product in ("Cup", "Mug"))
    dataset = load("order_id,date,product,amount\n" + lines)
    assert rows(dataset, "transactions", "order_id", "product_name", "line_amount", "_flags")[:4] == [
        ("1", "Cup", 100, None),
        ("1", "Mug", 0, "order_total_once"),
        ("2", "Cup", 200, None),
        ("2", "Mug", 0, "order_total_once"),
    ]
    assert [str(note) for note in dataset.notes] == [
        (
            "table.csv: amount is the order's total on each of its lines; counted once per order"
            " (--map line_amount=amount if it is the line's)"
        )
    ]


def test_five_orders_of_equal_lines_prove_nothing_less_do(load: Load) -> None:
    lines = "".join(f"{i},2024-01-13,{product},{i}00\n" for i in range(1, 5) for product in ("Cup", "Mug"))
    dataset = load("order_id,date,product,amount\n" + lines)
    assert rows(dataset, "transactions", "line_amount") == [(i * 100,) for i in range(1, 5) for _ in range(2)]
    # A column that is called a total needs no further proof.
    dataset = load("order_id,date,product,order total\n1,2024-01-13,Cup,30\n1,2024-01-13,Mug,30\n")
    assert rows(dataset, "transactions", "line_amount") == [(0,), (30,)]


def test_equal_lines_with_prices_of_their_own_stay(load: Load) -> None:
    lines = "".join(f"{i},2024-01-13,{product},1,5\n" for i in range(9) for product in ("Cup", "Mug"))
    dataset = load("order_id,date,product,quantity,unit price\n" + lines)
    assert set(rows(dataset, "transactions", "line_amount")) == {(5,)}


def test_rows_without_an_order_id_do_not_share_a_total(load: Load) -> None:
    lines = "1,2024-01-13,Cup,30\n1,2024-01-13,Mug,30\n,2024-01-13,Cup,7\n,2024-01-13,Mug,7\n"
    dataset = load("order_id,date,product,order total\n" + lines)
    assert rows(dataset, "transactions", "line_amount") == [(0,), (7,), (7,), (30,)]


def test_a_total_on_the_first_line_alone(load: Load) -> None:
    lines = "1,2024-01-13,Cup,30\n1,2024-01-13,Mug,\n2,2024-01-13,Mug,\n"
    dataset = load("order_id,date,product,order total\n" + lines)
    assert rows(dataset, "transactions", "product_name", "line_amount") == [("Cup", 30), ("Mug", 0)]
    assert dataset.rejects["rule"].to_list() == ["missing_amount"]


def test_an_order_discount_is_shared_in_proportion(load: Load) -> None:
    text = (
        "order_id,date,product,amount,cart discount\n1,2024-01-13,A,60,10\n1,2024-01-13,B,30,10\n1,2024-01-13,C,10,10\n"
    )
    dataset = load(text + "2,2024-01-13,A,50,0\n,2024-01-13,A,50,5\n,2024-01-13,B,50,6\n")
    assert rows(dataset, "transactions", "line_amount", "discount") == [
        (9, 1),
        (27, 3),
        (44, 6),
        (45, 5),
        (50, 0),
        (54, 6),
    ]
    shared = dataset.tables["transactions"].filter(pl.col("_flags").str.contains("shared_discount")).collect()
    assert sorted(shared["line_amount"]) == [9, 27, 44, 45, 54]


@settings(max_examples=25, deadline=None)
@given(
    amounts=st.lists(st.decimals(Decimal("0.01"), 9999, places=2), min_size=1, max_size=6),
    part=st.decimals(0, 1, places=3),
)
def test_a_shared_discount_is_shared_whole(
    tmp_path_factory: pytest.TempPathFactory, amounts: list[Decimal], part: Decimal
) -> None:
    discount = (sum(amounts) * part).quantize(Decimal("0.01"))
    lines = "".join(f"1,2024-01-13,p{place},{amount},{discount}\n" for place, amount in enumerate(amounts))
    text = "order_id,date,product,amount,cart discount\n0,2024-01-13,p,1.50,0\n" + lines
    shared = rows(
        load_texts(tmp_path_factory.mktemp("orders"), text), "transactions", "order_id", "line_amount", "discount"
    )
    assert sum(amount for order, amount, _ in shared if order == "1") == sum(amounts) - discount
    assert sum(given for _, _, given in shared) == discount
    assert all(given == given.quantize(Decimal("0.01")) and amount >= 0 for _, amount, given in shared)


def test_a_refunded_amount_becomes_a_row(load: Load) -> None:
    lines = (
        "#1,a@x.com,partially_refunded,2024-01-13 10:00:00 +0300,,2,Mug,10.00,5.00,USD\n"
        ",a@x.com,,2024-01-13 10:00:00 +0300,,1,Cup,4.00,,\n"
        "#2,a@x.com,paid,2024-01-14 10:00:00 +0300,,1,Mug,10.00,0.00,USD\n"
    )
    dataset = load(f"{SHOPIFY},Refunded Amount,Currency\n{lines}")
    assert rows(
        dataset, "transactions", "order_id", "line_amount", "status", "is_refund", "customer_id", "currency"
    ) == [
        ("#1", -5, "refunded", True, "a@x.com", "USD"),
        ("#1", 4, "paid", False, "a@x.com", "USD"),
        ("#1", 20, "paid", False, "a@x.com", "USD"),
        ("#2", 10, "paid", False, "a@x.com", "USD"),
    ]
    assert dataset.inputs[0].derived == 1


def test_what_is_given_back_for_a_cancelled_order_does_not_count_either(load: Load) -> None:
    line = "#1,a@x.com,refunded,2024-01-13 10:00:00 +0300,2024-01-14 10:00:00 +0300,1,Mug,10.00,10.00,USD\n"
    dataset = load(f"{SHOPIFY},Refunded Amount,Currency\n{line}")
    assert rows(dataset, "transactions", "line_amount", "status") == [(-10, "cancelled"), (10, "cancelled")]


def test_refunded_amounts_of_lines_are_added_up(load: Load) -> None:
    header = "order_id,date,product,quantity,unit price,refunded amount\n"
    dataset = load(header + "1,2024-01-13,A,1,10,2\n1,2024-01-13,B,1,10,3\n,2024-01-13,C,1,9,1\n,2024-01-13,D,1,9,1\n")
    refunds = [amount for amount, refund in rows(dataset, "transactions", "line_amount", "is_refund") if refund]
    assert refunds == [-5, -1, -1]


def test_an_order_that_was_refunded_whole(load: Load) -> None:
    dataset = load("order_id,date,amount,status\n1,2024-01-13,5,refunded\n2,2024-01-13,6,voided\n3,2024-01-13,7,paid\n")
    assert rows(dataset, "transactions", "order_id", "line_amount", "status", "is_refund") == [
        ("1", -5, "refunded", True),
        ("1", 5, "refunded", False),
        ("2", 6, "cancelled", False),
        ("3", 7, "paid", False),
    ]


@pytest.mark.parametrize("header", ["Тип документа", "ВидОперации"])
def test_a_refund_document_is_itself_the_refund(header: str, load: Load) -> None:
    text = (
        f"Дата документа;Номер документа;{header};Номенклатура;Контрагент;Кол-во;Сумма\n"
        "13.02.2024;1;Реализация;Доска;Ромашка;2;200\n"
        "15.02.2024;2;Возврат товаров от покупателя;Доска;Ромашка;1;100\n"
    )
    dataset = load(text)
    assert rows(dataset, "transactions", "order_id", "quantity", "line_amount", "is_refund") == [
        ("1", 2, 200, False),
        ("2", -1, -100, True),
    ]
    assert dataset.inputs[0].derived == 0


def test_negative_lines_are_refunds_unless_the_price_is_negative(load: Load) -> None:
    text = (
        "order_id,date,quantity,unit price,product\n1,2024-01-13,-2,5,Mug\n"
        "2,2024-01-13,1,-3,Bad debt\n3,2024-01-13,1,0,Gift\n"
    )
    assert rows(load(text), "transactions", "order_id", "line_amount", "is_refund", "_flags") == [
        ("1", -10, True, None),
        ("2", -3, False, "negative_price"),
        ("3", 0, False, None),
    ]


def test_test_rows_are_marked_and_stay(load: Load) -> None:
    text = "order_id,date,amount,email\n1,2024-01-13,5,test@test.ru\n2,2024-01-13,6,ann@x.com\n"
    assert rows(load(text), "transactions", "order_id", "is_test", "_flags") == [
        ("1", True, "test_row"),
        ("2", False, None),
    ]


def test_a_deal_that_repeats_per_product_is_one_deal(load: Load) -> None:
    text = (
        BITRIX
        + "1;Сделка успешна;П1;300;руб.;01.02.2024;13.02.2024;Доска;100;1\n"
        + "1;Сделка успешна;П1;300;руб.;01.02.2024;13.02.2024;Гвоздь;50;4\n"
        + "2;Сделка успешна;П2;50;руб.;01.02.2024;;Доска;;\n"
        + "3;В работе;П3;70;руб.;01.02.2024;15.02.2024;Доска;70;1\n"
    )
    dataset = load(text)
    assert dataset.inputs[0].merged == 1
    assert rows(dataset, "deals", "deal_id", "status", "amount", "currency", "product_id") == [
        ("1", "won", 300, "RUB", "Доска; Гвоздь"),
        ("2", "won", 50, "RUB", "Доска"),
        ("3", "open", 70, "RUB", "Доска"),
    ]
    # Won deals are the sales: by product where products have prices, dated when they were closed, else when created.
    assert dataset.from_deals
    assert rows(dataset, "transactions", "order_id", "ordered_at", "product_id", "line_amount", "_flags") == [
        ("1", datetime(2024, 2, 13, tzinfo=UTC), "Гвоздь", 200, "from_deal"),
        ("1", datetime(2024, 2, 13, tzinfo=UTC), "Доска", 100, "from_deal"),
        ("2", datetime(2024, 2, 1, tzinfo=UTC), "Доска", 50, "from_deal"),
    ]


def test_an_open_deal_is_expected_to_close_not_closed(load: Load) -> None:
    text = BITRIX + "3;В работе;П3;70;руб.;01.02.2024;15.02.2024;Доска;70;1\n"
    assert rows(load(text), "deals", "closed_at", "expected_close_at") == [(None, datetime(2024, 2, 15, tzinfo=UTC))]


def test_with_an_orders_file_won_deals_are_no_sales(load: Load) -> None:
    deals = BITRIX + "1;Сделка успешна;П1;300;руб.;01.02.2024;13.02.2024;Доска;100;1\n"
    dataset = load({"DEAL_1.csv": deals, "orders.csv": "order_id,date,amount\n7,2024-01-13,5\n"})
    assert not dataset.from_deals
    assert rows(dataset, "transactions", "order_id") == [("7",)]


@pytest.mark.parametrize("text", ["deal id,stage,amount\n1,Won,5\n", "deal id,stage,created at\n1,Won,2024-01-13\n"])
def test_won_deals_without_a_date_or_an_amount_are_no_sales(text: str, load: Load) -> None:
    dataset = load(text)
    assert rows(dataset, "deals", "deal_id", "status") == [("1", "won")]
    assert rows(dataset, "transactions", "order_id", "line_amount") == []


def test_stages_in_columns_become_rows(load: Load) -> None:
    text = (
        'Deal Name,Deal Stage,Record ID,Amount,Create Date,Close Date,"Date entered “Demo (Sales)”",'
        '"Date exited “Demo (Sales)”","Date entered ""Won (Sales)"""\n'
        "A,Won,1,100,2024-01-01 10:00,2024-02-01 10:00,2024-01-05 10:00,2024-01-08 10:00,2024-02-01 10:00\n"
        "B,Demo,2,,2024-01-01 10:00,,2024-01-06 10:00,,\n"
    )
    dataset = load(text)
    assert rows(dataset, "deal_stages", "deal_id", "stage", "pipeline", "entered_at", "left_at") == [
        ("1", "Demo", "Sales", datetime(2024, 1, 5, 10, tzinfo=UTC), datetime(2024, 1, 8, 10, tzinfo=UTC)),
        ("1", "Won", "Sales", datetime(2024, 2, 1, 10, tzinfo=UTC), None),
        ("2", "Demo", "Sales", datetime(2024, 1, 6, 10, tzinfo=UTC), None),
    ]
    assert not [name for name in dataset.tables["deals"].collect_schema() if name.startswith("x_date")]


def test_the_order_of_rows_decides_nothing(load: Load) -> None:
    header = "order_id,date,product,amount,cart discount\n"
    lines = ["1,2024-01-13,A,10,1\n", "1,2024-01-13,B,10,1\n", "1,2024-01-13,C,10,1\n"]
    columns = ("product_name", "line_amount", "discount")
    found = [rows(load(header + "".join(order)), "transactions", *columns) for order in permutations(lines)]
    assert all(other == found[0] for other in found)
    header = "order_id,date,product,order total\n"
    lines = ["1,2024-01-13,A,10\n", "1,2024-01-13,B,10\n", "1,2024-01-13,C,10\n"]
    found = [rows(load(header + "".join(order)), "transactions", *columns[:2]) for order in permutations(lines)]
    assert all(other == found[0] for other in found)


def test_unknown_statuses_are_counted_beyond_those_named(load: Load) -> None:
    lines = [f"{at},2024-01-13,5,strange{at}\n" for at in range(11)]
    (note,) = load("order_id,date,amount,status\n" + "".join(lines)).notes
    assert str(note.values["words"]).endswith("strange6 (1) … (3 more)")


def test_a_return_with_a_negative_sum_and_a_positive_quantity(load: Load) -> None:
    dataset = load(
        "order_id,date,quantity,amount,status\n1,2024-01-13,1,5,paid\n2,2024-01-13,1,-5,returned\n3,2024-01-13,1,-1,paid\n"
    )
    assert rows(dataset, "transactions", "order_id", "quantity", "is_refund", "_flags") == [
        ("1", 1, False, None),
        ("2", -1, True, None),
        ("3", 1, False, "negative_price"),
    ]
