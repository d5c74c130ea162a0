"""What gives away a column that was written after customers left: alone it tells too well who did.

Every sign is measured, and none is a list of names; where few customers show it, the limit of what is sure counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from acrm.analysis.churn.label import plain_name
from acrm.analysis.people.kinds import told
from acrm.analysis.people.screening import plain
from acrm.messages import text

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.churn.case import Case
    from acrm.analysis.people.features import Feature

LEAK, FLAG, STRONG, NAMED = 0.95, 0.87, 0.9, 0.8
"""ROC-AUC of one column from which on it must have been written after the outcome; the same of a column of two values,
and of whether it is filled, where honest ones do not come near; is worth a second look; is a leak if its name speaks of
leaving."""
PURE, USUAL = 0.95, 0.7
"""Share of leavers among customers from which on they are said to have left; of leavers among all up to which it is no
wonder."""
ODDS, STAYED = 15.0, 50.0
"""Times the usual odds, of leaving and of staying, that are sure (95%) for customers who are marked by their outcome.
A level that nobody leaves may be honest, as a contract of two years is."""
LEAST, CAUGHT, CAUGHT_BY_NUMBER = 10, 0.1, 0.2
"""Customers with a mark, at least; share of the leavers who have it, so that it matters; of those with one value of a
number, of which some are honest: few have four products, and all of them leave."""
SHIFTED, SHIFTS, ROWS = 0.95, 3, 30
"""Correlation with the label of other rows, how many rows it may have slipped, and of how many rows at least."""
LATE, DAYS = 0.01, 0.99
"""Share of days after the cutoff from which on a column is of after it; share of a text's values that are days."""
_DAY = r"^\s*\d{1,4}[-./]\d{1,2}[-./]\d{1,4}"
_TELLING = ("churn", "attrit", "exited", "cancel", "unsubscr", "отток", "оттек", "ушел", "ушёл", "ушла", "расторг")
_PLANNED = ("end", "renew", "expir", "until", "next", "due", "plan", "valid", "оконч", "конец", "продл", "следующ")
"""Names of days that may lie ahead and be known all the same."""


class Found(NamedTuple):
    """What a guard has to say of a column; `column` is empty for what concerns all."""

    column: str
    guard: str
    figure: float | None
    detail: str


def leak(case: Case, feature: Feature, outcome: Any, raw: pl.DataFrame | None) -> Found | None:
    """The surest sign that a column knows the outcome, or that it is worth a second look (`strong`)."""
    values = case.table[feature.name]
    if values.null_count() == len(values):
        return None
    numbers, levels = _coded(values)
    name = feature.name
    late = _after_cutoff(case, name, raw)
    if late is not None:
        return said(name, "after_cutoff", late, cutoff=case.cutoff)
    filled = _filled(values, outcome)
    if filled is not None:
        return said(name, f"filled_{filled[0]}", filled[1])
    auc = _auc(numbers, levels, outcome)
    if auc >= LEAK and _tells_all(levels, numbers, outcome):
        return said(name, "label", auc)
    if auc >= (FLAG if len(np.unique(levels)) == 2 else LEAK):
        return said(name, "auc", auc)
    if auc >= NAMED and any(word in plain_name(name) for word in _TELLING):
        return said(name, "named", auc)
    return _hidden(case, feature, outcome, levels, numbers, raw) or (
        said(name, "strong", auc) if auc >= STRONG else None
    )


def _hidden(
    case: Case, feature: Feature, outcome: Any, levels: Any, numbers: Any, raw: pl.DataFrame | None
) -> Found | None:
    """What knows the outcome of some customers, or of others than those it stands by."""
    from acrm.models.single_column import holds_shares

    values, name = case.table[feature.name], feature.name
    marked = _marked(values, outcome, number=feature.kind == "number")
    if marked is not None:
        kind, level, share, n = marked
        return said(name, kind, share, level=level, n=n)
    if numbers is not None and holds_shares(numbers, outcome):
        return said(name, "shares", 1.0)
    shift = _shifted(case, name, levels, outcome, raw)
    return None if shift is None else said(name, "shifted", shift[1], rows=shift[0])


def _auc(numbers: Any, levels: Any, outcome: Any) -> float:
    """What a column alone tells: the better of its ranks, where it has numbers, and its levels."""
    from acrm.models.single_column import level_auc, rank_auc

    by_level = level_auc(levels, outcome)
    return (
        by_level if numbers is None or np.isfinite(numbers).sum() < ROWS else max(by_level, rank_auc(numbers, outcome))
    )


def said(column: str, kind: str, figure: float, /, **values: object) -> Found:
    """A finding in words; of kinds such as `filled_empty` the guard is `filled`."""
    detail = text(f"churn_guards.detail.{kind}", column=column.removeprefix("x_"), figure=figure, **values)
    return Found(column, kind if kind == "after_cutoff" else kind.partition("_")[0], figure, detail)


def _coded(values: pl.Series) -> tuple[Any, Any]:
    """A column as numbers, where it has any, and as levels, unknown being one; days are numbers."""
    import polars as pl

    from acrm.models.single_column import binned

    whole = plain(values)
    if not whole.dtype.is_numeric():
        # Texts may be days: what matters is their order, before or after any day.
        as_days = told(whole, date(2000, 1, 1)) if values.dtype == pl.String else None
        if as_days is None or as_days[0] != "number":
            return None, whole.rank("dense").fill_null(0).to_numpy().astype(np.intp)
        whole = as_days[1]
    numbers = whole.cast(pl.Float64).to_numpy()
    return numbers, binned(numbers)


def _tells_all(levels: Any, numbers: Any, outcome: Any) -> bool:
    """Whether the outcome is a function of few levels, or of whether a number lies above a limit."""
    if levels.max() < max(2, len(outcome) // ROWS):
        counts = np.bincount(levels)
        hits = np.bincount(levels, weights=outcome)
        if ((hits == 0) | (hits == counts)).all():
            return True
    if numbers is None:
        return False
    known = np.isfinite(numbers)
    left, stayed = numbers[known & outcome], numbers[known & ~outcome]
    return bool(known.all() and (left.min() > stayed.max() or left.max() < stayed.min()))


def _sure(rows: Any, outcome: Any, times: float) -> bool:
    """Whether customers surely have so many times the usual odds of the outcome."""
    from acrm.models.single_column import surely

    n, base = int(rows.sum()), float(outcome.mean())
    if n < LEAST or base >= 1:
        return False
    share = float(surely(np.array([outcome[rows].sum()]), np.array([n]))[0])
    return share / max(1 - share, 1e-12) >= times * base / (1 - base)


def _filled(values: pl.Series, outcome: Any) -> tuple[str, float] | None:
    """Whether a column is filled, or empty, for leavers only, filled for stayers only, or any of that but for a few."""
    from acrm.models.single_column import level_auc

    there = values.is_not_null().to_numpy()
    if there.all():
        return None
    base = float(outcome.mean())
    for kind, rows in (("leavers", there), ("empty", ~there)):
        share = float(outcome[rows].mean())
        if base <= USUAL and share >= PURE and _sure(rows, outcome, ODDS):
            return kind, share
    if (~outcome[there]).sum() >= CAUGHT * (~outcome).sum() and _sure(there, ~outcome, ODDS):
        return "stayers", 1 - float(outcome[there].mean())
    auc = level_auc(there.astype(np.intp), outcome)
    return ("nearly", auc) if auc >= FLAG else None


def _marked(values: pl.Series, outcome: Any, *, number: bool) -> tuple[str, str, float, int] | None:
    """Levels, or one value of a number or all but its most frequent one, of customers who left; a level of stayers.

    Unknown is another guard's.
    """
    base, leavers = float(outcome.mean()), outcome.sum()
    whole = plain(values)
    known = values.is_not_null().to_numpy()
    levels = whole.rank("dense").fill_null(0).to_numpy().astype(np.intp)
    counts = np.bincount(levels[known], minlength=int(levels.max()) + 1)
    hits = np.bincount(levels[known], weights=outcome[known], minlength=len(counts))
    share = hits / np.maximum(counts, 1)

    def called(level: int) -> str:
        return str(whole[int(np.flatnonzero(known & (levels == level))[0])])

    pure = (counts >= LEAST) & (share >= PURE)
    most = int(np.argmax(counts))
    sets = []
    if number:
        best = int(np.argmax(np.where(pure, hits, -1)))
        if pure[best]:
            sets.append(("level", best, levels == best))
        sets.append(("level_other", most, levels != most))
    elif pure.any():
        sets.append(("level", int(np.argmax(np.where(pure, hits, -1))), pure[levels]))
    for kind, level, marked in sets:
        rows = marked & known
        caught = outcome[rows].sum() >= (CAUGHT_BY_NUMBER if number else CAUGHT) * leavers
        if base <= USUAL and caught and outcome[rows].mean() >= PURE and _sure(rows, outcome, ODDS):
            return kind, called(level), float(outcome[rows].mean()), int(rows.sum())
    if number:
        return None
    for stayed in np.flatnonzero(counts - hits >= CAUGHT_BY_NUMBER * (~outcome).sum()):
        rows = known & (levels == stayed)
        if _sure(rows, ~outcome, STAYED):
            return "level_stayed", called(int(stayed)), 1 - float(outcome[rows].mean()), int(rows.sum())
    return None


def _shifted(case: Case, name: str, levels: Any, outcome: Any, raw: pl.DataFrame | None) -> tuple[int, float] | None:
    """Whether a column of two values is the label some rows on, in the order of the table or of the file."""
    known = case.table[name].is_not_null().to_numpy()
    kinds = np.unique(levels[known])
    if len(kinds) != 2 or len(outcome) < ROWS:
        return None
    code = (levels == kinds[1]).astype(float)
    for order in _orders(case, raw):
        label, flag, there = outcome[order].astype(float), code[order], known[order]
        for rows in (*range(1, SHIFTS + 1), *range(-SHIFTS, 0)):
            ahead, behind = (
                (slice(rows, None), slice(None, -rows)) if rows > 0 else (slice(None, rows), slice(-rows, None))
            )
            both = there[ahead]
            one, other = flag[ahead][both], label[behind][both]
            if one.std() and other.std() and abs(like := float(np.corrcoef(one, other)[0, 1])) >= SHIFTED:
                return rows, like
    return None


def _orders(case: Case, raw: pl.DataFrame | None) -> Iterator[Any]:
    yield np.arange(len(case.outcome))
    if raw is not None and "_source_row" in raw.columns:
        import polars as pl

        places = [name for name in ("_source_file", "_source_row") if name in raw.columns]
        first = raw.group_by("customer_id").agg(pl.col(places).min())
        rows = case.table.select("customer_id").with_row_index("_at")
        yield rows.join(first, on="customer_id", how="left").sort(*places, "_at")["_at"].to_numpy()


def _after_cutoff(case: Case, name: str, raw: pl.DataFrame | None) -> float | None:
    """The share of days after the cutoff, where it is no day that can be known ahead."""
    import polars as pl

    if case.cutoff is None or any(word in plain_name(name) for word in _PLANNED):
        return None
    source = raw if raw is not None and name in raw.columns else case.table
    days = source.filter(pl.col("customer_id").is_in(case.table["customer_id"].implode()))[name].drop_nulls()
    if days.dtype == pl.String and days.str.contains(_DAY).sum() < DAYS * len(days):
        return None
    if not len(days) or not (days.dtype == pl.String or days.dtype.is_temporal()):
        return None
    before = told(days, case.cutoff)[1].cast(pl.Float64, strict=False).drop_nulls()
    share = float((before < 0).sum()) / max(len(before), 1)
    return share if share >= LATE else None
