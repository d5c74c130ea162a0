"""How long customers stay under contract: curves by group, what remains of those there now, reasons, cohorts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from acrm.analysis.churn.reasons_told import kind_of
from acrm.analysis.clv.contract_groups import ContractParams, Group
from acrm.analysis.clv.contract_tables import model_table, survival_table, validation_table
from acrm.analysis.clv.spells import MONTHS, counted
from acrm.analysis.result import Scalar
from acrm.errors import InputError
from acrm.messages import Message, listed, text

if TYPE_CHECKING:
    import polars as pl

    from acrm.models.contract_fit import Candidate
    from acrm.models.histories import FloatArray
    from acrm.models.kaplan_meier import KaplanMeier
    from acrm.models.lifetimes import BetaLifetime

YEAR = 12
"""Months ahead for which staying is foretold."""
_FEWEST, _COHORTS = 20, 24
"""Customers who left without whom nothing is estimated; cohorts of one length that a triangle may have."""
_DRAWS = 200
_OUTSIDE = 0.2
COUNTED = "counted"
"""In place of a model's name: shares are those of the curve."""


@dataclass(frozen=True, kw_only=True)
class Stays:
    """Customers and how long each stayed, or has stayed so far.

    `rows`: `customer_id`, `group`, `time` (periods; number of the renewal not made, or renewals made so far), `left`,
    `age` (periods since the start), `here` (under contract now), and from contracts `start_at`, `reason`.
    """

    rows: pl.DataFrame
    groups: Sequence[Group]
    notes: tuple[Message, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Retained:
    """What `retained` found: tables, flat figures, and what to know."""

    tables: dict[str, pl.DataFrame]
    figures: dict[str, Scalar] = field(default_factory=dict)
    notes: tuple[Message, ...] = ()


def stays_of_contracts(contracts: pl.LazyFrame, params: ContractParams) -> Stays:
    """Spells under contract, in groups and periods as `acrm clv` has them.

    Raises:
        InputError: No contract with a customer and a start, too few customers who left, no column `by`.
    """
    import polars as pl

    from acrm.analysis.clv.contract import grouped

    spells, groups, notes = grouped(contracts, params)
    parts = []
    for group in groups:
        members = counted(spells.frame.filter(pl.col("group") == group.name), spells.as_of, group.months)
        parts.append(
            members.select(
                "customer_id",
                "group",
                pl.col("time", "age").cast(pl.Float64),
                "left",
                (pl.col("current") & ~pl.col("ended")).alias("here"),
                "start_at",
                pl.col("end_reason").alias("reason"),
            )
        )
    rows = pl.concat(parts).drop_nulls("time").sort("customer_id", "start_at")
    return Stays(rows=rows, groups=groups, notes=tuple(notes))


def stays_of_tenures(
    customers: pl.DataFrame, tenure: str, left: pl.Series, params: ContractParams, reason: str | None = None
) -> Stays:
    """Customers of a labelled file with a column of time stayed.

    A tenure of 0 is less than a period: such a customer counts as at the start, and cannot have left.

    Args:
        customers: `customer_id`, `tenure` (periods, rounded down), the column `params.by`.
        tenure: Name of that column.
        left: Boolean, aligned with the rows.
        params: `by`, `period` (a month unless told), `held_out`.
        reason: Name of a column with reasons.

    Raises:
        InputError: No column `by`; fewer than 20 customers left.
    """
    import numpy as np
    import polars as pl

    from acrm.models.contract_fit import choose
    from acrm.models.tenures import Tenures

    if params.by is not None and params.by not in customers.columns:
        raise InputError("contract_no_column", column=params.by, columns=", ".join(customers.columns))
    group = pl.col(params.by).cast(pl.String).fill_null("") if params.by else pl.lit("")
    told = pl.col(reason).cast(pl.String) if reason else pl.lit(None, pl.String)
    rows = (
        customers.with_columns(left.fill_null(value=False).alias("_left"))
        .filter(pl.col(tenure).is_not_null() & (pl.col(tenure) >= 0))
        .select(
            "customer_id",
            group.alias("group"),
            pl.col(tenure).cast(pl.Float64).floor().alias("time"),
            (pl.col("_left") & (pl.col(tenure) >= 1)).alias("left"),
            pl.col(tenure).cast(pl.Float64).floor().alias("age"),
            (~pl.col("_left")).alias("here"),
            pl.lit(None, pl.Date).alias("start_at"),
            told.alias("reason"),
        )
        .sort("customer_id")
    )
    if int(rows["left"].sum()) < _FEWEST:
        raise InputError("contract_few", left=int(rows["left"].sum()), needed=_FEWEST)
    groups = []
    for name in rows["group"].unique().sort():
        members = rows.filter(pl.col("group") == name)
        columns = {column: members[column].to_numpy() for column in ("time", "left", "age")}
        all_of = Tenures(**columns, count=np.ones(members.height)).grouped()
        period = "month" if params.period == "auto" else params.period
        groups.append(Group(name=name, period=period, tenures=all_of, choice=choose(all_of, params.held_out)))
    return Stays(rows=rows, groups=groups)


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
        Figures `customers`, `left`, `here`, `retention`, `retention_forecast`, `log_rank`, `log_rank_p`.
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
        "reasons": _reasons(stays, params),
        "cohorts": _cohorts(stays),
    }
    here = table["here"].sum()
    weighted = {name: _weighted(table, name) for name in ("retention", "forecast")}
    figures: dict[str, Scalar] = {
        "customers": int(table["customers"].sum()),
        "left": int(table["left"].sum()),
        "here": int(here),
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


def _reasons(stays: Stays, params: ContractParams) -> pl.DataFrame:
    """For what reason customers leave, by group; no row where no reason is told."""
    import numpy as np
    import polars as pl

    from acrm.models.competing_risks import cumulative_incidence

    share = ("share", "within_year", "low", "high", "next_year")
    schema: dict[str, Any] = {"group": pl.String, "reason": pl.String, "customers": pl.Int64}
    schema |= dict.fromkeys(share, pl.Float64)
    rows: list[dict[str, Any]] = []
    told = stays.rows.filter("left")["reason"]
    if told.null_count() < told.len():
        kinds = kind_of(told)
        names = kinds.unique().sort().to_list()
        place_of = dict(zip(names, range(len(names)), strict=True))
        every = kind_of(stays.rows["reason"]).replace_strict(place_of, default=-1, return_dtype=pl.Int64)
        coded = stays.rows.with_columns(cause=pl.when("left").then(every).otherwise(-1))
        for group in stays.groups:
            members = coded.filter(pl.col("group") == group.name)
            time, of = members["time"].to_numpy(), members["cause"].to_numpy()
            found = cumulative_incidence(time, of, len(names), params.interval)
            ahead = YEAR // group.months
            place = int(np.searchsorted(found.time, ahead, side="right")) - 1
            age = members.filter("here")["time"].to_numpy()
            left = int((of >= 0).sum())
            for which, name in enumerate(names):
                count = int((of == which).sum())
                rows.append(
                    {
                        "group": group.name,
                        "reason": name,
                        "customers": count,
                        "share": count / left if left else None,
                        "within_year": float(found.share[which, place]) if place >= 0 else 0.0,
                        "low": float(found.low[which, place]) if place >= 0 else None,
                        "high": float(found.high[which, place]) if place >= 0 else None,
                        "next_year": _next(found.time, found.share[which], found.survival, age, ahead),
                    }
                )
    table = pl.DataFrame(rows, schema=schema).filter(pl.col("customers") > 0)
    return table.sort("group", "customers", "reason", descending=[False, True, False])


def _next(time: FloatArray, share: FloatArray, survival: FloatArray, age: FloatArray, ahead: int) -> float | None:
    """Of those there now, the share who leave for a cause within `ahead`; None where too few were seen so long."""
    import numpy as np

    known = age[age + ahead <= time[-1]]
    if known.size < 0.5 * age.size or not known.size:
        return None
    steps, there = np.append(0.0, share), np.append(1.0, survival)
    now, then = (np.searchsorted(time, at, side="right") for at in (known, known + ahead))
    alive = there[now] > 0
    return float(((steps[then] - steps[now])[alive] / there[now][alive]).mean()) if alive.any() else None


def _cohorts(stays: Stays) -> pl.DataFrame:
    """The triangle of who was still there how long after the start; nothing without starts."""
    import numpy as np
    import polars as pl

    schema = {"period": pl.String, "cohort": pl.String, "after": pl.Int64, "at_start": pl.Int64, "there": pl.Int64}
    rows: list[dict[str, Any]] = []
    for period in sorted({group.period for group in stays.groups}):
        names = [group.name for group in stays.groups if group.period == period]
        members = stays.rows.filter(pl.col("group").is_in(names) & pl.col("start_at").is_not_null())
        if members.is_empty():
            continue
        members = members.with_columns(cohort=_cohort(members["start_at"], MONTHS[period]))
        longest = int(members["age"].max() or 0)  # type: ignore[arg-type]
        for (cohort,), some in members.partition_by("cohort", as_dict=True, maintain_order=True).items():
            time, left, watched = some["time"].to_numpy(), some["left"].to_numpy(), int(some["age"].min())  # type: ignore[arg-type]
            for after in range(longest + 1):
                # Who left in a period was not there at its end.
                there = int(np.where(left, time > after, time >= after).sum()) if after <= watched else None
                rows.append(
                    {"period": period, "cohort": cohort, "after": after, "at_start": some.height, "there": there}
                )
    table = pl.DataFrame(rows, schema=schema).sort("period", "cohort", "after")
    return table.with_columns(share=pl.col("there") / pl.col("at_start"))


def _cohort(start: pl.Series, months: int) -> pl.Series:
    """The month, quarter or year of each start: the shortest, from the period on, of which there are not too many."""
    import polars as pl

    quarter = pl.format("{}-Q{}", start.dt.year(), start.dt.quarter())
    units = {1: start.dt.to_string("%Y-%m"), 3: pl.select(quarter).to_series(), 12: start.dt.to_string("%Y")}
    return next((cut for size, cut in units.items() if size >= months and cut.n_unique() <= _COHORTS), units[12])


def _notes(table: pl.DataFrame, reasons: pl.DataFrame, months: set[int]) -> Iterator[Message]:
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
    unknown = reasons.filter(pl.col("reason") == "unknown")["customers"].sum()
    if unknown:
        yield Message("churn_retention.unknown", {"customers": unknown, "left": reasons["customers"].sum()})
