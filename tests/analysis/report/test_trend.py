"""Courses and forecasts by period."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from acrm.analysis.report.periods import moved
from acrm.analysis.report.trend import AHEAD, trend


def months(values: list[float], *, partial: float | None = None) -> pl.DataFrame:
    starts = [moved(date(2022, 1, 1), "month", k) for k in range(len(values) + (partial is not None))]
    told = [*values, *([partial] if partial is not None else [])]
    whole = [True] * len(values) + [False] * (partial is not None)
    return pl.DataFrame({"period": starts, "revenue": told, "complete": whole})


SEASON = [100 * (1 + 0.3 * np.sin(2 * np.pi * k / 12)) * 1.01**k for k in range(36)]


def test_the_season_is_taken_out_and_put_back() -> None:
    found = trend(months(SEASON), "month")
    adjusted = found.trend["adjusted"].to_numpy()
    assert adjusted == pytest.approx(100 * 1.01 ** np.arange(36), rel=0.01)
    truth = [100 * (1 + 0.3 * np.sin(2 * np.pi * k / 12)) * 1.01**k for k in range(36, 39)]
    assert found.forecast["value"].to_numpy() == pytest.approx(truth, rel=0.02)
    assert found.figures["forecast_period"] == date(2025, 1, 1)
    assert found.methods.filter("chosen")["method"].item() != "naive"
    assert found.notes[0].id == "report.naive_beaten"


def test_a_month_that_has_begun_is_forecast_whole() -> None:
    found = trend(months(SEASON, partial=7.0), "month")
    assert found.trend["period"].max() == date(2024, 12, 1)
    assert found.forecast.row(0, named=True)["so_far"] == 7.0
    assert found.forecast["so_far"].null_count() == AHEAD["month"] - 1
    same = trend(months(SEASON), "month")
    assert found.forecast.drop("so_far").equals(same.forecast.drop("so_far"))


def test_twelve_months_have_no_season_and_seven_no_trend() -> None:
    found = trend(months(SEASON[:12]), "month")
    assert (found.trend["season"] == 1).all()
    assert "report.no_season_month" in [note.id for note in found.notes]
    short = trend(months(SEASON[:7]), "month")
    assert [note.id for note in short.notes] == ["report.trend_short_month"]
    assert short.forecast.is_empty()
    assert short.figures == {}


def test_what_nothing_beats_is_said() -> None:
    rng = np.random.default_rng(1)
    found = trend(months((1000 + np.cumsum(rng.normal(0, 20, 20))).tolist()), "month")
    assert found.figures["forecast_method"] == "naive"
    assert "report.naive_best" in [note.id for note in found.notes]
    assert (found.forecast["value"] == found.forecast["naive"]).all()


def test_closed_weekdays_are_passed_over() -> None:
    days = [date(2025, 1, 6) + timedelta(k) for k in range(70)]
    table = pl.DataFrame(
        {
            "period": days,
            "revenue": [0.0 if day.weekday() > 4 else 100.0 + day.weekday() for day in days],
            "complete": [True] * 70,
        }
    )
    found = trend(table, "day")
    assert {day.weekday() for day in found.forecast["period"]} == set(range(5))
    assert found.forecast["value"].to_list()[:5] == pytest.approx([100, 101, 102, 103, 104])


def test_groups_of_a_cut_have_a_course_each_and_gaps_are_nothing() -> None:
    one = months(SEASON).with_columns(region=pl.lit("north"))
    other = months(SEASON[:36]).with_columns(region=pl.lit(None, pl.String)).filter(pl.col("period") < date(2024, 6, 1))
    found = trend(pl.concat([one, other]), "month", by=("region",))
    assert found.trend["region"].value_counts().sort("region")["count"].to_list() == [36, 36]
    gone = found.trend.filter(pl.col("region").is_null(), pl.col("period") >= date(2024, 6, 1))
    assert (gone["value"] == 0).all()
    alone = trend(months(SEASON), "month")
    assert found.forecast.filter(region="north").drop("region").equals(alone.forecast)
