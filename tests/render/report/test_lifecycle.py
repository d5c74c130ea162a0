"""The section of the lifecycle."""

from datetime import timedelta

import polars as pl
import pytest

from acrm import messages
from acrm.analysis.lifecycle.lifecycle import Lifecycle, lifecycle
from acrm.render.blocks import Section
from acrm.render.pictures import Bars, Stack
from acrm.render.report.lifecycle import lifecycle_section
from tests.analysis.clv.conftest import FIRST, buyers
from tests.render.report.shown import charts, grids, headline, lines, sound, words

TODAY = FIRST + timedelta(days=500)


def made(days: int = 500, customers: int = 300) -> Lifecycle:
    rows = [(row[0], FIRST + timedelta(days=row[1]), 1) for row in buyers(customers, days)]
    schema = {"customer_id": pl.String, "day": pl.Date, "orders": pl.Int64}
    table = pl.DataFrame(rows, schema=schema, orient="row").unique(["customer_id", "day"]).sort("customer_id", "day")
    everyone = pl.Series([*table["customer_id"].unique().sort(), "looker"])
    return lifecycle(table, {}, as_of=TODAY, given={"active": 40, "lapsed": 120, "loyal": 5}, everyone=everyone)


@pytest.fixture(scope="module")
def life() -> Lifecycle:
    return made()


@pytest.fixture
def section(life: Lifecycle) -> Section:
    return sound(lifecycle_section(life))


def test_the_answer_counts_those_who_bought(life: Lifecycle, section: Section) -> None:
    sizes = dict(life.stages.select("stage", "customers").iter_rows())
    buyers_of_all = sum(sizes.values()) - sizes["prospect"]
    assert sizes["prospect"] == 1
    assert headline(section) == (
        f"{sizes['at_risk']} customers, {sizes['at_risk'] / buyers_of_all:.0%} of those who ever bought, are at risk: "
        "no order for more than 40 days"
    )


def test_months_are_those_that_are_not_flagged(life: Lifecycle, section: Section) -> None:
    months, ways = (chart.picture for chart in charts(section))
    assert isinstance(months, Stack)
    told = life.transitions.filter(pl.col("flag").is_null())
    assert [day for day, _ in months.rows] == sorted(told["month"].unique())
    last = told.filter(month=told["month"].max())
    assert sum(n or 0 for n in months.rows[-1][1]) == last["customers"].sum()
    assert isinstance(ways, Bars)
    silent = life.matrix.filter(before="active", now="at_risk")["share"][0]
    assert next(row.value for row in ways.rows if row.name == "Active: fell silent") == silent


def test_a_few_months_have_names() -> None:
    stack = charts(sound(lifecycle_section(made(days=230))))[0].picture
    assert isinstance(stack, Stack)
    assert [day for day, _ in stack.rows] == ["2024-05", "2024-06", "2024-07", "2024-08"]


def test_what_to_do_says_what_comes_by_itself(life: Lifecycle, section: Section) -> None:
    back = life.matrix.filter(pl.col("before") == "at_risk", pl.col("now").is_in(["active", "loyal", "new"]))["share"]
    assert f"in a month {back.sum():.1%} of them come back by themselves" in lines(section)[0]
    assert grids(section)["Lifecycle"].rows[0][0] == "Prospect"


def test_without_limits_there_is_nothing_to_say() -> None:
    days = pl.DataFrame({"customer_id": ["a"], "day": [FIRST], "orders": [1]})
    few = lifecycle(days, {}, as_of=TODAY, given={}, everyone=pl.Series(["a"]))
    assert lifecycle_section(few) is None


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_nobody_is_named(life: Lifecycle, language: str) -> None:
    messages.use(language)
    said = words(sound(lifecycle_section(life, personal=False)))
    assert not [who for who in life.table["customer_id"] if who in said]
