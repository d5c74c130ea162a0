"""Win rates by owner, source, product, region or any column: which groups differ, and where no difference is shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from acrm.analysis.funnel.ground import Ground
from acrm.analysis.holdout import wilson
from acrm.models.group_effects import difference_of_shares
from acrm.models.proportions import COCHRAN, chi_square, holm

if TYPE_CHECKING:
    import polars as pl

SURE = 0.05
_LATE = 0.2
"""A cut is recorded with the end of a deal if the share of deals that have it differs so much between ends."""
_MOST = 1000
"""Groups of a cut; a column with more is no cut."""


@dataclass(frozen=True, kw_only=True)
class Cuts:
    """Groups of every cut, one test per cut, and the cuts that say nothing, with the reason."""

    table: pl.DataFrame
    tests: pl.DataFrame
    of: str
    """What win rates are shares of: `closed` deals, or `all` where none is ever lost."""


def cuts(ground: Ground) -> Cuts:
    """Compare win rates between the groups of every cut.

    One chi-square test per cut asks whether its groups differ at all (groups with fewer than five expected on either
    side are put together for it); Holm's correction is over the cuts. Within a cut that differs, each group is compared
    with the rest, corrected by Holm too. A deal without a value is in a group of its own. A cut that is recorded
    with the end of a deal, of won ones far more often than of others, is not compared.

    | table | column | type | unit, range |
    |---|---|---|---|
    | cuts | `cut`, `group` | String | group null: not recorded |
    | cuts | `deals`, `closed`, `won` | Int64 | |
    | cuts | `win_rate`, `win_rate_low`, `win_rate_high` | Float64 | Wilson, 95% |
    | cuts | `amount_won` | Decimal | |
    | cuts | `difference`, `difference_low`, `difference_high` | Float64 | from all others (Newcombe, 95%) |
    | cuts | `q_value` | Float64 | of the difference, after Holm |
    | cuts | `verdict` | String | `higher`, `lower`, `none`: no difference shown |
    | tests | `cut`, `groups`, `chi_square`, `df`, `p`, `q_value` | | of the cut as a whole |
    | tests | `pooled` | Int64 | groups put together |
    | tests | `verdict` | String | `differ`, `none`; `late`: recorded with the end; `one`: nothing to compare |
    """
    import polars as pl

    deals = ground.deals
    of = "closed" if (deals["status"] == "lost").any() else "all"
    pool = deals.filter(pl.col("status") != "open") if of == "closed" else deals
    found = [_cut(deals, pool, name) for name in ground.cuts]
    p = np.array([test["p"] if test["p"] is not None else np.nan for _, test in found], dtype=float)
    tests, groups = [], []
    for (rows, test), q in zip(found, holm(p) if p.size else p, strict=True):
        sure = bool(q <= SURE)
        verdict = test["verdict"] or ("differ" if sure else "none")
        tests.append({**test, "q_value": None if np.isnan(q) else float(q), "verdict": verdict})
        side = pl.when(pl.col("difference") > 0).then(pl.lit("higher")).otherwise(pl.lit("lower"))
        shown = pl.when((pl.col("q_value") <= SURE) & sure).then(side).otherwise(pl.lit("none"))
        groups.append(rows.with_columns(verdict=shown if verdict != "late" else pl.lit(None, pl.String)))
    schema = {"cut": pl.String, "groups": pl.Int64, "chi_square": pl.Float64, "df": pl.Int64, "p": pl.Float64}
    schema |= {"q_value": pl.Float64, "pooled": pl.Int64, "verdict": pl.String}
    table = pl.concat(groups) if groups else _cut(deals, pool, None)[0].with_columns(verdict=pl.lit(None, pl.String))
    return Cuts(table=table, tests=pl.DataFrame(tests, schema=schema), of=of)


def _cut(deals: pl.DataFrame, pool: pl.DataFrame, name: str | None) -> tuple[pl.DataFrame, dict[str, object]]:
    """The groups of a cut, largest first, and its test, not yet corrected."""
    import polars as pl

    column = f"cut_{name}" if name else "deal_id"
    won = (pl.col("status") == "won").sum()
    rows = deals if name else deals.clear()
    counts = rows.group_by(pl.col(column).alias("group")).agg(
        pl.len().cast(pl.Int64).alias("deals"),
        (pl.col("status") != "open").sum().alias("closed"),
        won.alias("won"),
        pl.when(pl.col("status") == "won").then("amount").sum().alias("amount_won"),
    )
    base = pool.group_by(pl.col(column).alias("group")).agg(pl.len().alias("_of"))
    counts = counts.join(base, on="group", how="left", nulls_equal=True).with_columns(pl.col("_of").fill_null(0))
    counts = counts.sort(-pl.col("deals"), "group", nulls_last=True)
    having, sizes = counts["won"].to_numpy().astype(np.int64), counts["_of"].to_numpy().astype(np.int64)
    effects = difference_of_shares(having, sizes)
    limits = [wilson(int(part), int(whole)) for part, whole in zip(having, sizes, strict=True)]
    someone = pl.col("_of") > 0
    integers = ("deals", "closed", "won")
    table = counts.select(
        pl.lit(name, pl.String).alias("cut"),
        pl.col("group").cast(pl.String),
        *(pl.col(one).cast(pl.Int64) for one in integers),
        pl.when(someone).then(pl.col("won") / pl.col("_of")).alias("win_rate"),
        pl.Series("win_rate_low", [low for low, _ in limits], dtype=pl.Float64),
        pl.Series("win_rate_high", [high for _, high in limits], dtype=pl.Float64),
        pl.col("amount_won").cast(pl.Decimal(38, 4)),
        *(
            pl.Series(label, values, dtype=pl.Float64).fill_nan(None)
            for label, values in (
                ("difference", effects.effect),
                ("difference_low", effects.low),
                ("difference_high", effects.high),
                ("q_value", holm(effects.p)),
            )
        ),
    )
    together = list(_pooled(having, sizes))
    test = chi_square(np.array([a for a, _ in together]), np.array([n for _, n in together])) if together else None
    told: dict[str, object] = {"cut": name, "groups": counts.height, "chi_square": None, "df": None, "p": None}
    told["pooled"] = 0
    if _is_late(deals, column) or counts.height > _MOST:
        return table, {**told, "verdict": "late" if counts.height <= _MOST else "many"}
    if test is None:
        return table, {**told, "verdict": "one"}
    small = int((sizes > 0).sum()) - len(together)
    told["pooled"] = small + 1 if small else 0
    return table, {**told, "chi_square": test.statistic, "df": test.df, "p": test.p, "verdict": ""}


def _pooled(having: np.ndarray, sizes: np.ndarray) -> Iterator[tuple[int, int]]:
    """Won and all of each group, those with too few expected on either side as one."""
    share = having.sum() / max(int(sizes.sum()), 1)
    small = sizes * min(share, 1 - share) < COCHRAN
    for part, whole, few in zip(having, sizes, small, strict=True):
        if not few and whole:
            yield int(part), int(whole)
    if sizes[small].sum():
        yield int(having[small].sum()), int(sizes[small].sum())


def _is_late(deals: pl.DataFrame, column: str) -> bool:
    """Whether deals have it recorded when they are won, and otherwise often not."""
    import polars as pl

    told = deals.group_by((pl.col("status") == "won").alias("won")).agg(pl.col(column).is_not_null().mean())
    shares = dict(told.rows())
    return len(shares) == 2 and shares[True] - shares[False] > _LATE
