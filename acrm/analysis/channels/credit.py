"""The credit of every channel by six rules side by side: how far they are apart is how little paths can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acrm.analysis.channels.paths import NOT_RECORDED

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.channels.paths import Walked


def attribution(found: Walked) -> tuple[pl.DataFrame, dict[str, Any]]:
    """Divide the conversions of all paths, and what they brought, among the channels.

    Returns:
        A row per channel, most credit in the mean of all rules first, then by name: `channel` (null: not recorded),
        `touches`, `paths` (that have it), `first` ... `markov` (conversions), `low`, `high` (least and most of these),
        `share_low`, `share_high` (of all conversions), and the same of value as `value_first` ... where it is known.
        Every rule's column adds up to the conversions (value) of all paths.

        And figures: those of the paths, `conversion` (share of paths that convert), `credit_spread` (the widest range
        of a channel as a share of all conversions).
    """
    import numpy as np
    import polars as pl

    from acrm.models.attribution import RULES, credit

    paths = found.paths
    credits = {rule: credit(paths, rule) for rule in RULES}
    of = paths.of
    pairs = np.unique(np.column_stack([of, paths.channel]), axis=0)
    ways = paths.conversions + paths.nulls
    table = pl.DataFrame(
        {
            "channel": found.names,
            "touches": np.bincount(paths.channel, ways[of], minlength=paths.channels).round().astype(np.int64),
            "paths": np.bincount(pairs[:, 1], ways[pairs[:, 0]], minlength=paths.channels).round().astype(np.int64),
            **credits,
        }
    )
    total = float(paths.conversions.sum())
    table = table.with_columns(
        pl.col("channel").replace(NOT_RECORDED, None),
        low=pl.min_horizontal(RULES),
        high=pl.max_horizontal(RULES),
    ).with_columns(
        share_low=pl.col("low") / total if total else None, share_high=pl.col("high") / total if total else None
    )
    if found.worth is not None:
        table = table.with_columns(
            **{f"value_{rule}": pl.Series(credit(paths, rule, found.worth)) for rule in RULES}
        ).with_columns(
            value_low=pl.min_horizontal(f"value_{rule}" for rule in RULES),
            value_high=pl.max_horizontal(f"value_{rule}" for rule in RULES),
        )
    ends = float(paths.conversions.sum() + paths.nulls.sum())
    spread = (table["high"] - table["low"]).max()
    figures = {
        **found.figures,
        "path_conversion": round(total / ends, 6) if ends else None,
        "credit_spread": round(float(spread) / total, 6) if total and isinstance(spread, float) else None,
    }
    return table.sort(-pl.mean_horizontal(RULES), "channel", nulls_last=True), figures
