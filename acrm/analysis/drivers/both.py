"""What a column goes with: the table that has it, its regression, and the conditions under which it differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from acrm.analysis.drivers.drivers import DriverParams, DriversResult, drivers
from acrm.errors import InputError
from acrm.messages import listed

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

    from acrm.analysis.drivers.conditions import ConditionsResult

_OURS = frozenset({"row", "order_id", "line_no", "ordered_at", "_flags"})


def explained(
    tables: Mapping[str, pl.LazyFrame],
    lines: pl.LazyFrame | None,
    measure: str,
    params: DriverParams,
    as_of: date | None,
) -> tuple[DriversResult, ConditionsResult | None]:
    """Look for what a measure goes with, among what is known of customers, else in the table that has the column.

    Raises:
        InputError: No table has the measure and all columns asked for; see `drivers`.
    """
    from acrm.analysis.drivers.conditions import ConditionParams, conditions

    wanted = (measure, *(params.factors or ()), *params.hold, *params.each, *params.randomised)
    table, names = _with_all(tables, lines, wanted, as_of)

    def called(asked: Sequence[str]) -> tuple[str, ...]:
        return tuple(names[name] for name in asked)

    asked = replace(
        params,
        factors=None if params.factors is None else called(params.factors),
        hold=called(params.hold),
        each=called(params.each),
        randomised=called(params.randomised),
    )
    found = drivers(table, names[measure], asked)
    kept = None if asked.factors is None else tuple(dict.fromkeys((*asked.factors, *asked.hold, *asked.each)))
    try:
        beside = conditions(table, names[measure], ConditionParams(columns=kept, seed=params.seed))
    except InputError:
        # A regression may have an outcome that conditions cannot be about.
        return found, None
    tables_ = {**found.tables, "conditions": beside.tables["conditions"]}
    figures = {f"conditions_{name}": beside.summary[name] for name in ("tested", "findings")}
    said = {note.id for note in found.notes}
    # What is said of coefficients need not be said of conditions again.
    beside = replace(beside, notes=tuple(note for note in beside.notes if note.id not in said))
    return replace(found, tables=tables_, summary={**found.summary, **figures}), beside


def _with_all(
    tables: Mapping[str, pl.LazyFrame], lines: pl.LazyFrame | None, wanted: Sequence[str], as_of: date | None
) -> tuple[pl.DataFrame, dict[str, str]]:
    """The table with all columns, typed by what their values are, and what each is called there."""
    import polars as pl

    from acrm.analysis.people.kinds import told

    tried: list[str] = []
    if lines is not None or "customers" in tables:
        from acrm.analysis.people.people import people

        crowd = people(tables, lines=lines, axes=("demo", "behaviour", "needs"), as_of=as_of)
        names = _called(wanted, crowd.table.columns)
        if names is not None:
            return crowd.table, names
        tried += [feature.name for feature in crowd.features]
    for name, frame in tables.items():
        columns = [column for column in frame.collect_schema().names() if column[0] != "_" and column not in _OURS]
        names = _called(wanted, columns)
        if names is not None:
            whole = frame.select(columns).collect()
            texts = [column for column in columns if whole.schema[column] == pl.String and column != "customer_id"]
            return whole.with_columns(told(whole[column], as_of)[1].alias(column) for column in texts), names
        tried += [column for column in columns if name != "customers"]
    raise InputError("drivers_no_table", columns=", ".join(wanted), known=listed(dict.fromkeys(tried), 40))


def _called(wanted: Sequence[str], columns: Sequence[str]) -> dict[str, str] | None:
    """What each name is called among columns, with or without the `x_` of what is not ours; None if one is missing."""
    lowered = {column.lower(): column for column in columns}
    found = {name: lowered.get(name.lower()) or lowered.get(f"x_{name.lower()}") for name in wanted}
    return {name: column for name, column in found.items() if column is not None} if all(found.values()) else None
