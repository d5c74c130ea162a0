"""After how many days without a purchase a customer counts as gone: proposed from the customers' own gaps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from acrm.analysis.churn.snapshots import ACTIVE
from acrm.analysis.lifecycle.gaps import NEEDED, returns
from acrm.messages import Message

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.churn.prepared import Setting
    from acrm.analysis.churn.records import Records

CHOICES = (30, 45, 60, 90, 120, 180, 270, 365)
"""Days that are looked at, and the one that is given."""
MISSED = 0.25
"""Share of the returns that may come after the window."""
ACTIVE_NEEDED = 200
"""Active customers without whom nothing can be learnt."""
EACH_NEEDED = 50
"""Of those who left and of those who stayed."""
LEARN, TRY = 2, 3
"""Windows of history that are needed to learn, and to try what was learnt on later customers."""

Verdict = Literal["ok", "untried", "short", "few_customers", "few_left", "few_stayed"]


@dataclass(frozen=True, kw_only=True)
class Windows:
    """The inactivity window, and what was to choose from.

    Attributes:
        window: Days; None: nothing can be learnt from these purchases, `notes` says why.
        origin: Whether it was given or comes from the gaps of purchases, or from the terms of contracts.
        table: By `window`: `active` (customers who bought in two windows until a window before the end), `left` (of
            them, who bought nothing in the window after), `churn_rate` (null without active ones), `returns_missed`
            (share of the returns that come later than the window), `lost` (customers who bought nothing in the last two
            windows), `verdict` (`ok`; `untried`: the history does to learn, not to try; else why it cannot be had).
        active: Customers to be scored: who bought in the last two windows.
        lost: Customers lost already; they are not scored.
        notes: How the window was found, or what is missing.
    """

    window: int | None
    origin: Literal["given", "gaps", "terms"]
    table: pl.DataFrame
    active: int
    lost: int
    notes: tuple[Message, ...]


def windows(records: Records, given: int | None = None) -> Windows:
    """Propose the shortest window after which no more than a quarter of the returns come, of those that can be had.

    Gaps that are still open count as longer than they are now, see `lifecycle.gaps.returns`.

    Args:
        records: What is known.
        given: Days that the user wants.
    """
    import polars as pl

    days, last = records.past.days, records.last
    span = (last - records.first).days + 1
    curve = returns(days, last)
    choices = sorted({*CHOICES, *([given] if given else [])})
    rows = []
    for choice in choices:
        active, left, lost = _counts(days, choice, records)
        missed = curve.missed(choice) if curve.gaps >= NEEDED else None
        rate = left / active if active else None
        rows.append((choice, active, left, rate, missed, lost, verdict(span, choice, active, left)))
    schema = {
        "window": pl.Int64,
        "active": pl.Int64,
        "left": pl.Int64,
        "churn_rate": pl.Float64,
        "returns_missed": pl.Float64,
        "lost": pl.Int64,
        "verdict": pl.String,
    }
    table = pl.DataFrame(rows, schema=schema, orient="row")
    origin: Literal["given", "gaps"] = "given" if given else "gaps"
    window, notes = _chosen(table, given, curve.gaps, span)
    if window is None:
        return Windows(window=None, origin=origin, table=table, active=0, lost=0, notes=notes)
    lost = int(table.filter(window=window)["lost"].item())
    buyers = days["customer_id"].n_unique()
    if lost:
        notes = (*notes, Message("churn_transactional.lost", {"lost": lost, "days": ACTIVE * window}))
    return Windows(window=window, origin=origin, table=table, active=buyers - lost, lost=lost, notes=notes)


def _counts(days: pl.DataFrame, window: int, records: Records) -> tuple[int, int, int]:
    """Active customers a window before the end, those of them who left, and customers lost as of today."""
    import polars as pl

    def ago(number: int) -> pl.Expr:
        return pl.lit(records.last - timedelta(days=number * window))

    day, today = pl.col("day"), records.past.cutoff
    seen = days.group_by("customer_id").agg(
        ((day > ago(1 + ACTIVE)) & (day <= ago(1))).any().alias("active"),
        (day > ago(1)).any().alias("stayed"),
        (day > today - timedelta(days=ACTIVE * window)).any().alias("kept"),
    )
    counted = seen.select(
        pl.col("active").sum(), left=(pl.col("active") & ~pl.col("stayed")).sum(), lost=(~pl.col("kept")).sum()
    )
    active, left, lost = counted.row(0)
    return int(active), int(left), int(lost)


def verdict(span: int, window: int, active: int, left: int) -> Verdict:
    """Whether so many days with so many customers carry a window, or why not."""
    if span < LEARN * window:
        return "short"
    if active < ACTIVE_NEEDED:
        return "few_customers"
    if left < EACH_NEEDED:
        return "few_left"
    if active - left < EACH_NEEDED:
        return "few_stayed"
    return "ok" if span >= TRY * window else "untried"


def _chosen(table: pl.DataFrame, given: int | None, gaps: int, span: int) -> tuple[int | None, tuple[Message, ...]]:
    """The window, and how it was found; without one, what is missing."""
    import polars as pl

    rows = {row["window"]: row for row in table.iter_rows(named=True)}
    if given:
        usable = rows[given]["verdict"] in ("ok", "untried")
        return (given, said(rows[given], span)) if usable else (None, (missing(rows[given], span),))
    if gaps < NEEDED:
        return None, (Message("churn_transactional.few_gaps", {"gaps": gaps, "needed": NEEDED}),)
    for kind in ("ok", "untried"):
        found = table.filter(verdict=kind)
        if found.is_empty():
            continue
        enough = found.filter(pl.col("returns_missed") <= MISSED)
        chosen = enough["window"][0] if enough.height else found["window"][-1]
        note = Message(
            "churn_transactional.proposed" if enough.height else "churn_transactional.proposed_short",
            {"window": chosen, "missed": rows[chosen]["returns_missed"], "gaps": gaps, "most": MISSED},
        )
        return int(chosen), (note, *said(rows[chosen], span))
    # The shortest window asks for the least.
    return None, (missing(rows[CHOICES[0]], span),)


def said(row: dict[str, Any], span: int, setting: Setting = "transactional") -> tuple[Message, ...]:
    """What must be known of a window that can be had."""
    if row["verdict"] != "untried":
        return ()
    values = {"span": span, "window": row["window"], "needed": TRY * row["window"]}
    return (Message(f"churn_{setting}.untried", values),)


def missing(row: dict[str, Any], span: int, setting: Setting = "transactional") -> Message:
    """What a window lacks; the words are those of a setting."""
    why = row["verdict"]
    values = {"window": row["window"], "active": row["active"], "left": row["left"]}
    if why == "short":
        return Message(f"churn_{setting}.short", {"span": span, "needed": LEARN * row["window"], **values})
    stayed = row["active"] - row["left"]
    needed = ACTIVE_NEEDED if why == "few_customers" else EACH_NEEDED
    return Message(f"churn_{setting}.{why}", {"needed": needed, "stayed": stayed, **values})
