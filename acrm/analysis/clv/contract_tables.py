"""What was fitted, how it was tested, and the curves: tables and sentences of a contractual value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from acrm.messages import Message, text

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.clv.contract_groups import ContractParams, Group

NAIVE = "last-retention"


def model_table(groups: Sequence[Group]) -> pl.DataFrame:
    """All candidates: `group`, `name`, `period`, `customers`, `left`, `alpha`, `beta`, `c` and the fit's certificate.

    `log_likelihood` is that of all data; `alike` says that customers do not differ, so that alpha and beta have no
    values of their own; `chosen` that the model is the one used.
    """
    import polars as pl

    rows = [
        {
            "group": group.name,
            "name": one.model.name,
            "period": group.period,
            "customers": float(group.tenures.count.sum()),
            "left": float(group.tenures.count[group.tenures.left].sum()),
            "alpha": one.model.alpha,
            "beta": one.model.beta,
            "c": one.model.parameters().get("c"),
            "log_likelihood": one.fit.log_likelihood,
            "gradient_norm": one.fit.gradient_norm,
            "starts": one.fit.starts,
            "agreeing": one.fit.agreeing,
            "converged": one.fit.converged,
            "alike": one.alike,
            "chosen": one is group.choice.chosen,
        }
        for group in groups
        for one in group.choice.candidates
    ]
    table = pl.DataFrame(rows, schema_overrides={"c": pl.Float64})
    return table.with_columns(pl.col("customers", "left").round().cast(pl.Int64)).sort("group", "name")


def validation_table(groups: Sequence[Group]) -> pl.DataFrame:
    """Held-out periods, by `group` and `rule`: the models and the naive rule.

    `log_likelihood` of the renewals made and missed in the held-out periods, `survival_error` and `staying_error` as in
    `acrm.models.tenures.HeldOut`. The naive rule starts from those still there, so it has no `survival_error`.
    """
    import polars as pl

    rows: list[tuple[Any, ...]] = []
    for group in groups:
        choice = group.choice
        for one in choice.candidates:
            if one.test:
                test = one.test
                figures = (test.log_likelihood, test.survival_error, test.staying_error)
                rows.append((group.name, one.model.name, choice.held_periods, *figures))
        if choice.naive:
            naive = choice.naive
            rows.append((group.name, NAIVE, choice.held_periods, naive.log_likelihood, None, naive.staying_error))
    errors = dict.fromkeys(("log_likelihood", "survival_error", "staying_error"), pl.Float64)
    schema = {"group": pl.String, "rule": pl.String, "held_periods": pl.Int64, **errors}
    return pl.DataFrame(rows, schema=schema, orient="row").sort("group", "rule")


def survival_table(groups: Sequence[Group], params: ContractParams) -> pl.DataFrame:
    """Curves by `group` and `period`: counted beside modelled, and what whoever has stayed so long will still pay.

    `survival` is the Kaplan-Meier estimate with `survival_low` and `survival_high` (Greenwood, `params.interval`),
    null where nobody was watched any more; `retention` the share of those at risk who stayed; `sbg` and `bdw` the
    survival by the models. `payments_12_months` and `residual_payments` are of the chosen model for a customer who has
    stayed `period` periods and is about to decide: the payments due within a year, and all payments to come, discounted
    (null without a discount).
    """
    import numpy as np
    import polars as pl

    from acrm.models.contract_worth import to_come
    from acrm.models.kaplan_meier import kaplan_meier

    tables = []
    for group in groups:
        times = np.arange(group.tenures.age.max() + 1)
        curve = kaplan_meier(group.tenures.durations(), params.interval)
        counted = pl.DataFrame(
            {
                "period": curve.time,
                "at_risk": curve.at_risk,
                "lost": curve.lost,
                "retention": curve.retention,
                "survival": curve.survival,
                "survival_low": curve.low,
                "survival_high": curve.high,
            }
        )
        modelled = {one.model.name: one.model.survival(times) for one in group.choice.candidates if one.usable}
        # At the start everybody is there, and nothing has been decided.
        counted = counted.filter(pl.col("period") > 0)
        table = pl.DataFrame({"period": times, **modelled}).join(counted, on="period", how="left")
        ahead: dict[str, pl.Series] = {}
        if chosen := group.choice.chosen:
            model = chosen.model
            makes = to_come(model, times, np.full(times.size, 12.0 / group.months))
            ahead["payments_12_months"] = pl.Series(makes.sum(axis=1))
            if params.discount > 0:
                ahead["residual_payments"] = pl.Series(model.residual_lifetime(times, group.rate(params.discount)))
        figures = ("retention", "survival", "survival_low", "survival_high", "sbg", "bdw")
        columns = [*figures, "payments_12_months", "residual_payments"]
        table = table.with_columns(**ahead).with_columns(
            pl.lit(None, dtype=pl.Float64).alias(name) for name in columns if name not in {*table.columns, *ahead}
        )
        tables.append(
            table.select(
                pl.lit(group.name).alias("group"),
                pl.col("period").cast(pl.Int64),
                pl.col("at_risk", "lost").fill_null(0.0),
                *columns,
            )
        )
    return pl.concat(tables).sort("group", "period")


def fit_notes(groups: Sequence[Group], params: ContractParams) -> Iterator[Message]:
    """What to know of the models before trusting them."""
    for group in groups:
        choice = group.choice
        named = {"group": text("clv_contract.of_group", group=group.name) if group.name else ""}
        chosen = choice.chosen
        if chosen is None:
            yield Message("clv_contract.not_converged", named)
            continue
        of_model = {**named, "model": chosen.model.name, "period": text(f"clv_contract.periods.{group.period}")}
        if chosen.alike:
            yield Message(
                "clv_contract.alike", {**of_model, "retention": float(chosen.model.retention(_last(group))[0])}
            )
        if choice.verdict and chosen.test and choice.naive:
            values = {
                **of_model,
                "periods": choice.held_periods,
                "error": chosen.test.staying_error,
                "naive_error": choice.naive.staying_error,
                "retention": choice.naive_retention,
            }
            yield Message(f"clv_contract.test_{choice.verdict}", values)
        else:
            yield Message("clv_contract.not_tested", of_model)
    if not params.discount:
        yield Message("clv_contract.no_discount", {})


def _last(group: Group) -> Any:
    """The last period in which somebody was watched."""
    return group.tenures.age.max(keepdims=True).clip(1)
