"""What happened in the made-up shop: who came, what they bought, and what was planted (see `acrm.demo`)."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TypeVar

from acrm.demo.names import BRANCH, FATHERS, FIRMS, GOODS, LAST, MEN, SHOP, WEB, WOMEN, Product, latin

T = TypeVar("T")

START, END = date(2024, 4, 1), date(2026, 3, 31)
DAYS = (END - START).days + 1
HOUSEHOLD, TRADE, COMPANY = "household", "trade", "company"
PEOPLE = {HOUSEHOLD: 270, TRADE: 55, COMPANY: len(FIRMS)}
PROSPECTS, LEADS, CALLS = 90, 120, 160
LOST, LOST_FROM = 24, date(2025, 9, 1)
SEASON = (0.5, 0.6, 0.8, 1.2, 1.5, 1.4, 1.3, 1.2, 1.1, 1.0, 0.8, 0.6)
RATES = {
    HOUSEHOLD: (0.2, 0.4, 0.6, 0.9, 1.2, 1.6, 2.2, 3.0, 4.5),
    TRADE: (1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0),
    COMPANY: (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0),
}
LOST_RATES = (7.0, 9.0, 11.0)
LEAVING = {HOUSEHOLD: (0.05, 0.1, 0.2, 0.3), TRADE: (0.0, 0.01, 0.02, 0.04), COMPANY: (0.0, 0.02, 0.05, 0.1)}
SOURCES = {
    "Рекомендация": (20, 60),
    "Сайт": (30, 38),
    "Яндекс Директ": (25, 28),
    "Авито": (15, 16),
    "ВКонтакте": (10, 10),
}
"""Source of leads: its share of them, and the share of its closed leads that is won, both in percent."""
TOGETHER = {
    "Плитка настенная": {"Клей для плитки, 25 кг": 0.7, "Затирка, 2 кг": 0.5},
    "Краска, 9 л": {"Валик малярный": 0.6},
    "Ламинат": {"Подложка 3 мм": 0.65},
    "Дверь межкомнатная": {"Ручка дверная": 0.6},
    "Шуруповёрт": {"Набор бит": 0.5},
}
KITCHEN = "Кухонный гарнитур"
NEXT = {KITCHEN: ("Вытяжка 60 см", 0.6, 14, 35), "Штукатурка, 30 кг": ("Краска, 9 л", 0.3, 10, 30)}
"""Product: what follows it, how often, and how many days later, from and to."""
COMPLAINT = "Жалоба"
CAMPAIGNS = (
    ("Яндекс Директ", "kuhni", "yandex", 9000, 34),
    ("ВКонтакте", "remont", "vk", 4000, 11),
    ("Авито", "mebel", "avito", 2500, 19),
)
"""Source, campaign, its `utm_source`, roubles a week, roubles a click."""


class Dice:
    """Draws for one part of the story; every part has its own stream, so one can change without the others."""

    def __init__(self, seed: int, part: str) -> None:
        self.draw = random.Random(f"{seed} {part}").random

    def chance(self, share: float) -> bool:
        """True in `share` of the cases."""
        return self.draw() < share

    def between(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return low + int(self.draw() * (high - low + 1))

    def pick(self, items: Sequence[T]) -> T:
        """One of the items, all equally likely."""
        return items[int(self.draw() * len(items))]

    def weigh(self, weights: Mapping[T, int]) -> T:
        """One of the keys, as likely as its weight says."""
        # Whole weights: since Python 3.12 a sum of floats may differ in its last bit.
        left = int(self.draw() * sum(weights.values()))
        for item, weight in weights.items():
            left -= weight
            if left < 0:
                return item
        raise ValueError(weights)


@dataclass(frozen=True)
class Customer:
    """A person, or the person who buys for a firm; `phone` is ten digits, `email`, `firm` and `card` may be empty."""

    number: int
    kind: str
    last: str
    first: str
    middle: str
    phone: str
    email: str
    born: date
    home: str
    firm: str
    card: str

    @property
    def name(self) -> str:
        """Last, first and middle name."""
        return f"{self.last} {self.first} {self.middle}"

    @property
    def account(self) -> str:
        """The customer as the bookkeeping calls them."""
        if self.kind == TRADE:
            return f"ИП {self.last} {self.first[0]}. {self.middle[0]}."
        return self.firm or self.name

    @property
    def lost(self) -> bool:
        """Whether this is one of the planted lost group."""
        return self.card.startswith("77")

    @property
    def until(self) -> date:
        """The last day on which anything can be bought or brought back."""
        return LOST_FROM - timedelta(days=1) if self.lost else END


@dataclass(frozen=True)
class Line:
    """Product, quantity (below 0 when it came back) and amount in kopecks."""

    product: Product
    quantity: int
    amount: int


@dataclass(frozen=True)
class Order:
    """One purchase, or one return, in one channel."""

    at: datetime
    customer: Customer
    channel: str
    lines: tuple[Line, ...]
    coupon: bool = False

    @property
    def amount(self) -> int:
        """Sum of the lines in kopecks."""
        return sum(line.amount for line in self.lines)


@dataclass(frozen=True)
class Lead:
    """One enquiry for a kitchen.

    `closed` is None while it is open. `budget` is roubles: for a won lead the price agreed, otherwise a guess or None.
    """

    created: datetime
    closed: datetime | None
    won: bool
    source: str
    customer: Customer
    budget: int | None


@dataclass(frozen=True)
class Call:
    """One phone call; nobody's name is known when `customer` is None."""

    at: datetime
    customer: Customer | None
    incoming: bool
    seconds: int
    outcome: str
    agent: str


@dataclass(frozen=True)
class Story:
    """Everything that happened, each list in order of time (people: of number)."""

    customers: tuple[Customer, ...]
    prospects: tuple[Customer, ...]
    orders: tuple[Order, ...]
    leads: tuple[Lead, ...]
    calls: tuple[Call, ...]


def tell(seed: int) -> Story:
    """The two years of trade that belong to the seed."""
    people = list(_people(Dice(seed, "people")))
    customers, prospects = people[:-PROSPECTS], people[-PROSPECTS:]
    leads = _leads(Dice(seed, "leads"), customers, prospects)
    kitchens = {lead.customer.number: lead for lead in leads if lead.won}
    orders = _orders(Dice(seed, "orders"), customers, kitchens)
    orders += _returns(Dice(seed, "returns"), orders)
    orders.sort(key=lambda order: (order.at, order.customer.number, order.amount))
    calls = _calls(Dice(seed, "calls"), people)
    return Story(tuple(customers), tuple(prospects), tuple(orders), tuple(leads), tuple(calls))


def _people(dice: Dice) -> Iterator[Customer]:
    kinds = [kind for kind, count in PEOPLE.items() for _ in range(count)] + [HOUSEHOLD] * PROSPECTS
    names: dict[str, None] = {}
    for number, kind in enumerate(kinds):
        while True:
            last, first, middle = dice.pick(LAST), dice.pick(MEN), dice.pick(FATHERS)
            if kind == HOUSEHOLD and dice.chance(0.55):
                last, first, middle = last + "а", dice.pick(WOMEN), middle.replace("вич", "вна")
            # Tradesmen are known by surname and initials, so these must not meet either.
            known = [f"{last} {first} {middle}"] + [f"{last} {first[0]} {middle[0]}"] * (kind == TRADE)
            if not any(name in names for name in known):
                break
        names.update(dict.fromkeys(known))
        at_home = {SHOP: 84, WEB: 10, BRANCH: 6} if kind == HOUSEHOLD else {SHOP: 97, BRANCH: 3}
        home = dice.weigh(at_home)
        email = f"{latin(last)}.{latin(first)[0]}{number}@{dice.pick(('pochta', 'yashik', 'ufa-net'))}.example"
        born = date(dice.between(1950, 2004), 1, 1) + timedelta(days=dice.between(0, 364))
        in_group = kind == TRADE and number < PEOPLE[HOUSEHOLD] + LOST
        has_card = in_group or (kind != COMPANY and number < len(kinds) - PROSPECTS and dice.chance(0.85))
        yield Customer(
            number,
            kind,
            last,
            first,
            middle,
            # 13577 has no factor in common with 10^7, so no number comes twice.
            phone=f"907{(2345678 + 13577 * number) % 10**7:07}",
            email=email if home == WEB or dice.chance(0.7) else "",
            born=born,
            home=SHOP if in_group else home,
            firm=f"ООО «{FIRMS[number - PEOPLE[HOUSEHOLD] - PEOPLE[TRADE]]}»" if kind == COMPANY else "",
            card=f"{'77' if in_group else '04'}{10000 + 37 * number:06}" if has_card else "",
        )


def moment(dice: Dice, day: date) -> datetime:
    """A moment of the day within opening hours."""
    return datetime.combine(day, time(dice.between(9, 19), dice.between(0, 59), dice.between(0, 59)))


def _leads(dice: Dice, customers: Sequence[Customer], prospects: Sequence[Customer]) -> list[Lead]:
    households = [customer for customer in customers if customer.kind == HOUSEHOLD and customer.home == SHOP]
    buyers, strangers = iter(households), iter(prospects)
    shares = {source: share for source, (share, _) in SOURCES.items()}
    closed = dict.fromkeys(SOURCES, 0)
    leads = []
    for number in sorted(dice.between(0, DAYS - 1) for _ in range(LEADS)):
        source, created = dice.weigh(shares), START + timedelta(days=number)
        done = created + timedelta(days=dice.between(3, 40))
        # Won in turn, not by chance: so few leads would hide the planted shares.
        before, percent = closed[source], SOURCES[source][1]
        closed[source] += done <= END
        won = closed[source] * percent // 100 > before * percent // 100
        # Most of those who do not buy a kitchen never buy anything.
        customer = next(buyers if won else strangers) if won or dice.chance(0.7) else dice.pick(households[-60:])
        leads.append(
            Lead(
                created=moment(dice, created),
                closed=moment(dice, done) if done <= END else None,
                won=won,
                source=source,
                customer=customer,
                budget=dice.between(12, 40) * 10_000 if won or dice.chance(0.6) else None,
            )
        )
    return leads


def _orders(dice: Dice, customers: Sequence[Customer], kitchens: Mapping[int, Lead]) -> list[Order]:
    orders = []
    for customer in customers:
        rates = LOST_RATES if customer.lost else RATES[customer.kind]
        rate = rates[customer.number % len(rates)] / 365
        leaving = 0.0 if customer.lost else dice.pick(LEAVING[customer.kind])
        latest = 90 if customer.lost or dice.chance(0.35) else DAYS - 20
        first = START + timedelta(days=dice.between(0, latest))
        lead = kitchens.get(customer.number)
        day = lead.closed.date() if lead and lead.closed else first
        visits: list[tuple[date, str | None]] = [(day, KITCHEN if lead else None)]
        while day < customer.until and not dice.chance(leaving if visits[-1][0] == day else 0.0):
            day += timedelta(days=1)
            if dice.chance(rate * SEASON[day.month - 1]):
                visits.append((day, None))
        for day, wanted in visits:  # grows while it is read: an order may ask for the next one
            order = _order(dice, customer, day, wanted, lead.budget if lead and wanted == KITCHEN else None)
            orders.append(order)
            for line in order.lines:
                if line.product.name in NEXT:
                    name, share, soonest, latest = NEXT[line.product.name]
                    after = day + timedelta(days=dice.between(soonest, latest))
                    if dice.chance(share) and after <= customer.until:
                        visits.append((after, name))
    return orders


def _order(dice: Dice, customer: Customer, day: date, wanted: str | None, agreed: int | None) -> Order:
    household = customer.kind == HOUSEHOLD
    channel = customer.home
    if household and channel != BRANCH and customer.email and dice.chance(0.12):
        channel = SHOP if channel == WEB else WEB
    if wanted and channel not in GOODS[wanted].channels:
        channel = SHOP
    weights = {
        product.name: product.households if household else product.trade
        for product in GOODS.values()
        if channel in product.channels
    }
    picks = [wanted] if wanted else [dice.weigh(weights) for _ in range(dice.pick((1, 1, 2, 2, 3)))]
    basket: dict[str, int] = {}
    for name in picks:
        basket.setdefault(name, _quantity(dice, GOODS[name], household))
        for other, share in TOGETHER.get(name, {}).items():
            if dice.chance(share):
                basket.setdefault(other, _quantity(dice, GOODS[other], household))
    discount = 5 if customer.kind == TRADE else 0
    lines = []
    for name, quantity in basket.items():
        price = GOODS[name].price * (100 + 6 * (day.year - START.year)) // 100
        price = agreed if agreed and name == wanted else price
        lines.append(Line(GOODS[name], quantity, quantity * price * (100 - discount)))
    coupon = channel == WEB and day.month in (3, 4, 5) and dice.chance(0.4)
    return Order(moment(dice, day), customer, channel, tuple(lines), coupon)


def _quantity(dice: Dice, product: Product, household: bool) -> int:
    tenths = dice.between(1, 6) if household else dice.between(5, 15)
    return max(1, product.pack * tenths // 10)


def _returns(dice: Dice, orders: Sequence[Order]) -> list[Order]:
    returns = []
    for order in orders:
        at = order.at + timedelta(days=dice.between(3, 14))
        line = dice.pick(order.lines)
        back = dice.between(1, line.quantity)
        if order.channel == SHOP and dice.chance(0.04) and at.date() <= order.customer.until:
            returned = Line(line.product, -back, -line.amount * back // line.quantity)
            returns.append(Order(at, order.customer, SHOP, (returned,)))
    return returns


def _calls(dice: Dice, people: Sequence[Customer]) -> list[Call]:
    agents = ("Белова Анна", "Сафин Марат", "Орлова Дина")
    outcomes = {"Отвечен": 66, "Не отвечен": 20, "Перезвонить": 9, COMPLAINT: 5}
    calls = []
    for customer in people:
        for _ in range(dice.between(0, 2) if customer.lost else 0):
            day = LOST_FROM - timedelta(days=dice.between(1, 62))
            calls.append(Call(moment(dice, day), customer, True, dice.between(60, 600), COMPLAINT, dice.pick(agents)))
    while len(calls) < CALLS:
        outcome, day = dice.weigh(outcomes), START + timedelta(days=dice.between(0, DAYS - 1))
        seconds = 0 if outcome == "Не отвечен" else dice.between(15, 600)
        who = None if dice.chance(0.05) else dice.pick(people)
        calls.append(Call(moment(dice, day), who, dice.chance(0.6), seconds, outcome, dice.pick(agents)))
    return sorted(calls, key=lambda call: (call.at, call.seconds))
