"""Stages and their changes, against a count by hand over every day."""

from calendar import monthrange
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from random import Random

import polars as pl
import pytest

from acrm.analysis.lifecycle.gaps import Limits
from acrm.analysis.lifecycle.lifecycle import Lifecycle, lifecycle
from acrm.analysis.lifecycle.partners import partners
from acrm.ingest.dataset import load
from acrm.ingest.options import IngestOptions
from acrm.summaries.customers import purchase_days

START, TODAY = date(2024, 11, 20), date(2025, 9, 14)
GIVEN = {"active": 20, "lapsed": 45, "loyal": 4}
LIMITS = Limits(**GIVEN)
Days = dict[str, list[date]]
Spans = dict[str, list[tuple[date, date | None]]]


def by_hand(bought: list[date], contracts: list[tuple[date, date | None]], came: date | None, day: date) -> str | None:
    """The stage on a day, as the table of the page says it."""
    past = [one for one in bought if one <= day]
    since = (day - past[-1]).days if past else None
    if any(start <= day and (end is None or day <= end) for start, end in contracts):
        return "partner"
    if came is not None and came <= day and since is not None and since <= LIMITS.lapsed:
        return "partner"
    if since is None:
        return "lapsed" if any(start <= day for start, _ in contracts) else None
    if since > LIMITS.lapsed:
        return "lapsed"
    if since > LIMITS.active:
        return "at_risk"
    if len(past) > 1 and (past[-1] - past[-2]).days > LIMITS.lapsed:
        return "returned"
    if len(past) >= LIMITS.loyal:
        return "loyal"
    return "new" if len(past) == 1 else "active"


def made(seed: int) -> tuple[Days, Spans, dict[str, str]]:
    draw = Random(seed)
    length = (TODAY - START).days
    bought = {
        f"c{n:02}": sorted({START + timedelta(days=draw.randrange(length + 1)) for _ in range(draw.randrange(1, 9))})
        for n in range(30)
    }
    bought["edge"] = [START, START + timedelta(days=46), START + timedelta(days=66), START + timedelta(days=87)]
    contracts: Spans = {}
    for name in ("c00", "c01", "c01", "c02", "nobody"):
        start = START + timedelta(days=draw.randrange(length))
        contracts.setdefault(name, []).append((start, draw.choice([None, start + timedelta(days=40)])))
    brought = {f"c{n:02}": f"c{draw.randrange(3, 8):02}" for n in range(8, 14)}
    return bought, contracts, brought


def frames(bought: Days, contracts: Spans, brought: dict[str, str]) -> tuple[pl.DataFrame, dict[str, pl.LazyFrame]]:
    rows = [(name, day, 2) for name, days in bought.items() for day in days]
    days = pl.DataFrame(rows, schema={"customer_id": pl.String, "day": pl.Date, "orders": pl.Int64}, orient="row")
    told = [(name, *span) for name, spans in contracts.items() for span in spans]
    schema = {"customer_id": pl.String, "start_at": pl.Date, "end_at": pl.Date}
    people = {"customer_id": [*bought, "looker"], "x_referred_by": [*(brought.get(one) for one in bought), None]}
    return days, {
        "contracts": pl.LazyFrame(told, schema=schema, orient="row"),
        "customers": pl.LazyFrame(people, schema={"customer_id": pl.String, "x_referred_by": pl.String}),
    }


def found(seed: int) -> tuple[Lifecycle, Days, Spans, dict[str, date]]:
    bought, contracts, brought = made(seed)
    days, tables = frames(bought, contracts, brought)
    everyone = pl.Series([*bought, "looker"])
    came: dict[str, date] = {}
    for customer, by in brought.items():
        came[by] = min(came.get(by, TODAY), bought[customer][0])
    return lifecycle(days, tables, as_of=TODAY, given=GIVEN, everyone=everyone), bought, contracts, came


@pytest.mark.parametrize("seed", range(8))
def test_stages_are_those_of_every_day_counted_by_hand(seed: int) -> None:
    life, bought, contracts, came = found(seed)
    for customer, stage, since, *_ in life.table.iter_rows():
        told = (bought.get(customer, []), contracts.get(customer, []), came.get(customer))
        assert (by_hand(*told, TODAY) or "prospect") == stage
        day = TODAY
        while day >= START and by_hand(*told, day - timedelta(days=1)) == stage:
            day -= timedelta(days=1)
        assert since == (None if stage == "prospect" else day), customer
    assert life.stages["customers"].sum() == life.table.height == len({*bought, "looker", "nobody"})


@pytest.mark.parametrize("seed", range(8))
def test_changes_are_those_between_month_ends_counted_by_hand(seed: int) -> None:
    life, bought, contracts, came = found(seed)
    expected: Counter[tuple[date, str | None, str]] = Counter()
    for customer in {*bought, *contracts}:
        told = (bought.get(customer, []), contracts.get(customer, []), came.get(customer))
        for number in range(11, 21):
            month = date(2024 + number // 12, number % 12 + 1, 1)
            end = month.replace(day=monthrange(month.year, month.month)[1])
            now = by_hand(*told, end) if end <= TODAY else None
            if now is not None and month >= START:
                expected[month, by_hand(*told, month - timedelta(days=1)), now] += 1
    assert {(month, before, now): count for month, before, now, count, *_ in life.transitions.rows()} == expected
    shares = life.transitions.group_by("month", "before").agg(pl.col("share").sum())["share"]
    assert shares.to_list() == pytest.approx([1.0] * len(shares))
    matrix = life.matrix.group_by("before").agg(pl.col("share").sum())["share"]
    assert matrix.to_list() == pytest.approx([1.0] * len(matrix))


def test_months_before_anybody_can_have_lapsed_are_flagged_and_not_pooled() -> None:
    life = found(0)[0]
    flags = dict(life.transitions.select("month", "flag").unique().rows())
    # From 20 November, 45 days are over on 4 January: at the end of January the month before still was too early.
    assert flags == {
        date(2024, 12, 1): "young",
        date(2025, 1, 1): "young",
        **{date(2025, month, 1): None for month in range(2, 9)},
    }
    usable = life.transitions.filter(pl.col("flag").is_null())
    assert life.matrix["customers"].sum() == usable["customers"].sum()


def test_months_after_the_last_purchase_of_all_are_flagged() -> None:
    days, tables = frames({"a": [START, START + timedelta(days=30)]}, {}, {})
    life = lifecycle(days, tables, as_of=TODAY, given=GIVEN)
    assert set(life.transitions.filter(pl.col("month") >= date(2025, 1, 1))["flag"]) == {"silent"}
    assert "2024-12" in str(life.notes[-1])


def test_a_contract_makes_a_partner_until_its_last_day() -> None:
    days, tables = frames({"a": [START]}, {"a": [(date(2025, 9, 1), TODAY)]}, {})
    for as_of, stage in ((TODAY, "partner"), (TODAY + timedelta(days=1), "lapsed")):
        assert lifecycle(days, tables, as_of=as_of, given=GIVEN).table["stage"].to_list() == [stage]
    both = partners(tables, days, LIMITS.lapsed)
    assert both.rows() == [("a", date(2025, 9, 1), TODAY, "contract")]


def test_who_brought_others_is_a_partner_while_he_buys() -> None:
    days, tables = frames({"a": [START, TODAY - timedelta(days=30)], "b": [TODAY - timedelta(days=10)]}, {}, {"b": "a"})
    stages = dict(lifecycle(days, tables, as_of=TODAY, given=GIVEN).table.select("customer_id", "stage").rows())
    assert stages == {"a": "partner", "b": "new"}
    later = lifecycle(days, tables, as_of=TODAY + timedelta(days=20), given=GIVEN)
    assert dict(later.table.select("customer_id", "stage").rows()) == {"a": "lapsed", "b": "at_risk"}


def test_without_limits_there_are_no_stages_but_a_note() -> None:
    days, tables = frames({"a": [START]}, {}, {})
    life = lifecycle(days, tables, as_of=TODAY)
    assert (life.table.height, life.figures) == (0, {})
    assert len(life.notes) == 1
    nobody = lifecycle(days.clear(), tables, as_of=TODAY, given=GIVEN, everyone=pl.Series(["x"]))
    assert nobody.table["stage"].to_list() == ["prospect"]


def test_the_order_of_rows_does_not_matter() -> None:
    bought, contracts, brought = made(3)
    days, tables = frames(bought, contracts, brought)
    one = lifecycle(days, tables, as_of=TODAY, given=GIVEN)
    other = lifecycle(days.sample(fraction=1, shuffle=True, seed=1), tables, as_of=TODAY, given=GIVEN)
    assert one.table.equals(other.table)
    assert one.transitions.equals(other.transitions)


def test_online_retail(data: Path, tmp_path: Path) -> None:
    tables = load([str(data / "basket" / "online_retail.csv")], IngestOptions(), tmp_path).tables
    days = purchase_days(tables["transactions"], as_of=None).collect()
    life = lifecycle(days, {}, as_of=date(2011, 12, 10))
    assert life.proposal.limits == Limits(active=103, lapsed=258, loyal=6)
    sizes = {"new": 696, "active": 1419, "loyal": 772, "at_risk": 889, "lapsed": 462, "returned": 100}
    assert dict(life.stages.filter(pl.col("customers") > 0).select("stage", "customers").rows()) == sizes
