"""Within how many days customers under contract are foretold to leave: proposed from the terms of their contracts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from acrm.analysis.churn.guards import FEW
from acrm.analysis.churn.windows import CHOICES, Windows, missing, said, verdict
from acrm.messages import Message

if TYPE_CHECKING:
    from acrm.analysis.churn.agreements import Agreements

USABLE = ("ok", "untried")
DAYS = {1: 30, 3: 90, 6: 180, 12: 365, 24: 730, 36: 1095}
"""A window per term in months."""


def contract_windows(agreements: Agreements, given: int | None = None) -> Windows:
    """Propose the usual term, so that everybody decides within the window; the next that can be had where that cannot.

    That is the shortest of those longer than the term in which a hundred customers left, or any, else the longest of
    the shorter ones; windows that allow a trial on later customers come first. Customers without a term are taken to
    decide every month.

    Args:
        agreements: Contracts and what became of them.
        given: Days that the user wants.

    Returns:
        The table as of `acrm.analysis.churn.windows.Windows`, without `returns_missed`: `active` are the customers
        under contract one window and the grace before the end, `left` those whose stay was over in that window, `lost`
        those under no contract today.
    """
    import polars as pl

    span = (agreements.last - agreements.first).days + 1 - agreements.grace
    term = _usual(agreements)
    days = DAYS[term or 1]
    over = agreements.stays.group_by("customer_id").agg(
        ((pl.col("left_on") > agreements.as_of) | pl.col("left_on").is_null()).any().alias("here")
    )
    lost = int((~over["here"]).sum())
    rows: list[dict[str, Any]] = []
    for choice in sorted({*CHOICES, days, *([given] if given else [])}):
        active, left = _counts(agreements, choice)
        rate = left / active if active else None
        found = verdict(span, choice, active, left)
        rows.append(
            {"window": choice, "active": active, "left": left, "churn_rate": rate, "lost": lost, "verdict": found}
        )
    table = pl.DataFrame(rows, schema_overrides={"churn_rate": pl.Float64})
    window = _chosen(rows, days, given)
    row = next(row for row in rows if row["window"] == (window or given or CHOICES[0]))
    notes: tuple[Message, ...]
    if not agreements.stays["left_on"].count():
        notes = (Message("churn_contractual.none_ended", {"contracts": agreements.contracts.height}),)
    elif window is None:
        notes = (missing(row, span, "contractual"),)
    else:
        values = {name: row[name] for name in ("window", "active", "left", "churn_rate")}
        equal = "monthly" if term is None else "term"
        way = "given" if given else equal if window == days else "longer" if window > days else "shorter"
        notes = (Message(f"churn_contractual.window_{way}", values), *said(row, span, "contractual"))
    active = agreements.stays["customer_id"].n_unique() - lost
    origin: Any = "given" if given else "terms"
    return Windows(window=window, origin=origin, table=table, active=active, lost=lost, notes=notes)


def _usual(agreements: Agreements) -> int | None:
    """The term of most contracts in force; of equals the longer."""
    import polars as pl

    here = pl.col("left_on").is_null() | (pl.col("left_on") > agreements.as_of)
    counted = agreements.contracts.filter(here).group_by("months").len()
    months: int | None = counted.sort("len", "months", descending=True, nulls_last=True)["months"].first()  # type: ignore[assignment]
    return months


def _counts(agreements: Agreements, window: int) -> tuple[int, int]:
    """Stays under contract a window and the grace before the end, and those of them that were over in the window."""
    import polars as pl

    end = agreements.last - timedelta(days=agreements.grace)
    cutoff = end - timedelta(days=window)
    in_force = (pl.col("day") <= cutoff) & (pl.col("left_on").is_null() | (pl.col("left_on") > cutoff))
    spells = agreements.contracts.filter(in_force)["spell"].unique().implode()
    here = agreements.stays.filter(pl.col("spell").is_in(spells))
    return here.height, int((here["left_on"] <= end).sum())


def _chosen(rows: list[dict[str, Any]], days: int, given: int | None) -> int | None:
    if given:
        return given if next(row for row in rows if row["window"] == given)["verdict"] in USABLE else None
    for usable in USABLE:
        found = {int(row["window"]): int(row["left"]) for row in rows if row["verdict"] == usable}
        longer = [window for window in found if window >= days]
        if found:
            return next((window for window in longer if found[window] >= FEW), longer[0] if longer else max(found))
    return None
