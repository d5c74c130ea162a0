"""What the made-up shop is made of: its goods, and the names its customers are drawn from."""

from __future__ import annotations

from dataclasses import dataclass

SHOP, WEB, BRANCH = "s", "w", "b"


@dataclass(frozen=True)
class Product:
    """One article.

    `price` is roubles of 2024; `channels` are the letters of where it is sold; `households` and `trade` say how often
    each takes it; `pack` is a tradesman's usual quantity.
    """

    sku: str
    name: str
    price: int
    channels: str
    households: int
    trade: int
    pack: int


_GOODS = """
CEM500|Цемент М500, 50 кг|460|s|4|9|30
BRICK|Кирпич керамический|22|s|1|4|500
SAND25|Песок, 25 кг|120|s|2|6|40
GKL125|Гипсокартон 12,5 мм|520|s|3|8|20
PROF60|Профиль 60х27|210|s|2|7|40
PLAST30|Штукатурка, 30 кг|540|s|4|9|25
PRIM10|Грунтовка, 10 л|690|s|4|7|4
FILL20|Шпаклёвка, 20 кг|610|s|4|7|10
TILE|Плитка настенная|890|sb|6|4|24
GLUE25|Клей для плитки, 25 кг|430|sb|1|2|8
GROUT2|Затирка, 2 кг|350|sb|1|1|4
PAINT9|Краска, 9 л|3200|sw|7|4|3
ROLLER|Валик малярный|290|sw|2|2|4
LAM33|Ламинат|1150|sb|5|2|30
UNDER3|Подложка 3 мм|85|sb|1|1|30
SKIRT|Плинтус, 2,5 м|240|sb|4|2|20
DOOR|Дверь межкомнатная|7900|sb|4|1|3
HANDLE|Ручка дверная|850|swb|1|1|3
TAP|Смеситель|4300|swb|4|1|2
SINK|Мойка кухонная|5600|sb|3|1|1
HOOD60|Вытяжка 60 см|9800|swb|1|1|1
KITCHEN|Кухонный гарнитур|148000|b|2|0|1
TOP28|Столешница 28 мм|8900|sb|2|1|1
DRILL|Шуруповёрт|5400|sw|4|2|1
BITS|Набор бит|490|sw|2|2|2
GLOVES|Перчатки рабочие|60|sw|3|8|20
LED12|Лампа LED 12 Вт|140|sw|6|3|20
LIGHT|Светильник|1900|sw|4|1|4
CORD5|Удлинитель 5 м|620|sw|3|2|2
SOCKET|Розетка двойная|310|sw|4|4|12
SCREW|Саморезы 3,5х35, 1 кг|330|s|4|9|5
FOAM|Пена монтажная|480|s|4|8|6
SEAL|Герметик|390|sw|4|5|4
"""


def _product(row: str) -> Product:
    sku, name, price, channels, households, trade, pack = row.split("|")
    return Product(sku, name, int(price), channels, int(households), int(trade), int(pack))


GOODS = {product.name: product for product in map(_product, _GOODS.split("\n")[1:-1])}


def _words(text: str, between: str | None = None) -> list[str]:
    return text.split(between)


LAST = _words(
    "Абдуллин Алёхин Ахметов Баранов Белов Биктимиров Валеев Васильев Воробьёв Гарипов Горбунов Гусев Давлетов Денисов "
    "Егоров Ершов Жуков Зайцев Зарипов Исхаков Калинин Каримов Киселёв Ковалёв Королёв Кузнецов Латыпов Лебедев "
    "Мансуров Медведев Морозов Мухаметов Насыров Никитин Орлов Павлов Рахимов Родионов Сафин Семёнов Соловьёв Тагиров "
    "Тимофеев Фёдоров Хабиров Хасанов Цветков Шакиров Щербаков Юсупов Яковлев"
)
"""Surnames of men; a woman's adds «а»."""
MEN = _words("Айрат Алексей Артём Булат Вадим Денис Ильдар Кирилл Марат Олег Павел Пётр Ринат Руслан Семён Тимур Фёдор")
WOMEN = _words("Айгуль Алёна Алия Анна Гузель Дина Елена Ирина Лилия Марина Наталья Ольга Рената Светлана Татьяна")
FATHERS = _words(
    "Айратович Алексеевич Борисович Васильевич Ильдарович Маратович Николаевич Петрович Раисович Ринатович Сергеевич"
)
"""Patronymics of men; a woman's ends in «вна» for «вич»."""
FIRMS = _words(
    "Агидель-Строй|Белый камень|Верный угол|Высота|Горница|Дёма-Ремонт|Жилой квартал|Зелёный двор|Инорс-Монтаж|Кедр|"
    "Крепкий дом|Кров|Мастерская №5|Новосёл|Отделка-Уфа|Платан|Ровная стена|Светлый дом|Сипайлово-Сервис|СтройЛад|"
    "Тёплый пол|Уют-Проект|Черниковка-Строй|Шиханы|Этажи",
    "|",
)

_LATIN = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        _words("a b v g d e e zh z i y k l m n o p r s t u f h c ch sh sch  y  e yu ya", " "),
        strict=True,
    )
)


def latin(word: str) -> str:
    """A Russian word in Latin letters, lower case.

    >>> latin("Щербаков")
    'scherbakov'
    """
    return "".join(_LATIN[letter] for letter in word.lower())
