"""Guards: columns that were written after a customer left, that repeat the outcome, or can explain nothing.

A column that knows the outcome makes a model that is right about the past and useless for the future. What gives such
columns away can be measured: alone they tell who left nearly without fail, or they are filled for leavers only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from acrm.analysis.churn.label import plain_name
from acrm.analysis.people.kinds import told
from acrm.analysis.people.screening import plain, screen
from acrm.errors import InputError
from acrm.messages import Message, listed, text

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.churn.case import Case
    from acrm.analysis.people.features import Feature

LEAK, STRONG, NAMED = 0.95, 0.9, 0.8
"""ROC-AUC of one column from which on it must have been written after the outcome; is worth a second look; is a leak if
its name speaks of leaving."""
PURE, RARE, USUAL = 0.99, 30, 0.7
"""Share of leavers among the customers of a level that no honest level has; customers of such a level, at least; share
of leavers among all up to which it is no wonder."""
EXPECTED = 50
"""Leavers expected among customers with a value, where there is hardly any: the value was given to who stayed."""
SHIFTED, SHIFTS = 0.95, 3
"""Correlation with the label of other rows, and how many rows it may have slipped."""
LATE = 0.01
"""Share of days after the cutoff from which on a column is of after it."""
TWICE = 0.05
"""Share of customers who are alike in all columns from which on it is said; they always share a fold."""
LEAST, FEW = 20, 100
"""Leavers, and stayers, without whom nothing can be learned; below which intervals are wide."""
LOOKED = 200_000
"""Customers that are looked at."""
NAMED_IN_FULL = 12
"""Leaks that an error says why of."""
LEAKS = frozenset({"label", "auc", "filled", "level", "named", "shifted", "after_cutoff"})
"""Guards that stop; the others inform, and take out columns that can explain nothing."""
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


@dataclass(frozen=True, kw_only=True)
class Guarded:
    """The case without columns of no use, and what the guards said."""

    case: Case
    table: pl.DataFrame
    notes: tuple[Message, ...]


def guards(case: Case, raw: pl.DataFrame | None = None) -> pl.DataFrame:
    """Look at every feature alone.

    Args:
        case: Customers whose outcome is known.
        raw: The table of customers as it was read, with days as days and `_source_row`, where there is one. Without it
            the columns were made of days before a cutoff, and `LOOKED` customers are enough to look at.

    Returns:
        Leaks first, then by `column`; a column stands there once, with the surest sign:

        | column | type | unit, range |
        |---|---|---|
        | `column` | String | empty: all of them |
        | `guard` | String | one of `LEAKS`; or `strong`, `duplicates`, `few`; or a reason of `screen` |
        | `figure` | Float64 | ROC-AUC, share, correlation or count, as `detail` says |
        | `detail` | String | a sentence |
    """
    import polars as pl

    leavers = int(case.outcome.sum())
    least = min(leavers, len(case.outcome) - leavers)
    case = case if raw is not None else _some(case)
    outcome = case.outcome.to_numpy().astype(bool)
    useless = screen(case.table.select("customer_id", *(feature.name for feature in case.features)), ("customer_id",))
    reasons = {row["column"]: row for row in useless.iter_rows(named=True)}
    found: list[Found] = []
    for feature in case.features:
        leak = _leak(case, feature, outcome, raw)
        if leak is not None:
            found.append(leak)
        if (leak is None or leak.guard == "strong") and feature.name in reasons:
            if leak is not None:
                found.pop()
            why = reasons[feature.name]
            found.append(Found(feature.name, why["reason"], None, why["detail"]))
    if least < FEW:
        side = text(f"churn_guards.side.{'left' if least == leavers else 'stayed'}")
        found.append(Found("", "few", float(least), text("churn_guards.detail.few", n=least, side=side)))
    found += _alike(case)
    made = pl.DataFrame(
        found,
        schema={"column": pl.String, "guard": pl.String, "figure": pl.Float64, "detail": pl.String},
        orient="row",
    )
    return made.sort(~pl.col("guard").is_in(sorted(LEAKS)), "column", "guard")


def guarded(case: Case, found: pl.DataFrame, *, allow: Collection[str] = ()) -> Guarded:
    """Go on with the columns that may be learned from.

    Args:
        case: Customers whose outcome is known.
        found: What `guards` said of it.
        allow: Columns that may know the outcome all the same, with or without their `x_`.

    Raises:
        InputError: Columns leak that are not allowed, there is none left, or there are too few on one side.
    """
    import polars as pl

    leavers = int(case.outcome.sum())
    if min(leavers, len(case.outcome) - leavers) < LEAST:
        raise InputError("churn_few", leavers=leavers, stayers=len(case.outcome) - leavers, needed=LEAST)
    wanted = {plain_name(name) for name in allow}
    leaks = found.filter(pl.col("guard").is_in(sorted(LEAKS)))
    stopping = [row for row in leaks.iter_rows(named=True) if plain_name(row["column"]) not in wanted]
    if stopping:
        columns = [row["column"].removeprefix("x_") for row in stopping]
        told_of = (
            text("churn_guards.leak", column=name, detail=row["detail"])
            for name, row in zip(columns, stopping, strict=True)
        )
        raise InputError("churn_leak", n=len(columns), columns=listed(told_of, NAMED_IN_FULL), allow=",".join(columns))
    gone = set(found.filter(~pl.col("guard").is_in(sorted({*LEAKS, "strong", "duplicates", "few"})))["column"])
    kept = tuple(feature for feature in case.features if feature.name not in gone)
    if not kept:
        raise InputError("churn_no_features")
    notes = []
    if leaks.height:
        notes.append(Message("churn_guards.allowed", {"columns": listed(leaks["column"])}))
    notes += [
        Message("churn_guards.note", {"detail": row["detail"]})
        for row in found.filter(pl.col("guard").is_in(["strong", "duplicates", "few"])).iter_rows(named=True)
    ]
    if gone:
        notes.append(Message("churn_guards.left_out", {"n": len(gone), "columns": listed(sorted(gone))}))
    table = case.table.select("customer_id", *(feature.name for feature in kept))
    return Guarded(case=replace(case, table=table, features=kept), table=found, notes=tuple(notes))


def _some(case: Case) -> Case:
    """Of many customers so many that stand together: columns that are made here are alike in all parts."""
    first = max(len(case.outcome) - LOOKED, 0) // 2
    return replace(case, table=case.table.slice(first, LOOKED), outcome=case.outcome.slice(first, LOOKED))


def _leak(case: Case, feature: Feature, outcome: Any, raw: pl.DataFrame | None) -> Found | None:
    """The surest sign that a column knows the outcome, or that it is worth a second look."""
    values = case.table[feature.name]
    if values.null_count() == len(values):
        return None
    numbers, levels = _coded(values)
    auc = _auc(numbers, levels, outcome)
    name = feature.name
    late = _after_cutoff(case, name, raw)
    if late is not None:
        return _said(name, "after_cutoff", late, cutoff=case.cutoff)
    filled = _filled(values, outcome)
    if filled is not None:
        return _said(name, f"filled_{filled[0]}", filled[1])
    if auc >= LEAK and _tells_all(levels, numbers, outcome):
        return _said(name, "label", auc)
    if auc >= LEAK:
        return _said(name, "auc", auc)
    if auc >= NAMED and any(word in plain_name(name) for word in _TELLING):
        return _said(name, "named", auc)
    pure = _pure(values, levels, outcome, kind=feature.kind)
    if pure is not None:
        return _said(name, "level", pure[1], level=pure[0], n=pure[2])
    shift = _shifted(case, name, levels, outcome, raw)
    if shift is not None:
        return _said(name, "shifted", shift[1], rows=shift[0])
    return _said(name, "strong", auc) if auc >= STRONG else None


def _auc(numbers: Any, levels: Any, outcome: Any) -> float:
    """What a column alone tells: the better of its ranks, where it has numbers, and its levels."""
    from acrm.models.single_column import level_auc, rank_auc

    by_level = level_auc(levels, outcome)
    return (
        by_level if numbers is None or np.isfinite(numbers).sum() < RARE else max(by_level, rank_auc(numbers, outcome))
    )


def _said(column: str, kind: str, figure: float, /, **values: object) -> Found:
    detail = text(f"churn_guards.detail.{kind}", column=column.removeprefix("x_"), figure=figure, **values)
    return Found(column, kind.partition("_")[0] if kind.startswith("filled") else kind, figure, detail)


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
    if levels.max() < max(2, len(outcome) // RARE):
        counts = np.bincount(levels)
        hits = np.bincount(levels, weights=outcome)
        if ((hits == 0) | (hits == counts)).all():
            return True
    if numbers is None:
        return False
    known = np.isfinite(numbers)
    left, stayed = numbers[known & outcome], numbers[known & ~outcome]
    return bool(known.all() and (left.min() > stayed.max() or left.max() < stayed.min()))


def _filled(values: pl.Series, outcome: Any) -> tuple[str, float] | None:
    """Whether a column is filled for leavers only, empty for leavers only, or filled for stayers only."""
    there = values.is_not_null().to_numpy()
    base = float(outcome.mean())
    for kind, rows in (("leavers", there), ("empty", ~there)):
        if RARE <= rows.sum() < len(rows) and base <= USUAL and outcome[rows].mean() >= PURE:
            return kind, float(outcome[rows].mean())
    share = float(outcome[there].mean()) if there.any() else 1.0
    if not there.all() and there.sum() * base >= EXPECTED and share <= min(1 - PURE, base / 5):
        return "stayers", 1 - share
    return None


def _pure(values: pl.Series, levels: Any, outcome: Any, *, kind: str) -> tuple[str, float, int] | None:
    """A level, or a value of a number, whose customers all left."""
    if float(outcome.mean()) > USUAL:
        return None
    if kind == "number":
        levels = plain(values).rank("dense").fill_null(0).to_numpy().astype(np.intp)
    counts = np.bincount(levels)
    shares = np.bincount(levels, weights=outcome) / np.maximum(counts, 1)
    least = max(RARE, 0.01 * len(outcome)) if kind == "number" else RARE
    # Unknown is another guard's.
    known = np.bincount(levels, weights=values.is_not_null().to_numpy()) > 0
    pure = np.flatnonzero((counts >= least) & (shares >= PURE) & known)
    if not len(pure):
        return None
    best = int(pure[np.argmax(counts[pure])])
    row = int(np.flatnonzero((levels == best) & values.is_not_null().to_numpy())[0])
    return str(plain(values)[row]), float(shares[best]), int(counts[best])


def _shifted(case: Case, name: str, levels: Any, outcome: Any, raw: pl.DataFrame | None) -> tuple[int, float] | None:
    """Whether a column of two values is the label some rows on, in the order of the table or of the file."""
    known = case.table[name].is_not_null().to_numpy()
    kinds = np.unique(levels[known])
    if len(kinds) != 2 or len(outcome) < RARE:
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
    if days.dtype == pl.String and days.str.contains(_DAY).sum() < PURE * len(days):
        return None
    if not len(days) or not (days.dtype == pl.String or days.dtype.is_temporal()):
        return None
    before = told(days, case.cutoff)[1].cast(pl.Float64, strict=False).drop_nulls()
    share = float((before < 0).sum()) / max(len(before), 1)
    return share if share >= LATE else None


def _alike(case: Case) -> Iterator[Found]:
    """Customers who are alike in everything."""
    names = [feature.name for feature in case.features]
    if names:
        flat = case.table.select(plain(case.table[name]).alias(name) for name in names)
        twice = int(flat.is_duplicated().sum())
        share = twice / flat.height
        if share >= TWICE:
            yield Found("", "duplicates", float(twice), text("churn_guards.detail.duplicates", n=twice, share=share))
