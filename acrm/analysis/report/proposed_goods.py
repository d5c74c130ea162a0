"""What could be done about products: what to order, clear, show or take out, and what to sell as one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from acrm.analysis.report.proposal import Candidate, Proposal, distinct, fixed, money, some, words
from acrm.messages import text

if TYPE_CHECKING:
    import polars as pl


def of_basket(result: Any) -> Iterator[Candidate]:
    """The bundle with most money in it, of those whose discount can be earned back."""
    import polars as pl

    if "bundles" not in result.tables:
        return
    sets = result.tables["bundles"].drop_nulls(["extra_new", "price_separately"])
    sets = sets.filter(pl.col("extra_new") > 0)
    if sets.is_empty():
        return
    row = sets.row(0, named=True)
    currency = result.summary.get("currency")
    values = {
        "items": row["items_text"],
        "discount": row["discount"],
        "baskets": row["baskets"],
        "lift": row["lift"],
        "price": money(float(row["price_bundle"]), currency),
        "extra": row["extra_new"],
        "upgraded": row["extra_upgraded"],
    }
    ids = distinct(sets["items"].head(1).explode())
    yield from fixed(
        Proposal(
            **words("basket", "bundle", values, source="source_upgraded" if row["extra_upgraded"] else "source"),
            key="+".join(ids),
            of="product",
            ids=ids,
            n=ids.len(),
            cost=float(row["given_away"]),
        )
    )


def of_products(result: Any) -> Iterator[Candidate]:
    """One candidate for each of restock, clear, promote and remove that products are proposed for."""
    table = result.tables["products"]
    for kind in ("restock", "clear", "promote", "remove"):
        rows = table.filter(action=kind)
        if rows.height:
            yield from fixed(_of_kind(result, kind, rows))


def _of_kind(result: Any, kind: str, rows: pl.DataFrame) -> Proposal:
    import polars as pl

    from acrm.analysis.products.actions import LOW_COVER

    figures = result.summary
    by_worth = rows.sort("expected_value", "revenue", "product_id", descending=[True, True, False], nulls_last=True)
    worth = rows["expected_value"].drop_nulls()
    total = float(worth.sum()) if worth.len() else None
    revenue, all_of_it = (float(part["revenue"].sum() or 0) for part in (rows, result.tables["products"]))
    as_of, currency = figures.get("as_of"), figures.get("currency")
    names = by_worth.select(pl.coalesce("product_name", "product_id")).to_series().to_list()
    values = {
        "n": rows.height,
        "names": some(names),
        "worth": money(total, currency),
        "revenue": money(revenue, currency),
        "share": revenue / all_of_it if all_of_it > 0 else 0.0,
        "days": LOW_COVER,
        "day": as_of + timedelta(days=LOW_COVER) if as_of else text("report_decisions.day_later"),
        "only": int(rows["only_buyers"].sum() or 0),
    }
    measured = kind == "restock" and total is not None
    return Proposal(
        **words("products", kind, values),
        key=kind,
        of="product",
        ids=distinct(rows["product_id"]),
        n=rows.height,
        basis="measured" if measured else "not_separable",
        effect=total if measured else None,
        stake=None if measured else total,
    )
