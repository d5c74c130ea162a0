"""Exports of shops, marketplaces and tills, each in the layout its product writes; figures counted by hand."""

from __future__ import annotations

from decimal import Decimal
from textwrap import dedent

import pytest

from tests.ingest.conftest import Load, book, day, plans, rejected, rows, utc


# ---------------------------------------------------------------- Magento 2
def test_magento_orders_and_customers(load: Load) -> None:
    orders = """\
    ID,"Purchase Point","Purchase Date","Bill-to Name","Ship-to Name","Grand Total (Base)",\
"Grand Total (Purchased)",Status,"Customer Email","Customer Group",Subtotal,"Shipping and Handling","Customer Name",\
"Payment Method","Total Refunded"
    000000101,"Main Website","Feb 1, 2026 10:15:00 AM","Ann Lee","Ann Lee",59.0000,59.0000,complete,ann@example.com,\
General,54.0000,5.0000,"Ann Lee",checkmo,
    000000102,"Main Website","Feb 2, 2026 01:05:00 PM","Bob Ray","Bob Ray",120.5000,120.5000,closed,bob@example.com,\
General,120.5000,0.0000,"Bob Ray",checkmo,120.5000
    000000103,"Main Website","Feb 3, 2026 09:00:00 AM","Ann Lee","Ann Lee",80.0000,80.0000,processing,\
ann@example.com,General,80.0000,0.0000,"Ann Lee",checkmo,30.0000
    000000104,"Main Website","Feb 4, 2026 09:00:00 AM","Cy Poe","Cy Poe",40.0000,40.0000,canceled,cy@example.com,\
"NOT LOGGED IN",40.0000,0.0000,"Cy Poe",checkmo,
    """
    customers = """\
    ID,Name,Email,Group,Phone,ZIP,Country,"State/Province","Customer Since","Web Site"
    1,"Ann Lee",ann@example.com,General,512-555-0142,78701,"United States",Texas,"Jan 5, 2026 08:00:00 AM",\
"Main Website"
    2,"Bob Ray",bob@example.com,Wholesale,,,,,"Jan 6, 2026 08:00:00 AM","Main Website"
    """
    subscribers = """\
    ID,Email,Type,"Customer First Name","Customer Last Name",Status,Website,Store
    1,ann@example.com,Customer,Ann,Lee,Subscribed,"Main Website",Main
    2,bob@example.com,Customer,Bob,Ray,Unsubscribed,"Main Website",Main
    """
    dataset = load({"export (1).csv": orders, "export.csv": customers, "subscribers.csv": subscribers})
    assert plans(dataset) == [("magento", "transactions"), ("magento", "customers"), ("magento", "customers")]
    assert rows(dataset, "transactions", "order_id", "line_amount", "status", "is_refund") == [
        ("000000101", 59, "paid", False),
        ("000000102", Decimal("-120.5"), "refunded", True),
        ("000000102", Decimal("120.5"), "refunded", False),
        ("000000103", -30, "refunded", True),
        ("000000103", 80, "paid", False),
        ("000000104", 40, "cancelled", False),
    ]
    assert rows(dataset, "transactions", "ordered_at")[0] == (utc("2026-02-01T10:15:00"),)
    assert rows(dataset, "customers", "customer_id", "email_key", "consent", "country") == [
        ("1", "ann@example.com", True, "United States"),
        ("2", "bob@example.com", False, None),
        ("cy@example.com", "cy@example.com", None, None),
    ]


# ---------------------------------------------------------------- Square
SQUARE_ITEMS = """\
Date,Time,Time Zone,Category,Item,Qty,Price Point Name,SKU,Modifiers Applied,Gross Sales,Discounts,Net Sales,Tax,\
Transaction ID,Payment ID,Device Name,Notes,Details,Event Type,Location,Dining Option,Customer ID,Customer Name,\
Customer Reference ID
2026-01-13,22:30:05,Pacific Time (US & Canada),Chairs,Oak chair,2.0,Regular,CH-1,,"$2,600.00",-$131.44,"$2,468.56",\
$203.66,TX1,P1,Till 1,,,Payment,Main St,,CUST1,Dee Example,
2026-01-13,22:30:05,Pacific Time (US & Canada),Care,Wax,1.0,Regular,,,$8.00,$0.00,$8.00,$0.66,TX1,P1,Till 1,,,\
Payment,Main St,,CUST1,Dee Example,
2026-01-20,09:00:00,Eastern Time (US & Canada),Care,Wax,-1.0,Regular,,,-$8.00,$0.00,-$8.00,-$0.66,TX2,P2,Till 1,,,\
Refund,Main St,,CUST1,Dee Example,
"""


def test_square_items(load: Load) -> None:
    dataset = load({"items-2026-01-01-2026-02-01.csv": SQUARE_ITEMS})
    assert plans(dataset) == [("square", "transactions")]
    columns = ("order_id", "line_amount", "quantity", "discount", "status", "is_refund", "ordered_at", "ordered_on")
    # 22:30 in Los Angeles is half past six of the next day in UTC; the day is the one on the wall.
    assert rows(dataset, "transactions", *columns) == [
        ("TX1", 8, 1, 0, "paid", False, utc("2026-01-14T06:30:05"), day("2026-01-13")),
        ("TX1", Decimal("2468.56"), 2, Decimal("131.44"), "paid", False, utc("2026-01-14T06:30:05"), day("2026-01-13")),
        ("TX2", -8, -1, 0, "refunded", True, utc("2026-01-20T14:00:00"), day("2026-01-20")),
    ]
    assert rows(dataset, "transactions", "currency", "customer_id", "product_id")[0] == ("USD", "CUST1", "CH-1")
    told = load({"items.csv": SQUARE_ITEMS}, time_zone="America/New_York")
    assert rows(told, "transactions", "ordered_on")[0] == (day("2026-01-14"),)


SQUARE_SUMS = """\
Date,Time,Time Zone,Gross Sales,Discounts,Net Sales,Tax,Tip,Total Collected,Card Entry Methods,Transaction ID,\
Payment ID,Event Type,Location,Customer ID,Customer Name
2026-01-13,22:30:05,Pacific Time (US & Canada),"$2,608.00",-$131.44,"$2,476.56",$204.32,$0.00,"$2,680.88",Tap,TX1,P1,\
Payment,Main St,CUST1,Dee Example
2026-01-20,09:00:00,Eastern Time (US & Canada),-$8.00,$0.00,-$8.00,-$0.66,$0.00,-$8.66,Tap,TX2,P2,Refund,Main St,\
CUST1,Dee Example
2026-01-21,09:00:00,Eastern Time (US & Canada),$5.00,$0.00,$5.00,$0.00,$0.00,$5.00,Tap,TX3,P3,Payment,Main St,,
"""


@pytest.mark.parametrize("first", ["items", "transactions"])
@pytest.mark.parametrize("guest", [False, True])
def test_two_reports_of_square_about_the_same_orders(load: Load, first: str, *, guest: bool) -> None:
    reports = {"items": SQUARE_ITEMS, "transactions": SQUARE_SUMS}
    if guest:
        reports = {name: report.replace("CUST1,Dee Example", ",") for name, report in reports.items()}
    order = [first, *(name for name in reports if name != first)]
    # Files are read in the order of their names.
    dataset = load({f"{place}-{name}.csv": reports[name] for place, name in enumerate(order)})
    assert rows(dataset, "transactions", "order_id", "product_id", "line_amount") == [
        ("TX1", "CH-1", Decimal("2468.56")),
        ("TX1", "Wax", 8),
        ("TX2", "Wax", -8),
        ("TX3", None, 5),
    ]


def test_a_refund_of_square_whose_quantity_has_no_sign(load: Load) -> None:
    header, *_, refund = SQUARE_ITEMS.splitlines()
    dataset = load("\n".join((header, refund.replace("Wax,-1.0", "Wax,1"))))
    assert rows(dataset, "transactions", "line_amount", "quantity", "is_refund", "_flags") == [(-8, -1, True, None)]


def test_square_transactions_and_directory(load: Load) -> None:
    sales = """\
    Date,Time,Time Zone,Gross Sales,Discounts,Service Charges,Net Sales,Gift Card Sales,Tax,Tip,Partial Refunds,\
Total Collected,Source,Card,Card Entry Methods,Cash,Fees,Net Total,Transaction ID,Payment ID,Event Type,Location,\
Customer ID,Customer Name
    2026-09-13,10:02:11,Eastern Time (US & Canada),"$1,030.00",-$3.00,$0.00,"$1,027.00",$0.00,$2.16,$2.00,$0.00,\
"$1,031.16",Point of Sale,"$1,031.16",Tap,$0.00,-$0.93,"$1,030.23",SQA1x,PA1,Payment,Fair,CUST1,Dee Example
    2026-09-20,09:00:00,Eastern Time (US & Canada),-$12.00,$0.00,$0.00,-$12.00,$0.00,-$0.96,$0.00,$0.00,-$12.96,\
Point of Sale,-$12.96,,$0.00,$0.00,-$12.96,SQB2y,PB2,Refund,Fair,,
    """
    people = """\
    Reference ID,First Name,Surname,Email Address,Phone Number,Square Customer ID,Email Subscription Status,Birthday
    R1,Dee,Example,dee@example.com,+1 415 555 0133,CUST1,subscribed,
    ,Al,Orr,al@example.com,,CUST2,unsubscribed,1990-05-02
    """
    dataset = load({"customers.csv": people, "transactions-2026.csv": sales})
    assert plans(dataset) == [("square", "customers"), ("square", "transactions")]
    assert rows(dataset, "transactions", "order_id", "line_amount", "currency", "ordered_at") == [
        ("SQA1x", 1027, "USD", utc("2026-09-13T14:02:11")),
        ("SQB2y", -12, "USD", utc("2026-09-20T13:00:00")),
    ]
    assert rows(dataset, "customers", "customer_id", "consent", "birth_date") == [
        ("CUST1", True, None),
        ("CUST2", False, day("1990-05-02")),
    ]


# ---------------------------------------------------------------- Ozon, Wildberries
def test_ozon_orders(load: Load) -> None:
    text = """\
    Номер заказа;Номер отправления;Принят в обработку;Дата отгрузки;Статус;Сумма отправления;Код валюты отправления;\
Название товара;OZON id;Артикул;Итоговая стоимость товара;Код валюты товара;Количество
    11111111-0001;11111111-0001-1;2026-02-01 10:15:00;2026-02-02 00:00:00;Доставлен;2400.00;RUB;Чайник;150000001;\
TEA-1;800.00;RUB;3
    11111111-0001;11111111-0001-2;2026-02-01 10:15:00;2026-02-03 00:00:00;Доставлен;350.00;RUB;Кружка;150000002;\
MUG-1;350.00;RUB;1
    22222222-0002;22222222-0002-1;2026-02-05 23:50:00;2026-02-06 00:00:00;Отменён;800.00;RUB;Чайник;150000001;TEA-1;\
800.00;RUB;1
    33333333-0003;33333333-0003-1;2026-02-06 08:00:00;2026-02-07 00:00:00;Доставляется;9500.00;KZT;Чайник;150000001;\
TEA-1;9500.00;KZT;1
    """
    dataset = load({"orders.csv": ("\ufeff" + "\n".join(line.strip() for line in text.splitlines())).encode()})
    assert plans(dataset) == [("ozon", "transactions")]
    assert rows(dataset, "transactions", "order_id", "product_id", "line_amount", "currency", "status") == [
        ("11111111-0001", "MUG-1", 350, "RUB", "paid"),
        ("11111111-0001", "TEA-1", 2400, "RUB", "paid"),
        ("22222222-0002", "TEA-1", 800, "RUB", "cancelled"),
        ("33333333-0003", "TEA-1", 9500, "KZT", "pending"),
    ]


def test_ozon_accruals_under_a_title(load: Load) -> None:
    header = "Дата начисления|Тип начисления|Номер отправления или идентификатор услуги|Склад отгрузки|SKU|Артикул"
    header += "|Название товара или услуги|Количество|За продажу или возврат до вычета комиссий и услуг"
    header += "|Вознаграждение Ozon|Итого, руб."
    sold, back = "Доставка покупателю", "Получение возврата, отмены, невыкупа от покупателя"
    lines = [
        ("05.02.2026", sold, "11111111-0001-1", "Хоругвино", "15", "TEA-1", "Чайник", 1, 800, -120, 580.5),
        ("06.02.2026", "Оплата эквайринга", "11111111-0001", "", "15", "TEA-1", "Чайник", 1, 0, 0, -12),
        ("09.02.2026", back, "11111111-0001-1", "Хоругвино", "15", "TEA-1", "Чайник", 1, -800, 120, -680),
        ("Итого", None, None, None, None, None, None, None, 0, 0, -111.5),
    ]
    dataset = load(
        {"Отчет по начислениям.xlsx": book(("Период: 01.02.2026 — 28.02.2026",), (*header.split("|"),), *lines)}
    )
    assert plans(dataset) == [("ozon", "transactions")]
    assert rows(dataset, "transactions", "ordered_on", "line_amount", "status", "is_refund") == [
        (day("2026-02-05"), 800, "paid", False),
        (day("2026-02-06"), 0, "cancelled", False),
        (day("2026-02-09"), -800, "refunded", True),
    ]
    assert rejected(dataset) == [("totals_row", 6)]


def test_wildberries_realisation(load: Load) -> None:
    text = """\
    Отчет о реализации № 123456;;;;;;;;;;;;;
    ;;;;;;;;;;;;;
    №;Номер поставки;Предмет;Код номенклатуры;Бренд;Артикул поставщика;Название;Баркод;Тип документа;\
Обоснование для оплаты;Дата заказа покупателем;Дата продажи;Кол-во;Вайлдберриз реализовал Товар (Пр);\
К перечислению Продавцу за реализованный Товар;Srid
    1;900;Платья;1001;Лето;PL-1;Платье синее;2000000001;Продажа;Продажа;2026-02-01;2026-02-04;1;2 500,00;2 100,00;a.1
    2;900;Платья;1001;Лето;PL-1;Платье синее;2000000001;Продажа;Логистика;2026-02-01;2026-02-04;0;0,00;0,00;a.1
    3;900;Платья;1001;Лето;PL-1;Платье синее;2000000001;Возврат;Возврат;2026-02-01;2026-02-08;1;2 500,00;2 100,00;a.1
    4;901;Юбки;1002;Лето;UB-1;Юбка;2000000002;Продажа;Продажа;2026-02-02;2026-02-05;1;1 200,50;1 000,00;b.2
    """
    dataset = load(text)
    assert plans(dataset) == [("wildberries", "transactions")]
    assert rows(dataset, "transactions", "line_no", "order_id", "line_amount", "status", "ordered_on", "currency") == [
        (1, "a.1", 2500, "paid", day("2026-02-04"), "RUB"),
        (2, "a.1", 0, "cancelled", day("2026-02-04"), "RUB"),
        (3, "a.1", -2500, "refunded", day("2026-02-08"), "RUB"),
        (4, "b.2", Decimal("1200.5"), "paid", day("2026-02-05"), "RUB"),
    ]


# ---------------------------------------------------------------- Receipts of a till
TILL = """\
Магазин;Касса;Смена;Номер чека;Дата;Время;Тип чека;Артикул;Наименование товара;Кол-во;Цена;Сумма
Центр;1;51;1;14.02.2026;09:05;Продажа;101;Хлеб;2;45,00;90,00
Центр;1;51;1;14.02.2026;09:05;Продажа;205;Молоко;1;89,90;89,90
Центр;2;17;1;14.02.2026;09:05;Продажа;101;Хлеб;1;45,00;45,00
Центр;1;51;2;14.02.2026;18:40;Возврат;205;Молоко;1;89,90;89,90
Центр;1;51;3;14.02.2026;19:00;Внесение;;;;;1 000,00
Центр;1;52;1;15.02.2026;09:10;Продажа;101;Хлеб;3;45,00;135,00
Итого;;;;;;;;;;;1 449,80
"""


def test_receipts_without_customers(load: Load) -> None:
    dataset = load({"cheki.csv": TILL.encode("cp1251")})
    assert plans(dataset) == [("till", "transactions")]
    assert rows(dataset, "transactions", "order_id", "line_amount", "quantity", "status", "unit") == [
        ("1/2026-02-14/1/51/Центр", Decimal("89.9"), 1, "paid", "Центр"),
        ("1/2026-02-14/1/51/Центр", 90, 2, "paid", "Центр"),
        ("1/2026-02-14/2/17/Центр", 45, 1, "paid", "Центр"),
        ("1/2026-02-15", 135, 3, "paid", "Центр"),
        ("2", Decimal("-89.9"), -1, "refunded", "Центр"),
        ("3", 1000, None, "cancelled", "Центр"),
    ]
    assert rows(dataset, "transactions", "ordered_at")[0] == (utc("2026-02-14T09:05:00"),)
    assert "customers" not in dataset.tables or not rows(dataset, "customers", "customer_id")
    assert rejected(dataset) == [("totals_row", 8)]


def test_receipts_in_english(load: Load) -> None:
    dataset = load("""\
    Store,Register,Shift,Receipt No,Date,Time,Type,Barcode,Description,Qty,Price,Amount,Cashier
    North,1,7,1001,2026-02-14,09:05,Sale,4001,Bread,2,1.50,3.00,Jo
    North,1,7,1001,2026-02-14,09:05,Sale,4002,Milk,1,0.99,0.99,Jo
    North,1,7,1002,2026-02-14,10:05,Refund,4002,Milk,-1,0.99,-0.99,Jo
    North,1,7,1003,2026-02-14,11:00,Cash in,,,,,50.00,Jo
    """)
    assert plans(dataset) == [("till", "transactions")]
    assert rows(dataset, "transactions", "order_id", "line_amount", "status", "is_refund") == [
        ("1001", Decimal("0.99"), "paid", False),
        ("1001", 3, "paid", False),
        ("1002", Decimal("-0.99"), "refunded", True),
        ("1003", 50, "cancelled", False),
    ]


# ---------------------------------------------------------------- Access, and grids saved again by hand
def test_access_text_export(load: Load) -> None:
    text = '"КодЗаказа";"ДатаЗаказа";"Клиент";"Товар";"Количество";"Цена";"Сумма"\r\n'
    text += '1;14.01.2026 0:00:00;"Котова Анна";"Стол";1;1 234,50 р.;1 234,50 р.\r\n'
    text += '2;15.01.2026 0:00:00;"Рыжов Олег";"Стул";2;-100,00 р.;-200,00 р.\r\n'
    dataset = load({"Заказы.txt": text.encode("cp1251")})
    assert rows(dataset, "transactions", "ordered_on", "line_amount", "currency") == [
        (day("2026-01-14"), Decimal("1234.5"), "RUB"),
        (day("2026-01-15"), -200, "RUB"),
    ]
    assert dataset.tables["transactions"].collect()["customer_id"].n_unique() == 2


def test_a_grid_saved_again_in_excel(load: Load) -> None:
    text = """\
    Номер заказа;Дата;Код клиента;Клиент;Телефон;Товар;Количество;Цена;Сумма;;Комментарий менеджера
    1001;46035;7,9271E+10;Котова Анна;79271112233;Стол;1;1500;1500;;перезвонить в пн
    1002;46036,4375;200123;Рыжов Олег;7,92711E+10;Стул;2;#Н/Д;700;;
    1003;46037;200124;Зуев Пётр;#Н/Д;Лампа;1;300;300;;спросить про скидку
    Итого;;;;;;4;;2500;;
    ;;;;;;;;;;проверил Олег
    """
    dataset = load({"zakazy.csv": dedent(text).encode("cp1251")})
    # 46035 is 13 January 2026; 0.4375 of a day is 10:30.
    assert rows(dataset, "transactions", "order_id", "ordered_at", "line_amount", "unit_price") == [
        ("1001", utc("2026-01-13T00:00:00"), 1500, 1500),
        ("1002", utc("2026-01-14T10:30:00"), 700, None),
        ("1003", utc("2026-01-15T00:00:00"), 300, 300),
    ]
    flags = dict(rows(dataset, "transactions", "order_id", "_flags"))
    assert flags["1001"] == "id_exponent:customer_id"
    assert flags["1002"] == "id_exponent:phone"
    assert flags["1003"] is None
    assert rows(dataset, "customers", "full_name", "phone_e164") == [
        ("Зуев Пётр", None),
        ("Котова Анна", "+79271112233"),
        ("Рыжов Олег", None),
    ]
    assert rejected(dataset) == [("totals_row", 5), ("missing_date", 6)]


def test_a_workbook_with_a_note_beside_the_table(load: Load) -> None:
    header = ("Дата", "Клиент", "Товар", "Количество", "Сумма", None, None)
    lines = [
        ("Продажи за январь", None, None, None, None, None, None),
        header,
        (46035, "Котова Анна", "Стол", 1, "1 500,00", None, "план 10 000"),
        (46036, "Рыжов Олег", "Стул", 2, "700,00", None, None),
        ("Итого", None, None, 3, "2 200,00", None, None),
    ]
    dataset = load({"январь.xlsx": book(*lines)})
    assert rows(dataset, "transactions", "ordered_on", "quantity", "line_amount") == [
        (day("2026-01-13"), 1, 1500),
        (day("2026-01-14"), 2, 700),
    ]
    assert rejected(dataset) == [("totals_row", 5)]
