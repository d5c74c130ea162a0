"""Payments put to documents, one rule at a time; and what must hold whatever the numbers."""

from datetime import date, timedelta
from random import Random
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from acrm.analysis.matching import match, nearest

START = date(2026, 1, 1)
DOCUMENT = {
    "at": pl.Int64,
    "kind": pl.String,
    "id": pl.String,
    "number": pl.String,
    "also": pl.String,
    "party": pl.String,
    "currency": pl.String,
    "on": pl.Date,
    "due": pl.Int64,
    "gross": pl.Int64,
}
PAYMENT = {
    "at": pl.Int64,
    "party": pl.String,
    "currency": pl.String,
    "on": pl.Date,
    "amount": pl.Int64,
    "order_id": pl.String,
    "deal_id": pl.String,
    "purpose": pl.String,
}


def documents(*rows: dict[str, Any]) -> pl.DataFrame:
    usual = {"kind": "order", "party": "ada", "currency": "EUR", "on": START, "due": 100}
    whole = [usual | {"at": at, "id": f"D{at}", "gross": row.get("due", 100)} | row for at, row in enumerate(rows)]
    return pl.DataFrame(whole, schema=DOCUMENT)


def payments(*rows: dict[str, Any]) -> pl.DataFrame:
    usual = {"party": "ada", "currency": "EUR", "on": START, "amount": 100}
    return pl.DataFrame([usual | {"at": at} | row for at, row in enumerate(rows)], schema=PAYMENT)


def parts(claims: pl.DataFrame, money: pl.DataFrame, window: int = 30) -> list[tuple[Any, ...]]:
    return match(claims, money, window).rows()


def day(number: int) -> date:
    return START + timedelta(days=number)


def test_the_id_that_a_payment_carries_comes_before_everything() -> None:
    claims = documents({}, {"id": "17", "party": "bob"})
    assert parts(claims, payments({"order_id": "17", "amount": 40})) == [(0, 1, 40, "order_id")]
    assert parts(claims, payments({"deal_id": "17"})) == [(0, 0, 100, "amount")], "an order is no deal"
    sold = documents({"id": "o1", "also": "17"})
    assert parts(sold, payments({"deal_id": "17"})) == [(0, 0, 100, "deal_id")]


def test_a_number_in_the_purpose() -> None:
    claims = documents({"id": "17", "due": 900}, {"id": "A-18", "party": None}, {"id": "19", "party": "bob", "due": 50})
    said = {
        "Оплата по счету № 17 от 03.02.2026, НДС 20%": [(0, 0, 100, "number")],
        "order a-18": [(0, 1, 100, "number")],
        # Another customer and another amount: the number is not this document's.
        "invoice 19": [(0, 0, 100, "oldest")],
        # Two documents: which one is not said.
        "счет 17, заказ A-18": [(0, 0, 100, "oldest")],
        # The number of a contract is no document's.
        "по договору № 17": [(0, 0, 100, "oldest")],
        "сделка 17": [(0, 0, 100, "oldest")],
    }
    assert {text: parts(claims, payments({"purpose": text})) for text in said} == said


def test_at_a_price_that_all_pay_a_number_of_another_customer_says_nothing() -> None:
    claims = documents({"id": "17", "party": "bob"}, {"id": "99", "on": day(-90)})
    assert parts(claims, payments({"purpose": "счет 17"})) == [(0, 1, 100, "oldest")]
    assert parts(claims, payments({"purpose": "счет 17", "party": None})) == [(0, 0, 100, "number")]
    other = documents({"id": "17", "party": "bob"}, {"id": "99", "due": 40})
    assert parts(other, payments({"purpose": "счет 17"})) == [(0, 0, 100, "number")], "a colleague's"


def test_one_payment_for_several_documents_that_it_names() -> None:
    claims = documents({"id": "101", "due": 70}, {"id": "102", "due": 30}, {"id": "103"})
    said = "Оплата по счетам № 101 от 01.02.2026 и № 102, в т.ч. НДС 20% - 16,67 руб."
    assert parts(claims, payments({"purpose": said})) == [(0, 0, 70, "number"), (0, 1, 30, "number")]
    assert parts(claims, payments({"purpose": "orders 101, 102", "party": "bob"}))[0][3] == "number"
    # Less than both: which one is not said.
    assert parts(claims, payments({"purpose": said, "amount": 60})) == [(0, 0, 60, "oldest")]


def test_a_payer_without_documents_is_believed_who_names_the_kind_and_pays_no_more_than_is_due() -> None:
    claims = documents({"id": "7", "kind": "deal", "due": 300})
    stranger = {"party": "Ада Ивановна", "amount": 150, "purpose": "Предоплата 50% по сделке № 7"}
    assert parts(claims, payments(stranger)) == [(0, 0, 150, "number")]
    for other in ({"purpose": "по счету № 7"}, {"amount": 301}, {"amount": -1}):
        assert parts(claims, payments(stranger | other)) == []
    both = documents({"id": "7", "kind": "deal", "due": 300}, {"party": "Ада Ивановна", "due": 900})
    assert parts(both, payments(stranger)) == [(0, 1, 150, "oldest")], "who has documents pays for these"


def test_the_short_number_of_a_document() -> None:
    claims = documents({"id": "00УТ-000017"}, {"id": "00УТ-000018"}, {"id": "А-19"}, {"id": "0000-000019"})
    for said, found in {"счет № 17": "number", "заказ 000018": "number", "счет № 19": "oldest"}.items():
        assert parts(claims, payments({"purpose": said, "amount": 40}))[0][3] == found, said
    exact = documents({"id": "17", "on": day(9)}, {"id": "00УТ-000017", "on": day(1)})
    assert parts(exact, payments({"purpose": "счет 17", "amount": 40})) == [(0, 0, 40, "number")]


def test_as_many_refunds_as_payments_of_one_customer_are_paired_in_order() -> None:
    count = 600
    money = [{"on": day(at % 30)} for at in range(count)] + [{"on": day(40), "amount": -100}] * count
    found = match(documents(*({} for _ in range(count))), payments(*money), 30)
    assert found.filter(rule="returned").height == 2 * count
    assert found["amount"].sum() == 0


def test_an_order_and_a_deal_of_one_number() -> None:
    claims = documents({"id": "5"}, {"id": "5", "kind": "deal", "due": 300})
    assert parts(claims, payments({"purpose": "сделка 5", "amount": 70})) == [(0, 1, 70, "number")]
    assert parts(claims, payments({"purpose": "заказ 5", "amount": 70})) == [(0, 0, 70, "number")]
    assert parts(claims, payments({"purpose": "счет 5", "amount": 70})) == [(0, 0, 70, "oldest")]


def test_equal_amounts_go_to_the_nearest_day_within_the_window() -> None:
    claims = documents({"on": day(0)}, {"on": day(20)})
    assert parts(claims, payments({"on": day(19)})) == [(0, 1, 100, "amount")]
    assert parts(claims, payments({"on": day(51)})) == [(0, 0, 100, "oldest")]
    assert parts(claims, payments({"on": day(51)}), 31) == [(0, 1, 100, "amount")]
    both = payments({"on": day(19)}, {"on": day(21)})
    assert parts(claims, both) == [(0, 1, 100, "amount"), (1, 0, 100, "amount")]


def test_money_of_another_currency_or_of_nobody_pays_nothing() -> None:
    claims = documents({})
    assert parts(claims, payments({"currency": "USD"}, {"party": None}, {"currency": "USD", "order_id": "D0"})) == []


def test_money_given_back() -> None:
    refunded = documents({"due": 60, "gross": 100})
    money = payments({}, {"amount": -40, "on": day(9)})
    assert parts(refunded, money) == [(0, 0, 100, "amount"), (1, 0, -40, "refund")]
    whole = payments({}, {"amount": -100, "on": day(9)})
    assert parts(documents({}), whole) == [(0, 0, 100, "amount"), (1, 0, -100, "refund")]
    assert parts(documents({}), payments({"amount": -100})) == []
    # An advance that was given back pays nothing.
    advance = payments({"amount": 70}, {"amount": -70, "on": day(9)})
    assert parts(documents({}), advance) == [(0, None, 70, "returned"), (1, None, -70, "returned")]


def test_the_rest_pays_the_oldest_first() -> None:
    claims = documents({"on": day(2), "due": 50}, {"on": day(1), "due": 70}, {"on": day(3), "due": 90})
    money = payments({"amount": 100, "on": day(5)}, {"amount": 130, "on": day(6)})
    assert parts(claims, money) == [
        (0, 0, 30, "oldest"),
        (0, 1, 70, "oldest"),
        (1, 0, 20, "oldest"),
        (1, 2, 90, "oldest"),
    ]


def test_many_equal_amounts_of_one_customer_are_left_to_the_allocation() -> None:
    claims, money = documents(*({} for _ in range(501))), payments(*({} for _ in range(500)))
    found = match(claims, money, 30)
    assert found["rule"].unique().to_list() == ["oldest"]
    assert found["amount"].sum() == 50_000


def test_nearest_takes_each_side_once() -> None:
    pairs = pl.DataFrame({"a": [1, 1, 2, 2], "b": [1, 2, 1, 2], "days": [0, 1, 0, 9]})
    assert nearest(pairs, "a", "b").select("a", "b").rows() == [(1, 1), (2, 2)]


people = st.sampled_from(["ada", "bob", None])
amounts = st.integers(-300, 500)
claim = st.tuples(people, st.integers(0, 90), st.integers(0, 5).map(lambda n: 100 * n), st.integers(0, 2))
purposes = st.sampled_from([None, "счет № 1", "order D2", "deal D3", "счет 1 и счет 2"])
receipt = st.tuples(people, st.integers(0, 90), amounts, st.sampled_from([None, "D0", "D9"]), purposes)


@settings(max_examples=60, deadline=None)
@given(
    claims=st.lists(claim, max_size=12),
    receipts=st.lists(receipt, max_size=12),
    random=st.randoms(use_true_random=False),
)
def test_no_money_is_made_or_lost(claims: list[Any], receipts: list[Any], random: Random) -> None:
    of = documents(
        *({"party": who, "on": day(on), "due": due, "gross": due + 50 * more} for who, on, due, more in claims)
    )
    money = payments(
        *(
            {"party": who, "on": day(on), "amount": 50 * amount, "order_id": order, "purpose": purpose}
            for who, on, amount, order, purpose in receipts
        )
    )
    found = match(of, money, 30)
    spent = found.group_by("payment").agg(pl.col("amount").sum(), pl.col("rule").n_unique().alias("rules"))
    joined = spent.join(money.select("at", whole="amount"), left_on="payment", right_on="at")
    assert joined.height == spent.height
    assert (joined["amount"].abs() <= joined["whole"].abs()).all(), "no payment is spent twice"
    matched = joined.join(found.filter(pl.col("rule") != "oldest"), on="payment", how="semi")
    assert (matched["amount"] == matched["whole"]).all(), "what is matched is matched as a whole"
    assert (joined["rules"] == 1).all(), "every payment has one state"
    before = found.filter(pl.col("rule") != "oldest").group_by("document").agg(pl.col("amount").sum().alias("paid"))
    given = found.filter(rule="oldest").group_by("document").agg(pl.col("amount").sum())
    owed = of.join(given, left_on="at", right_on="document").join(before, left_on="at", right_on="document", how="left")
    assert (owed["amount"] <= owed["due"] - owed["paid"].fill_null(0)).all(), "an allocation never overpays"
    left = owing(of, money, found)
    assert left.is_empty(), "nobody has both money left and documents unpaid"
    assert found.equals(match(of.sample(fraction=1, shuffle=True, seed=random.randrange(99)), money.reverse(), 30))


def owing(of: pl.DataFrame, money: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """Customers with something unpaid and with money that paid nothing."""
    paid = found.group_by("document").agg(pl.col("amount").sum().alias("paid"))
    spent = found.group_by("payment").agg(pl.col("amount").sum().alias("spent"))
    unpaid = of.join(paid, left_on="at", right_on="document", how="left").filter(
        pl.col("due") - pl.col("paid").fill_null(0) > 0
    )
    loose = money.join(spent, left_on="at", right_on="payment", how="left").filter(
        pl.col("amount") - pl.col("spent").fill_null(0) > 0
    )
    return loose.drop_nulls("party").join(unpaid, on="party", how="semi")
