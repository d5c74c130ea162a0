"""The section of churn."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from acrm import messages
from acrm.analysis.churn.case import Case
from acrm.analysis.churn.churn import ChurnParams, ChurnResult, churn
from acrm.analysis.churn.cuts import cut
from acrm.analysis.churn.prepared import Prepared
from acrm.render.blocks import Section
from acrm.render.pictures import Bars, Calibration, Stack
from acrm.render.report.churn import churn_section
from tests.render.report.shown import charts, grids, headline, lines, sound, words


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    from tests.analysis.churn.conftest import made

    case: Case = made.__wrapped__()(500)  # type: ignore[attr-defined]
    gone = frozenset(case.table["customer_id"].filter(case.outcome))
    return Prepared(setting="labelled", case=case, everyone=case.table, features=case.features, gone=gone)


@pytest.fixture(scope="module")
def result(prepared: Prepared) -> ChurnResult:
    ids = prepared.everyone["customer_id"]
    worth = pl.DataFrame({"customer_id": ids, "value": [float(place % 7 + 1) * 100 for place in range(len(ids))]})
    here = ids.filter(~ids.is_in(list(prepared.gone)))
    return churn(prepared, ChurnParams(), worth, refusing=here.head(100).to_list())


@pytest.fixture
def section(result: ChurnResult) -> Section:
    return sound(churn_section(result))


def test_the_answer_is_how_many_and_what_is_lost(result: ChurnResult, section: Section) -> None:
    figures = result.summary
    assert headline(section).startswith(
        f"{figures['high_risk_customers']} of {figures['here']} customers ({figures['at_risk_share']:.0%})"
    )
    assert f"{figures['expected_loss']:,.0f} is expected to be lost" in headline(section)


def test_bands_are_of_those_who_are_here(result: ChurnResult, section: Section, prepared: Prepared) -> None:
    bands, why, told, profit = (chart.picture for chart in charts(section))
    here = result.tables["customers"].filter(~pl.col("customer_id").is_in(list(prepared.gone)))
    assert isinstance(bands, Stack)
    counts = [here.filter(risk_band=band).height for band in ("high", "medium", "low")]
    assert bands.rows[0] == ("customers", counts)
    assert isinstance(why, Bars)
    risky = here.filter(pl.col("risk_band") != "low")
    first = result.tables["reasons"].join(risky, on="customer_id", how="semi")["feature_1"]
    assert why.rows[0].n == first.value_counts()["count"].max()
    assert isinstance(told, Calibration)
    assert [point.n for point in told.points] == result.tables["reliability"]["customers"].to_list()
    assert isinstance(profit, Bars)
    best = result.tables["profit_curve"].filter("best").row(0, named=True)
    assert (best["profit"], best["low"], best["high"]) in [(row.value, row.low, row.high) for row in profit.rows]


def test_who_refused_is_not_to_be_contacted(section: Section) -> None:
    refused = next(line for line in lines(section) if line.startswith("Not to be contacted"))
    actions = {row[0]: row[1] for row in grids(section)["By action"].rows}
    assert f"gave no consent: {actions['do not contact: no consent']} of" in refused


@pytest.mark.parametrize(("low", "said"), [(1.0, "It would pay to contact"), (-1.0, "It may pay to contact")])
def test_a_loss_that_is_possible_is_told(result: ChurnResult, low: float, said: str) -> None:
    figures = {**result.economics.figures, "campaign_profit_low": low}
    section = sound(churn_section(replace(result, economics=replace(result.economics, figures=figures))))
    assert any(line.startswith(said) for line in lines(section))


def test_made_up_values_make_no_picture_of_money(prepared: Prepared) -> None:
    section = sound(churn_section(churn(prepared, ChurnParams(), None)))
    assert "profit" not in words(charts(section))
    assert not [line for line in lines(section) if line.startswith("It ")]


def test_groups_have_a_table(result: ChurnResult, prepared: Prepared) -> None:
    groups = prepared.everyone.select("customer_id", pl.col("x_shop").alias("group"))
    cuts = cut(result.tables["customers"], groups)
    assert "Who: risk by group" in grids(sound(churn_section(result.joined("by", cuts))))


def test_nobody_here_is_nothing_to_say(result: ChurnResult) -> None:
    gone = frozenset(result.tables["customers"]["customer_id"])
    assert churn_section(replace(result, shown={**result.shown, "gone": gone})) is None


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_the_board_sees_no_customer(result: ChurnResult, language: str) -> None:
    messages.use(language)
    ids = set(result.tables["customers"]["customer_id"])
    public = set(words(sound(churn_section(result, personal=False))).splitlines())
    assert not ids & public
    assert ids & set(words(sound(churn_section(result))).splitlines())
