"""Whether rules hold: found on some baskets, measured on others that came later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil
from typing import TYPE_CHECKING, Any

from acrm.analysis.basket.mined import Support, mine, rules_of
from acrm.analysis.basket.params import BasketParams
from acrm.analysis.basket.tables import named, sets_of
from acrm.errors import InputError
from acrm.messages import Message

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from acrm.analysis.basket.bought import Bought, Held
    from acrm.analysis.result import Scalar

EPOCH = date(1970, 1, 1)
FEWEST = 100
"""Baskets on either side below which nothing is tried."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Tried:
    """Rules of the earlier baskets on the later ones, sorted like rules; figures; what to say."""

    table: pl.DataFrame
    figures: dict[str, Scalar]
    notes: tuple[Message, ...]


def try_later(bought: Bought, support: Support, params: BasketParams) -> Tried:
    """Find rules again on the earlier baskets alone, with the same limits, and measure them on the later ones.

    A rule held if its later lift is surely on the same side of 1: the 95% interval leaves 1 out. It did not if the
    interval takes 1 in, though it would not have with the lift that was found. Else the later baskets are too few to
    tell, and `held` is null.
    """
    import numpy as np
    import polars as pl

    from acrm.models.rule_measures import Association
    from acrm.models.set_sums import set_sums

    held, none = bought.held, pl.DataFrame()
    if params.holdout == 0:
        return Tried(table=none, figures={}, notes=())
    later, how = _split(held, params)
    sizes = (int((~later).sum()), int(later.sum()))
    if min(sizes) < FEWEST:
        values = {"earlier": sizes[0], "later": sizes[1], "needed": FEWEST}
        return Tried(table=none, figures={}, notes=(Message("basket.holdout_few", values),))
    first, second = held.only(~later), held.only(later)
    needed = support.of(sizes[0]) if support.share else ceil(support.count * sizes[0] / sum(sizes))
    try:
        itemsets = mine(first.baskets, bought.apart, needed, params)
    except InputError:
        return Tried(table=none, figures={}, notes=(Message("basket.holdout_endless", {"baskets": needed}),))
    rules = rules_of(itemsets, bought.items, params, tests=False).rules
    rows, which = np.unique(np.concatenate([rules.whole, rules.lhs, rules.rhs]), return_inverse=True)
    counts = set_sums(second.baskets, sets_of(itemsets, rows)).baskets[which]
    both, lhs, rhs = counts.reshape(3, -1)
    then, now = rules.association, Association(both=both, lhs=lhs, rhs=rhs, baskets=sizes[1])
    low, high = now.lift_interval()
    # As many with both as the lift of then promises.
    promised = np.minimum(np.round(then.lift * np.nan_to_num(now.expected)).astype(np.int64), np.minimum(lhs, rhs))
    would = Association(both=promised, lhs=lhs, rhs=rhs, baskets=sizes[1])
    would_low, would_high = would.lift_interval()
    above = then.lift >= 1
    same = np.where(above, low > 1, high < 1)
    enough = np.where(above, would_low > 1, would_high < 1)
    told = same | enough
    table = pl.concat(
        [
            named(itemsets, rules.lhs, bought.items, "antecedents"),
            named(itemsets, rules.rhs, bought.items, "consequents"),
            pl.DataFrame(
                {
                    "baskets": then.both,
                    "confidence": then.confidence,
                    "lift": then.lift,
                    "antecedent_baskets_later": lhs,
                    "baskets_later": both,
                    "confidence_later": now.confidence,
                    "lift_later": now.lift,
                    "lift_later_low": low,
                    "lift_later_high": high,
                }
            ).with_columns(pl.selectors.float().fill_nan(None)),
            pl.select(held=pl.when(pl.Series(told)).then(pl.Series(same))),
        ],
        how="horizontal",
    ).select("antecedents", "consequents", pl.exclude("antecedents", "consequents"))
    order = (-pl.col("lift"), -pl.col("baskets"), "antecedents_text", "consequents_text")
    table = table.sort(*order, pl.col("antecedents").list.join("\n"))
    figures: dict[str, Scalar] = {
        "holdout_rules": table.height,
        "holdout_held": int(table["held"].sum()),
        "holdout_failed": int((~table["held"]).sum()),
        "holdout_untold": table["held"].null_count(),
        "holdout_lift_median": _median(table["lift"]),
        "holdout_lift_later_median": _median(table["lift_later"]),
        "holdout_by": "random" if "seed" in how else "days",
        "baskets_earlier": sizes[0],
        "baskets_later": sizes[1],
    }
    kind = figures["holdout_by"] if table.height else "none"
    return Tried(table=table, figures=figures, notes=(Message(f"basket.holdout_{kind}", {**figures, **how}),))


def _median(values: pl.Series) -> float | None:
    found: Any = values.median()
    return None if found is None else round(found, 6)


def _split(held: Held, params: BasketParams) -> tuple[NDArray[np.bool_], dict[str, object]]:
    """Which baskets are the later ones, and where the cut is."""
    import numpy as np

    share = params.holdout
    if held.days is None:
        part = 0.25 if isinstance(share, date) else share
        return np.random.default_rng(params.seed).random(held.baskets.n_baskets) < part, {"seed": params.seed}
    if isinstance(share, date):
        cut = (share - EPOCH).days
    else:
        # Baskets of one day stay together: the later part is the share at most, or the last day.
        days, counts = np.unique(held.days, return_counts=True)
        behind = np.cumsum(counts[::-1])[::-1]
        fits = np.flatnonzero(behind <= share * held.baskets.n_baskets)
        cut = int(days[fits[0]] if len(fits) else days[-1])
    return held.days >= cut, {"from": EPOCH + timedelta(days=cut)}


def with_later(rules: pl.DataFrame, tried: pl.DataFrame) -> pl.DataFrame:
    """The rules with `confidence_later`, `lift_later`, `held`, where they were found on the earlier baskets too."""
    import polars as pl

    columns = {"confidence_later": pl.Float64, "lift_later": pl.Float64, "held": pl.Boolean}
    if tried.is_empty():
        return rules.with_columns(pl.lit(None, kind).alias(name) for name, kind in columns.items())
    key = pl.concat_str(
        pl.col("antecedents").list.join("\n"), pl.lit("\n\n"), pl.col("consequents").list.join("\n")
    ).alias("_key")
    later = tried.select(key, *columns)
    return rules.with_columns(key).join(later, on="_key", how="left", maintain_order="left").drop("_key")
