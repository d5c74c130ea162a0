"""Customers of a later day as a saved model takes them: what it needs is there and of its kind, the rest is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acrm.analysis.churn.features import TOPIC
from acrm.analysis.churn.label import called
from acrm.analysis.people.kinds import told
from acrm.errors import InputError
from acrm.messages import Message, listed, text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    import polars as pl

    from acrm.analysis.churn.design import Design
    from acrm.analysis.churn.model_file import SavedChurn
    from acrm.analysis.people.features import Kind

_MOST = 40
"""Columns named in an error."""


@dataclass(frozen=True, kw_only=True)
class Applied:
    """`table`: `customer_id` and the columns of the model, in the order given; `notes`: what to know of them."""

    table: pl.DataFrame
    notes: tuple[Message, ...]


def applied(saved: SavedChurn, everyone: pl.DataFrame, as_of: date | None = None) -> Applied:
    """Make customers ready for `training.score` and `reasons.reasons` by a saved model.

    A category or list of ours that is missing is unknown: such columns are left out where they stand empty. A topic of
    which hardly anybody speaks any more counts as not spoken of. All other columns of the model must be there. Texts
    that are all numbers, in a column that was one of numbers, are read as such: of few customers they look like a
    choice. A level that the model has never seen is none of those it knows; if there were rare levels when it learned
    it is one of them, and then not told apart.

    Args:
        saved: The model.
        everyone: `customer_id` and what is known of each, as `people.people` or `snapshots.snapshot` make it.
        as_of: The day before which days are counted, in columns of days.

    Raises:
        InputError: Columns are missing (all named), or are no longer what they were (all named).
    """
    import polars as pl

    kinds = {feature.name: feature.kind for feature in saved.features}
    design = saved.scorer.design
    needed = [*design.numbers, *(part.name for part in design.levels.parts)]
    missing = [name for name in needed if name not in everyone.columns]
    quiet = [name for name in missing if name.startswith(TOPIC) and "contacts" in everyone.columns]
    unknown = [name for name in missing if kinds[name] != "number" and not name.startswith("x_")]
    if lost := [name for name in missing if name not in quiet and name not in unknown]:
        raise InputError("churn_file_columns", columns=called(lost, _MOST))
    types: dict[Kind, pl.DataType] = {"number": pl.Float64(), "category": pl.String(), "multi": pl.List(pl.String)}
    table = everyone.with_columns(
        *(pl.lit(0.0).alias(name) for name in quiet),
        *(pl.lit(None, types[kinds[name]]).alias(name) for name in unknown),
    ).select("customer_id", *needed)
    odd = []
    for name in needed:
        values = _as(kinds[name], table[name], as_of)
        if isinstance(values, str):
            odd.append(text(f"churn_file_kind.{kinds[name]}", column=name.removeprefix("x_"), example=values))
        else:
            table = table.with_columns(values.alias(name))
    if odd:
        raise InputError("churn_file_kinds", columns=listed(odd, _MOST))
    extra = [name for name in everyone.columns if name not in ("customer_id", saved.target, *kinds)]
    return Applied(table=table, notes=tuple(_notes(saved, table, unknown, extra)))


def _as(kind: Kind, values: pl.Series, as_of: date | None) -> pl.Series | str:
    """A column as what it was when the model learned, or else a value that shows that it is not."""
    import polars as pl

    if kind == "multi" or values.dtype == pl.List:
        fits = kind == "multi" and values.dtype == pl.List
    elif kind == "category" or values.dtype.is_numeric():
        fits = (kind == "number") == values.dtype.is_numeric()
    else:
        numbers, filled = told(values, as_of, "number")[1], told(values, as_of, "category")[1]
        odd = filled.filter(filled.is_not_null() & ~numbers.is_finite().fill_null(value=False))
        return f"'{odd[0]}'" if len(odd) else numbers
    known = values.drop_nulls()
    return values if fits or known.is_empty() else f"'{known[0]}'"


def _notes(saved: SavedChurn, table: pl.DataFrame, unknown: list[str], extra: list[str]) -> Iterator[Message]:
    import polars as pl

    if unknown:
        yield Message("churn_file.unknown", {"columns": called(unknown)})
    strange = {
        name: pl.col(name).is_not_null() & ~pl.col(name).is_in(levels) for name, levels in _closed(saved.scorer.design)
    }
    found = table.select(pl.lit(value=False).alias("_"), *(test.alias(name) for name, test in strange.items()))
    customers = int(found.select(pl.any_horizontal(pl.all())).to_series().sum())
    if customers:
        named = [
            f"{name.removeprefix('x_')} ({listed(table[name].filter(found[name]).unique().sort(), 3)})"
            for name in strange
            if found[name].any()
        ]
        yield Message("churn_file.unseen", {"customers": customers, "columns": listed(named)})
    if extra:
        yield Message("churn_file.extra", {"n": len(extra), "columns": called(extra)})


def _closed(design: Design) -> Iterator[tuple[str, list[str]]]:
    """Categories of which the model has seen no levels but those it knows, and these."""
    place = 0
    for part, node in zip(design.levels.parts, design.levels.to_document()["columns"], strict=True):
        place += sum(map(len, part.blocks))
        # The last column of a category is that of all other levels; where two are opposites, one has not been kept.
        if node["kind"] == "category" and place - 1 not in design.kept and len(node["levels"]) > 1:
            yield part.name, [level for level in node["levels"] if level is not None]
