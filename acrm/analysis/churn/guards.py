"""Guards: columns that were written after a customer left, that repeat the outcome, or can explain nothing.

A column that knows the outcome makes a model that is right about the past and useless for the future. What gives such
columns away stands in `acrm.analysis.churn.leaks`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from acrm.analysis.churn.label import called, no_column, plain_name
from acrm.analysis.churn.leaks import Found, leak, said
from acrm.analysis.people.screening import plain, screen
from acrm.analysis.segment.naming import readable
from acrm.errors import InputError
from acrm.messages import Message, listed, text

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.churn.case import Case
    from acrm.analysis.people.features import Feature

TWICE = 0.05
"""Share of customers who are alike in all columns from which on it is said; they always share a fold."""
LEAST, FEW = 20, 100
"""Leavers, and stayers, without whom nothing can be learned; below which intervals are wide."""
LOOKED = 200_000
"""Customers that are looked at."""
NAMED_IN_FULL = 12
"""Leaks that an error says why of."""
DRAWN = 20_000
"""Customers from whom it is learned what columns tell together."""
LEAKS = frozenset({"label", "auc", "filled", "level", "named", "shares", "shifted", "after_cutoff", "beyond"})
"""Guards that stop; the others inform, and take out columns that can explain nothing."""


@dataclass(frozen=True, kw_only=True)
class Guarded:
    """The case without columns of no use, and what the guards said."""

    case: Case
    table: pl.DataFrame
    notes: tuple[Message, ...]


def guards(case: Case, raw: pl.DataFrame | None = None, standing: Case | None = None) -> pl.DataFrame:
    """Look at every feature alone.

    Args:
        case: Customers whose outcome is known; what is `known` of them is no leak.
        raw: The table of customers as it was read, with days as days and `_source_row`, where there is one. Without it
            the columns were made of days before a cutoff, and `LOOKED` customers are enough to look at.
        standing: Columns that are as of today, by who has left by today: those who left after the window of the case
            are stayers in it, and hide what was written when they did.

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
        # What was made here of days before the cutoff cannot know what came after, however well it foretells it.
        made = feature.name in case.known or (raw is None and feature.axis == "behaviour")
        one = None if made else leak(case, feature, outcome, raw)
        if standing is not None and feature.name in standing.table.columns and (one is None or one.guard == "strong"):
            now = leak(standing, feature, standing.outcome.to_numpy().astype(bool), None)
            one = now if now is not None and now.guard in LEAKS else one
        why = reasons.get(feature.name)
        if why is not None and (one is None or one.guard == "strong"):
            one = Found(feature.name, why["reason"], None, why["detail"])
        if one is not None:
            found.append(one)
    found = _beyond(case, found, outcome)
    if least < FEW:
        side = text(f"churn_guards.side.{'left' if least == leavers else 'stayed'}")
        found.append(Found("", "few", float(least), text("churn_guards.detail.few", n=least, side=side)))
    found += _alike(case)
    table = pl.DataFrame(
        found,
        schema={"column": pl.String, "guard": pl.String, "figure": pl.Float64, "detail": pl.String},
        orient="row",
    )
    return table.sort(~pl.col("guard").is_in(sorted(LEAKS)), "column", "guard")


def without(case: Case, drop: Collection[str]) -> Case:
    """The case without columns that were named, with or without their `x_`.

    Raises:
        InputError: There is no such column.
    """
    by_name = {plain_name(feature.name): feature.name for feature in case.features}
    _must_be_there("drop", drop, by_name)
    gone = {by_name[plain_name(name)] for name in drop}
    features = tuple(feature for feature in case.features if feature.name not in gone)
    return replace(case, table=case.table.drop(gone), features=features)


def _must_be_there(option: str, names: Collection[str], by_name: Collection[str]) -> None:
    for name in names:
        if plain_name(name) not in by_name:
            raise no_column("churn_no_column", option, name, by_name)


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
    _must_be_there("allow", allow, [plain_name(feature.name) for feature in case.features])
    wanted = {plain_name(name) for name in allow}
    leaks = found.filter(pl.col("guard").is_in(sorted(LEAKS)))
    stopping = [row for row in leaks.iter_rows(named=True) if plain_name(row["column"]) not in wanted]
    if stopping:
        columns = [row["column"].removeprefix("x_") for row in stopping]
        told_of = (
            text("churn_guards.leak", column=name, detail=row["detail"])
            for name, row in zip(columns, stopping, strict=True)
        )
        raise InputError("churn_leak", n=len(columns), columns=listed(told_of, NAMED_IN_FULL), names=",".join(columns))
    gone = set(found.filter(~pl.col("guard").is_in(sorted({*LEAKS, "strong", "duplicates", "few"})))["column"])
    kept = tuple(feature for feature in case.features if feature.name not in gone)
    if not kept:
        raise InputError("churn_no_features")
    notes = []
    if leaks.height:
        notes.append(Message("churn_guards.allowed", {"columns": called(leaks["column"])}))
    notes += [
        Message("churn_guards.note", {"detail": row["detail"]})
        for row in found.filter(pl.col("guard").is_in(["strong", "duplicates", "few"])).iter_rows(named=True)
    ]
    if gone:
        notes.append(
            Message(
                "churn_guards.left_out", {"n": len(gone), "columns": listed(readable(name) for name in sorted(gone))}
            )
        )
    table = case.table.select("customer_id", *(feature.name for feature in kept))
    return Guarded(case=replace(case, table=table, features=kept), table=found, notes=tuple(notes))


def _some(case: Case) -> Case:
    """Of many customers so many that stand together: columns that are made here are alike in all parts."""
    first = max(len(case.outcome) - LOOKED, 0) // 2
    return replace(case, table=case.table.slice(first, LOOKED), outcome=case.outcome.slice(first, LOOKED))


def _beyond(case: Case, found: list[Found], outcome: Any) -> list[Found]:
    """Of columns that alone tell much: those that tell more than all honest ones together are leaks."""
    strong = [one for one in found if one.guard == "strong"]
    if not strong:
        return found
    silent = {one.column for one in found}
    others = _together(case, [feature for feature in case.features if feature.name not in silent], outcome)
    return [
        said(one.column, "beyond", one.figure, others=others)
        if one in strong and one.figure is not None and one.figure > others
        else one
        for one in found
    ]


def _together(case: Case, features: list[Feature], outcome: Any) -> float:
    """What columns tell of customers not seen, as ROC-AUC: half of them foretold from the other half, both ways."""
    from acrm.analysis.churn.design import Design
    from acrm.models.additive import fit_additive
    from acrm.models.classification_metrics import roc_auc
    from acrm.models.folds import stratified

    leavers = int(outcome.sum())
    if not features or min(leavers, len(outcome) - leavers) < LEAST:
        return 0.5
    rows = np.arange(len(outcome))
    if len(rows) > DRAWN:
        rows = np.sort(np.random.default_rng(0).choice(len(rows), DRAWN, replace=False))
    table, left = case.table[rows], outcome[rows]
    matrix = Design.learn(table, features).matrix(table)
    half = stratified(left, np.arange(len(left)), folds=2, seed=0)
    found = [
        roc_auc(
            left[half == one], fit_additive(matrix[half != one], left[half != one], seed=0).logits(matrix[half == one])
        )
        for one in (0, 1)
    ]
    return float(np.mean(found))


def _alike(case: Case) -> Iterator[Found]:
    """Customers who are alike in everything."""
    names = [feature.name for feature in case.features]
    if names:
        flat = case.table.select(plain(case.table[name]).alias(name) for name in names)
        twice = int(flat.is_duplicated().sum())
        share = twice / flat.height
        if share >= TWICE:
            yield Found("", "duplicates", float(twice), text("churn_guards.detail.duplicates", n=twice, share=share))
