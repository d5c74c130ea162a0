"""The section of channels."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from acrm import messages
from acrm.analysis.channels.channels import channels
from acrm.analysis.channels.params import ChannelsParams, ChannelsResult
from acrm.analysis.result import Scalar
from acrm.render.pictures import Bars
from acrm.render.report.channels import channels_section
from tests.render.report.shown import charts, grids, headline, lines, sound, words
from tests.render.test_channels import shop


@pytest.fixture(scope="module")
def result() -> ChannelsResult:
    worth = pl.DataFrame({"customer_id": [f"c{n}" for n in range(700)], "clv": [float(n % 90) for n in range(700)]})
    return channels(shop(), None, ChannelsParams(), worth)


def test_the_pictures_are_of_the_result(result: ChannelsResult) -> None:
    section = sound(channels_section(result))
    assert headline(section).startswith("144 of 700 leads won (20.6%)")
    rates, cost, credit = (chart.picture for chart in charts(section))
    assert isinstance(rates, Bars)
    table = result.tables["channels"]
    names = [name or "not recorded" for name in table["channel"]]
    told = zip(names, table["rate"], table["rate_low"], table["rate_high"], strict=True)
    assert [(row.name, row.value, row.low, row.high) for row in rates.rows] == list(told)
    assert rates.reference == result.summary["conversion"]
    assert isinstance(cost, Bars)
    costs = result.tables["cost"].select("channel", "per_converted").rows()
    assert sorted((row.name, row.value) for row in cost.rows) == sorted(costs)
    assert isinstance(credit, Bars)
    shares = result.tables["attribution"]
    assert [(row.low, row.high) for row in credit.rows] == shares.select("share_low", "share_high").rows()
    assert all((row.low or 0) <= (row.value or 0) <= (row.high or 1) for row in credit.rows)


def test_what_is_not_recorded_is_always_there() -> None:
    # Nine greater channels before it.
    rows = [(f"d{n}", "won" if n % 7 == 0 else "lost", f"s{n % 9}" if n % 30 else None) for n in range(900)]
    leads = pl.LazyFrame(rows, schema=["deal_id", "status", "source"], orient="row")
    dated = leads.with_columns(created_at=pl.datetime(2024, 1, 1, time_zone="UTC", time_unit="us"))
    (chart,) = charts(sound(channels_section(channels({"deals": dated}, None, ChannelsParams()))))
    assert isinstance(chart.picture, Bars)
    assert [row.name for row in chart.picture.rows][-1] == "not recorded"
    assert len(chart.picture.rows) == 9


def test_a_channel_is_to_be_cut_only_for_what_enough_deals_say(result: ChannelsResult) -> None:
    for converted, expected in ((20, 1), (19, 0)):
        one = result.tables["cost"].with_columns(converted=pl.lit(converted), **{"return": pl.lit(0.5)}).head(1)
        section = sound(channels_section(replace(result, tables={**result.tables, "cost": one})))
        assert len([line for line in lines(section) if "brings back 0.50" in line]) == expected


def test_paths_alone_have_the_rules_side_by_side(result: ChannelsResult) -> None:
    figures: dict[str, Scalar] = {"paths": 700, "conversions": 144.0, "credit_first": "ads", "credit_first_low": 0.2}
    alone = replace(
        result,
        summary={**figures, "credit_first_high": 0.4},
        tables={"channels": result.tables["attribution"], "attribution": result.tables["attribution"]},
    )
    section = sound(channels_section(alone))
    (table,) = grids(section).values()
    total = result.tables["attribution"]["first"].sum()
    assert [row[1] for row in table.rows] == (result.tables["attribution"]["first"] / total).to_list()


def test_no_channel_is_nothing_to_say() -> None:
    rows = [("d1", "won", None), ("d2", "lost", None)]
    leads = pl.LazyFrame(rows, schema={"deal_id": pl.String, "status": pl.String, "source": pl.String}, orient="row")
    dated = leads.with_columns(created_at=pl.datetime(2024, 1, 1, time_zone="UTC", time_unit="us"))
    assert channels_section(channels({"deals": dated}, None, ChannelsParams())) is None


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_nobody_is_named(result: ChannelsResult, language: str) -> None:
    messages.use(language)
    said = set(words(sound(channels_section(result, personal=False))).splitlines())
    assert not {f"{letter}{n}" for letter in "cd" for n in range(700)} & said
