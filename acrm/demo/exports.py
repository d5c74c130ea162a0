"""The made-up shop as seven programs export it: their layouts, their encodings, and the mess people leave in them."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Iterable, Sequence
from datetime import timedelta

from acrm.demo.names import BRANCH, SHOP, WEB
from acrm.demo.story import CAMPAIGNS, DAYS, END, START, Customer, Dice, Order, Story, moment, tell

NAMES = {
    "onec": "otchet_o_prodazhah.csv",
    "amocrm": "amocrm_export_leads_2026-03-31.csv",
    "bitrix24": "DEAL_20260331_5f0c1d2e_69cb8a7f4b3d2.xls",
    "shopify": "orders_export_1.csv",
    "calls": "zvonki.csv",
    "spend": "reklama.csv",
    "cards": "karty_klientov.csv",
}
"""What each export is, and its file name."""
_NBSP = "\u00a0"
_AGENTS = ("Гусева Ирина", "Павлов Тимур")


def _columns(header: str, delimiter: str = ",") -> list[str]:
    return header.split(delimiter)


_AMOCRM = _columns(
    "ID,Название сделки,Бюджет ,Ответственный,Дата создания сделки,Кем создана сделка,Дата редактирования,"
    "Кем редактирована,Дата закрытия,Теги,Примечание,Примечание 2,Примечание 3,Примечание 4,Примечание 5,Этап сделки,"
    "Воронка,Полное имя контакта,Компания контакта,Ответственный за контакт,Компания,Рабочий телефон,"
    "Рабочий прямой телефон,Мобильный телефон,Факс,Домашний телефон,Другой телефон,Рабочий email,Личный email,"
    "Другой email,Город,Источник,Должность,Товар,Skype,ICQ,Jabber,Google Talk,MSN,Другой IM,"
    "Пользовательское соглашение,cid,uid,tid,utm_source,utm_medium,utm_campaign,utm_term,utm_content,utm_referrer,"
    "_ym_uid,_ym_counter,roistat,referrer,openstat_service,openstat_campaign,openstat_ad,openstat_source,from,gclientid,"
    "gclid,yclid,fbclid,GOOGLE_ID,roistat,KEYWORD,ADV_CAMP,TRAF_TYPE,TRAF_SRC,Товар,Производитель,cid,uid,tid,Источник,"
    "domain"
)
_BITRIX24 = _columns(
    "ID;Стадия сделки;Название сделки;Воронка;Повторная сделка;Сумма;Валюта;Контакт: ID;Контакт: Имя;Контакт: Фамилия;"
    "Контакт: Отчество;Контакт: Мобильный телефон;Контакт: Рабочий e-mail;Ответственный;Дата создания;"
    "Предполагаемая дата закрытия;Товар;Цена;Количество",
    ";",
)
_SHOPIFY = _columns(
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,Shipping,"
    "Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,"
    "Lineitem price,Lineitem compare at price,Lineitem sku,Lineitem requires shipping,Lineitem taxable,"
    "Lineitem fulfillment status,Billing Name,Billing Street,Billing Address1,Billing Address2,Billing Company,"
    "Billing City,Billing Zip,Billing Province,Billing Country,Billing Phone,Shipping Name,Shipping Street,"
    "Shipping Address1,Shipping Address2,Shipping Company,Shipping City,Shipping Zip,Shipping Province,"
    "Shipping Country,Shipping Phone,Notes,Note Attributes,Cancelled at,Payment Method,Payment Reference,"
    "Refunded Amount,Vendor,Outstanding Balance,Employee,Location,Device ID,Id,Tags,Risk Level,Source,"
    "Lineitem discount,Tax 1 Name,Tax 1 Value,Tax 2 Name,Tax 2 Value,Tax 3 Name,Tax 3 Value,Tax 4 Name,Tax 4 Value,"
    "Tax 5 Name,Tax 5 Value,Phone,Receipt Number,Duties,Billing Province Name,Shipping Province Name,Payment ID,"
    "Payment Terms Name,Next Payment Due At,Payment References"
)


def files(seed: int) -> dict[str, bytes]:
    """The exports that belong to the seed, by file name.

    >>> first = files(0)["otchet_o_prodazhah.csv"].decode("cp1251").splitlines()[0]
    >>> first, files(0) == files(0), files(0) == files(1)
    ('Отчёт о продажах', True, False)
    """
    story = tell(seed)
    return {NAMES[export]: write(story, Dice(seed, export)) for export, write in _WRITERS.items()}


def _onec(story: Story, dice: Dice) -> bytes:
    """1C's sales report: preamble, one row per line, returns below zero, lost dates and customers, a total."""
    sales = [order for order in story.orders if order.channel == SHOP]
    undated, unknown = ([dice.between(0, len(sales) - 1) for _ in range(2)] for _ in range(2))
    rows: list[Sequence[object]] = [_columns("Дата;Контрагент;Номер документа;Номенклатура;Кол-во;Сумма, руб.", ";")]
    total, numbers = 0, {"РН": 0, "ВЗ": 0}
    for position, order in enumerate(sales):
        kind = "РН" if order.amount > 0 else "ВЗ"
        numbers[kind] += 1
        hour = "0:00:00" if dice.chance(0.5) else f"{order.at.hour}:{order.at:%M:%S}"
        at = "01.01.0001 0:00:00" if position in undated else f"{order.at:%d.%m.%Y} {hour}"
        account = "<Объект не найден>" if position in unknown else order.customer.account
        for line in order.lines:
            quantity = f"{line.quantity:,}".replace(",", _NBSP) + ",000"
            rows.append((at, account, f"{kind}-{numbers[kind]:05}", line.product.name, quantity, _grouped(line.amount)))
            total += line.amount
    rows.append(("", "", "", "Итого:", "", _grouped(total)))
    preamble = f"Отчёт о продажах\r\nПериод: {START:%d.%m.%Y} - {END:%d.%m.%Y}\r\n\r\n"
    return (preamble + _csv(rows, ";", "\r\n")).encode("cp1251")


def _amocrm(story: Story, dice: Dice) -> bytes:
    """The leads of amoCRM: 76 columns of which six names stand twice, «не закрыта», apostrophes, notes of two lines."""
    titles = ("Кухня угловая", "Кухня прямая", "Кухня с островом", "Заявка с сайта")
    tags = {source: (label, campaign) for source, campaign, label, _, _ in CAMPAIGNS}
    rows: list[Sequence[object]] = [_AMOCRM]
    for number, title in ((30999987, "Тест"), (30999994, "тестовая заявка")):
        row = {
            "ID": number,
            "Название сделки": title,
            "Бюджет ": 0,
            "Ответственный": _AGENTS[0],
            "Дата создания сделки": "01.04.2024 09:00:00",
            "Дата закрытия": "01.04.2024 09:30:00",
            "Этап сделки": "Закрыто и не реализовано",
            "Воронка": "Кухни",
            "Полное имя контакта": "Тест Тестов",
            "Мобильный телефон": "70000000000",
            "Рабочий email": "test@test.ru",
        }
        rows.append(_placed(_AMOCRM, row))
    for number, lead in enumerate(story.leads):
        label, campaign = tags.get(lead.source, ("", ""))
        open_stage = dice.pick(("Неразобранное", "Замер", "Переговоры"))
        closed_stage = "Успешно реализовано" if lead.won else "Закрыто и не реализовано"
        row = {
            "ID": 31000001 + 7 * number,
            "Название сделки": dice.pick(titles),
            "Бюджет ": lead.budget or "",
            "Ответственный": dice.pick(_AGENTS),
            "Дата создания сделки": f"{lead.created:%d.%m.%Y %H:%M:%S}",
            "Дата закрытия": f"{lead.closed:%d.%m.%Y %H:%M:%S}" if lead.closed else "не закрыта",
            "Теги": dice.pick(("", "", "сайт, рассрочка", "дизайн-проект")),
            "Примечание": "Хочет фасады МДФ\nперезвонить после 15:00" if dice.chance(0.1) else "",
            "Этап сделки": closed_stage if lead.closed else open_stage,
            "Воронка": "Кухни",
            "Полное имя контакта": _spelled(dice, lead.customer.name),
            "Мобильный телефон": f"'7{lead.customer.phone}" if dice.chance(0.5) else _phone(dice, lead.customer.phone),
            "Рабочий email": lead.customer.email,
            "Город": "Уфа",
            "Источник": lead.source,
            "Товар": "Кухня",
            "utm_source": label,
            "utm_campaign": campaign,
        }
        rows.append(_placed(_AMOCRM, row))
    return _csv(rows, ",", "\n").encode()


def _bitrix24(story: Story, dice: Dice) -> bytes:
    """The branch's Bitrix24 deals: an HTML table called .xls, the deal repeated for each of its products."""
    won = [order for order in story.orders if order.channel == BRANCH]
    asked = [(order, "Сделка успешна") for order in won]
    for customer in story.prospects[-9:]:
        still_open = customer in story.prospects[-3:]
        day = END - timedelta(days=dice.between(1, 20) if still_open else dice.between(30, DAYS - 1))
        stage = "ПЕРЕГОВОРЫ" if still_open else "Сделка провалена"
        asked.append((Order(moment(dice, day), customer, BRANCH, dice.pick(won).lines), stage))
    seen: dict[int, None] = {}
    rows = [_BITRIX24]
    for number, (order, stage) in enumerate(sorted(asked, key=lambda deal: (deal[0].at, deal[0].customer.number))):
        customer = order.customer
        deal = (
            str(41001 + 3 * number),
            stage,
            f"Сделка #{41001 + 3 * number}",
            "Общая",
            "Да" if customer.number in seen else "Нет",
            _roubles(order.amount),
            "Российский рубль",
            str(500 + customer.number),
            customer.first,
            customer.last,
            customer.middle,
            _phone(dice, customer.phone),
            customer.email,
            "Зарипова Лилия",
            f"{order.at:%d.%m.%Y %H:%M:%S}",
            f"{order.at + timedelta(days=7):%d.%m.%Y}",
        )
        seen[customer.number] = None
        rows += (
            [*deal, line.product.name, _roubles(line.amount // line.quantity), str(line.quantity)]
            for line in order.lines
        )
    test = ["40999", "Сделка провалена", "тест", "Общая", "Нет", "0.00", "Российский рубль", "499", "Тест"]
    test += [""] * 4 + ["Зарипова Лилия", "01.04.2024 08:30:00", "", "", "", ""]
    table = _html_row("th", rows[0]), *(_html_row("td", row) for row in [test, *rows[1:]])
    return (
        '<meta http-equiv="Content-type" content="text/html;charset=UTF-8" />\n<table border="1">'
        f"<thead>{table[0]}</thead><tbody>{''.join(table[1:])}</tbody></table>"
    ).encode()


def _shopify(story: Story, dice: Dice) -> bytes:
    """The web shop's orders: newest first, order fields on the first row only, refunds and voided orders."""
    orders = [order for order in story.orders if order.channel == WEB]
    voided = [dice.between(0, len(orders) - 1) for _ in range(2)]
    rows: list[list[object]] = []
    for position, order in reversed(list(enumerate(orders))):
        at = f"{order.at:%Y-%m-%d %H:%M:%S} +0500"
        discount = order.amount // 10 if order.coupon else 0
        shipping = 0 if order.amount >= 500_000 else 35_000
        total = order.amount - discount + shipping
        status, refunded = "paid", 0
        if position in voided:
            status = "voided"
        elif dice.chance(0.08):
            status, refunded = "refunded", total
        elif dice.chance(0.08) and len(order.lines) > 1:
            status = "partially_refunded"
            refunded = order.lines[-1].amount * (order.amount - discount) // order.amount
        email = dice.pick((order.customer.email, order.customer.email, order.customer.email.title()))
        always = {"Name": f"#{1001 + position}", "Email": email, "Created at": at, "Vendor": "Дом у Белой"}
        first: dict[str, object] = {
            "Financial Status": status,
            "Paid at": "" if status == "voided" else at,
            "Fulfillment Status": "unfulfilled" if status == "voided" else "fulfilled",
            "Accepts Marketing": dice.pick(("yes", "no")),
            "Currency": "RUB",
            "Subtotal": _roubles(order.amount - discount),
            "Shipping": _roubles(shipping),
            "Taxes": "0.00",
            "Total": _roubles(total),
            "Discount Code": "VESNA" if order.coupon else "",
            "Discount Amount": _roubles(discount),
            "Billing Name": f"{order.customer.first} {order.customer.last}",
            "Billing City": "Уфа",
            "Billing Country": "RU",
            "Billing Phone": f"'+7{order.customer.phone}",
            "Cancelled at": at if status == "voided" else "",
            "Refunded Amount": _roubles(refunded),
            "Id": 5550000001001 + position,
            "Source": "web",
        }
        for line in order.lines:
            item = {
                "Lineitem quantity": line.quantity,
                "Lineitem name": line.product.name,
                "Lineitem price": _roubles(line.amount // line.quantity),
                "Lineitem sku": line.product.sku,
                "Lineitem discount": "0.00",
            }
            rows.append(_placed(_SHOPIFY, always | first | item))
            first = {}
    return _csv([_SHOPIFY, *rows], ",", "\n").encode()


def _calls(story: Story, dice: Dice) -> bytes:
    """The telephone exchange's list: names are missing where the operator did not ask."""
    rows: list[Sequence[object]] = [_columns("Дата звонка;Телефон;ФИО;Тип звонка;Длительность;Результат;Оператор", ";")]
    for call in story.calls:
        unknown = f"90799{dice.between(10000, 99999)}"
        named = call.customer is not None and dice.chance(0.7)
        rows.append(
            (
                f"{call.at:%d.%m.%Y %H:%M:%S}",
                _phone(dice, call.customer.phone if call.customer else unknown),
                _spelled(dice, call.customer.name) if call.customer and named else "",
                "Входящий" if call.incoming else "Исходящий",
                f"00:{call.seconds // 60:02}:{call.seconds % 60:02}",
                call.outcome,
                call.agent,
            )
        )
    return _csv(rows, ";", "\r\n").encode("cp1251")


def _spend(_story: Story, dice: Dice) -> bytes:
    """The advertising table, one row per campaign and week, as a spreadsheet saves it: UTF-8 with a BOM."""
    rows: list[Sequence[object]] = [_columns("Дата;Источник;Кампания;Показы;Клики;Расход", ";")]
    for week in range(0, DAYS, 7):
        for source, campaign, _label, weekly, per_click in CAMPAIGNS:
            kopecks = weekly * dice.between(7000, 13000) // 100
            clicks = kopecks // (per_click * dice.between(80, 120))
            day = START + timedelta(days=week)
            shown = clicks * dice.between(20, 60)
            rows.append((f"{day:%d.%m.%Y}", source, campaign, shown, clicks, _roubles(kopecks, ",")))
    return _csv(rows, ";", "\r\n").encode("utf-8-sig")


def _cards(story: Story, dice: Dice) -> bytes:
    """The till's card holders, typed in by hand: every way to spell a phone, and some people twice."""
    header = _columns("ФИО;Телефон;E-mail;Дата рождения;Пол;Город;Карта;Согласие на рассылку", ";")
    rows: list[Sequence[str]] = []
    for customer in story.customers:
        if customer.card:
            rows.append(_card(dice, customer, customer.card))
            if dice.chance(0.05):
                rows.append(_card(dice, customer, f"049{customer.card[3:]}"))
    rows.sort(key=lambda row: row[6])
    return _csv([header, *rows], ";", "\r\n").encode("cp1251")


def _card(dice: Dice, customer: Customer, card: str) -> tuple[str, ...]:
    phone = _phone(dice, customer.phone)
    if dice.chance(0.05):
        phone += f", 8 907 9{customer.number:06}"
    email = customer.email.upper() if dice.chance(0.1) else customer.email
    if email and dice.chance(0.05):
        email = email.replace(".example", ",example") if dice.chance(0.6) else f"{email}."
    woman, home = customer.last.endswith("а"), "Стерлитамак" if customer.home == BRANCH else "Уфа"
    return (
        _spelled(dice, customer.name) + ("." if dice.chance(0.03) else ""),
        phone,
        email,
        f"{customer.born:%d.%m.%Y}" if dice.chance(0.8) else "",
        ("Ж" if woman else "М") if dice.chance(0.9) else "",
        f"г. {home}" if dice.chance(0.15) else home,
        card,
        dice.pick(("Да", "Да", "Да", "Нет", "")),
    )


def _phone(dice: Dice, digits: str) -> str:
    """Ten digits as one of the ways people type them."""
    code, one, two, three = digits[:3], digits[3:6], digits[6:8], digits[8:]
    ways = (
        f"8 {code} {one}-{two}-{three}",
        f"8 ({code}) {one}-{two}-{three}",
        f"8{digits}",
        f"+7 {code} {one} {two} {three}",
        f"+7({code}){one}-{two}-{three}",
        f"+7{digits}",
        f"7{digits}",
        digits,
    )
    return dice.pick(ways)


def _spelled(dice: Dice, name: str) -> str:
    """A name as the next program has it: often without ё."""
    return name.replace("ё", "е").replace("Ё", "Е") if dice.chance(0.5) else name


def _placed(header: Sequence[str], values: dict[str, object]) -> list[object]:
    """A row of the header's width; a name that stands twice is filled where it stands first."""
    row: list[object] = [""] * len(header)
    for name, value in values.items():
        row[header.index(name)] = value
    return row


def _html_row(tag: str, cells: Iterable[str]) -> str:
    return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"


def _csv(rows: Iterable[Sequence[object]], delimiter: str, end: str) -> str:
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=delimiter, lineterminator=end).writerows(rows)
    return written.getvalue()


def _roubles(kopecks: int, mark: str = ".") -> str:
    """Money without grouping: 24800.00.

    >>> _roubles(-310050), _roubles(5, ",")
    ('-3100.50', '0,05')
    """
    whole, rest = divmod(abs(kopecks), 100)
    return f"{'-' if kopecks < 0 else ''}{whole}{mark}{rest:02}"


def _grouped(kopecks: int) -> str:
    """Money as 1C prints it, grouped by a space that does not break."""
    whole, rest = divmod(abs(kopecks), 100)
    return f"{'-' if kopecks < 0 else ''}{whole:,}".replace(",", _NBSP) + f",{rest:02}"


_WRITERS = {
    "onec": _onec,
    "amocrm": _amocrm,
    "bitrix24": _bitrix24,
    "shopify": _shopify,
    "calls": _calls,
    "spend": _spend,
    "cards": _cards,
}
