"""One result of several: value to come with past profit, cuts, households and net present value beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from acrm.analysis.result import Result
from acrm.messages import Message

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.clv.params import ClvParams
    from acrm.analysis.clv.value import ClvResult

_PROFIT = ("discounts", "goods_cost", "service_cost", "campaign_cost", "past_profit")


def with_profit(result: ClvResult, profit: Result) -> ClvResult:
    """The result with what each customer cost so far, where the sources tell any cost.

    Whoever cost something and has bought nothing that was kept has no value to come and no row among the customers: the
    table `profit_others` has them, and `profit_totals` their sum in `others`, so that
    source = left out + customers + others + unallocated.
    """
    import polars as pl

    told = profit.tables["profit"]
    columns = [name for name in _PROFIT if name in told.columns]
    if not columns:
        return result
    joined = result.tables["customers"].join(told.select("customer_id", *columns), on="customer_id", how="left")
    others = told.join(joined.select("customer_id"), on="customer_id", how="anti").sort("customer_id")
    sums = others.select(pl.exclude("customer_id").sum()).unpivot(variable_name="item", value_name="others")
    totals = (
        profit.tables["totals"]
        .join(sums, on="item", how="left", maintain_order="left")
        .with_columns(customers=pl.col("customers") - pl.col("others"))
        .select("item", "source", "left_out", "customers", "others", "unallocated")
    )
    tables = {**result.tables, "customers": joined.sort("customer_id")}
    beside = {**profit.tables, "totals": totals, "others": others}
    tables |= {f"profit_{name}": table for name, table in beside.items() if name != "profit"}
    summary = {**result.summary, **{key: figure for key, figure in profit.summary.items() if key != "currency"}}
    return replace(result, tables=tables, summary=summary, notes=_once(result.notes, profit.notes))


def with_npv(result: ClvResult, npv: Result) -> ClvResult:
    """The result with net present values beside it."""
    return replace(
        result,
        tables={**result.tables, **npv.tables},
        summary={**result.summary, **npv.summary},
        notes=_once(result.notes, npv.notes),
    )


def with_cuts(result: ClvResult, of: pl.DataFrame, params: ClvParams) -> ClvResult:
    """The result with its customers summed by each of the columns asked for."""
    import polars as pl

    from acrm.analysis.clv.cuts import cut

    columns = ["spend", "expected_orders", "clv", "residual_value", "past_profit"]
    customers = result.tables["customers"]
    values = customers.select("customer_id", *(name for name in columns if name in customers.columns))
    parts = [
        cut(values, of, [name], interval=params.interval)
        .rename({name: "value"})
        .select(pl.lit(name).alias("column"), pl.all())
        for name in params.by
    ]
    return replace(result, tables={**result.tables, "parts": pl.concat(parts, how="diagonal")})


def rolled_up(result: ClvResult, members: pl.DataFrame, params: ClvParams) -> ClvResult:
    """The result with a row for each household or company instead of each customer; the sums stay."""
    from acrm.analysis.clv import totals
    from acrm.analysis.clv.rollup import roll_up

    customers = result.tables["customers"]
    objects = roll_up(customers.drop("decile", "quadrant"), members, interval=params.interval)
    ranked = totals.with_ranks(objects)
    key = f"{params.object}_id"
    tables = {
        **result.tables,
        "customers": ranked.rename({"object_id": key}),
        "deciles": totals.decile_table(ranked),
        "matrix": totals.matrix(ranked),
        "lorenz": totals.lorenz_curve(ranked),
    }
    summary = {**result.summary, "objects": ranked.height, **totals.concentration(ranked)}
    return replace(result, tables=tables, summary=summary)


def _once(*told: tuple[Message, ...]) -> tuple[Message, ...]:
    seen: Mapping[tuple[str, str], Message] = {(note.id, str(note)): note for notes in told for note in notes}
    return tuple(seen.values())
