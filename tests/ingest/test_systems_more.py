"""Variants of known systems' exports: other plans, languages and reports than the sample files have."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tests.ingest.conftest import Load, rejected, rows

ONEC = """\
Реализация товаров и услуг;;;;;;;;;;;
Период: 01.01.2025 - 31.03.2025;;;;;;;;;;;
;;;;;;;;;;;
Номер;Дата;Проведен;Пометка удаления;Контрагент;Номенклатура;Количество;Цена;Сумма;Ставка НДС;Сумма НДС;Всего
УТ-1;10.01.2025 0:00:00;Да;Нет;ООО "Альфа";Стол;2,000;1 000,00;2 000,00;20%;400,00;2 400,00
УТ-1;10.01.2025 0:00:00;Да;Нет;ООО "Альфа";Стул;4,000;500,00;2 000,00;20%;400,00;2 400,00
УТ-2;11.01.2025 0:00:00;Да;Да;ИП Бета;Стул;1,000;500,00;500,00;20%;100,00;600,00
УТ-3;12.01.2025 0:00:00;Нет;Нет;ИП Бета;Стул;1,000;500,00;500,00;20%;100,00;600,00
Итого;;;;;;8,000;;5 000,00;;1 000,00;6 000,00
"""


def test_onec_amounts_with_tax_and_documents_that_do_not_count(load: Load) -> None:
    dataset = load({"realizacia.csv": ONEC.encode("cp1251")})
    assert rows(dataset, "transactions", "order_id", "line_amount", "status") == [
        ("УТ-1", 2400, None),
        ("УТ-1", 2400, None),
        ("УТ-2", 600, "cancelled"),
        ("УТ-3", 600, "cancelled"),
    ]
    assert rejected(dataset) == [("totals_row", 9)]
    assert [note.id for note in dataset.notes] == ["ingest.marked_deleted", "ingest.marked_deleted"]


def test_onec_items(load: Load) -> None:
    text = "Код;Артикул;Наименование;Вид номенклатуры;Единица;Цена;Пометка удаления\n"
    text += "01;A-1;Стол;Мебель;шт;1 000,00;Нет\n02;A-2;Стул;Мебель;шт;500,00;Да\n"
    assert rows(load({"nomenklatura.csv": text}), "products", "product_id", "name", "list_price", "is_active") == [
        ("A-1", "Стол", 1000, True),
        ("A-2", "Стул", 500, False),
    ]


def test_onec_counterparties_marked_for_deletion(load: Load) -> None:
    text = "Код;Наименование;ИНН;КПП;Пометка удаления\n01;Альфа;6311000001;1;Нет\n02;Бета;6311000002;;Да\n"
    dataset = load({"kontragenty.csv": text})
    assert rows(dataset, "customers", "customer_id", "company") == [("01", "Альфа")]
    assert rejected(dataset) == [("deleted_row", 3)]


def test_a_grid_of_receipts_with_percent_discounts(load: Load) -> None:
    dataset = load("""\
    Дата;Номер чека;Касса;Клиент;Товар;Количество;Цена;Скидка, %;Сумма;Статус
    05.02.2025;1;Касса 1;Анна К.;Чай;2;100,00;10;180,00;Оплачен
    05.02.2025;1;Касса 2;Борис М.;Чай;1;100,00;5;95,00;Оплачен
    26.02.2025;1;Касса 1;Борис М.;Чай;1;100,00;5;95,00;Отменен
    """)
    assert rows(dataset, "transactions", "order_id", "discount", "line_amount", "status") == [
        ("1/2025-02-05/Касса 1", 20, 180, "paid"),
        ("1/2025-02-05/Касса 2", 5, 95, "paid"),
        ("1/2025-02-26", 5, 95, "cancelled"),
    ]


def test_a_grid_of_deals_with_a_status_beside_the_stage(load: Load) -> None:
    dataset = load("""\
    Код;Сделка;Клиент;Телефон;Этап;Статус;Сумма;Дата создания;Дата закрытия
    1;Ремонт;Анна К.;+79270000001;Договор;Выиграна;50000;01.02.2025;10.02.2025
    2;Окна;Борис М.;+79270000002;Успешно реализовано;Проиграна;70000;02.02.2025;12.02.2025
    """)
    assert rows(dataset, "deals", "deal_id", "status", "_flags") == [
        ("1", "won", None),
        ("2", "lost", "status_conflict"),
    ]
    assert rows(dataset, "transactions", "line_amount") == [(50000,)]


def test_kommo(load: Load) -> None:
    dataset = load("""\
    ID;Lead title;Sale;Responsible;Created at;Closed at;Lead stage;Pipeline;Main contact;Work email (contact)
    7;Website;$1,200.00;Ann;01/14/2026 10:00;01/20/2026 11:00;Closed - won;Sales;John Smith;john@acme.com
    8;Logo;$300.00;Ann;01/15/2026 10:00;;Negotiation;Sales;Mary Poe;mary@x.com
    """)
    assert dataset.inputs[0].plan.system == "amocrm"
    assert rows(dataset, "deals", "deal_id", "status", "amount", "owner") == [
        ("7", "won", 1200, "Ann"),
        ("8", "open", 300, "Ann"),
    ]
    assert rows(dataset, "transactions", "ordered_on", "line_amount", "currency") == [(date(2026, 1, 20), 1200, "USD")]


def test_bitrix24_in_english(load: Load) -> None:
    text = '"ID";"Stage";"Deal Name";"Total";"Currency";"Responsible person";"Created on";"Expected close date"\n'
    text += '"21";"Deal won";"Kitchen";"1200.00";"USD";"Lee";"01/12/2025 10:00:00 am";"01/20/2025"\n'
    text += '"22";"Deal lost";"Shelf";"600.00";"USD";"Lee";"01/13/2025 10:00:00 am";"01/25/2025"\n'
    dataset = load({"DEAL_2025.csv": text})
    assert dataset.inputs[0].plan.system == "bitrix24"
    assert rows(dataset, "transactions", "order_id", "ordered_on", "line_amount") == [("21", date(2025, 1, 20), 1200)]


def test_salesforce_records_in_the_recycle_bin(load: Load) -> None:
    text = '"ID","ISDELETED","NAME","STAGENAME","AMOUNT","CLOSEDATE","ISCLOSED","ISWON","CREATEDDATE"\n'
    won = '"Closed Won","1250.0","2026-01-20","true","true","2026-01-02T10:00:00.000Z"\n'
    text += '"0061x00000AbCdEAAV","false","Big",' + won + '"0061x00000AbCdFAAV","true","Dup",' + won
    dataset = load({"Opportunity.csv": text})
    assert rows(dataset, "deals", "deal_id", "amount") == [("0061x00000AbCdE", 1250)]
    assert rejected(dataset) == [("deleted_row", 3)]


def test_suitecrm_deleted_records(load: Load) -> None:
    text = '"Opportunity Name","ID","Opportunity Amount","Sales Stage","Expected Close Date","Date Created","Deleted"\n'
    text += '"Big","a-1","$1,250.00","Closed Won","01/20/2026","01/02/2026 10:00 am","0"\n'
    text += '"Gone","a-2","$50.00","Closed Won","01/21/2026","01/03/2026 10:00 am","1"\n'
    assert rows(load(text), "transactions", "order_id", "line_amount") == [("a-1", 1250)]


def test_hubspot_custom_fields_of_deals(load: Load) -> None:
    text = '"Record ID","Deal Name","Deal Stage","Amount","Close Date","Create Date","Associated Contact IDs","City"\n'
    text += '"9001","Site","closedwon","1500","2026-01-20 10:00","2026-01-02 09:00","501;502","Boston"\n'
    dataset = load(text)
    assert rows(dataset, "customers", "customer_id", "city") == [("501", "Boston")]
    assert rows(dataset, "transactions", "customer_id", "line_amount") == [("501", 1500)]


def test_zoho_custom_fields_of_deals(load: Load) -> None:
    text = (
        "Record Id,Deal Name,Amount,Stage,Closing Date,Created Time,Deal Owner,Contact Name.id,Contact Name,City,Tag\n"
    )
    text += 'zcrm_1,Alpha,"1,200.50",Closed Won,2026-01-20,2026-01-02 10:00:00,Ann,zcrm_21,Jo Do,Pune,vip\n'
    text += "zcrm_2,Beta,500,Closed Lost,2026-01-22,2026-01-03 10:00:00,Ann,zcrm_22,Al Bo,,\n"
    dataset = load({"Deals_001.csv": text})
    assert rows(dataset, "customers", "customer_id", "full_name", "city", "tags")[0] == (
        "zcrm_21",
        "Jo Do",
        "Pune",
        "vip",
    )
    assert rows(dataset, "transactions", "order_id", "line_amount") == [("zcrm_1", Decimal("1200.50"))]


def test_amazon_takes_promotions_off(load: Load) -> None:
    head = (
        "amazon-order-id\tpurchase-date\torder-status\tsku\tquantity\tcurrency\titem-price\titem-promotion-discount\n"
    )
    text = head + "1-1\t2026-01-03T10:00:00+00:00\tShipped\tA\t2\tEUR\t40.00\t5.00\n"
    text += "1-2\t2026-01-03T10:00:00+00:00\tCancelled\tA\t0\t\t\t\n"
    text += "1-3\t2026-01-04T10:00:00+00:00\tShipped\tB\t1\tEUR\t10.00\t\n"
    dataset = load(text)
    assert rows(dataset, "transactions", "order_id", "discount", "line_amount") == [
        ("1-1", 5, 35),
        ("1-2", None, 0),
        ("1-3", None, 10),
    ]
    assert rows(dataset, "transactions", "x_item_price")[0] == ("10.00",)


def test_amazon_new_orders(load: Load) -> None:
    text = "order-id\torder-item-id\tpurchase-date\tsku\tquantity-purchased\titem-price\titem-promotion-discount\n"
    text += "026-1\t1\t2026-01-02T10:00:00+00:00\tM1\t2\t40.00\t4.00\n"
    assert rows(load(text), "transactions", "discount", "line_amount") == [(4, 36)]


def test_stripe_payments_that_were_never_made(load: Load) -> None:
    text = "id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Mode,Status,Customer Email\n"
    text += "ch_1,2026-01-02 10:00:00,50.00,20.00,usd,true,Live,Partially refunded,b@x.com\n"
    text += "ch_2,2026-01-03 10:00:00,70.00,0.00,usd,false,Live,Requires payment method,b@x.com\n"
    text += "ch_3,2026-01-03 10:00:00,90.00,0.00,usd,true,Test,Paid,b@x.com\n"
    assert rows(load(text), "transactions", "order_id", "line_amount", "status", "is_test") == [
        ("ch_1", -20, "refunded", False),
        ("ch_1", 50, "paid", False),
        ("ch_2", 70, "cancelled", False),
        ("ch_3", 90, "paid", True),
    ]


def test_woocommerce_drafts_are_no_sales(load: Load) -> None:
    text = "Order Number,Order Status,Order Date,Email (Billing),Item #,Item Name,Quantity,Item Cost,Order Line Total\n"
    text += "1,Completed,2026-01-02 10:00,a@x.com,1,Mug,2,22.50,45.00\n"
    text += "2,Checkout draft,2026-01-02 10:00,a@x.com,1,Mug,2,22.50,45.00\n"
    assert rows(load(text), "transactions", "order_id", "status") == [("1", "paid"), ("2", "cancelled")]


HUBSPOT_DEALS = (
    "Record ID,Deal Name,Pipeline,Deal Stage,Amount,Close Date,Create Date,Associated Contact,Associated Contact IDs,"
    "Associated Company,Associated Company IDs\n"
    "9001,A,Sales,Closed Won,15,2025-01-20,2025-01-13,Ann Lee (ann@ex.com);Bob Ray (bob@ex.com),501;502,Acme,801\n"
    "9002,B,Sales,Closed Won,5,2025-01-21,2025-01-13,,,Acme,801\n"
    "9003,C,Sales,Closed Won,7,2025-01-22,2025-01-13,,503,Acme,501\n"
)
HUBSPOT_CONTACTS = (
    "Record ID,First Name,Last Name,Email,Contact owner,Create Date,Associated Company\n"
    "501,Ann,Lee,ann@ex.com,Joe,2025-01-05,Acme\n503,,,c@ex.com,Joe,2025-01-05,Acme\n"
)
HUBSPOT_COMPANIES = "Record ID,Company name,Industry\n801,Acme,Tech\n501,Zeta,Tech\n"


def test_hubspot_contacts_and_companies_are_numbered_apart(load: Load) -> None:
    files = {"c.csv": HUBSPOT_CONTACTS, "d.csv": HUBSPOT_DEALS, "o.csv": HUBSPOT_COMPANIES}
    dataset = load(files)
    assert rows(dataset, "deals", "deal_id", "customer_id") == [
        ("9001", "501"),
        ("9002", "company-801"),
        ("9003", "503"),
    ]
    assert rows(dataset, "customers", "customer_id", "customer_type", "full_name", "company", "email") == [
        ("501", "person", "Ann Lee", "Acme", "ann@ex.com"),
        ("503", "person", None, "Acme", "c@ex.com"),
        ("company-501", "company", None, "Zeta", None),
        ("company-801", "company", None, "Acme", None),
    ]
    alone = load({"d.csv": HUBSPOT_DEALS})
    assert rows(alone, "customers", "customer_id", "customer_type", "full_name", "email") == [
        ("501", "person", "Ann Lee", "ann@ex.com"),
        ("503", "person", None, None),
        ("company-801", "company", None, None),
    ]


def test_bitrix_contacts_and_companies_are_numbered_apart(load: Load) -> None:
    deals = "ID;Стадия сделки;Название сделки;Сумма;Дата создания;Компания;Контакт: ID\n"
    deals += "1;Сделка успешна;А;5;13.01.2025;ООО Луч;77\n2;Сделка успешна;Б;5;13.01.2025;ООО Тень;\n"
    companies = "ID;Название компании;Тип компании\n77;ООО Тень;Клиент\n1;ООО Луч;Клиент\n"
    dataset = load({"DEAL_1.csv": deals, "COMPANY_1.csv": companies})
    assert rows(dataset, "deals", "deal_id", "customer_id") == [("1", "77"), ("2", "company-77")]
    assert rows(dataset, "customers", "customer_id", "customer_type") == [
        ("77", "person"),
        ("company-1", "company"),
        ("company-77", "company"),
    ]


SHOPIFY = "Name,Email,Financial Status,Subtotal,Discount Code,Discount Amount,Created at,Lineitem quantity,"
SHOPIFY += "Lineitem name,Lineitem price,Lineitem discount\n"


def test_shopify_discounts_are_taken_off_once(load: Load) -> None:
    dataset = load(
        SHOPIFY
        + "#1,a@ex.com,paid,80.00,P20,20.00,2025-01-13,1,Mug,60.00,20.00\n#1,a@ex.com,,,,,2025-01-13,1,Plate,40.00,0\n"
        + "#2,b@ex.com,paid,100.00,FREESHIP,5.00,2025-01-13,2,Plate,50.00,0\n"
        + "#3,c@ex.com,paid,90.00,W10,10.00,2025-01-13,2,Plate,50.00,0\n"
    )
    assert rows(dataset, "transactions", "order_id", "line_amount", "discount") == [
        ("#1", 40, 0),
        ("#1", 40, 20),
        ("#2", 100, 0),
        ("#3", 90, 10),
    ]


def test_amazon_orders_stand_as_order_and_item_say(load: Load) -> None:
    head = "amazon-order-id\tpurchase-date\torder-status\titem-status\tsku\tquantity\tcurrency\titem-price\n"
    says = ["Shipped - Returned to Seller\tShipped", "Pending\tUnshipped", "Shipped\tCancelled", "Cancelled\tShipped"]
    lines = [f"{at}\t2025-01-13T10:00:00+00:00\t{said}\tA\t1\tUSD\t10.00\n" for at, said in enumerate(says)]
    dataset = load({"orders.txt": head + "".join(lines)})
    assert rows(dataset, "transactions", "order_id", "status", "line_amount") == [
        ("0", "refunded", -10),
        ("0", "refunded", 10),
        ("1", "pending", 10),
        ("2", "cancelled", 10),
        ("3", "cancelled", 10),
    ]


def test_woocommerce_line_totals_beside_net_quantities(load: Load) -> None:
    head = "Order Number,Order Status,Order Date,Email (Billing),SKU,Quantity (- Refund),Item Cost,Order Line Total{}\n"
    dataset = load(
        head.format(",Order Line Total Refunded")
        + "1,Completed,2025-01-13,a@ex.com,A,3,3.33,10.00,0\n2,Completed,2025-01-13,a@ex.com,A,1,50,100,50\n"
        + "3,wc-refunded,2025-01-13,a@ex.com,A,0,50,50,50\n"
    )
    assert rows(dataset, "transactions", "order_id", "line_amount", "status") == [
        ("1", 10, "paid"),
        ("2", 50, "paid"),
        ("3", 0, "refunded"),
    ]
    dataset = load(
        head.format("") + "1,Completed,2025-01-13,a@ex.com,A,3,3.33,10.00\n2,Completed,2025-01-13,a@ex.com,A,1,50,100\n"
    )
    assert rows(dataset, "transactions", "order_id", "line_amount") == [("1", 10), ("2", 50)]


def test_stripe_balance_keeps_what_customers_paid(load: Load) -> None:
    head = "id,Type,Source,Amount,Fee,Net,Currency,Created (UTC),Available On (UTC),Description\n"
    kinds = [
        "charge,ch_1,95.00,3,92|Order 1",
        "refund,re_1,-50.00,0,-50|Refund",
        "payout,po_1,-90.00,0,-90|STRIPE PAYOUT",
        "stripe_fee,fee_1,-5.00,0,-5|Billing",
        "adjustment,dp_1,-95.00,15,-110|Chargeback withdrawal for ch_1",
    ]
    lines = [
        f"txn_{at},{kind.replace('|', ',eur,2025-01-13 10:00,2025-01-15 00:00,')}\n" for at, kind in enumerate(kinds)
    ]
    dataset = load(head + "".join(lines))
    assert rows(dataset, "payments", "amount") == [(-95,), (-50,), (95,)]
    assert rejected(dataset) == [("not_a_payment", 4), ("not_a_payment", 5)]
