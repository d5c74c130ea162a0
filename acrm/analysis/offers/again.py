"""One changed customer scored anew from the tables that an earlier run left: the same lists, without fitting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from acrm.analysis.offers.lists import Weights, new_list, repeat_list
from acrm.analysis.offers.shelf import fitting
from acrm.analysis.offers.worded import offered

if TYPE_CHECKING:
    import polars as pl

NEEDED = ("products", "weights", "histories", "probabilities", "refusing")
"""The tables of a result that make its model."""


def again(
    model: Mapping[str, pl.DataFrame],
    customer: str,
    items: Sequence[str],
    *,
    as_of: date,
    top: int,
    kinds: Sequence[str],
    exclude: Sequence[str] = (),
) -> dict[str, Any]:
    """A customer's offers after one more order.

    Args:
        model: The tables `NEEDED`.
        customer: Known or not.
        items: Products of the new order, on the day `as_of`; added to what is known of the customer.
        as_of: Today.
        top: Offers of each kind, at most.
        kinds: Which kinds.
        exclude: As of `OffersParams`; what the model leaves out is left out anyway.

    Returns:
        `customer_id`, `contact` (false: refused, then there are no offers), `unknown_items` (products that the model
        does not know), `offers`: rows as of `offers`, without the customer.
    """
    import polars as pl

    products, everybody = model["products"], model["histories"]
    known = set(products["product_id"])
    bought = [item for item in dict.fromkeys(items) if item in known]
    answer: dict[str, Any] = {"customer_id": customer, "contact": True, "offers": []}
    answer["unknown_items"] = sorted(set(items) - known)
    if customer in model["refusing"]["customer_id"]:
        return answer | {"contact": False}
    mine = _with_order(everybody.filter(customer_id=customer), customer, bought, as_of)
    if mine.is_empty():
        return answer
    barred = fitting(products, exclude) if exclude else set()
    may = products.filter("offered", ~pl.col("product_id").is_in(sorted(barred)))["product_id"]
    weights = _weights(model["weights"], products, mine["product_id"])
    lists = [
        repeat_list(mine, products, may, top) if kind == "repeat" else new_list(mine, weights, may, top)
        for kind in kinds
    ]
    empty = repeat_list(mine.head(0), products, may, top)
    table = offered(pl.concat([empty, *lists]), mine, everybody, products, model["probabilities"], as_of)
    return answer | {"offers": table.drop("customer_id").rows(named=True)}


def _with_order(mine: pl.DataFrame, customer: str, items: Sequence[str], day: date) -> pl.DataFrame:
    """A customer's history after an order of these products."""
    import polars as pl

    if not items:
        return mine
    before = int(mine["orders"].max() or 0)  # type: ignore[arg-type]
    again_ = pl.col("product_id").is_in(list(items))
    mine = mine.with_columns(
        orders=pl.lit(before + 1),
        times=pl.col("times") + again_.cast(pl.Int64),
        age=pl.when(again_).then(0).otherwise(pl.col("age") + 1).cast(pl.Int64),
        last_on=pl.when(again_).then(pl.lit(day)).otherwise("last_on"),
    )
    first = [item for item in items if item not in set(mine["product_id"])]
    new = pl.DataFrame(
        {"product_id": first},
        schema={"product_id": pl.String},
    ).with_columns(
        customer_id=pl.lit(customer),
        times=pl.lit(1, pl.Int64),
        orders=pl.lit(before + 1, pl.Int64),
        age=pl.lit(0, pl.Int64),
        first_on=pl.lit(day),
        last_on=pl.lit(day),
        gaps=pl.lit(0, pl.Int64),
    )
    return pl.concat([mine.with_columns(pl.col("orders").cast(pl.Int64)), new], how="diagonal").sort("product_id")


def _weights(table: pl.DataFrame, products: pl.DataFrame, having: pl.Series) -> Weights:
    """The weights of what somebody has, as they were before they became a table."""
    import polars as pl
    from scipy import sparse

    ids = products.filter(pl.col("customers") >= 2)["product_id"]
    place = pl.DataFrame({"id": ids, "place": range(len(ids))}, schema={"id": pl.String, "place": pl.Int64})
    entries = (
        table.filter(pl.col("product_id").is_in(having.implode()))
        .join(place, left_on="product_id", right_on="id")
        .join(place, left_on="next_id", right_on="id", suffix="_next")
    )
    matrix = sparse.csr_matrix(
        (entries["weight"].to_numpy(), (entries["place"].to_numpy(), entries["place_next"].to_numpy())),
        shape=(len(ids), len(ids)),
    )
    return Weights(products=tuple(ids), matrix=matrix, method="ease")
