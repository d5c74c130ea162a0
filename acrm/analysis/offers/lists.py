"""The two lists of each customer: what they bought before, and what they never bought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import polars as pl

Kind = Literal["repeat", "new"]
EASE_ITEMS = 5000
"""Up to so many products weights come from EASE, whose cost grows with their third power; beyond, from item-kNN."""
DECAY = 0.9
"""By how much what was bought one order earlier counts less."""
DOUBT = 3
"""Orders without the product that are added to a customer's own: what is in the only order is no certain habit."""
WIDE = 1000
"""Customers with more different products than this do not teach what goes with what: they have everything."""
_SCHEMA = ("customer_id", "kind", "rank", "product_id", "score", "because")


@dataclass(frozen=True, kw_only=True)
class Weights:
    """What goes with what.

    Attributes:
        products: Ids of the rows and columns of `matrix`, most bought first.
        matrix: See `acrm.models.recommend.ease`.
        method: Where it comes from.
        wide: Customers who were left out of it, see `WIDE`.
    """

    products: tuple[str, ...]
    matrix: Any
    method: Literal["ease", "item-knn"]
    wide: int = 0


def weigh(history: pl.DataFrame, popular: pl.DataFrame) -> Weights:
    """What goes with what, of products that two customers or more have.

    Args:
        history: As of `purchases.histories`.
        popular: As of `purchases.sought`.
    """
    import numpy as np
    import polars as pl
    from scipy import sparse

    from acrm.models.recommend import ease, item_knn

    ids = popular.filter(pl.col("customers") >= 2)["product_id"].to_list()
    size = history.group_by("customer_id").len()
    wide = size.filter(pl.col("len") > WIDE)["customer_id"]
    # In a small shop having everything is no exception.
    wide = wide if wide.len() < 0.01 * size.height else wide.head(0)
    teaching = history.filter(~pl.col("customer_id").is_in(wide.implode()))
    having = _having(teaching, ids, decay=1.0)[1]
    few = len(ids) <= EASE_ITEMS
    matrix = sparse.csr_matrix((0, 0)) if not ids else ease(having) if few else item_knn(having)
    return Weights(
        products=tuple(ids),
        matrix=matrix.astype(np.float64),
        method="ease" if few else "item-knn",
        wide=wide.len(),
    )


def repeat_list(history: pl.DataFrame, popular: pl.DataFrame, offered: pl.Series, top: int) -> pl.DataFrame:
    """What each customer bought in most of their orders; of equals what most orders of all have, then by id.

    Args:
        history: As of `purchases.histories`.
        popular: As of `purchases.sought`.
        offered: Ids of the products that may be proposed.
        top: How many at most.

    Returns:
        `customer_id`, `kind`, `rank` from 1, `product_id`, `score` (the share of the customer's orders that have it,
        `DOUBT` orders and less than one for popularity added), `because` (null).
    """
    import polars as pl

    share = popular.select("product_id", (pl.col("orders") / (pl.col("orders").max() + 1)).alias("tie"))
    scored = history.filter(pl.col("product_id").is_in(offered.implode())).join(share, on="product_id")
    score = ((pl.col("times") + pl.col("tie")) / (pl.col("orders") + DOUBT)).round(7)
    return _ranked(scored.with_columns(score=score, because=pl.lit(None, pl.String)), "repeat", top)


def new_list(
    history: pl.DataFrame, weights: Weights, offered: pl.Series, top: int, *, reasoned: bool = True
) -> pl.DataFrame:
    """What each customer never bought and those who have the same products do, as `repeat_list` returns it.

    `score` is the sum of the weights of what they have, the older the less; `because` is the product that adds most,
    null where no reason is wanted.
    """
    import numpy as np
    import polars as pl

    from acrm.models.recommend import best_new, reasons

    ids = pl.Series("product_id", weights.products, dtype=pl.String)
    who, having = _having(history, list(weights.products), decay=DECAY)
    parts = []
    if len(ids):
        may = ids.is_in(offered.implode()).to_numpy()
        speaking = weights.matrix.T.tocsr() if reasoned else None
        for start, items, scores in best_new(weights.matrix, having, may, top):
            rows, places = np.nonzero(items >= 0)
            found = pl.DataFrame(
                {
                    "customer_id": who.gather(start + rows),
                    "product_id": ids.gather(items[rows, places]),
                    "score": scores[rows, places],
                    "place": places,
                }
            )
            reason: pl.Series | pl.Expr = pl.lit(None, pl.String)
            if reasoned:
                reason = ids.gather(reasons(speaking, having[start : start + len(items)], items)[rows, places])
            parts.append(found.with_columns(because=reason))
    if not parts:
        return repeat_list(
            history.head(0), pl.DataFrame(schema={"product_id": pl.String, "orders": pl.Int64}), ids, top
        )
    table = pl.concat(parts).with_columns(kind=pl.lit("new"), rank=(pl.col("place") + 1).cast(pl.Int64))
    return table.select(_SCHEMA).sort("customer_id", "rank")


def popular_list(
    history: pl.DataFrame, popular: pl.DataFrame, top: int, among: Literal["all", "repeat", "new"]
) -> pl.DataFrame:
    """The same for everybody, as far as it goes: the products that most orders have, to hold the other lists against.

    Returns:
        `customer_id`, `product_id`, `rank`.
    """
    import polars as pl

    share = popular.with_row_index("place").select("product_id", pl.col("place").cast(pl.Int64))
    owned = history.select("customer_id", "product_id")
    if among == "repeat":
        found = owned.join(share, on="product_id")
    else:
        # A list without what is owned ends no later than one with it, plus all that is owned.
        reach = top + pl.len().cast(pl.Int64) if among == "new" else top
        places = owned.group_by("customer_id").agg(pl.int_range(0, reach, dtype=pl.Int64).alias("place"))
        found = places.explode("place").join(share, on="place")
        if among == "new":
            found = found.join(owned, on=["customer_id", "product_id"], how="anti")
    found = found.sort("customer_id", "place")
    rank = (pl.int_range(pl.len()).over("customer_id") + 1).alias("rank")
    return found.with_columns(rank).filter(pl.col("rank") <= top).select("customer_id", "product_id", "rank")


def _ranked(scored: pl.DataFrame, kind: Kind, top: int) -> pl.DataFrame:
    import polars as pl

    ordered = scored.sort("customer_id", "score", "product_id", descending=[False, True, False])
    rank = (pl.int_range(pl.len()).over("customer_id") + 1).cast(pl.Int64)
    return ordered.with_columns(kind=pl.lit(kind), rank=rank).filter(pl.col("rank") <= top).select(_SCHEMA)


def _having(history: pl.DataFrame, ids: Sequence[str], decay: float) -> tuple[pl.Series, Any]:
    """The customers of a history, which is sorted by them, and a sparse matrix of how much each product counts."""
    import polars as pl
    from scipy import sparse

    another = pl.col("customer_id").ne_missing(pl.col("customer_id").shift())
    places = pl.col("product_id").cast(pl.Enum(ids), strict=False).to_physical().cast(pl.Int64)
    rows = history.select("customer_id", "age", another.alias("new"), places.alias("column"))
    who = rows.filter("new")["customer_id"]
    rows = rows.with_columns(row=pl.col("new").cast(pl.Int64).cum_sum() - 1).drop_nulls("column")
    entries = (decay ** rows["age"].to_numpy(), (rows["row"].to_numpy(), rows["column"].to_numpy()))
    matrix = sparse.csr_matrix(entries, shape=(len(who), len(ids)))
    matrix.sort_indices()
    return who, matrix
