"""Reductions: checked against a few lines of plain Python, and against another engine."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, get_args

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acrm.schema import polars_schema
from acrm.summaries.customers import (
    Edge,
    Refunds,
    contactable,
    customer_history,
    customer_margins,
    edge_orders,
    line_counts,
    loose_refunds,
    order_amounts,
    order_outcomes,
    orders_by_month,
    purchase_days,
    spend_by_window,
)
from acrm.summaries.ledger import Outcome, Part, order_parts
from tests.summaries.lines import COLUMNS, DAY, Row, frame, lines, part


def sources(rows: list[Row]) -> list[pl.LazyFrame]:
    """The lines, their orders, and what a store keeps of these."""
    parts = order_parts(frame(rows))
    return [frame(rows), parts, parts.with_columns(alone=pl.len().over("customer_id", "order_id") == 1)]


def plain_history(rows: list[Row], refunds: Refunds, as_of: date | None) -> list[Row]:
    sales: dict[str, list[tuple[str, date]]] = defaultdict(list)
    spend: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        order, customer, day, amount, *_ = row
        if (found := part(row, as_of)) is Part.SALE:
            sales[customer].append((order, day))
            spend[customer] += amount
        elif found is Part.REFUND and refunds == "net":
            spend[customer] -= abs(amount)
    return [
        (customer, min(days), max(days), len({order for order, _ in found}), spend[customer])
        for customer, found in sorted(sales.items())
        if (days := [day for _, day in found])
    ]


@settings(max_examples=50, deadline=None)
@given(rows=lines, refunds=st.sampled_from(get_args(Refunds)), as_of=st.sampled_from([None, DAY, DAY + timedelta(30)]))
def test_history_is_what_plain_python_finds(rows: list[Row], refunds: Refunds, as_of: date | None) -> None:
    for source in sources(rows):
        found = customer_history(source, refunds=refunds, as_of=as_of).collect().sort("customer_id")
        assert found.columns == ["customer_id", "first_order_at", "last_order_at", "orders", "spend"]
        assert found.rows() == plain_history(rows, refunds, as_of)


@settings(max_examples=50, deadline=None)
@given(rows=lines, as_of=st.sampled_from([None, DAY + timedelta(30)]))
def test_every_line_is_counted_once(rows: list[Row], as_of: date | None) -> None:
    expected: dict[int, int] = defaultdict(int)
    for row in rows:
        expected[int(part(row, as_of))] += 1
    for source in sources(rows):
        counts = line_counts(source, as_of=as_of).collect()
        assert dict(counts.select("part", "lines").rows()) == expected


def plain_days(rows: list[Row], as_of: date | None) -> tuple[list[Row], dict[int, Row]]:
    sales: dict[tuple[str, str], list[Row]] = defaultdict(list)
    refunds: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        if (found := part(row, as_of)) in (Part.SALE, Part.REFUND):
            (sales if found is Part.SALE else refunds)[row[1], row[0]].append(row)
    days: dict[tuple[str, date], tuple[Decimal, int]] = defaultdict(lambda: (Decimal(0), 0))
    outcomes: dict[int, Row] = defaultdict(lambda: (0, 0, 0, Decimal(0)))
    for key in sales.keys() | refunds.keys():
        net = sum((row[3] for row in sales[key]), Decimal(0)) - sum((abs(row[3]) for row in refunds[key]), Decimal(0))
        if not sales[key]:
            outcome = Outcome.UNMATCHED
        elif net <= 0:
            outcome = Outcome.VOID
        else:
            outcome = Outcome.NETTED if refunds[key] else Outcome.WHOLE
            day = key[0], min(row[2] for row in sales[key])
            days[day] = days[day][0] + net, days[day][1] + 1
        found_lines = (1, len(sales[key]) + len(refunds[key]), len(refunds[key]), net)
        outcomes[int(outcome)] = tuple(a + b for a, b in zip(outcomes[int(outcome)], found_lines, strict=True))
    return [(*key, *of) for key, of in sorted(days.items())], dict(outcomes)


@settings(max_examples=50, deadline=None)
@given(rows=lines, as_of=st.sampled_from([None, DAY, DAY + timedelta(30)]))
def test_purchase_days_are_what_plain_python_finds(rows: list[Row], as_of: date | None) -> None:
    days, outcomes = plain_days(rows, as_of)
    for source in sources(rows):
        found = purchase_days(source, as_of=as_of).collect().sort("customer_id", "day")
        assert found.columns == ["customer_id", "day", "amount", "orders"]
        assert found.rows() == days
        counts = order_outcomes(source, as_of=as_of).collect()
        assert counts.columns == ["outcome", "orders", "lines", "refund_lines", "amount"]
        assert {row[0]: row[1:] for row in counts.rows()} == outcomes


@settings(max_examples=50, deadline=None)
@given(rows=lines, as_of=st.sampled_from([None, DAY, DAY + timedelta(30)]))
def test_loose_refunds_are_what_orders_do_not_explain(rows: list[Row], as_of: date | None) -> None:
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    days: dict[tuple[str, str], list[tuple[bool, date]]] = defaultdict(list)
    for row in rows:
        if (found := part(row, as_of)) in (Part.SALE, Part.REFUND):
            sums[row[1], row[0]] += row[3] if found is Part.SALE else -abs(row[3])
            days[row[1], row[0]].append((found is Part.REFUND, row[2]))
    expected: dict[tuple[str, date], Decimal] = defaultdict(Decimal)
    for key, amount in sums.items():
        if amount < 0:
            # The day of the sale, where there is one.
            expected[key[0], min(days[key])[1]] -= amount
    for source in sources(rows):
        loose = loose_refunds(source, as_of=as_of).collect().sort("customer_id", "day")
        assert loose.columns == ["customer_id", "day", "amount"]
        assert loose.rows() == [(*key, amount) for key, amount in sorted(expected.items())]


def test_a_refund_is_taken_off_its_order_on_the_day_of_the_order() -> None:
    later, cash = DAY + timedelta(9), "EUR"
    rows = [
        ("1", "ada", DAY, Decimal(10), cash, "paid", False, False),
        ("2", "ada", DAY, Decimal(3), cash, "paid", False, False),
        ("1", "ada", later, Decimal(-4), cash, "paid", True, False),
        ("3", "ada", later, Decimal(7), cash, "paid", False, False),
        ("3", "ada", later, Decimal(-7), cash, "paid", True, False),
        ("3", "bob", later, Decimal(-7), cash, "paid", True, False),
    ]
    assert purchase_days(frame(rows), as_of=None).collect().rows() == [("ada", DAY, Decimal(9), 2)]
    assert order_outcomes(frame(rows), as_of=None).collect().sort("outcome").rows() == [
        (Outcome.WHOLE, 1, 1, 0, Decimal(3)),
        (Outcome.NETTED, 1, 2, 1, Decimal(6)),
        (Outcome.VOID, 1, 2, 1, Decimal(0)),
        (Outcome.UNMATCHED, 1, 1, 1, Decimal(-7)),
    ]
    # A refund that is written later than the last day is not known on it.
    assert purchase_days(frame(rows), as_of=DAY).collect().rows() == [("ada", DAY, Decimal(13), 2)]


def test_two_orders_on_one_day_are_two_orders_and_a_positive_refund_is_taken_off() -> None:
    rows = [
        ("1", "ada", DAY, Decimal(10), "EUR", "paid", False, False),
        ("1", "ada", DAY, Decimal(5), "EUR", "paid", False, False),
        ("2", "ada", DAY, Decimal(3), "EUR", "paid", False, False),
        ("3", "ada", DAY + timedelta(9), Decimal(4), "EUR", "paid", True, False),
    ]
    assert customer_history(frame(rows), refunds="net", as_of=None).collect().rows() == [
        ("ada", DAY, DAY, 2, Decimal(14))
    ]


def test_flags_may_be_absent() -> None:
    few = frame([("1", "ada", DAY, Decimal(10), None, None, None, None)]).select(COLUMNS[:4])
    assert customer_history(few, refunds="net", as_of=None).collect().rows() == [("ada", DAY, DAY, 1, Decimal(10))]
    assert line_counts(few, as_of=None).collect().rows() == [(0, 1, Decimal(10), DAY)]


def test_reductions_share_one_pass() -> None:
    source = frame([("1", "ada", DAY, Decimal(10), "EUR", "paid", False, False)])
    plan = pl.explain_all(
        [
            customer_history(source, refunds="net", as_of=None),
            line_counts(source, as_of=None),
            purchase_days(source, as_of=None),
            order_outcomes(source, as_of=None),
        ]
    )
    assert plan.count('DF ["order_id"') == 1
    assert "CACHE" in plan


def test_another_engine_finds_the_same() -> None:
    duckdb = pytest.importorskip("duckdb")
    pytest.importorskip("pyarrow")
    rows = [
        (
            str(n % 17),
            f"c{n % 5}",
            DAY + timedelta(n % 40),
            Decimal(n * 37 % 101 - 20) / 8,
            "EUR",
            status,
            None,
            n % 13 == 0,
        )
        for n in range(200)
        for status in ("paid", None, "cancelled")[: 1 + n % 3]
    ]
    with duckdb.connect() as connection:
        relation = connection.from_arrow(frame(rows).collect().to_arrow(compat_level=pl.CompatLevel.oldest()))
        for refunds in get_args(Refunds):
            as_of = DAY + timedelta(30)
            ours = customer_history(frame(rows), refunds=refunds, as_of=as_of).collect().sort("customer_id")
            theirs = sorted(customer_history(relation, refunds=refunds, as_of=as_of).fetchall())
            assert theirs == ours.rows()
        counts = line_counts(frame(rows), as_of=as_of).collect().sort("part").rows()
        assert sorted(line_counts(relation, as_of=as_of).fetchall()) == counts
        days = purchase_days(frame(rows), as_of=as_of).collect().sort("customer_id", "day").rows()
        assert sorted(purchase_days(relation, as_of=as_of).fetchall()) == days
        outcomes = order_outcomes(frame(rows), as_of=as_of).collect().sort("outcome").rows()
        assert sorted(order_outcomes(relation, as_of=as_of).fetchall()) == outcomes
        loose = loose_refunds(frame(rows), as_of=as_of).collect().sort("customer_id", "day").rows()
        assert sorted(loose_refunds(relation, as_of=as_of).fetchall()) == loose


BOUGHT = ("order_id", "customer_id", "ordered_on", "line_amount", "quantity", "product_id", "cost", "channel", "status")


def bought(*rows: Row) -> pl.LazyFrame:
    return pl.LazyFrame(rows, schema=polars_schema("transactions", BOUGHT), orient="row")


def price_list(*rows: Row) -> pl.LazyFrame:
    return pl.LazyFrame(rows, schema=polars_schema("products", ("product_id", "cost")), orient="row")


def test_margins_keep_what_lines_are_apart_and_know_what_they_do_not_know() -> None:
    rows = bought(
        ("1", "ada", DAY, Decimal(10), Decimal(2), "pen", None, "web", None),
        ("1", "ada", DAY, Decimal(-5), Decimal(-1), "pen", None, "web", None),
        ("2", "ada", DAY, Decimal(7), Decimal(1), "pen", Decimal(4), "web", None),
        ("3", "ada", DAY, Decimal(9), Decimal(1), "ink", None, "web", None),
        ("4", "ada", DAY, Decimal(1), Decimal(1), "ink", Decimal(6), "web", "cancelled"),
    )
    costs = price_list(("pen", Decimal(1)), ("pen", Decimal("1.5")))
    found = customer_margins(rows, unit_costs=costs, as_of=None).collect().sort("part")
    assert found.columns == ["customer_id", "part", "lines", "revenue", "goods_cost", "uncosted", "uncosted_revenue"]
    assert found.rows() == [
        ("ada", Part.SALE, 3, Decimal(26), Decimal(7), 1, Decimal(9)),
        ("ada", Part.REFUND, 1, Decimal(-5), Decimal("-1.5"), 0, Decimal(0)),
        ("ada", Part.CANCELLED, 1, Decimal(1), Decimal(6), 0, Decimal(0)),
    ]


def test_orders_are_counted_in_the_month_they_began() -> None:
    march, april = DAY, DAY + timedelta(31)
    rows = bought(
        ("1", "ada", march, Decimal(1), None, None, None, None, None),
        ("1", "ada", april, Decimal(1), None, None, None, "web", None),
        ("2", "ada", march, Decimal(1), None, None, None, "web", None),
        ("3", "ada", april, Decimal(-1), None, None, None, "web", None),
    )
    assert orders_by_month(rows, ["channel"], as_of=None).collect().rows() == [("ada", march, "web", 2)]


def test_the_first_and_the_last_order_say_what_they_are() -> None:
    rows = bought(
        ("2", "ada", DAY, Decimal(1), None, None, None, "shop", None),
        ("1", "ada", DAY, Decimal(3), None, None, None, "web", None),
        ("1", "ada", DAY, Decimal(2), None, None, None, None, None),
        ("9", "ada", DAY + timedelta(1), Decimal(2), None, None, None, "fair", "cancelled"),
    )
    first = edge_orders(rows, ["channel"], edge="first", as_of=None).collect().sort("channel", nulls_last=True)
    assert first.rows() == [("ada", DAY, "web", Decimal(3)), ("ada", DAY, None, Decimal(2))]
    last = edge_orders(rows, ["channel"], edge="last", as_of=None).collect()
    assert last.rows() == [("ada", DAY, "shop", Decimal(1))]


def test_another_engine_finds_the_same_margins_and_orders() -> None:
    duckdb = pytest.importorskip("duckdb")
    pytest.importorskip("pyarrow")
    rows = bought(
        *[
            (
                str(n % 17),
                f"c{n % 5}" if n % 7 else None,
                DAY + timedelta(n % 40),
                Decimal(n * 37 % 101 - 20) / 8,
                Decimal(n % 4),
                f"p{n % 3}",
                Decimal(n % 9) / 4 if n % 4 else None,
                ("web", "shop", None)[n % 3],
                ("paid", "cancelled")[n % 2],
            )
            for n in range(200)
        ]
    )
    costs = price_list(("p0", Decimal("1.5")), ("p1", Decimal("2.25")))
    with duckdb.connect() as connection:
        oldest = pl.CompatLevel.oldest()
        relation = connection.from_arrow(rows.collect().to_arrow(compat_level=oldest))
        listed = connection.from_arrow(costs.collect().to_arrow(compat_level=oldest))
        for ours, theirs in (
            (
                customer_margins(rows, unit_costs=costs, as_of=DAY),
                customer_margins(relation, unit_costs=listed, as_of=DAY),
            ),
            (customer_margins(rows, as_of=None), customer_margins(relation, as_of=None)),
            (order_amounts(rows, ["channel"], as_of=None), order_amounts(relation, ["channel"], as_of=None)),
            (orders_by_month(rows, ["channel"], as_of=None), orders_by_month(relation, ["channel"], as_of=None)),
            *[
                (
                    edge_orders(rows, ["channel"], edge=e, as_of=None),
                    edge_orders(relation, ["channel"], edge=e, as_of=None),
                )
                for e in get_args(Edge)
            ],
        ):
            # An engine may say null for the sum of nothing.
            found = [tuple(value or 0 for value in row) for row in theirs.fetchall()]
            expected = [tuple(value or 0 for value in row) for row in ours.collect().rows()]
            assert sorted(found, key=str) == sorted(expected, key=str)


def test_only_who_refuses_is_left_out_of_lists() -> None:
    customers = pl.LazyFrame({"customer_id": ["a", "b", "c"], "consent": [True, False, None]})
    assert contactable(customers).collect()["customer_id"].to_list() == ["a", "c"]
    assert contactable(customers.drop("consent")).collect().height == 3


@settings(max_examples=50, deadline=None)
@given(rows=lines)
def test_spend_by_window_in_plain_python(rows: list[Row]) -> None:
    edges = (DAY + timedelta(5), DAY + timedelta(20), DAY + timedelta(40))
    spend: dict[Any, Decimal] = defaultdict(Decimal)
    orders: dict[Any, set[str]] = defaultdict(set)
    for row in rows:
        kind = part(row, None)
        if kind > Part.REFUND or not edges[0] < row[2] <= edges[2]:
            continue
        key = (row[1], int(row[2] > edges[1]))
        spend[key] += -abs(row[3]) if kind is Part.REFUND else row[3]
        orders[key] |= {row[0]} if kind is Part.SALE else set()
    found = spend_by_window(frame(rows), edges=edges).collect()
    expected = {(*key, len(orders[key]), amount) for key, amount in spend.items()}
    assert set(found.select("customer_id", "window", "orders", "spend").rows()) == expected
    assert found.height == len(expected)


@settings(max_examples=50, deadline=None)
@given(rows=lines)
def test_edge_orders_in_plain_python(rows: list[Row]) -> None:
    as_of = DAY + timedelta(40)
    sales = [row for row in rows if part(row, as_of) is Part.SALE]
    for edge in get_args(Edge):
        outermost = min if edge == "first" else max
        expected: dict[Any, Decimal] = defaultdict(Decimal)
        for customer in {row[1] for row in sales}:
            day, order = outermost((row[2], row[0]) for row in sales if row[1] == customer)
            for row in sales:
                if (row[1], row[2], row[0]) == (customer, day, order):
                    expected[customer, day, row[5]] += row[3]
        found = edge_orders(frame(rows), ["status"], edge=edge, as_of=as_of).collect()
        assert set(found.rows()) == {(*key, amount) for key, amount in expected.items()}
        assert found.height == len(expected)


@settings(max_examples=50, deadline=None)
@given(rows=lines)
def test_order_amounts_in_plain_python(rows: list[Row]) -> None:
    as_of = DAY + timedelta(40)
    kept = [row for row in rows if part(row, as_of) in (Part.SALE, Part.REFUND)]
    expected = []
    for customer, order in {(row[1], row[0]) for row in kept if part(row, as_of) is Part.SALE}:
        own = [row for row in kept if (row[1], row[0]) == (customer, order)]
        sales = [row for row in own if part(row, as_of) is Part.SALE]
        amount = sum(row[3] if row in sales else -abs(row[3]) for row in own)
        told = [row[5] for row in sales if row[5] is not None]
        expected.append((customer, order, min(row[2] for row in sales), amount, min(told, default=None)))
    found = order_amounts(frame(rows), ["status"], as_of=as_of).collect()
    assert sorted(found.rows()) == sorted(expected)
    plain = order_amounts(frame(rows), [], as_of=as_of).collect()
    assert sorted(plain.rows()) == sorted(row[:4] for row in expected)
