"""What anybody could say without a model of churn: the rules that a model must beat."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acrm.analysis.churn.warning import times_usual

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.churn.records import Past

RULES = ("recency", "frequency", "expected_purchases", "overdue")


def rule_scores(past: Past, everyone: pl.DataFrame, window: int) -> pl.DataFrame:
    """Naive scores, the higher the more likely to leave.

    `recency` is days since the last purchase, `frequency` minus the days with a purchase, `expected_purchases` minus
    what BG/NBD, fitted to all who ever bought, expects within the window, `overdue` days since the last purchase by the
    usual gap. The probability to be alive is none of them: it is 1 for those who bought once.

    Args:
        past: What was known.
        everyone: `customer_id` of those who are scored, sorted.
        window: Days.

    Returns:
        `customer_id` and `RULES`, Float64; a rule that cannot be had (nobody came back yet) is null.
    """
    import polars as pl

    own = past.days.group_by("customer_id", maintain_order=True).agg(
        (pl.lit(past.cutoff) - pl.col("day").last()).dt.total_days().cast(pl.Float64).alias("recency"),
        -pl.len().cast(pl.Float64).alias("frequency"),
    )
    table = everyone.select("customer_id")
    rhythm = times_usual(past, everyone)
    if rhythm is None:
        rhythm = table.with_columns(times_usual=pl.lit(None, pl.Float64))
    for part in (own, _expected(past, window), rhythm.rename({"times_usual": "overdue"})):
        table = table.join(part, on="customer_id", how="left", maintain_order="left")
    return table.select("customer_id", *RULES)


def _expected(past: Past, window: int) -> pl.DataFrame:
    import numpy as np
    import polars as pl

    from acrm.analysis.clv.params import WEEK
    from acrm.analysis.clv.purchases import EPOCH, Purchases
    from acrm.models.purchases import fit

    days = past.days
    first = days.select(pl.col("gap").is_null()).to_series()
    purchases = Purchases(
        ids=days["customer_id"].filter(first),
        start=np.append(first.arg_true().to_numpy(), days.height).astype(np.intp),
        day=days["day"].cast(pl.Int32).cast(pl.Float64).to_numpy(),
        amount=days["sales"].cast(pl.Float64).to_numpy(),
        as_of=past.cutoff,
        unit=WEEK,
        kept=1.0,
        figures={},
        notes=(),
    )
    known = purchases.until(float((past.cutoff - EPOCH).days))
    grouped = known.grouped()
    if not known.frequency.any():
        scores = pl.Series("expected_purchases", [None] * len(purchases.ids), dtype=pl.Float64)
    else:
        model, _ = fit("bg-nbd", grouped.histories)
        expected = model.expected_orders(grouped.histories, window / WEEK)[grouped.group]
        scores = pl.Series("expected_purchases", -expected)
    return pl.DataFrame({"customer_id": purchases.ids, "expected_purchases": scores})
