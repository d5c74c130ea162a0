"""What cannot be right in the deals, or is missing: counted, with examples, never put right silently."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from acrm.analysis.funnel.ground import Ground, local

if TYPE_CHECKING:
    import polars as pl

EXAMPLES = 3


def defects_table(ground: Ground, tables: Mapping[str, pl.LazyFrame], tz: str | None) -> pl.DataFrame:
    """One row per kind of defect that is there, in the order below.

    | column | type | unit, range |
    |---|---|---|
    | `defect` | String | see `_kinds` |
    | `deals`, `of` | Int64 | with the defect, among the deals that may have it |
    | `examples` | String | the first ids |
    """
    import polars as pl

    rows = []
    for name, among, bad in _kinds(ground, tables, tz):
        some = ground.deals.filter(among)
        found = some.filter(bad.fill_null(value=False))["deal_id"].sort()
        if found.len():
            rows.append((name, found.len(), some.height, ", ".join(found.head(EXAMPLES))))
    schema = {"defect": pl.String, "deals": pl.Int64, "of": pl.Int64, "examples": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _kinds(ground: Ground, tables: Mapping[str, pl.LazyFrame], tz: str | None) -> list[tuple[str, pl.Expr, pl.Expr]]:
    """Name, the deals asked, and what is wrong."""
    import polars as pl

    status, every = pl.col("status"), pl.lit(value=True)
    closed, won, still = status != "open", status == "won", status == "open"
    same_day = pl.col("closed_at").dt.date() < pl.col("created_at").dt.date()
    kinds = [
        ("closed_before_created", closed, same_day),
        ("closed_without_date", closed, pl.col("closed_at").is_null()),
        ("without_creation", every, pl.col("created_at").is_null()),
        ("won_without_amount", won, pl.col("amount").is_null() | (pl.col("amount") <= 0)),
        ("negative_amount", every, pl.col("amount") < 0),
        ("open_without_amount", still, pl.col("amount").is_null()),
        ("without_owner", every, pl.col("owner").is_null()),
        ("without_source", every, pl.col("source").is_null()),
        ("lost_without_reason", status == "lost", pl.col("lost_reason").is_null()),
        ("open_without_next_step", still, pl.col("next_step_at").is_null()),
    ]
    # What no deal has is not a defect of some: the export does not have the column.
    columns = {"without_owner": "owner", "without_source": "source", "lost_without_reason": "lost_reason"}
    columns |= {"open_without_next_step": "next_step_at", "without_creation": "created_at"}
    columns |= {"closed_without_date": "closed_at", "won_without_amount": "amount", "open_without_amount": "amount"}
    kinds = [kind for kind in kinds if columns.get(kind[0], "deal_id") in ground.told]
    if "products" in tables and "product_id" in ground.told:
        known = tables["products"].select("product_id").drop_nulls().unique().collect()["product_id"]
        named = pl.col("product_id").is_not_null()
        kinds.append(("unknown_product", named, ~pl.col("product_id").is_in(known.implode())))
    if "customers" in tables and "customer_id" in ground.told:
        kinds.append(("without_customer", every, pl.col("customer_id").is_null()))
    if "interactions" in tables:
        early = _won_before_contact(ground, tables["interactions"], tz)
        kinds.append(("won_before_contact", won, pl.col("deal_id").is_in(early.implode())))
    return kinds


def _won_before_contact(ground: Ground, interactions: pl.LazyFrame, tz: str | None) -> pl.Series:
    """Won deals that ended on a day before the first contact recorded of them."""
    import polars as pl

    if "deal_id" not in interactions.collect_schema().names():
        return pl.Series("deal_id", [], dtype=pl.String)
    first = interactions.drop_nulls("deal_id").group_by("deal_id").agg(pl.col("started_at").min()).collect()
    first = first.with_columns(local(pl.col("started_at"), tz))
    rows = ground.deals.filter(status="won").join(first, on="deal_id")
    return rows.filter(pl.col("closed_at").dt.date() < pl.col("started_at").dt.date())["deal_id"]
