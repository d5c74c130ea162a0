"""Who is remembered of what: rules against counts by hand, days of the year, consent, faults of a file."""

from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import polars as pl
import pytest

from acrm import messages
from acrm.analysis.lists.holidays import own_holidays
from acrm.analysis.lists.reminder_rules import Rule, reminder_rules
from acrm.analysis.lists.reminders import reminders
from acrm.errors import UsageError

TODAY = date(2025, 2, 26)
DAYS: dict[str, Any] = {"customer_id": pl.String, "day": pl.Date, "amount": pl.Decimal(38, 4), "orders": pl.Int64}


def bought(*rows: tuple[str, date, int, int]) -> pl.DataFrame:
    return pl.DataFrame([(c, d, Decimal(a), o) for c, d, a, o in rows], schema=DAYS, orient="row")


def customers(**columns: list[Any]) -> dict[str, pl.LazyFrame]:
    return {"customers": pl.LazyFrame(columns)}


def due(rule: Rule, **more: Any) -> list[tuple[str, date, date | None]]:
    told: dict[str, Any] = {"days": None, "tables": {}, "as_of": TODAY} | more
    table = reminders([rule], told.pop("days"), told.pop("tables"), **told).table
    return table.select("customer_id", "due", "since").rows()


def test_the_tenth_order_is_due_since_its_day() -> None:
    rows = [("a", TODAY - timedelta(days=30 - n), 5, 1 + (n == 3)) for n in range(9)]
    rule = Rule(id="ten", when="orders", orders=10)
    # The fourth day has two orders: the ninth day brings the tenth.
    assert due(rule, days=bought(*rows)) == [("a", TODAY, TODAY - timedelta(days=22))]
    assert due(rule, days=bought(*rows[:8])) == []
    for days, names in ((22, []), (23, ["a"])):
        short = Rule(id="ten", when="orders", orders=10, days=days)
        assert [one[0] for one in due(short, days=bought(*rows))] == names


@pytest.mark.parametrize("seed", range(5))
def test_spend_within_a_span_against_a_count_by_hand(seed: int) -> None:
    draw = Random(seed)
    told = {
        f"c{n}": sorted({TODAY - timedelta(days=draw.randrange(500)): draw.randrange(1, 400) for _ in range(6)}.items())
        for n in range(20)
    }
    back = {f"c{n}": (TODAY - timedelta(days=draw.randrange(200)), draw.randrange(1, 300)) for n in range(0, 20, 3)}
    days = bought(*((c, d, a, 1) for c, rows in told.items() for d, a in rows))
    refunds = pl.DataFrame(
        [(c, d, Decimal(a)) for c, (d, a) in back.items()],
        schema={"customer_id": pl.String, "day": pl.Date, "amount": pl.Decimal(38, 4)},
        orient="row",
    )
    expected = []
    for customer, rows in told.items():
        moves = [*rows, *([(back[customer][0], -back[customer][1])] if customer in back else [])]
        inside = [(day, amount) for day, amount in moves if (TODAY - day).days < 365]
        sums = {day: sum(amount for other, amount in inside if other <= day) for day, _ in inside}
        since = None
        for day in sorted(sums):
            since = None if sums[day] < 600 else since or day
        if since:
            expected.append((customer, TODAY, since))
    assert due(Rule(id="s", when="spend", amount=Decimal(600)), days=days, refunds=refunds) == sorted(expected)
    assert expected


@pytest.mark.parametrize(
    ("today", "names"),
    [
        (date(2025, 2, 22), []),
        (date(2025, 2, 23), ["leap", "first"]),
        (date(2025, 3, 1), ["leap", "first"]),
        (date(2025, 3, 2), []),
        (date(2024, 2, 29), ["leap", "first"]),
        (date(2023, 12, 26), ["year"]),
        (date(2024, 12, 31), ["year"]),
    ],
)
def test_birthdays_in_seven_days_and_those_of_29_february(today: date, names: list[str]) -> None:
    born = {"leap": date(1996, 2, 29), "first": date(1990, 3, 1), "year": date(1980, 1, 1), "unknown": None}
    tables = customers(customer_id=list(born), birth_date=list(born.values()))
    found = due(Rule(id="b", when="birthday"), tables=tables, as_of=today, ahead=7)
    assert sorted({one[0] for one in found}) == sorted(names)
    assert all(today <= day < today + timedelta(days=7) for _, day, _ in found)


def test_weekly_runs_name_every_birthday_once() -> None:
    born = [date(1990, 1, 1) + timedelta(days=n) for n in range(365)]
    tables = customers(customer_id=[str(n) for n in range(365)], birth_date=born)
    found = [
        one[0]
        for week in range(52)
        for one in due(Rule(id="b", when="birthday"), tables=tables, as_of=date(2025, 1, 1) + timedelta(days=7 * week))
    ]
    assert len(found) == len(set(found)) == 364


def test_own_holidays_anniversaries_and_renewals() -> None:
    tables = customers(
        customer_id=["a", "b", "c"], holidays=["2001-03-01 wedding; 8 марта жена", "27.02 сын", "one day"]
    )
    found = reminders([Rule(id="h", when="holiday")], None, tables, as_of=TODAY)
    assert found.table.select("customer_id", "due", "since", "reason").rows() == [
        ("b", date(2025, 2, 27), None, "сын"),
        ("a", date(2025, 3, 1), date(2001, 3, 1), "wedding"),
    ]
    assert "1 entries" in str(found.notes[0])
    rule = Rule(id="y", when="first_order")
    days = bought(("a", date(2023, 2, 28), 1, 1), ("a", date(2024, 9, 9), 1, 1), ("b", TODAY, 1, 1))
    assert due(rule, days=days) == [("a", date(2025, 2, 28), date(2023, 2, 28))]
    contracts = pl.LazyFrame(
        {
            "customer_id": ["a", "b", "c", "d", "e"],
            "start_at": [date(2024, 3, 1)] * 4 + [date(2026, 1, 1)],
            "end_at": [None, TODAY + timedelta(days=29), TODAY - timedelta(days=1), TODAY + timedelta(days=5), None],
            "renewal_at": [TODAY + timedelta(days=30), None, TODAY, TODAY + timedelta(days=5), TODAY],
            "end_reason": [None, None, None, "too dear", None],
        }
    )
    soon = Rule(id="r", when="renewal", ahead=30)
    assert due(soon, tables={"contracts": contracts}) == [("b", TODAY + timedelta(days=29), date(2024, 3, 1))]


def test_who_refuses_is_left_out_and_counted() -> None:
    days = bought(("a", TODAY, 50, 1), ("b", TODAY, 50, 1))
    tables = customers(customer_id=["a", "b"], consent=[False, None])
    found = reminders([Rule(id="s", when="spend", amount=Decimal(10))], days, tables, as_of=TODAY)
    assert found.table["customer_id"].to_list() == ["b"]
    assert (found.refused, found.counts["customers"].to_list()) == (1, [1])


def test_what_there_is_nothing_to_follow_is_said() -> None:
    found = reminders(reminder_rules(), None, {}, as_of=TODAY)
    assert found.table.is_empty()
    assert len(found.notes) == found.counts.height == 6
    messages.use("ru")
    assert all(str(note) for note in found.notes)
    assert found.table.columns == ["customer_id", "rule", "due", "what", "since", "reason"]


def test_all_faults_of_a_file_come_at_once() -> None:
    rules = [
        {"id": "a", "when": "orders"},
        {"id": "a", "when": "birthday", "orders": 5, "ahead": 400},
        {"when": "someday", "id": " "},
        {"id": "b", "when": "spend", "amount": True, "what": 5},
    ]
    with pytest.raises(UsageError) as raised:
        reminder_rules({"rule": rules, "rules": []})
    said = str(raised.value)
    for part in (
        "'rules'",
        "needs 'orders'",
        "stands twice",
        "means nothing",
        "366",
        "3 needs an id",
        "'when' says",
        "a text",
    ):
        assert part in said, part
    assert said.count(";") == 8
    documents: list[dict[str, Any]] = [{}, {"rule": []}, {"rule": ["a"]}]
    for empty in documents:
        with pytest.raises(UsageError):
            reminder_rules(empty)


def test_faults_say_what_was_meant_and_numbers_have_an_end() -> None:
    rules: list[dict[str, Any]] = [
        {"id": ["a"], "when": "orders", "orders": 10**23},
        {"id": ["a"], "when": "brithday"},
        {"id": "c", "when": "birthday", "aheed": 3},
        {"id": "d", "when": "spend", "amount": 1e60, "days": 10**20},
        {"when": "birthday"},
        {"when": "birthday"},
    ]
    with pytest.raises(UsageError) as raised:
        reminder_rules({"rule": rules, "rulez": []})
    said = str(raised.value)
    for part in (
        "(meant: rule?)",
        "(meant: birthday?)",
        "(meant: ahead?)",
        "'orders' is a number",
        "'days' is a number",
    ):
        assert part in said, part
    assert (said.count("'amount' is"), said.count("stands twice"), said.count("needs an id")) == (1, 1, 4)


def test_a_file_of_ones_own() -> None:
    rules = reminder_rules({"rule": [{"id": "five", "when": "orders", "orders": 5, "what": "a mug"}]})
    assert rules == (Rule(id="five", when="orders", orders=5, what="a mug"),)
    days = bought(("a", TODAY, 50, 5))
    assert reminders(rules, days, {}, as_of=TODAY).table["what"].to_list() == ["a mug"]
    assert reminder_rules({"rule": [{"id": "x", "when": "spend", "amount": 99.5}]})[0].amount == Decimal("99.5")


@pytest.mark.parametrize(
    ("told", "days"),
    [
        ("2024-03-08 wife", [(3, 8, 2024, "wife")]),
        ("08.03.1990", [(3, 8, 1990, "")]),
        ("25/12 Christmas", [(12, 25, None, "Christmas")]),
        ("12-25 Christmas", [(12, 25, None, "Christmas")]),
        ("13.25", []),
        ("March 8, 2001", [(3, 8, None, "2001")]),
        ("8th March: mother", [(3, 8, None, "mother")]),
        ("день рождения жены 5 мая", [(5, 5, None, "день рождения жены")]),
        ("5 мая 1985 | 30 февраля", [(5, 5, 1985, "30 февраля")]),
        ("29.02.2001 son\n1 янв", [(2, 29, 2001, "son"), (1, 1, None, "")]),
        (" ; ,", []),
    ],
)
def test_holidays_as_people_write_them(told: str, days: list[tuple[int, int, int | None, str]]) -> None:
    assert [(one.month, one.day, one.year, one.kind) for one in own_holidays(told)[0]] == days
