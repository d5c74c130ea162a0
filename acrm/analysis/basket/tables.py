"""Rules and sets as tables: ids as lists, names as text, measures with their intervals."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from acrm.analysis.basket.bought import MINOR

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.basket.bought import Bought, Held
    from acrm.analysis.basket.mined import Found
    from acrm.models.baskets import ItemArray
    from acrm.models.itemsets import Itemsets, RowArray
    from acrm.models.set_sums import SetSums

JOINED = " + "
"""Between the names of a set."""


def named(itemsets: Itemsets, rows: RowArray, items: pl.DataFrame, prefix: str) -> pl.DataFrame:
    """The sets of some rows: `<prefix>` List[String] of ids and `<prefix>_text` of names."""
    import numpy as np
    import polars as pl

    kept, which = np.unique(rows, return_inverse=True)
    ends, codes = itemsets.listed()
    sizes = itemsets.sizes[kept]
    at = np.repeat(ends[kept] - np.cumsum(sizes) + sizes, sizes) + np.arange(int(sizes.sum()))
    told = pl.DataFrame({"_set": np.repeat(np.arange(len(kept)), sizes), "_code": codes[at].astype(np.int64)})
    told = told.with_columns(id=items["id"].gather(told["_code"]), name=items["name"].gather(told["_code"]))
    lists = told.group_by("_set", maintain_order=True).agg(
        pl.col("id").alias(prefix), pl.col("name").str.join(JOINED).alias(f"{prefix}_text")
    )
    return lists.drop("_set")[which.astype(np.int64)]


def sets_of(itemsets: Itemsets, rows: RowArray) -> list[ItemArray]:
    """The codes of some sets."""
    ends, codes = itemsets.listed()
    return [codes[ends[row] : ends[row + 1]] for row in rows.tolist()]


def summed(held: Held, itemsets: Itemsets, rows: RowArray) -> SetSums:
    """What the baskets with each set hold of it; every different set is looked for once."""
    import numpy as np

    from acrm.models.set_sums import SetSums, set_sums

    kept, which = np.unique(rows, return_inverse=True)
    found = set_sums(held.baskets, sets_of(itemsets, kept), held.amounts)
    return SetSums(baskets=found.baskets[which], sums=found.sums[which])


def money(units: pl.Expr) -> pl.Expr:
    """Units of 1 / `MINOR` as an amount."""
    import polars as pl

    return (units.cast(pl.Decimal(38, 4)) / Decimal(MINOR)).cast(pl.Decimal(38, 4))


def rule_table(found: Found, bought: Bought, held: Held) -> pl.DataFrame:
    """One row per rule, the highest lift first; of equals the one in more baskets, then by ids."""
    import polars as pl

    rules = found.rules
    what, itemsets = rules.association, rules.itemsets
    low, high = what.confidence_interval()
    lift_low, lift_high = what.lift_interval()
    sums = summed(held, itemsets, rules.whole).sums
    measures = pl.DataFrame(
        {
            "support": what.support,
            "confidence": what.confidence,
            "lift": what.lift,
            "leverage": what.leverage,
            "conviction": what.conviction,
            "zhang": what.zhang,
            "chi_square": what.chi_square,
            "p_value": found.p,
            "q_value": found.q,
            "confidence_low": low,
            "confidence_high": high,
            "lift_low": lift_low,
            "lift_high": lift_high,
            "improvement": rules.improvement,
            "redundant": rules.redundant,
            "baskets": what.both,
            "antecedent_baskets": what.lhs,
            "consequent_baskets": what.rhs,
            "_revenue": sums[:, 0],
            "_cost": sums[:, 1],
            "_no_cost": sums[:, 2],
        }
    )
    revenue = money(pl.col("_revenue")) if bought.has_amounts else pl.lit(None, pl.Decimal(38, 4))
    known = pl.when(pl.col("_no_cost") == 0, bought.has_costs and bought.has_amounts)
    margin = known.then(money(pl.col("_revenue") - pl.col("_cost")))
    table = pl.concat(
        [
            named(itemsets, rules.lhs, bought.items, "antecedents"),
            named(itemsets, rules.rhs, bought.items, "consequents"),
            measures.with_columns(revenue=revenue, margin=margin).drop("_revenue", "_cost", "_no_cost"),
        ],
        how="horizontal",
    )
    return table.select("antecedents", "consequents", pl.exclude("antecedents", "consequents")).sort(
        -pl.col("lift"),
        -pl.col("baskets"),
        "antecedents_text",
        "consequents_text",
        pl.col("antecedents").list.join("\n"),
    )


def itemset_table(itemsets: Itemsets, bought: Bought, which: str) -> pl.DataFrame:
    """The frequent sets, the largest support first."""
    import numpy as np
    import polars as pl

    chosen = {"all": None, "closed": itemsets.closed, "maximal": itemsets.maximal}[which]
    rows = np.arange(len(itemsets)) if chosen is None else np.flatnonzero(chosen)
    table = named(itemsets, rows, bought.items, "items").with_columns(
        size=pl.Series(itemsets.sizes[rows]),
        baskets=pl.Series(itemsets.counts[rows]),
        support=pl.Series(itemsets.counts[rows] / max(itemsets.n_baskets, 1)),
        closed=pl.Series(itemsets.closed[rows]),
        maximal=pl.Series(itemsets.maximal[rows]),
    )
    return table.sort(-pl.col("baskets"), "size", "items_text", pl.col("items").list.join("\n"))
