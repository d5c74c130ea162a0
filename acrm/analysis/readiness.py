"""What can be computed from the tables at hand, and what cannot and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, kw_only=True)
class Need:
    """What one command needs: columns of tables (any of several, `a|b`), and how many of what at the least.

    Where a command stands several times, any of its needs will do.
    """

    command: str
    columns: tuple[str, ...]
    counted: str
    minimum: int


_NAMES = "deals.source|deals.campaign|customers.source|transactions.channel|transactions.campaign|interactions.source"
"""Columns that may name a channel."""
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
    Need(command="churn", columns=(), counted="labelled", minimum=40),
    Need(
        command="churn",
        columns=("contracts.customer_id", "contracts.start_at", "contracts.end_at"),
        counted="ended_contracts",
        minimum=50,
    ),
    Need(command="funnel", columns=("deals.status", "deals.created_at"), counted="ended_deals", minimum=50),
    Need(command="channels", columns=(_NAMES,), counted="named", minimum=30),
    Need(command="report", columns=("transactions.ordered_at", "transactions.line_amount"), counted="sales", minimum=1),
    Need(command="report", columns=("deals.status",), counted="deals", minimum=1),
    Need(command="report", columns=("interactions.started_at",), counted="contacts", minimum=1),
    Need(command="report", columns=(), counted="labelled", minimum=40),
)


def figures(
    tables: Mapping[str, pl.LazyFrame],
    filled: Mapping[str, Mapping[str, int]],
    orders: pl.LazyFrame | None = None,
) -> dict[str, int]:
    """The counts readiness is judged by: customers, buyers, repeat_buyers, baskets (orders of two products or more).

    Then customers of whom a column says whether they left (`labelled`), contracts and deals that have ended, rows that
    name a channel (of the column with most of them), order lines with an amount, deals and contacts.

    Args:
        tables: Canonical tables.
        filled: Table -> column -> filled cells.
        orders: `acrm.summaries.ledger.order_parts` of the transactions, where they stand ready.
    """
    import polars as pl

    from acrm.summaries.ledger import Part, order_parts

    found = {"customers": 0, "buyers": 0, "repeat_buyers": 0, "baskets": 0, **_rows(tables, filled)}
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
    # Hashes, as there may be many orders, and texts take several times the memory.
    product = pl.when(product.is_not_null()).then(product.hash())
    baskets = sold.group_by(pl.col("order_id").hash()).agg(product.min() != product.max())
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


def _rows(tables: Mapping[str, pl.LazyFrame], filled: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """Of rows of single tables, how many tell something."""
    import polars as pl

    from acrm.analysis.churn.contractual import ended_contracts
    from acrm.analysis.churn.label import recognised

    have = {name: frame.collect_schema().names() for name, frame in tables.items()}

    def told(column: str) -> int:
        table, _, name = column.partition(".")
        return filled.get(table, {}).get(name, 0)

    label = None
    for name, frame in tables.items():
        if label is None and (name in ("customers", "contracts") or name.startswith("other_")):
            column = recognised(frame)
            label = None if column is None else f"{name}.{column}"
    ended = pl.col("status").is_in(["won", "lost"]).cast(pl.Int64).sum()
    status = "status" in have.get("deals", ())
    return {
        "labelled": told(label) if label else 0,
        "ended_contracts": ended_contracts(tables["contracts"]) if "start_at" in have.get("contracts", ()) else 0,
        "ended_deals": int(tables["deals"].select(ended).collect().item() or 0) if status else 0,
        "named": max(map(told, _NAMES.split("|"))),
        "sales": told("transactions.line_amount"),
        "deals": told("deals.status"),
        "contacts": told("interactions.started_at"),
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

    rows: dict[str, dict[str, object]] = {}
    best: dict[str, int] = {}
    for need in NEEDS:
        missing = [columns for columns in need.columns if not any(map(there, columns.split("|")))]
        have = counts[need.counted]
        ready = not missing and have >= need.minimum
        # Of needs that are not met the first one is told, unless another has something to go by.
        rank = 2 if ready else 1 if have and not missing else 0
        if rank <= best.get(need.command, -1):
            continue
        best[need.command] = rank
        rows[need.command] = {
            "command": need.command,
            "ready": ready,
            "missing": ", ".join(missing) or None,
            "counted": need.counted,
            "have": have,
            "minimum": need.minimum,
        }
    return pl.DataFrame([*rows.values()])
