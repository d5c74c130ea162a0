"""Early warning: who is late by the own rhythm, however often others come."""

from datetime import timedelta

import polars as pl
import pytest

from acrm.analysis.churn.records import Records, read_records
from acrm.analysis.churn.snapshots import case
from acrm.analysis.churn.warning import ENOUGH, LEAST_GAPS, RARE, sentence, warnings
from acrm.messages import use
from tests.analysis.churn.conftest import FIRST, Lines, buyers


def test_late_is_who_is_late_by_the_own_rhythm(lines: Lines) -> None:
    """Both bought 40 days ago: one used to come every four, the other every fifty days."""
    rows: list[tuple[object, ...]] = [("once", 360, 5), *buyers(80)]
    rows += [("weekly", day, 5) for day in range(200, 361, 4)] + [("rare", day, 5) for day in range(10, 361, 50)]
    past = read_records(lines([row for row in rows if int(str(row[1])) <= 400]), {}, as_of=FIRST + timedelta(400)).past
    found = warnings(past, past.days.select("customer_id").unique())
    rhythm = {row["customer_id"]: row for row in found.rhythm.iter_rows(named=True)}
    assert rhythm["weekly"]["times_usual"] > 8
    assert rhythm["weekly"]["probability"] < 1e-3
    assert rhythm["rare"]["times_usual"] < 1.1
    late = found.overdue["customer_id"].to_list()
    assert "weekly" in late
    assert "rare" not in late
    # Nobody is late by a rhythm that nobody knows.
    assert "once" not in late
    assert rhythm["weekly"]["expected_on"] < past.cutoff < rhythm["weekly"]["next_on"]


def test_the_list_is_sorted_and_said(shop: Records) -> None:
    everyone = shop.past.days.select("customer_id").unique()
    found = warnings(shop.past, everyone)
    assert found.overdue["overdue_on"].is_sorted(descending=True)
    assert max(found.overdue["overdue_on"]) <= shop.past.cutoff
    watched = found.rhythm.filter(pl.col("gaps") >= LEAST_GAPS)
    # The day on which they become overdue is the first on which they are in the list.
    assert watched.filter(pl.col("overdue_on") <= shop.past.cutoff).height == found.overdue.height
    assert max(found.overdue["probability"]) <= RARE
    assert min(found.overdue["gaps"]) >= LEAST_GAPS
    row = found.overdue.row(0, named=True)
    assert row["sentence"] == sentence(row["times_usual"], row["days_since_last"], row["usual_gap_days"])
    assert sentence(2.4, 36, 15.0) == "gap 2.4 times their usual: 36 days, usually 15"
    use("ru")
    assert sentence(2.4, 36, 15.0) == "перерыв в 2,4 раза дольше обычного: 36 дн., обычно 15"


def test_those_warned_of_leave_more_often(shop: Records) -> None:
    one = case(shop, shop.last - timedelta(days=60), 60)
    found = warnings(shop.past.until(shop.last - timedelta(days=60)), one.table)
    gone = one.table.select("customer_id").with_columns(left=one.outcome)
    late = gone.join(found.overdue, on="customer_id", how="semi")["left"]
    watched = found.rhythm.filter(pl.col("gaps") >= LEAST_GAPS)
    rest = gone.join(watched, on="customer_id", how="semi").join(found.overdue, on="customer_id", how="anti")["left"]
    assert late.len() >= 10
    assert late.mean() > 2 * rest.mean()  # type: ignore[operator]


def test_few_gaps_are_no_rhythm(lines: Lines) -> None:
    past = read_records(lines([("a", day, 5) for day in range(ENOUGH)]), {}).past
    found = warnings(past, past.days.select("customer_id").unique())
    assert found.rhythm.is_empty()
    assert found.overdue.is_empty()
    assert str(found.notes[0]) == "no early warning: 29 gaps between days of purchase, 30 needed"


def test_online_retail(retail: Records) -> None:
    """Of those with a rhythm, the ones who are late leave 1.6 times as often."""
    cutoff = retail.last - timedelta(days=90)
    one = case(retail, cutoff, 90)
    found = warnings(retail.past.until(cutoff), one.table)
    gone = one.table.select("customer_id").with_columns(left=one.outcome)
    late = gone.join(found.overdue, on="customer_id", how="semi")["left"]
    watched = gone.join(found.rhythm.filter(pl.col("gaps") >= LEAST_GAPS), on="customer_id", how="semi")
    rest = watched.join(found.overdue, on="customer_id", how="anti")["left"]
    assert (found.watched, late.len()) == (1247, 137)
    assert late.mean() == pytest.approx(0.292, abs=2e-3)
    assert rest.mean() == pytest.approx(0.180, abs=2e-3)
