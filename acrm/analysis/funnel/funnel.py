"""The sales funnel: stages, times, win rates, chances, forecast and what is wrong, from one reading of the deals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from acrm.analysis.funnel.answers import Answers, answers
from acrm.analysis.funnel.chances import Chances, chances
from acrm.analysis.funnel.cuts import cuts
from acrm.analysis.funnel.defects import defects_table
from acrm.analysis.funnel.followed import Followed, followed
from acrm.analysis.funnel.forecast import Forecast, forecast
from acrm.analysis.funnel.ground import Ground, ground
from acrm.analysis.funnel.lost import lost_table
from acrm.analysis.funnel.notes import notes
from acrm.analysis.funnel.opportunities import open_table
from acrm.analysis.funnel.params import FunnelParams, FunnelResult
from acrm.analysis.funnel.stages import funnel_table, stages_of
from acrm.analysis.funnel.times import incidence_table, times_table
from acrm.analysis.funnel.wins import Cohorts, cohorts
from acrm.analysis.holdout import wilson
from acrm.analysis.result import Scalar

if TYPE_CHECKING:
    import polars as pl


def funnel(deals: pl.LazyFrame, params: FunnelParams, tables: Mapping[str, pl.LazyFrame] | None = None) -> FunnelResult:
    """Tell how deals come through the funnel, what holds them up, and what the open ones will bring.

    Open deals count as long as they were seen: neither times nor win rates take those that had no time to end for lost,
    or for never begun. Method, figures and limits: docs/methods/funnel.md.

    Args:
        deals: The table `deals`.
        params: See `FunnelParams`.
        tables: `deal_stages`, `interactions`, `customers`, `products`, `units`, if any.

    Returns:
        Table `funnel`, one row per stage (`acrm.analysis.funnel.stages.funnel_table`); `cuts` and `tests`
        (`...cuts.cuts`), `times` and `incidence` (`...times`), `cohorts` (`...wins`), `open` (`...opportunities`),
        `lost`, `forecast`, `defects`, and where there is something in them `trial` (`...chances`) and `answers`.

    Raises:
        InputError: No deal; amounts in several currencies; a stage or a column that there is not.
    """
    tables = tables or {}
    base = ground(deals, params, tables)
    stages = stages_of(base, params.stages)
    known = followed(base)
    begun = cohorts(base, known)
    compared = cuts(base)
    found = chances(base, known, params.seed)
    expected = forecast(base, found, params.seed)
    asked = answers(base, tables, params.sla, params.tz)
    defects = defects_table(base, tables, params.tz)
    made = {
        "funnel": funnel_table(base, stages),
        "cuts": compared.table,
        "tests": compared.tests,
        "times": times_table(base, stages, known),
        "incidence": incidence_table(known),
        "cohorts": begun.table,
        "open": open_table(base, known, found, expected),
        "lost": lost_table(base),
        "forecast": expected.table,
        "defects": defects,
    }
    if found.trial is not None:
        made["trial"] = found.trial.bins
    if asked is not None:
        made["answers"] = asked.late
    summary = _counts(base, made) | _wins(base, known, begun, made) | _ahead(base, made, found, expected)
    summary |= _answered(asked)
    told = notes(base, stages, known, begun, compared, found, expected, defects, asked)
    return FunnelResult(params=params, tables=made, summary=summary, notes=tuple(told))


def _counts(base: Ground, made: Mapping[str, pl.DataFrame]) -> dict[str, Scalar]:
    deals = base.deals
    sides = {side: int((deals["status"] == side).sum()) for side in ("open", "won", "lost")}
    currency = deals["currency"].drop_nulls()
    amount: Any = deals.filter(status="won")["amount"].sum() if "amount" in base.told else None
    return {
        "as_of": base.until.date(),
        "currency": currency[0] if currency.len() else None,
        "deals": deals.height,
        **sides,
        "stages": made["funnel"].height - 1,
        "amount_won": amount,
        "defects": made["defects"].height,
        "defect_deals": int(made["defects"]["deals"].sum() or 0),
    }


def _wins(base: Ground, known: Followed, begun: Cohorts, made: Mapping[str, pl.DataFrame]) -> dict[str, Scalar]:
    won, lost = (int((base.deals["status"] == side).sum()) for side in ("won", "lost"))
    low, high = wilson(won, won + lost)
    all_low, all_high = wilson(won, base.deals.height)
    times = made["times"].filter(step=0)
    last = made["incidence"].tail(1)
    tests = made["tests"]
    figures: dict[str, Scalar] = {
        "win_rate": won / (won + lost) if won + lost else None,
        "win_rate_low": low,
        "win_rate_high": high,
        "won_of_all": won / base.deals.height,
        "won_of_all_low": all_low,
        "won_of_all_high": all_high,
        "median_days": times["median"][0] if times.height else None,
        "long_enough_days": known.long_enough,
        "won_in_the_end": last["won"][0] if last.height else None,
        "still_open_in_the_end": last["open"][0] if last.height else None,
        "cohorts_compared": begun.table.filter(comparable="yes").height,
        "cohorts_p": begun.test.p if begun.test else None,
        "trend": begun.trend.slope if begun.trend else None,
        "trend_p": begun.trend.p if begun.trend else None,
    }
    for row in tests.iter_rows(named=True):
        figures |= {f"{row['cut']}_chi_square": row["chi_square"], f"{row['cut']}_df": row["df"]}
        figures |= {f"{row['cut']}_q": row["q_value"]}
    return figures


def _ahead(base: Ground, made: Mapping[str, pl.DataFrame], found: Chances, expected: Forecast) -> dict[str, Scalar]:
    import polars as pl

    rows = made["open"]
    overdue = rows["overdue_days"].count()
    trial = found.trial
    # Today's month is what is left of it, unless today is its first day.
    whole = made["forecast"].filter(pl.col("month") >= base.until).head(1)
    figures: dict[str, Scalar] = {
        "overdue": overdue if "next_step_at" in base.told else None,
        "overdue_share": overdue / rows.height if rows.height and "next_step_at" in base.told else None,
        "p_win_by": found.kind or None,
        "p_win_days": int(found.told.days) if found.kind else None,
        "expected_won": float(rows["p_win"].sum()) if found.kind else None,
        "expected_amount": float(rows["expected_amount"].sum()) if rows["expected_amount"].count() else None,
        "next_whole_month": whole["month"][0] if whole.height else None,
        "next_whole_month_amount": whole["amount"][0] if whole.height else None,
        "forecast_error": expected.error,
        "naive_error": expected.naive_error,
    }
    names = ("error", "base_error", "gain", "gain_low", "gain_high", "auc", "deals", "won", "expected")
    return figures | {f"trial_{name}": getattr(trial, name) if trial else None for name in names}


def _answered(asked: Answers | None) -> dict[str, Scalar]:
    if asked is None:
        return {}
    return {
        "answers_asked": asked.asked,
        "answers_late": asked.late.height,
        "answers_late_share": asked.share,
        "answers_late_low": asked.low,
        "answers_late_high": asked.high,
        "answers_waiting": asked.waiting,
        "answers_median_hours": asked.median_hours,
    }
