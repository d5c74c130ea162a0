"""Channels side by side: how many came by each, how many of them converted, and whether that differs at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acrm.analysis.channels.params import FEW, LEVEL, SURE

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.channels.counted import Counted


def spelled(units: pl.DataFrame, column: str) -> pl.DataFrame:
    """`_key` (as `acquisition.key`) and `channel`, the spelling that most units have, of equals the first by name."""
    import polars as pl

    from acrm.analysis.clv.acquisition import key

    forms = units.drop_nulls(column).group_by(key(column).alias("_key"), pl.col(column).alias("channel")).len()
    ordered = forms.drop_nulls("_key").sort("_key", -pl.col("len").cast(pl.Int64), "channel")
    return ordered.unique("_key", keep="first", maintain_order=True).select("_key", "channel")


def by_channel(found: Counted, column: str | None) -> tuple[pl.DataFrame, dict[str, Any]]:
    """Count units by what a column says, letter case aside; those of which it says nothing are a channel too.

    Args:
        found: The units.
        column: Which column names the channel. None: nothing does, and no channel is recorded.

    Returns:
        A row per channel, most units first, then by name, not recorded (null) last among equals: `channel`, `_key`,
        `units`, `share`, `judged` (units of which it can be told), `converted`, `rate`, `rate_low`, `rate_high`
        (Wilson), `difference` to all others with `difference_low`, `difference_high` (Newcombe), `p`, `p_holm`,
        `verdict` (`more`, `less`, `same`, `few`, `alone`; null where conversion is unknown), `amount`.

        And the test of all: `channels`, `units`, `not_recorded`, `judged`, `converted`, `chi_square`, `df`, `p`,
        `small_cells`.
    """
    import numpy as np
    import polars as pl

    from acrm.analysis.clv.acquisition import key
    from acrm.analysis.holdout import wilson
    from acrm.models.group_effects import difference_of_shares
    from acrm.models.proportions import chi_square, holm

    told = pl.lit(None, pl.String) if column is None else key(column)
    table = (
        found.units.group_by(told.alias("_key"))
        .agg(
            pl.len().cast(pl.Int64).alias("units"),
            pl.col("converted").count().cast(pl.Int64).alias("judged"),
            pl.col("converted").sum().cast(pl.Int64),
            pl.when(pl.col("amount").count() > 0).then(pl.col("amount").sum()).alias("amount"),
        )
        .sort("_key", nulls_last=True)
    )
    forms = pl.DataFrame(schema={"_key": pl.String, "channel": pl.String})
    forms = forms if column is None else spelled(found.units, column)
    table = table.join(forms, on="_key", how="left", maintain_order="left")
    units, judged, converted = (table[name].to_numpy() for name in ("units", "judged", "converted"))
    limits = [wilson(have, of, LEVEL) for have, of in zip(converted.tolist(), judged.tolist(), strict=True)]
    several = int((judged > 0).sum()) > 1
    effects = difference_of_shares(converted, judged) if several else None
    nothing = np.full(len(units), np.nan)
    p = nothing if effects is None else np.where(judged > 0, effects.p, np.nan)
    adjusted = holm(p)
    difference = nothing if effects is None else effects.effect
    total = int(units.sum())
    columns = {
        "share": units / total if total else nothing,
        "rate": np.divide(converted, judged, out=nothing.copy(), where=judged > 0),
        "difference": difference,
        "difference_low": nothing if effects is None else effects.low,
        "difference_high": nothing if effects is None else effects.high,
        "p": p,
        "p_holm": adjusted,
    }
    verdicts = [_verdict(*row, several) for row in zip(judged.tolist(), difference, adjusted, strict=True)]
    table = table.with_columns(
        *(pl.Series(name, values).fill_nan(None) for name, values in columns.items()),
        pl.Series("rate_low", [low for low, _ in limits], dtype=pl.Float64),
        pl.Series("rate_high", [high for _, high in limits], dtype=pl.Float64),
        pl.Series("verdict", verdicts, dtype=pl.String),
    )
    order = ["channel", "_key", "units", "share", "judged", "converted", "rate", "rate_low", "rate_high", "difference"]
    order += ["difference_low", "difference_high", "p", "p_holm", "verdict", "amount"]
    tested = chi_square(converted, judged)
    whole = {
        "channels": table["_key"].count(),
        "units": total,
        "not_recorded": int(table.filter(pl.col("_key").is_null())["units"].sum()),
        "judged": int(judged.sum()),
        "converted": int(converted.sum()),
        "chi_square": None if tested is None else tested.statistic,
        "df": None if tested is None else tested.df,
        "p": None if tested is None else tested.p,
        "small_cells": None if tested is None else tested.small,
    }
    return table.select(order).sort(-pl.col("units"), "_key", nulls_last=True), whole


def _verdict(judged: int, difference: float, p: float, several: bool) -> str | None:
    if not judged:
        return None
    if not several:
        return "alone"
    if judged < FEW:
        return "few"
    if p > SURE:
        return "same"
    return "more" if difference > 0 else "less"
