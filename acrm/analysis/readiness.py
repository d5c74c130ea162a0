"""What can be computed from the tables at hand, and what cannot and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, kw_only=True)
class Need:
    """What one command needs: columns of tables (any of several, `a|b`), and how many of what at the least."""

    command: str
    columns: tuple[str, ...]
    counted: str
    minimum: int


# `counted` names a figure of `figures`; the minimum is what the method's own page asks for.
NEEDS: tuple[Need, ...] = (
    Need(
        command="rfm",
        columns=("transactions.customer_id", "transactions.ordered_at", "transactions.line_amount"),
        counted="buyers",
        minimum=25,
    ),
    Need(
        command="clv",
        columns=("transactions.customer_id", "transactions.ordered_at", "transactions.line_amount"),
        counted="repeat_buyers",
        minimum=100,
    ),
    Need(
        command="basket",
        columns=("transactions.order_id", "transactions.product_id|transactions.product_name"),
        counted="baskets",
        minimum=100,
    ),
    Need(
        command="segment",
        columns=(
            "customers.customer_id",
            "transactions.line_amount|customers.gender|customers.birth_date|customers.city",
        ),
        counted="customers",
        minimum=100,
    ),
    Need(
        command="churn",
        columns=("transactions.customer_id|contracts.customer_id", "transactions.ordered_at|contracts.end_at"),
        counted="repeat_buyers",
        minimum=200,
    ),
)


def figures(tables: Mapping[str, pl.LazyFrame], orders: pl.LazyFrame | None = None) -> dict[str, int]:
    """The counts readiness is judged by: customers, buyers, repeat_buyers, baskets (orders of two products or more).

    Args:
        tables: Canonical tables.
        orders: `acrm.summaries.ledger.order_parts` of the transactions, where they stand ready.
    """
    import polars as pl

    from acrm.summaries.ledger import Part, order_parts

    found = {"customers": 0, "buyers": 0, "repeat_buyers": 0, "baskets": 0}
    if "customers" in tables:
        found["customers"] = int(tables["customers"].select(pl.len()).collect().item())
    lines = tables.get("transactions")
    if lines is None:
        return found
    names = lines.collect_schema().names()
    bought = (order_parts(lines) if orders is None else orders).filter(pl.col("part") == int(Part.SALE))
    buyers = bought.group_by("customer_id").agg(pl.col("opens").cast(pl.Int64).sum())
    sold = lines.filter(~pl.col("is_test") & ~pl.col("is_refund"))
    if "status" in names:
        sold = sold.filter(pl.col("status").fill_null("") != "cancelled")
    told = [pl.col(name) for name in ("product_id", "product_name") if name in names]
    product = pl.coalesce([*told, pl.lit(None, pl.String)])
    baskets = sold.group_by("order_id").agg(product.min() != product.max())
    queries = [
        buyers.select(pl.len(), (pl.col("opens") > 1).cast(pl.Int64).sum().alias("again")),
        baskets.select(pl.last().cast(pl.Int64).sum()),
    ]
    counted, several = pl.collect_all(queries, engine="streaming")
    return found | {
        "buyers": int(counted["len"][0]),
        "repeat_buyers": int(counted["again"][0]),
        "baskets": int(several.item()),
    }


def readiness(filled: Mapping[str, Mapping[str, int]], counts: Mapping[str, int]) -> pl.DataFrame:
    """One row per command: whether the data carries it.

    Args:
        filled: Table -> column -> filled cells.
        counts: See `figures`.

    Returns:
        `command`, `ready` Bool, `missing` (columns, comma separated, any of `a|b`), `counted`, `have`, `minimum`.
    """
    import polars as pl

    def there(column: str) -> bool:
        table, _, name = column.partition(".")
        return filled.get(table, {}).get(name, 0) > 0

    rows = []
    for need in NEEDS:
        missing = [columns for columns in need.columns if not any(map(there, columns.split("|")))]
        have = counts[need.counted]
        rows.append(
            {
                "command": need.command,
                "ready": not missing and have >= need.minimum,
                "missing": ", ".join(missing) or None,
                "counted": need.counted,
                "have": have,
                "minimum": need.minimum,
            }
        )
    return pl.DataFrame(rows)
