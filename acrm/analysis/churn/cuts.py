"""Risk by the values of a column: how many customers, how likely to leave, what their loss would cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from acrm.analysis.result import Scalar
from acrm.messages import Message

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, kw_only=True)
class Cut:
    """Table `by`, see `cut`."""

    tables: dict[str, pl.DataFrame]
    figures: dict[str, Scalar] = field(default_factory=dict)
    notes: tuple[Message, ...] = ()


def cut(customers: pl.DataFrame, groups: pl.DataFrame) -> Cut:
    """Sum a churn result up by groups.

    Args:
        customers: The main table of a result, of those who are still here.
        groups: `customer_id`, `group` (null: not told).

    Returns:
        Table `by`, the greatest share at high risk first: `group`, `customers`, `high` (of them at high risk),
        `high_share`, `churn_probability` (mean), `expected_loss` (sum, null without values). The groups' customers are
        all customers.

    Examples:
        >>> import polars as pl
        >>> told = {"customer_id": ["a", "b"], "churn_probability": [0.5, 0.1], "risk_band": ["high", "low"]}
        >>> both = pl.DataFrame(told | {"expected_loss": [5.0, 1.0]})
        >>> cut(both, pl.DataFrame({"customer_id": ["a"], "group": ["x"]})).tables["by"].rows()
        [('x', 1, 1, 1.0, 0.5, 5.0), (None, 1, 0, 0.0, 0.1, 1.0)]
    """
    import polars as pl

    loss = pl.col("expected_loss")
    table = (
        customers.join(groups.unique("customer_id", keep="last", maintain_order=True), on="customer_id", how="left")
        .sort("customer_id")
        .group_by("group", maintain_order=True)
        .agg(
            pl.len().cast(pl.Int64).alias("customers"),
            (pl.col("risk_band") == "high").sum().cast(pl.Int64).alias("high"),
            (pl.col("risk_band") == "high").mean().alias("high_share"),
            pl.col("churn_probability").mean(),
            pl.when(loss.count() > 0).then(loss.sum()).alias("expected_loss"),
        )
    )
    return Cut(tables={"by": table.sort("high_share", "group", descending=[True, False], nulls_last=True)})
