"""Won deals that are no sales, and deals whose columns contradict each other: said, with their number."""

from __future__ import annotations

import polars as pl

from acrm.messages import Message


def unsold(deals: pl.LazyFrame | None, lines: pl.LazyFrame | None) -> list[Message]:
    """Say how many won deals do not become sales, for want of an amount or of any date.

    Args:
        deals: The deals.
        lines: Product lines of won deals, which are sales whatever the deal's own amount says.
    """
    if deals is None:
        return []
    have = deals.collect_schema().names()
    if lines is not None:
        deals = deals.join(lines.select("order_id").unique(), left_on="deal_id", right_on="order_id", how="anti")
    dates = [pl.col(name).is_null() for name in ("closed_at", "created_at") if name in have]
    amountless = pl.col("amount").is_null() if "amount" in have else pl.lit(True)
    dateless = pl.all_horizontal(dates) if dates else pl.lit(True)
    won = deals.filter(pl.col("status") == "won")
    counts = won.select(amountless.sum().alias("amount"), (~amountless & dateless).sum().alias("date")).collect()
    said = {"clean.won_no_amount": counts["amount"].item(), "clean.won_no_date": counts["date"].item()}
    return [Message(note, {"deals": int(count)}) for note, count in said.items() if count]


def conflicts(deals: pl.LazyFrame, file: str) -> list[Message]:
    """Say how many deals a stage calls won and a status or flag lost, or the other way round."""
    count = deals.select(pl.col("_flags").str.contains("status_conflict").fill_null(False).sum()).collect().item()
    return [Message("ingest.status_conflict", {"file": file, "deals": int(count)})] if count else []
