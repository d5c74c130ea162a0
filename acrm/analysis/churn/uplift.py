"""What a past campaign did, for whom it did more, and whether that can be foretold: effects, uplift models, Qini."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acrm.analysis.result import Scalar
from acrm.errors import InputError
from acrm.messages import Message, listed

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.churn.prepared import Prepared
    from acrm.models.histories import FloatArray
    from acrm.models.qini import Resampled

CONTROL = re.compile(
    r"(0|0\.0|false|f|n|no|none|control( group)?|holdout|hold[- ]out|untreated|not? (contacted|treated|offer|action)"
    r"|no e-?mail|нет|контроль(ная группа)?|без .*|не .*)",
    re.IGNORECASE,
)
"""Values of a treatment column that are the control group's."""
_NOTHING = ""
NEEDED, NEEDED_EACH = 200, 25
"""Customers that each arm needs for models; and customers of each outcome in each arm."""
FIRST = 0.3
"""Share of customers for the effect among the first."""
TENTHS = 10
DRAWS = 200
INTERVAL = 0.95
_IMBALANCE = 0.52
"""AUC with which the arm can be told from the columns that is let pass, chance aside."""


@dataclass(frozen=True, kw_only=True)
class UpliftParams:
    """How a past campaign is judged.

    Attributes:
        control: Value of the treatment column that is the control group's. None: the one that says so.
        wanted: Whether the outcome is wanted (visits, money); False for leaving, of which staying is told.
        cost: Of one contact, in units of the outcome, or None.
        seed: Of the parts of customers and of the resamples.
    """

    control: str | None = None
    wanted: bool = True
    cost: float | None = None
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Uplift:
    """What `uplift` found, a part per arm.

    Attributes:
        tables: `arms`, `learners`, `tenths`, `scores`.
        figures: Of the arm with the largest effect: `ate`, `ate_low`, `ate_high`, `heterogeneity`, `qini_area` ...
        notes: The verdicts.
    """

    tables: dict[str, pl.DataFrame]
    figures: dict[str, Scalar]
    notes: tuple[Message, ...]


def uplift(
    table: pl.DataFrame, columns: Sequence[str], outcome: pl.Series, treatment: pl.Series, params: UpliftParams
) -> Uplift:
    """Estimate what each arm of a past campaign did beside its control group, and for whom.

    The effect is a difference of means. Uplift models (T- and S-learner, linear and boosted) score customers whom they
    have not seen; their order is judged by the area between its Qini curve and that of random order, per 1,000 treated.
    Heterogeneity is usable where the best of them is above random order and above a model of who has the outcome
    without a contact, the limits at 95% allowing for the choice of the best. Formulas and sources:
    docs/methods/churn-uplift.md.

    Args:
        table: One row per customer, sorted by `customer_id`.
        columns: What was known before the campaign.
        outcome: Boolean, or an amount, aligned with the rows; a customer without one is left out.
        treatment: What each got, aligned with the rows; likewise, but where no value says that it is the control
            group's, those without one are.
        params: See `UpliftParams`.

    Returns:
        Table `arms`, a row per arm: `arm`, `customers`, `control`, `mean`, `control_mean`, `effect`, `error`, `low`,
        `high` (of the wanted outcome per customer; staying where the outcome is leaving), `heterogeneity` (`usable`,
        `none`, null where it could not be asked), `told_apart` (AUC with which the arm can be told from the columns;
        0.5 by lot).
        Table `learners`: `arm`, `learner`, `qini_area`, `low`, `high`, `first`, `first_low`, `first_high` (effect among
        the first 30%), `qini_coefficient`, `uplift_coefficient` (of the best there can be; outcomes of yes and no),
        `chosen`. Table `tenths`: `arm`, `tenth` (1 first), `customers`, `effect`, `low`, `high`, `so_far` (effect in
        this and all earlier ones). Table `scores`: `customer_id`, `arm`, `place` (1 first), of arms with usable
        heterogeneity, sorted by `customer_id`, `arm`.

    Raises:
        InputError: No value, or more than one, says that it is the control group's.
    """
    import polars as pl

    notes: tuple[Message, ...] = ()
    if params.control is None and treatment.null_count() and not _says_control(treatment):
        # Nothing stands where nothing was given.
        notes = (Message("churn_uplift.empty_is_control", {"column": treatment.name.removeprefix("x_")}),)
        treatment = treatment.cast(pl.String).fill_null(_NOTHING)
    known = outcome.is_not_null() & treatment.is_not_null()
    table, outcome, told = table.filter(known), outcome.filter(known), treatment.filter(known).cast(pl.String)
    values = told.unique().sort().to_list()
    found = _Found(params=params)
    if len(values) < 2:
        return found.made((Message("churn_uplift.no_control", {"column": treatment.name}),))
    control = _NOTHING if notes else _control(values, treatment.name, params.control)
    amount = outcome.cast(pl.Float64).to_numpy()
    wanted = amount if params.wanted else 1 - amount
    for arm in values:
        if arm != control:
            rows = told.is_in([arm, control])
            found.add(arm, table.filter(rows), columns, wanted[rows.to_numpy()], (told.filter(rows) == arm).to_numpy())
    return found.made(notes)


def campaign_effect(
    prepared: Prepared, columns: Sequence[str], treatment: str, outcome: str | None, params: UpliftParams
) -> Uplift:
    """Estimate what a past campaign did to customers of a labelled file: see `uplift`.

    Args:
        prepared: The customers; `shown` has `beside`, their columns `treatment` and `outcome`.
        columns: What was known before the campaign.
        treatment: Name of the column that says what each got.
        outcome: Name of what the campaign was to bring. None: that the customer stays.
        params: See `UpliftParams`.

    Raises:
        InputError: There is no such column; see `uplift`.
    """
    from acrm.analysis.churn.label import column_of, no_column, outcome_of

    case, beside = prepared.known(), prepared.shown["beside"]
    wanted = {"treatment": treatment, "outcome": outcome}
    names = [None if name is None else column_of(beside.columns, name) for name in wanted.values()]
    for (option, asked), name in zip(wanted.items(), names, strict=True):
        if asked is not None and name is None:
            raise no_column("churn_no_by", option, asked, [*prepared.everyone.columns[1:], *beside.columns[1:]])
    told = case.table.select("customer_id").join(beside, on="customer_id", how="left", maintain_order="left")
    left = case.outcome if names[1] is None else outcome_of(told[names[1]])
    return uplift(case.table, columns, left, told[str(names[0])], params)


def _says_control(treatment: pl.Series) -> bool:
    import polars as pl

    return any(CONTROL.fullmatch(value.strip()) for value in treatment.drop_nulls().cast(pl.String).unique())


def _control(values: Sequence[str], column: str, asked: str | None) -> str:
    if asked is not None:
        if asked not in values:
            raise InputError("uplift_control", column=column, value=asked, values=listed(values), first=values[0])
        return asked
    found = [value for value in values if CONTROL.fullmatch(value.strip())]
    if len(found) != 1:
        raise InputError("uplift_no_control", column=column, values=listed(values), first=values[0])
    return found[0]


class _Found:
    """What is gathered, arm by arm."""

    def __init__(self, *, params: UpliftParams) -> None:
        self.params = params
        self.rows: dict[str, list[dict[str, Any]]] = {"arms": [], "learners": [], "tenths": []}
        self.scores: list[pl.DataFrame] = []
        self.notes: list[Message] = []

    def add(self, arm: str, table: pl.DataFrame, columns: Sequence[str], outcome: FloatArray, treated: Any) -> None:
        import numpy as np

        from acrm.models.qini import average_effect

        sizes = int(treated.sum()), int((~treated).sum())
        row: dict[str, Any] = {"arm": arm, "customers": sizes[0], "control": sizes[1]}
        self.rows["arms"].append(row)
        if min(sizes) < 2:
            self.notes.append(Message("churn_uplift.few", {"arm": arm, "needed": NEEDED, "each": NEEDED_EACH}))
            return
        effect = average_effect(outcome, treated, INTERVAL)
        row |= {"mean": outcome[treated].mean(), "control_mean": outcome[~treated].mean(), "effect": effect.value}
        row |= {"error": effect.error, "low": effect.low, "high": effect.high}
        sure = "sure" if effect.low > 0 else "harm" if effect.high < 0 else "unsure"
        figures = {"arm": arm, "effect": effect.value, "low": effect.low, "high": effect.high}
        self.notes.append(Message(f"churn_uplift.effect_{sure}", figures))
        happened = outcome != 0
        counts = [int((happened[side] == way).sum()) for side in (treated, ~treated) for way in (True, False)]
        design = _design(table, columns)
        if min(sizes) < NEEDED or min(counts) < NEEDED_EACH or not design.size:
            self.notes.append(Message("churn_uplift.few", {"arm": arm, "needed": NEEDED, "each": NEEDED_EACH}))
            return
        row["told_apart"] = self._lot(arm, design, outcome, treated)
        row["heterogeneity"] = self._models(arm, table, design, np.asarray(outcome), treated)

    def _lot(self, arm: str, design: FloatArray, outcome: FloatArray, treated: Any) -> float:
        """How well the arm can be told from what was known before: by lot, not at all."""
        import numpy as np

        from acrm.models.group_effects import cliffs_delta
        from acrm.models.uplift import cross_fitted

        scores = cross_fitted("response", design, treated.astype(np.float64), outcome != 0, seed=self.params.seed)
        apart = cliffs_delta(scores, treated.astype(np.int64), 2)
        auc, low = (float((1 + end[1]) / 2) for end in (apart.effect, apart.low))
        if low > _IMBALANCE:
            self.notes.append(Message("churn_uplift.not_by_lot", {"arm": arm, "auc": auc}))
        return auc

    def _models(self, arm: str, table: pl.DataFrame, design: FloatArray, outcome: FloatArray, treated: Any) -> str:
        import numpy as np

        from acrm.models.qini import coefficients, curves, effect_among, first, resampled
        from acrm.models.uplift import LEARNERS, REFERENCES, cross_fitted

        names = (*LEARNERS, *REFERENCES)
        # A reference ranks by who has the outcome: of leaving, those most likely to leave.
        sign = [1.0] * len(LEARNERS) + [1.0 if self.params.wanted else -1.0] * len(REFERENCES)
        scores = np.array(
            [
                side * cross_fitted(name, design, outcome, treated, seed=self.params.seed)
                for name, side in zip(names, sign, strict=True)
            ]
        )
        rng = np.random.default_rng(self.params.seed)
        drawn = resampled(scores, outcome, treated, FIRST, DRAWS, rng)
        areas = [curves(score, outcome, treated).qini_area for score in scores]
        best = int(np.argmax(areas[: len(LEARNERS)]))
        yes_no = bool(np.isin(outcome, (0.0, 1.0)).all())
        for place, name in enumerate(names):
            low, high = _limits(areas[place], drawn.area[place], 1)
            among = effect_among(first(scores[place], FIRST), outcome, treated)
            among_low, among_high = _limits(among, drawn.among[place], 1)
            shares = coefficients(scores[place], outcome, treated) if yes_no else (None, None)
            self.rows["learners"].append(
                {"arm": arm, "learner": name, "qini_area": areas[place], "low": low, "high": high}
                | {"first": among, "first_low": among_low, "first_high": among_high}
                | {"qini_coefficient": shares[0], "uplift_coefficient": shares[1], "chosen": place == best}
            )
        order = np.argsort(-scores[best], kind="stable")
        self._tenths(arm, order, outcome, treated)
        verdict = self._verdict(arm, names[best], areas, drawn, best)
        if verdict == "usable":
            import polars as pl

            places = np.empty(order.size, dtype=np.int64)
            places[order] = np.arange(1, order.size + 1)
            ids = table.select("customer_id", pl.lit(arm).alias("arm"))
            self.scores.append(ids.with_columns(place=pl.Series(places)))
        return verdict

    def _verdict(self, arm: str, name: str, areas: Sequence[float], drawn: Resampled, best: int) -> str:
        from acrm.models.uplift import LEARNERS

        low, high = _limits(areas[best], drawn.area[best], len(LEARNERS))
        ahead, _ = _limits(areas[best] - areas[-1], drawn.area[best] - drawn.area[-1], len(LEARNERS))
        figures = {"arm": arm, "learner": Message(f"churn_uplift.learner.{name}"), "area": areas[best]}
        figures |= {"low": low, "high": high, "response": areas[-1]}
        verdict = "random" if low <= 0 else "response" if ahead <= 0 else "usable"
        self.notes.append(Message(f"churn_uplift.heterogeneity_{verdict}", figures))
        return "usable" if verdict == "usable" else "none"

    def _tenths(self, arm: str, order: Any, outcome: FloatArray, treated: Any) -> None:
        import numpy as np

        from acrm.models.qini import average_effect

        for tenth, rows in enumerate(np.array_split(order, TENTHS), 1):
            if min(treated[rows].sum(), (~treated[rows]).sum()) < 2:
                continue
            found = average_effect(outcome[rows], treated[rows], INTERVAL)
            so_far = order[: int(np.ceil(tenth * order.size / TENTHS))]
            among = average_effect(outcome[so_far], treated[so_far], INTERVAL)
            self.rows["tenths"].append(
                {"arm": arm, "tenth": tenth, "customers": rows.size, "effect": found.value, "low": found.low}
                | {"high": found.high, "so_far": among.value}
            )

    def made(self, notes: tuple[Message, ...] = ()) -> Uplift:
        """Everything as tables and figures."""
        import polars as pl

        number = ("mean", "control_mean", "effect", "error", "low", "high", "told_apart")
        learner = ("qini_area", "low", "high", "first", "first_low", "first_high")
        schemas: dict[str, dict[str, Any]] = {
            "arms": {"arm": pl.String, "customers": pl.Int64, "control": pl.Int64}
            | dict.fromkeys(number, pl.Float64)
            | {"heterogeneity": pl.String},
            "learners": {"arm": pl.String, "learner": pl.String}
            | dict.fromkeys((*learner, "qini_coefficient", "uplift_coefficient"), pl.Float64)
            | {"chosen": pl.Boolean},
            "tenths": {"arm": pl.String, "tenth": pl.Int64, "customers": pl.Int64}
            | dict.fromkeys(("effect", "low", "high", "so_far"), pl.Float64),
        }
        tables = {name: pl.DataFrame(rows, schema=schemas[name]) for name, rows in self.rows.items()}
        places = {"customer_id": pl.String, "arm": pl.String, "place": pl.Int64}
        tables["scores"] = pl.concat([pl.DataFrame(schema=places), *self.scores]).sort("customer_id", "arm")
        arms = tables["arms"].drop_nulls("effect").sort("effect", "arm", descending=[True, False])
        figures: dict[str, Scalar] = {}
        if arms.height:
            top = arms.row(0, named=True)
            figures = {"arm": top["arm"], "ate": top["effect"], "ate_low": top["low"], "ate_high": top["high"]}
            figures |= {"heterogeneity": top["heterogeneity"]}
        return Uplift(tables=tables, figures=figures, notes=(*notes, *self.notes, *self._costs(tables)))

    def _costs(self, tables: dict[str, pl.DataFrame]) -> Iterator[Message]:
        """Up to what cost of a contact everybody is worth one, and whom the cost told leaves worth one."""
        import polars as pl

        cost = self.params.cost
        if cost is None:
            return
        for row in tables["arms"].drop_nulls("effect").iter_rows(named=True):
            figures = {"arm": row["arm"], "cost": cost, "effect": row["effect"], "low": row["low"], "high": row["high"]}
            way = "pays" if row["low"] > cost else "loses" if row["high"] < cost else "open"
            yield Message(f"churn_uplift.cost_{way}", figures)
            tenths = tables["tenths"].filter(pl.col("arm") == row["arm"], pl.col("low") > cost)
            if row["heterogeneity"] == "usable" and way != "pays" and tenths.height:
                yield Message("churn_uplift.cost_first", {"arm": row["arm"], "tenths": listed(tenths["tenth"], 10)})


def _limits(value: float, draws: FloatArray, chosen_of: int) -> tuple[float, float]:
    """A normal interval from the spread of resamples, wide enough for the best of several (Bonferroni)."""
    import numpy as np
    from scipy.special import ndtri

    spread = float(np.std(draws[np.isfinite(draws)], ddof=1))
    far = float(ndtri(1 - (1 - INTERVAL) / 2 / chosen_of)) * spread
    return value - far, value + far


def _design(table: pl.DataFrame, columns: Sequence[str]) -> FloatArray:
    """What was known as numbers, shape (rows, k); k is 0 where no column varies."""
    import numpy as np

    from acrm.analysis.drivers.design import terms
    from acrm.analysis.drivers.driver_models import matrix

    made = [term for term in terms(table, columns, "auto") if term.values.min() < term.values.max()]
    design: FloatArray = matrix(made) if made else np.empty((table.height, 0))
    return design
