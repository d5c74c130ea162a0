"""Bundles: two or three products that are bought together more than chance, and what selling them as one must bring."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from acrm.analysis.basket.params import ITEM
from acrm.analysis.basket.tables import named
from acrm.messages import Message

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.basket.bought import Bought
    from acrm.models.itemsets import Itemsets

MOST = 500
"""Bundles that are listed."""
SURE = 0.05
"""Share of false ones among them that is put up with."""


def bundles(itemsets: Itemsets, bought: Bought, discount: Decimal) -> tuple[pl.DataFrame, list[Message]]:
    """Sets of two and three products whose joint lift is above chance, those in most money first.

    Joint lift is the share of the baskets with all, over the product of the shares of each. A set counts if every
    product of it is bought with the others more often than without them (Fisher's test, q below 5% over all sets).
    `given_away` is what a discount costs at those who buy all at full price already. `extra_new` is how many further
    baskets have to buy the bundle to pay for that if they had bought none of it; `extra_upgraded`, if they had bought
    its dearest product anyway: null where such a basket brings nothing. In margin where all costs are known, else in
    revenue.
    """
    import numpy as np
    import polars as pl

    from acrm.models.rule_measures import Association
    from acrm.models.rule_tests import benjamini_hochberg, fisher

    n = itemsets.n_baskets
    products = (bought.items["level"] == ITEM).to_numpy()
    numbers, parts, lifts, worst = [], [], [], []
    for size in (2, 3):
        if len(itemsets.sets) < size:
            break
        sets, counts = itemsets.sets[size - 1], itemsets.set_counts[size - 1]
        own = products[sets].all(axis=1)
        rows = np.flatnonzero(own)
        single = itemsets.set_counts[0][np.searchsorted(itemsets.sets[0][:, 0], sets[rows])]
        lift = counts[rows] / n / np.prod(single / n, axis=1)
        others = itemsets.subsets[size - 1][rows]
        p = np.max(
            [
                fisher(
                    Association(
                        both=counts[rows],
                        lhs=itemsets.set_counts[size - 2][others[:, gone]],
                        rhs=single[:, gone],
                        baskets=n,
                    )
                )
                for gone in range(size)
            ],
            axis=0,
            initial=0,
        )
        numbers.append(itemsets.starts[size - 1] + rows)
        parts.append(counts[rows])
        lifts.append(lift)
        worst.append(p)
    if not numbers:
        numbers, parts = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        lifts, worst = [np.empty(0)], [np.empty(0)]
    row, baskets, lift, p = map(np.concatenate, (numbers, parts, lifts, worst))
    q = benjamini_hochberg(p)
    kept = (q <= SURE) & (lift > 1)
    table = named(itemsets, row[kept], bought.items, "items").with_columns(
        baskets=pl.Series(baskets[kept]), lift=pl.Series(lift[kept]), q_value=pl.Series(q[kept])
    )
    table = _priced(table, bought, discount)
    value = pl.col("price_separately").cast(pl.Float64).fill_null(1.0) * pl.col("baskets") * (1 - 1 / pl.col("lift"))
    table = table.sort(-value, -pl.col("lift"), "items_text", pl.col("items").list.join("\n"))
    notes = [Message("basket.bundles_most", {"shown": MOST, "of": table.height})] if table.height > MOST else []
    return table.head(MOST), notes


def _priced(table: pl.DataFrame, bought: Bought, discount: Decimal) -> pl.DataFrame:
    """The bundles with what they cost apart and together."""
    import polars as pl

    ids = bought.items.with_row_index("code").select(pl.col("code").cast(pl.Int64), "id")
    prices = ids.join(bought.products, on="code", how="inner").select("id", "price", "cost")
    if not bought.has_amounts:
        prices = prices.with_columns(price=pl.lit(None, pl.Float64))
    at = pl.int_range(pl.len(), dtype=pl.Int64).alias("_at")
    each = table.select(at, pl.col("items").alias("id")).explode("id").join(prices, on="id", how="left")
    whole = pl.col("price").null_count() == 0
    costed = (pl.col("cost").null_count() == 0) & whole
    sums = each.group_by("_at").agg(
        pl.when(whole).then(pl.col("price").sum()).alias("price"),
        pl.when(costed).then(pl.col("cost").sum()).alias("cost"),
        pl.when(whole).then(pl.col("price").max()).alias("dearest"),
        # Of the dearest product, what it brings anyway.
        pl.when(costed)
        .then((pl.col("price") - pl.col("cost")).get(pl.col("price").arg_max(), null_on_oob=True))
        .alias("dearest_margin"),
    )
    share = float(discount)
    at_discount = pl.col("price") * (1 - share)
    bundle = at_discount - pl.col("cost")
    gain = pl.coalesce(bundle, at_discount)
    upgrade = pl.coalesce(bundle - pl.col("dearest_margin"), at_discount - pl.col("dearest"))
    given_away = pl.col("price") * share * pl.col("baskets")
    needed = {"extra_new": gain, "extra_upgraded": upgrade}
    exact = {
        "price_separately": pl.col("price"),
        "price_bundle": at_discount,
        "margin_separately": pl.col("price") - pl.col("cost"),
        "margin_bundle": bundle,
        "given_away": given_away,
    }
    joined = table.with_columns(at).join(sums, on="_at", how="left", maintain_order="left")
    return joined.select(
        *table.columns,
        pl.lit(share).alias("discount"),
        *(value.round(4).cast(pl.Decimal(38, 4)).alias(name) for name, value in exact.items()),
        *(
            # Rounded first: what divides evenly in decimals may not do so in floats.
            pl.when(value > 0).then((given_away / value).round(9).ceil()).cast(pl.Int64).alias(name)
            for name, value in needed.items()
        ),
    )
