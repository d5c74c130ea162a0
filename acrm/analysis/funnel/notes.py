"""What the reader should know of the funnel before trusting the figures."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from acrm.analysis.funnel.answers import Answers
from acrm.analysis.funnel.chances import Chances
from acrm.analysis.funnel.cuts import Cuts
from acrm.analysis.funnel.followed import Followed
from acrm.analysis.funnel.forecast import Forecast
from acrm.analysis.funnel.foretelling import NEEDED, WINS
from acrm.analysis.funnel.ground import Ground
from acrm.analysis.funnel.stages import Stages
from acrm.analysis.funnel.wins import SURE, Cohorts
from acrm.messages import Message, listed, text

if TYPE_CHECKING:
    import polars as pl

QUIET = 31
"""Days without a new deal before today, after which that is said."""


def notes(
    ground: Ground,
    stages: Stages,
    known: Followed,
    cohorts: Cohorts,
    cuts: Cuts,
    found: Chances,
    expected: Forecast,
    defects: pl.DataFrame,
    asked: Answers | None,
) -> Iterator[Message]:
    """Notes in the order of the page."""
    yield from _of_deals(ground)
    yield from _of_stages(stages)
    yield from _of_change(known, cohorts)
    yield from _of_cuts(ground, cuts)
    yield from _of_chances(ground, found)
    yield from _of_forecast(ground, found, expected)
    if asked is not None and asked.days_only:
        yield Message("funnel.answers_by_day")
    for name, deals, of, examples in defects.rows():
        yield Message(f"funnel.defect.{name}", {"deals": deals, "of": of, "examples": examples})


def _of_deals(ground: Ground) -> Iterator[Message]:
    for name, count in ground.counts.items():
        if count:
            yield Message(f"funnel.{name}", {"deals": count, "as_of": ground.until.date()})
    newest = ground.deals["created_at"].max()
    if isinstance(newest, datetime) and (ground.until - newest).days > QUIET:
        yield Message("funnel.quiet", {"day": newest.date(), "days": (ground.until - newest).days})
    pipelines = ground.deals["pipeline"].drop_nulls().unique().sort()
    if pipelines.len() > 1:
        values = {"n": pipelines.len(), "names": listed(pipelines, most=3), "one": pipelines[0]}
        yield Message("funnel.pipelines", values)
    yield from ground.notes


def _of_stages(stages: Stages) -> Iterator[Message]:
    if len(stages.order) > 1 and stages.found != "given":
        order = " → ".join(stages.order)
        yield Message(f"funnel.order_by.{stages.found}", {"order": order, "typed": ",".join(stages.order)})
    if stages.tied:
        yield Message("funnel.tied", {"stages": listed(stages.tied)})
    unsure = int((stages.reached["least"] < stages.reached["most"]).sum())
    if unsure:
        yield Message("funnel.lost_anywhere", {"deals": unsure})


def _of_change(known: Followed, cohorts: Cohorts) -> Iterator[Message]:
    table = cohorts.table
    if known.since is not None:
        yield Message("funnel.since", {"day": known.since.date()})
    compared = table.filter(comparable="yes")
    if known.long_enough is None or compared.height < 2:
        yield Message("funnel.no_cohorts")
        return
    days = int(known.long_enough)
    first, last = compared["begun"][0], compared["begun"][-1]
    values = {"days": days, "n": compared.height, "first": first, "last": last}
    values |= {"least": compared["within"].min(), "most": compared["within"].max()}
    test, trend = cohorts.test, cohorts.trend
    if trend is None:
        yield Message("funnel.few_cohorts", values)
    elif trend.p <= SURE:
        side = "rise" if trend.slope > 0 else "fall"
        yield Message(f"funnel.{side}", {**values, "slope": abs(trend.slope) * 100, "p": trend.p})
    else:
        yield Message("funnel.no_trend", {**values, "p": trend.p})
        if test is not None and test.p <= SURE:
            yield Message("funnel.uneven", values)
    left = table.height - compared.height
    if left:
        yield Message("funnel.not_compared", {"n": left, "days": days})


def _of_cuts(ground: Ground, cuts: Cuts) -> Iterator[Message]:
    for row in cuts.tests.iter_rows(named=True):
        q = row["q_value"]
        told = "" if q is None else "< 0.001" if q < 0.001 else f"{q:.3f}"
        yield Message(f"funnel.cut_{row['verdict']}", {**row, "p_told": told})
        if row["pooled"]:
            yield Message("funnel.cut_pooled", row)
    if cuts.of == "all" and ground.cuts:
        yield Message("funnel.none_lost")


def _of_chances(ground: Ground, found: Chances) -> Iterator[Message]:
    if not found.kind:
        yield Message("funnel.few_ended", {"ended": found.ended, "needed": NEEDED, "wins": WINS})
        return
    if ground.late:
        names = [text(f"funnel.trait.{name}") for name in ground.late]
        yield Message("funnel.left_out", {"names": listed(names)})
    trial = found.trial
    if trial is None:
        yield Message("funnel.untried")
        return
    values = {name: getattr(trial, name) for name in ("deals", "won", "expected", "expected_low", "expected_high")}
    values |= {"days": int(trial.days), "at": trial.at.date(), "error": trial.error, "base": trial.base_error}
    yield Message(f"funnel.trial_{trial.verdict}", values)
    if not trial.expected_low <= trial.won <= trial.expected_high:
        yield Message("funnel.told_more" if trial.won < trial.expected else "funnel.told_less", values)
    if found.kind == "age":
        yield Message("funnel.by_age")


def _of_forecast(ground: Ground, found: Chances, expected: Forecast) -> Iterator[Message]:
    undated = int(ground.deals.filter(status="open")["created_at"].is_null().sum())
    if undated and found.kind:
        yield Message("funnel.undated", {"deals": undated})
    if "amount" in ground.told and expected.own.size and not expected.own.all():
        yield Message("funnel.usual_amounts", {"deals": int((~expected.own).sum()), "of": expected.own.size})
    if expected.error is not None and expected.naive_error is not None:
        key = "better" if expected.error < expected.naive_error else "worse"
        values = {"error": expected.error, "naive": expected.naive_error, "n": expected.tried}
        yield Message(f"funnel.forecast_{key}", values)
