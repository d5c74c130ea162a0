"""Does RFM tell who buys next? Customers are scored as of an earlier day and looked at in the time since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from math import fsum, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING

from acrm.analysis.result import Scalar
from acrm.analysis.rfm import RfmResult, rfm
from acrm.messages import Message, text
from acrm.models.wilson import wilson_limits

if TYPE_CHECKING:
    import polars as pl

SHORTEST = 28
"""Days that the held-out period must have: four weeks, so that every day of the week counts equally often."""
FEWEST = 30
"""Buyers in that period without whom no verdict is given: the interval of a share needs about as many."""
TOP = 0.2
Z = NormalDist().inv_cdf(0.975)
RULES = ("rfm", "spend", "orders", "days_since_last")
"""What customers are ranked by: r + f + m, or one figure alone (the fewest days first)."""


def validate(result: RfmResult, transactions: pl.LazyFrame) -> RfmResult:
    """Add what the segments of an earlier day bought in the time since, beside simpler rules.

    The last quarter of the time between the first and the last order is held out; customers are scored by the same
    parameters on the rest. Customers who first bought in the held-out time could not be scored and are not counted.

    Returns:
        The result with table `validation`, in the order of the grid: `segment`, `label`, `customers`, `buyers`,
        `buyers_share` with its 95% interval `low` to `high` (Wilson), `next_spend`, `next_spend_per_customer`,
        `next_spend_share`; and table `validation_rules`: what share of the next spend the top 20% of customers by
        each rule made (`caught`, 95% interval `low` to `high`), and of the next buyers (`buyers_caught`). Chance
        alone gives 0.2.
        Where the time is too short or nobody bought again, a note says so and no table is added. The last note is
        the verdict: `r + f + m` against the best of the simpler rules.
    """
    import polars as pl

    customers = result.tables["customers"]
    first, last = customers.select(pl.col("first_order_at").min(), pl.col("last_order_at").max()).row(0)
    held_out = (last - first).days // 4
    if held_out < SHORTEST:
        values = {"days": (last - first).days, "needed": SHORTEST * 4}
        return replace(result, notes=(*result.notes, Message("rfm.validate_too_short", values)))
    cut = last - timedelta(days=held_out)
    before = rfm(transactions, replace(result.params, as_of=cut))
    joined = _next_period(before.tables["customers"], customers, cut)
    spend = joined["next_spend"].sum()
    buyers = int(joined["bought"].sum())
    figures: dict[str, Scalar] = {
        "validation_cut": cut,
        "validation_days": held_out,
        "validation_customers": joined.height,
        "validation_buyers": buyers,
        "validation_spend": spend,
    }
    if spend <= 0:
        return replace(result, notes=(*result.notes, Message("rfm.validate_no_spend", {"cut": cut})))
    rules, verdict = _rules(joined)
    caught = {f"caught_by_{rule}": share for rule, share in rules.select("rule", "caught").rows()}
    return replace(
        result,
        tables={
            **result.tables,
            "validation": _by_segment(joined, before.tables["segments"]),
            "validation_rules": rules,
        },
        summary={**result.summary, **figures, **caught},
        notes=(*result.notes, verdict),
    )


def _next_period(before: pl.DataFrame, now: pl.DataFrame, cut: date) -> pl.DataFrame:
    """What each customer of before has bought since: two histories differ by what happened between them."""
    import polars as pl

    return (
        before.join(now.select("customer_id", "spend", "last_order_at"), on="customer_id", suffix="_now")
        .with_columns(
            (pl.col("spend_now") - pl.col("spend")).alias("next_spend"),
            (pl.col("last_order_at_now") > cut).alias("bought"),
        )
        .sort("customer_id")
    )


def _by_segment(joined: pl.DataFrame, segments: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    sums = joined.group_by("segment").agg(
        pl.len().cast(pl.Int64).alias("customers"),
        pl.col("bought").sum().cast(pl.Int64).alias("buyers"),
        pl.col("next_spend").sum(),
    )
    money = pl.col("next_spend").cast(pl.Float64)
    table = (
        segments.select("segment", "label")
        .join(sums, on="segment", how="left", maintain_order="left")
        .with_columns(pl.col("customers", "buyers", "next_spend").fill_null(0))
    )
    somebody = pl.when(pl.col("customers") > 0)
    bounds = [wilson(*counts) for counts in table.select("buyers", "customers").rows()]
    return table.select(
        "segment",
        "label",
        "customers",
        "buyers",
        somebody.then(pl.col("buyers") / pl.col("customers")).alias("buyers_share"),
        pl.Series("low", [low for low, _ in bounds], dtype=pl.Float64),
        pl.Series("high", [high for _, high in bounds], dtype=pl.Float64),
        "next_spend",
        somebody.then(money / pl.col("customers")).alias("next_spend_per_customer"),
        (money / float(joined["next_spend"].sum())).alias("next_spend_share"),
    )


def wilson(successes: int, trials: int, interval: float = 0.95) -> tuple[float | None, float | None]:
    """The interval of a share (Wilson 1927), or nothing without trials; `interval` is the probability it stands for.

    >>> [round(bound, 3) for bound in wilson(5, 10)]
    [0.237, 0.763]
    """
    if not trials:
        return None, None
    low, high = wilson_limits(successes / trials, trials, NormalDist().inv_cdf((1 + interval) / 2))
    return max(0.0, low), min(1.0, high)


def _rules(joined: pl.DataFrame) -> tuple[pl.DataFrame, Message]:
    import polars as pl

    spend = joined["next_spend"].cast(pl.Float64).to_list()
    bought = joined["bought"].cast(pl.Float64).to_list()
    ranked = joined.select(
        pl.sum_horizontal(pl.col("r", "f", "m").cast(pl.Int64)).alias("rfm"),
        "spend",
        "orders",
        -pl.col("days_since_last"),
    )
    weights = {rule: top_weights(ranked[rule]) for rule in RULES}
    rows = []
    for rule, weight in weights.items():
        caught, error = share_caught(weight, spend)
        low, high = max(0.0, caught - Z * error), min(1.0, caught + Z * error)
        rows.append((rule, caught, low, high, share_caught(weight, bought)[0]))
    rules = pl.DataFrame(rows, schema=["rule", "caught", "low", "high", "buyers_caught"], orient="row")
    rival = max(rows[1:], key=lambda row: row[1])[0]
    difference = [ours - theirs for ours, theirs in zip(weights["rfm"], weights[rival], strict=True)]
    gain, error = share_caught(difference, spend)
    if (buyers := int(joined["bought"].sum())) < FEWEST:
        return rules, Message("rfm.validate_few", {"buyers": buyers, "needed": FEWEST})
    verdict = "better" if gain > Z * error else "worse" if gain < -Z * error else "same"
    values = {"caught": rows[0][1], "rival": text(f"rfm.rule.{rival}"), "rival_caught": rows[0][1] - gain}
    return rules, Message(f"rfm.validate_{verdict}", values)


def top_weights(values: pl.Series, top: float = TOP) -> list[float]:
    """How much of each customer belongs to the top share by a value, highest first.

    Customers who share the value at the border are taken in part, so the order of rows does not matter.

    >>> import polars as pl
    >>> top_weights(pl.Series([9, 5, 5, 1, 1]), top=0.4)
    [1.0, 0.5, 0.5, 0.0, 0.0]
    """
    import polars as pl

    value = pl.col("value")
    better = value.rank("min", descending=True).cast(pl.Int64) - 1
    weight = ((len(values) * top - better) / pl.len().over("value")).clip(0, 1)
    return values.alias("value").to_frame().select(weight).to_series().to_list()


def share_caught(weights: Sequence[float], amounts: Sequence[float]) -> tuple[float, float]:
    """The weighted share of a total, and its standard error over customers (a linearised ratio estimate).

    >>> share, error = share_caught([1, 0, 0, 0], [3, 1, 1, 1])
    >>> share, round(error, 3)
    (0.5, 0.333)
    """
    total, count = fsum(amounts), len(amounts)
    share = fsum(weight * amount for weight, amount in zip(weights, amounts, strict=True)) / total
    squares = fsum(((weight - share) * amount / total) ** 2 for weight, amount in zip(weights, amounts, strict=True))
    return share, sqrt(squares * count / max(count - 1, 1))
