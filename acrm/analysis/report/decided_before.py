"""What was decided before: what is still open, and what the rest brought beside what it promised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from math import sqrt
from typing import TYPE_CHECKING

from acrm.analysis.holdout import wilson
from acrm.messages import Message, text

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, kw_only=True)
class Before:
    """Decisions of a store.

    Attributes:
        table: By `made_at` (the newest first), `scenario`, `action`: `customers` contacted and `control` kept apart,
            `due`, `open` (not due yet), `cost`, `expected_value`; `promised`, the response on top of those who respond
            anyway, and `realised` with `low` to `high`: the share of the contacted who have ordered since, less that of
            the control (95%, Newcombe); `verdict`: `open`, `not_separable` (no control, or no orders), `less` than
            promised (surely), `more`, `as_promised` (surely something, and the promise within the limits), `unclear`.
        notes: What came of them, in a sentence each.
    """

    table: pl.DataFrame
    notes: tuple[Message, ...]

    def open_of(self, scenario: str) -> str | None:
        """The newest open decision of a scenario, in words."""
        rows = self.table.filter("open", scenario=scenario)
        if rows.is_empty():
            return None
        row = rows.row(0, named=True)
        return text("report_decisions.still_open", **{name: row[name] for name in ("made_at", "customers", "due")})


def decided_before(tables: Mapping[str, pl.LazyFrame], as_of: date) -> Before | None:
    """Sum up the recorded decisions up to a day, and hold their promise against what customers did.

    Both groups were drawn by chance out of the same customers, and are followed from the day after the decision to the
    day before `as_of`: who orders anyway is in both. None where nothing was recorded before `as_of`.

    Args:
        tables: `decisions` and `transactions`, if any.
        as_of: Today.
    """
    import polars as pl

    decided = tables.get("decisions")
    if decided is None:
        return None
    rows = decided.filter(pl.col("made_at") < as_of).with_columns(pl.col("control").fill_null(value=False)).collect()
    if rows.is_empty():
        return None
    keys = ["made_at", "scenario", "action"]
    rows = _ordered(rows, tables.get("transactions"), as_of)
    asked = ~pl.col("control")
    sums = (
        rows.group_by(keys)
        .agg(
            asked.sum().cast(pl.Int64).alias("customers"),
            pl.col("control").sum().cast(pl.Int64),
            pl.col("due").max(),
            pl.col("cost", "expected_value").sum(),
            pl.col("expected_response").filter(asked).mean().cast(pl.Float64).alias("promised"),
            pl.col("ordered").filter(asked).sum().cast(pl.Int64).alias("_contacted"),
            pl.col("ordered").filter("control").sum().cast(pl.Int64).alias("_apart"),
        )
        .with_columns(open=(pl.col("due") >= as_of).fill_null(value=False))
        .sort("made_at", "scenario", "action", descending=[True, False, False], nulls_last=True)
    )
    told = [_told(row, known="transactions" in tables) for row in sums.iter_rows(named=True)]
    kinds = {**dict.fromkeys(("realised", "low", "high"), pl.Float64), "verdict": pl.String}
    table = sums.drop("_contacted", "_apart").hstack(pl.DataFrame(told, schema=kinds, orient="row"))
    return Before(table=table, notes=tuple(_notes(table)))


def _ordered(rows: pl.DataFrame, lines: pl.LazyFrame | None, as_of: date) -> pl.DataFrame:
    """The decisions with whether their customer has ordered since; null where there are no orders."""
    import polars as pl

    from acrm.summaries.customers import purchase_days

    if lines is None:
        return rows.with_columns(ordered=pl.lit(None, pl.Boolean))
    days = purchase_days(lines, as_of=as_of).filter(pl.col("day") < as_of)
    last = days.group_by("customer_id").agg(pl.col("day").max()).collect()
    rows = rows.join(last, on="customer_id", how="left")
    return rows.with_columns(ordered=(pl.col("day") > pl.col("made_at")).fill_null(value=False))


def _told(row: dict[str, object], *, known: bool) -> tuple[float | None, float | None, float | None, str]:
    contacted, apart, had, without = (int(str(row[name])) for name in ("customers", "control", "_contacted", "_apart"))
    if row["open"]:
        return None, None, None, "open"
    if not known or not contacted or not apart:
        return None, None, None, "not_separable"
    realised, low, high = difference(had, contacted, without, apart)
    promised = float(str(row["promised"] or 0))
    if high < promised:
        return realised, low, high, "less"
    if low > promised:
        return realised, low, high, "more"
    return realised, low, high, "as_promised" if low > 0 else "unclear"


def difference(had: int, of: int, had_apart: int, of_apart: int) -> tuple[float, float, float]:
    """How much higher one share is than another, with 95% limits made of Wilson's of both.

    Source: R. G. Newcombe, Statistics in Medicine 17, 1998, method 10.

    >>> [round(end, 4) for end in difference(56, 70, 48, 80)]
    [0.2, 0.0524, 0.3339]
    """
    share, other = had / of, had_apart / of_apart
    low, high = (end or 0.0 for end in wilson(had, of))
    other_low, other_high = (end or 0.0 for end in wilson(had_apart, of_apart))
    least = share - other - sqrt((share - low) ** 2 + (other_high - other) ** 2)
    most = share - other + sqrt((high - share) ** 2 + (other - other_low) ** 2)
    return share - other, least, most


def _notes(table: pl.DataFrame) -> list[Message]:
    """A sentence on each decision that can be judged, the newest first, and one on those that cannot."""
    from acrm.analysis.actions.scenarios import action_name

    found = []
    for row in table.drop_nulls("realised").head(3).iter_rows(named=True):
        points = {name: 100 * row[name] for name in ("promised", "realised", "low", "high")}
        values = {
            "action": action_name(row["action"]),
            "made_at": row["made_at"],
            "customers": row["customers"],
            **points,
        }
        found.append(Message(f"report_decisions.learned_{row['verdict']}", values))
    alone = table.filter(verdict="not_separable").height
    if alone:
        found.append(Message("report_decisions.learned_nothing", {"n": alone}))
    return found
