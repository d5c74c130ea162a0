"""The window: from gaps, with what every other would mean, or a refusal in plain words."""

from datetime import timedelta

import pytest

from acrm.analysis.churn.records import Records, read_records
from acrm.analysis.churn.snapshots import case, snapshot
from acrm.analysis.churn.windows import CHOICES, MISSED, windows
from acrm.messages import use
from tests.analysis.churn.conftest import Lines, buyers


def said(found: object) -> str:
    return "; ".join(map(str, getattr(found, "notes", ())))


def test_the_shortest_window_that_misses_few_returns(shop: Records) -> None:
    found = windows(shop)
    rows = {row["window"]: row for row in found.table.iter_rows(named=True)}
    assert found.window is not None
    assert rows[found.window]["returns_missed"] <= MISSED
    shorter = [days for days in CHOICES if days < found.window]
    assert all(rows[days]["returns_missed"] > MISSED or rows[days]["verdict"] != "ok" for days in shorter)
    missed = found.table["returns_missed"].to_list()
    assert missed == sorted(missed, reverse=True)


def test_the_table_agrees_with_the_cases_and_with_who_is_scored(shop: Records) -> None:
    found = windows(shop, given=50)
    assert (found.window, found.origin) == (50, "given")
    row = found.table.filter(window=50).row(0, named=True)
    one = case(shop, shop.last - timedelta(days=50), 50)
    assert (row["active"], row["left"]) == (one.table.height, one.outcome.sum())
    assert row["churn_rate"] == one.outcome.mean()
    seen = snapshot(shop, shop.past.cutoff, 50)
    assert (found.active, found.lost) == (seen.table.height, seen.lost.len())


def test_refusals_say_what_is_missing(lines: Lines, shop: Records) -> None:
    short = windows(shop, given=250)
    assert short.window is None
    assert said(short) == "a window of 250 days needs 500 days of purchases, there are 400"
    few = windows(read_records(lines(buyers(60)), {}), given=60)
    assert few.window is None
    assert "customers were active" in said(few)
    assert "200 needed" in said(few)
    loyal = [(f"c{number:03}", day, 5) for number in range(300) for day in range(number % 9, 300, 10)]
    assert "few" in windows(read_records(lines(loyal), {}), given=60).table.filter(window=60)["verdict"][0]
    assert "0 of 300 active customers left" in said(windows(read_records(lines(loyal), {}), given=60))
    once = [(f"c{number:03}", number, 5) for number in range(300)]
    assert "0 gaps between days of purchase, 30 needed" in said(windows(read_records(lines(once), {})))


def test_a_short_history_does_to_learn_but_not_to_try(shop: Records) -> None:
    found = windows(shop, given=150)
    assert found.window == 150
    assert "not to try it on later customers: 450 needed" in said(found)


def test_only_the_longest_window_that_can_be_had(lines: Lines) -> None:
    slow = [
        (f"c{number:03}", (number * 7) % 150 + step * (100 + number % 90), 5)
        for number in range(900)
        for step in range(4)
    ]
    slow = [row for row in slow if int(row[1]) < 250 and not (int(row[0][1:]) % 3 == 0 and int(row[1]) > 120)]
    found = windows(read_records(lines(slow), {}))
    assert found.window in (30, 45, 60)
    assert "the longest that these purchases allow" in said(found)


def test_lost_customers_are_told(shop: Records) -> None:
    found = windows(shop)
    assert f"{found.lost} customers bought nothing in the last {2 * (found.window or 0)} days" in said(found)
    use("ru")
    assert "уже потеряны" in said(found)


def test_online_retail_is_given_ninety_days(retail: Records) -> None:
    found = windows(retail)
    assert found.window == 90
    row = found.table.filter(window=90).row(0, named=True)
    assert (row["active"], row["left"]) == (2784, 1062)
    assert row["returns_missed"] == pytest.approx(0.230, abs=1e-3)
    assert found.table["verdict"].to_list() == ["ok"] * 5 + ["untried", "short", "short"]
