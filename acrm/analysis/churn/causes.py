"""What drives the risk of customers at high risk, all of them together: how often a feature is among their reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


def causes(customers: pl.DataFrame, why: pl.DataFrame) -> pl.DataFrame:
    """Features by how many customers at high risk have them among their reasons.

    Args:
        customers: `customer_id` and `risk_band`, of those who are counted.
        why: As `acrm.analysis.churn.reasons.reasons` has it.

    Returns:
        One row per feature, the most frequent first, then by name:

        | column | type | unit, range |
        |---|---|---|
        | `feature` | String | |
        | `customers`, `share` | Int64, Float64 | at high risk with it among their reasons; of all at high risk |
        | `first` | Int64 | of them, those whose first reason it is |
        | `mean_share` | Float64 | its part of all that adds to their risk, mean over them |
        | `example` | String | what is said of most of them; of equals the first in the alphabet |
    """
    import polars as pl

    at_risk = customers.filter(pl.col("risk_band") == "high").select("customer_id")
    theirs = at_risk.join(why, on="customer_id", how="inner", maintain_order="left")
    places = [name.removeprefix("feature_") for name in why.columns if name.startswith("feature_")]
    told = pl.concat(
        [
            theirs.select(
                pl.col(f"feature_{place}").alias("feature"),
                pl.col(f"reason_{place}").alias("example"),
                pl.col(f"share_{place}").alias("part"),
                pl.lit(place == places[0]).alias("first"),
            )
            for place in places
        ]
    ).drop_nulls("feature")
    said = told.group_by("feature", "example").len().sort("len", "example", descending=[True, False])
    found = told.group_by("feature", maintain_order=True).agg(
        pl.len().cast(pl.Int64).alias("customers"),
        pl.col("first").sum().cast(pl.Int64),
        pl.col("part").mean().round(6).alias("mean_share"),
    )
    share = (pl.col("customers") / max(at_risk.height, 1)).round(6).alias("share")
    return (
        found.join(said.unique("feature", keep="first", maintain_order=True), on="feature", how="left")
        .select("feature", "customers", share, "first", "mean_share", "example")
        .sort("customers", "feature", descending=[True, False])
    )
