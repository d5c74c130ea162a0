"""Before a model of buying is fitted: are these orders a habit, or the payments of a plan?"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from acrm.models.billing import Billing


def billing_guard(lines: pl.LazyFrame, as_of: date | None = None) -> Billing:
    """Look for regular billing in the days between the orders of each customer.

    Where it is `recognised`, the orders are payments under contract, and models of buying do not fit them: a customer
    who does not pay when the next payment is due has left. Orders of one day are one order.

    Args:
        lines: Canonical order lines, see `acrm.summaries.customer_history`.
        as_of: Last day that counts; None takes all.
    """
    from acrm.summaries import sale_days

    return billing_of_days(sale_days(lines, as_of=as_of).collect(engine="streaming"))


def billing_of_days(days: pl.DataFrame) -> Billing:
    """The same from `customer_id` and `day`, each pair once, in any order."""
    import polars as pl

    from acrm.models.billing import detect_billing

    gaps = (
        days.sort("customer_id", "day")
        .select(
            (pl.col("customer_id").rle_id()).cast(pl.Int64).alias("customer"),
            pl.col("day").diff().dt.total_days().cast(pl.Float64).alias("gap"),
        )
        # The first day of each customer follows nothing of theirs.
        .filter(pl.col("customer") == pl.col("customer").shift(1))
    )
    return detect_billing(gaps["gap"].to_numpy(), gaps["customer"].to_numpy())
