"""Everything that is known to have happened with one customer, the newest first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from acrm.messages import Message, text
from acrm.schema import dtype

if TYPE_CHECKING:
    import polars as pl

_GOODS = 3
"""Products of an order that are named."""


def timeline(customer: str, tables: Mapping[str, pl.LazyFrame]) -> pl.DataFrame:
    """Orders, refunds, contacts, deals with their ends, contracts with theirs, and payments.

    Returns:
        Sorted by day, the newest first: `day`, `kind` (order, refund, cancelled, deal, deal_won, deal_lost, contract,
        contract_end, payment, or that of a contact), `what` (in words), `amount` (Decimal; refunds below 0).
    """
    import polars as pl

    rows: list[dict[str, Any]] = []
    for name, made in _MADE.items():
        if name in tables and "customer_id" in tables[name].collect_schema().names():
            own = tables[name].filter(pl.col("customer_id") == customer).collect()
            rows += made(own)
    schema: dict[str, Any] = {"day": pl.Date, "kind": pl.String, "what": pl.String, "amount": dtype("money")}
    table = pl.DataFrame(rows, schema=schema).drop_nulls("day")
    return table.sort("day", "kind", "what", "amount", descending=[True, False, False, False])


def kind_name(kind: str) -> str:
    """What a kind is called; one of the source's own goes by its name there."""
    word = Message(f"report_card.kind.{kind}")
    return str(word) if word.exists else kind


def _orders(lines: pl.DataFrame) -> list[dict[str, Any]]:
    import narwhals.stable.v2 as nw
    import polars as pl

    from acrm.summaries.ledger import Part, part_of

    parts = {int(Part.SALE): "order", int(Part.REFUND): "refund", int(Part.CANCELLED): "cancelled"}
    told = nw.from_native(lines).with_columns(part=part_of(lines.columns, None)).to_native()
    told = told.filter(pl.col("part").is_in(list(parts)))
    names = [name for name in ("product_name", "product_id") if name in told.columns]
    goods = pl.coalesce(names) if names else pl.lit(None, pl.String)
    signed = pl.when(pl.col("part") == int(Part.REFUND)).then(-pl.col("line_amount").abs()).otherwise("line_amount")
    orders = told.group_by("order_id", "part").agg(
        pl.col("ordered_on").min().alias("day"),
        signed.sum().alias("amount"),
        goods.drop_nulls().unique().sort().alias("goods"),
    )
    return [
        {"day": row["day"], "kind": parts[row["part"]], "what": _goods(row), "amount": row["amount"]}
        for row in orders.iter_rows(named=True)
    ]


def _goods(row: dict[str, Any]) -> str:
    names = row["goods"]
    shown = ", ".join(names[:_GOODS])
    if len(names) > _GOODS:
        shown = text("report_decisions.and_more", shown=shown, n=len(names) - _GOODS)
    return f"{row['order_id']}: {shown}" if shown else str(row["order_id"])


def _contacts(rows: pl.DataFrame) -> list[dict[str, Any]]:
    said = ("direction", "subject", "outcome", "campaign", "page")
    return [
        {
            "day": row["started_at"].date() if row["started_at"] else None,
            "kind": row["kind"],
            "what": ", ".join(str(row[name]) for name in said if row.get(name)),
            "amount": None,
        }
        for row in rows.iter_rows(named=True)
    ]


def _deals(rows: pl.DataFrame) -> list[dict[str, Any]]:
    found = []
    for row in rows.iter_rows(named=True):
        name = row.get("name") or row["deal_id"]
        if row.get("created_at"):
            found.append({"day": row["created_at"].date(), "kind": "deal", "what": f"{name}: {row['stage']}"})
        if row["status"] != "open" and row.get("closed_at"):
            why = f": {row['lost_reason']}" if row.get("lost_reason") else ""
            end = {"day": row["closed_at"].date(), "kind": f"deal_{row['status']}", "what": f"{name}{why}"}
            found.append({**end, "amount": row.get("amount") if row["status"] == "won" else None})
    return found


def _contracts(rows: pl.DataFrame) -> list[dict[str, Any]]:
    found = []
    for row in rows.iter_rows(named=True):
        plan = str(row.get("plan") or "")
        found.append({"day": row["start_at"], "kind": "contract", "what": plan, "amount": row.get("price")})
        if row.get("end_at"):
            why = str(row.get("end_reason") or "")
            found.append({"day": row["end_at"], "kind": "contract_end", "what": ", ".join(filter(None, (plan, why)))})
    return found


def _payments(rows: pl.DataFrame) -> list[dict[str, Any]]:
    return [
        {
            "day": row["paid_at"].date() if row["paid_at"] else None,
            "kind": "payment",
            "what": str(row.get("purpose") or row.get("order_id") or row.get("deal_id") or ""),
            "amount": row["amount"],
        }
        for row in rows.iter_rows(named=True)
    ]


_MADE: Mapping[str, Callable[[pl.DataFrame], list[dict[str, Any]]]] = {
    "transactions": _orders,
    "interactions": _contacts,
    "deals": _deals,
    "contracts": _contracts,
    "payments": _payments,
}
