"""How long customers stay under contract: curves by group, what remains of those there now, reasons, cohorts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from acrm.analysis.churn.cohorts import cohorts
from acrm.analysis.churn.reasons_told import reasons
from acrm.analysis.churn.stays import YEAR, Stays
from acrm.analysis.clv.contract_groups import ContractParams, Group
from acrm.analysis.clv.contract_tables import model_table, survival_table, validation_table
from acrm.analysis.result import Scalar
from acrm.messages import Message, listed, text

if TYPE_CHECKING:
    import polars as pl

    from acrm.models.contract_fit import Candidate
    from acrm.models.histories import FloatArray
    from acrm.models.kaplan_meier import KaplanMeier
    from acrm.models.lifetimes import BetaLifetime

_DRAWS = 200
_OUTSIDE = 0.2
COUNTED = "counted"
"""In place of a model's name: shares are those of the curve."""


@dataclass(frozen=True, kw_only=True)
class Retained:
    """What `retained` found: tables, flat figures, and what to know."""

    tables: dict[str, pl.DataFrame]
    figures: dict[str, Scalar] = field(default_factory=dict)
    notes: tuple[Message, ...] = ()


def retained(stays: Stays, params: ContractParams) -> Retained:
    """Describe how long customers stay, group by group. Formulas and sources: docs/methods/churn-retention.md.

    Returns:
        Tables `survival`, `models`, `validation` as `acrm.analysis.clv.contract_tables` has them. Table `groups`:
        `group`, `period`, `customers`, `left`, `here`, `median` (periods; null: more than half stay to the end of the
        data), `mean`, `mean_low`, `mean_high` (periods stayed within the first `mean_until`, the longest that every
        group of the period was watched), `retention` (of those there a year ago, the share still there), `forecast`,
        `forecast_low`, `forecast_high` (of those there now, the share still there in a year, by `model`: its name, or
        `counted` where no model fits; null where too few were watched for so long). Table
        `remaining`, customers there now, sorted by `customer_id`: `customer_id`, `group`, `periods` stayed, `stay_year`
        (chance to stay a year more; by the model, else counted, else null), `median_left` (periods after which half of
        those who stayed so long are gone; null where the data end before). Table `reasons`: `group`, `reason`,
        `customers`, `share` of those who left, `within_year`, `low`, `high` (share gone for it within a year of the
        start, the others being possible too), `next_year` (the same of those there now, in the year to come). Table
        `cohorts`: `period`, `cohort`, `after` (periods), `at_start`, `there`, `share`; null where not all of a cohort
        have been watched for so long.
        Figures `retention_customers`, `retention_left`, `retention_here`, `retention`, `retention_forecast`,
        `log_rank`, `log_rank_p`.
    """
    import polars as pl

    from acrm.models.kaplan_meier import kaplan_meier
    from acrm.models.log_rank import log_rank

    groups = stays.groups
    curves = {group.name: kaplan_meier(group.tenures.durations(), params.interval) for group in groups}
    rows, remaining = [], []
    for group in groups:
        members = stays.rows.filter(pl.col("group") == group.name)
        ahead = _remaining(members.filter("here"), group, curves[group.name])
        remaining.append(ahead)
        rows.append(_group_row(group, members, curves, groups, params))
    numbers = ("median", "mean", "mean_low", "mean_high", "mean_until", "retention")
    ends = ("forecast", "forecast_low", "forecast_high")
    schema: dict[str, Any] = {"group": pl.String, "period": pl.String}
    schema |= dict.fromkeys(("customers", "left", "here"), pl.Int64) | dict.fromkeys((*numbers, *ends), pl.Float64)
    table = pl.DataFrame(rows, schema=schema | {"model": pl.String}).sort("group")
    tables = {
        "survival": survival_table(groups, params),
        "groups": table,
        "models": model_table(groups),
        "validation": validation_table(groups),
        "remaining": pl.concat(remaining).sort("customer_id"),
        "reasons": reasons(stays, params.interval),
        "cohorts": cohorts(stays),
    }
    here = table["here"].sum()
    weighted = {name: _weighted(table, name) for name in ("retention", "forecast")}
    figures: dict[str, Scalar] = {
        "retention_customers": int(table["customers"].sum()),
        "retention_left": int(table["left"].sum()),
        "retention_here": int(here),
        "retention": weighted["retention"],
        "retention_forecast": weighted["forecast"],
    }
    notes = list(stays.notes)
    months = {group.months for group in groups}
    if len(groups) > 1 and len(months) == 1:
        test = log_rank([group.tenures.durations() for group in groups])
        figures |= {"log_rank": test.statistic, "log_rank_p": test.p}
        way = "differ" if test.p < 0.05 else "alike"
        values = {"statistic": test.statistic, "freedom": test.freedom, "p": max(test.p, 0.0001)}
        notes.append(Message(f"churn_retention.groups_{way}", values | {"groups": len(groups)}))
    return Retained(tables=tables, figures=figures, notes=(*notes, *_notes(table, tables["reasons"], months)))


def _group_row(
    group: Group,
    members: pl.DataFrame,
    curves: dict[str, KaplanMeier],
    groups: Sequence[Group],
    params: ContractParams,
) -> dict[str, Any]:
    import numpy as np

    from acrm.models.remaining_time import restricted_mean

    curve = curves[group.name]
    until = min(float(curves[other.name].time[-1]) for other in groups if other.period == group.period)
    mean = restricted_mean(curve, until, params.interval)
    ahead = YEAR // group.months
    before = group.tenures.until(ahead)
    there = float(before.count[~before.left].sum())
    known = group.tenures.age >= ahead
    still = float(group.tenures.count[known & ~group.tenures.left].sum())
    watched = bool(np.any(group.tenures.left & (group.tenures.time < group.tenures.age)))
    row: dict[str, Any] = {
        "group": group.name,
        "period": group.period,
        "customers": round(float(group.tenures.count.sum())),
        "left": round(float(group.tenures.count[group.tenures.left].sum())),
        "here": int(members["here"].sum()),
        "median": curve.median if np.isfinite(curve.median) else None,
        "mean": mean.value,
        "mean_low": mean.low,
        "mean_high": mean.high,
        "mean_until": until,
        # Without starts nobody knows who was there a year ago.
        "retention": still / there if there and watched else None,
    }
    age = members.filter("here")["time"].to_numpy()
    return row | _forecast(_model(group, curve), group, curve, age, params) if age.size else row


def _model(group: Group, curve: KaplanMeier) -> Candidate | None:
    """The model that may foretell; None where it lost to the naive rule, or leaves the curve that it was fitted to.

    It leaves it where its survival is outside of the curve's interval for more than a fifth of the time at risk.
    """
    import numpy as np

    chosen = group.choice.chosen
    if chosen is None or group.choice.verdict == "worse":
        return None
    there = chosen.model.survival(curve.time)
    outside = (there < curve.low) | (there > curve.high)
    return chosen if float(np.average(outside, weights=curve.at_risk)) <= _OUTSIDE else None


def _forecast(
    chosen: Candidate | None, group: Group, curve: KaplanMeier, age: FloatArray, params: ContractParams
) -> dict[str, Any]:
    """The share of customers of these ages still there in a year, with its limits."""
    import numpy as np

    from acrm.models.remaining_time import staying

    ahead = YEAR // group.months
    ages, count = np.unique(age, return_counts=True)
    if chosen is None:
        shares = np.array(staying(curve, ages, ahead, params.interval))
        seen = np.isfinite(shares[0])
        if count[seen].sum() < 0.5 * count.sum():
            return {"model": COUNTED}
        share, low, high = shares[:, seen] @ count[seen] / count[seen].sum()
        return {"forecast": share, "forecast_low": low, "forecast_high": high, "model": COUNTED}

    def foretold(model: BetaLifetime) -> float:
        return float(np.exp(model.log_survival(ages + ahead) - model.log_survival(ages)) @ count / count.sum())

    drawn = [foretold(model) for model in chosen.draw(_DRAWS, np.random.default_rng(params.seed))]
    low, high = np.quantile(drawn, [(1 - params.interval) / 2, (1 + params.interval) / 2])
    ends = {"forecast_low": float(low), "forecast_high": float(high)}
    return {"forecast": foretold(chosen.model), **ends, "model": chosen.model.name}


def _remaining(here: pl.DataFrame, group: Group, curve: KaplanMeier) -> pl.DataFrame:
    import numpy as np
    import polars as pl

    from acrm.models.remaining_time import median_left, staying

    age = here["time"].to_numpy()
    ahead = YEAR // group.months
    chosen = _model(group, curve)
    if chosen is not None:
        stay: FloatArray = np.exp(chosen.model.log_survival(age + ahead) - chosen.model.log_survival(age))
    else:
        stay, _, _ = staying(curve, age, ahead)
    return here.select("customer_id", "group", pl.col("time").alias("periods")).with_columns(
        stay_year=pl.Series(stay, dtype=pl.Float64).fill_nan(None),
        median_left=pl.Series(median_left(curve, age), dtype=pl.Float64).fill_nan(None),
    )


def _weighted(table: pl.DataFrame, column: str) -> float | None:
    """The mean over groups, by customers there now; None where a group has none."""
    known = table.filter(table["here"] > 0)
    if known.is_empty() or known[column].null_count():
        return None
    here = known["here"].to_numpy()
    return float(known[column].to_numpy() @ here / here.sum())


def _notes(table: pl.DataFrame, told: pl.DataFrame, months: set[int]) -> Iterator[Message]:
    import polars as pl

    if len(months) > 1:
        yield Message("churn_retention.periods_differ")
    for row in table.drop_nulls(["retention", "forecast"]).iter_rows(named=True):
        label = {"group": text("churn_retention.of_group", group=row["group"]) if row["group"] else ""}
        if row["here"]:
            way = "falls" if row["forecast_high"] < row["retention"] else "holds"
            yield Message(f"churn_retention.{way}", row | label)
    counted = table.filter(pl.col("model") == COUNTED)
    if counted.height:
        named = listed(name or text("churn_retention.everybody") for name in counted["group"])
        yield Message("churn_retention.counted", {"groups": named})
    unknown = told.filter(pl.col("reason") == "unknown")["customers"].sum()
    if unknown:
        yield Message("churn_retention.unknown", {"customers": unknown, "left": told["customers"].sum()})
