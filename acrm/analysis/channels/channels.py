"""Channels: who came by which, what became of them, what that cost and is worth, and who gets the credit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from acrm.analysis.channels.compare import by_channel
from acrm.analysis.channels.counted import Counted, counted
from acrm.analysis.channels.credit import attribution
from acrm.analysis.channels.marginal import marginal
from acrm.analysis.channels.params import ChannelsParams, ChannelsResult
from acrm.analysis.channels.paths import Walked, walked
from acrm.analysis.channels.spend import Spent, costs, spent, with_payback
from acrm.analysis.channels.told import (
    about,
    about_spend,
    cost_figures,
    credit_figures,
    figures,
    one_of_currencies,
    rounded,
)
from acrm.analysis.channels.touches import every_name
from acrm.analysis.channels.worth import by_channel as worth_by_channel
from acrm.analysis.channels.worth import valued
from acrm.analysis.clv.acquisition import key
from acrm.errors import InputError
from acrm.messages import Message, listed

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.result import Scalar

JUDGED = ("rows", "leads", "visitors", "customers")
"""Units that may convert, in the order in which one of them leads."""


def channels(
    tables: Mapping[str, pl.LazyFrame],
    lines: pl.LazyFrame | None,
    params: ChannelsParams,
    worth: pl.DataFrame | None = None,
) -> ChannelsResult:
    """Count, compare, cost, value and credit channels, as far as the tables tell; formulas in docs/methods/channels.md.

    Args:
        tables: Canonical tables and those that fit none (`other_*`); with `params.target`, the rows to be counted are
            `customers`.
        lines: Order lines in one currency; None: there are none.
        params: See `ChannelsParams`.
        worth: `customer_id` and `clv` of an earlier `acrm clv`; None: they are computed.

    Returns:
        Table `channels`, one row each of the leading units and column, see `compare.by_channel`; with `spend`,
        `per_unit`, `per_converted`, `cac`, `payback_months`, `clv_mean`, `clv_low`, `clv_high`, `credit_low`,
        `credit_high` (shares of all conversions) where they are known. Without any units, the channels of the paths.

        Table `sources`: the same counts for all units and columns, by `of` and `column`; table `tests`, a row for
        each: see `compare.by_channel`. Tables `cost`, `marginal`, `attribution`: see `spend.costs`,
        `marginal.marginal`, `credit.attribution`. Table `worth`: `channel`, and see `worth.by_channel`.

    Raises:
        InputError: No table tells of anything that could have come by a channel.
    """
    summary: dict[str, Scalar] = {"as_of": params.as_of or _today(tables)}
    if lines is not None and lines.head(1).collect().is_empty():
        lines = None
    walk = walked(tables, lines, params)
    found, notes = _counted(tables, lines, params)
    if walk is None and not found:
        raise InputError("channels_nothing", known=listed(every_name(tables), 20))
    if walk is None and params.by is not None and not any(one.columns for one in found):
        raise InputError("channels_no_column", column=params.by, known=listed(every_name(tables), 20))
    credited = _credited(walk)
    if not found:
        return _result(params, {"channels": credited.columns}, summary, [credited])
    leading = _leading(found)
    column = leading.columns[0] if leading.columns else None
    main, whole = by_channel(leading, column)
    sources, tests = _sources(found)
    summary |= {"of": leading.of, "column": column, **figures(leading, main, whole)}
    notes = [*notes, *leading.notes, *about(leading, main, whole)]
    parts = [
        Part(tables={"sources": sources, "tests": tests}, notes=tuple(notes)),
        _paid(tables, lines, found, params),
        _worth(leading, column, main, lines, worth, params),
        credited,
    ]
    for part in parts:
        if part.columns is not None:
            more = part.columns.drop("channel", strict=False)
            main = main.join(more, on="_key", how="left", nulls_equal=True, maintain_order="left")
    return _result(params, {"channels": main}, summary, parts)


@dataclass(frozen=True, kw_only=True, eq=False)
class Part:
    """What one question adds to the answer; `columns` are joined to the channels by `_key`."""

    columns: pl.DataFrame | None = None
    tables: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    figures: Mapping[str, Scalar] = field(default_factory=dict)
    notes: tuple[Message, ...] = ()


def _result(
    params: ChannelsParams,
    main: Mapping[str, pl.DataFrame | None],
    summary: Mapping[str, Scalar],
    parts: Sequence[Part],
) -> ChannelsResult:
    tables = {name: table for made in (main, *(part.tables for part in parts)) for name, table in made.items()}
    figures = {name: value for part in parts for name, value in part.figures.items()}
    notes = {(note.id, str(note)): note for note in one_of_currencies([note for part in parts for note in part.notes])}
    return ChannelsResult(
        params=params,
        tables={name: table.drop("_key", strict=False) for name, table in tables.items() if table is not None},
        summary={**summary, **figures},
        notes=tuple(notes.values()),
    )


def _credited(walk: Walked | None) -> Part:
    """Who gets the credit."""
    import polars as pl

    if walk is None:
        return Part()
    table, found = attribution(walk)
    ends = {"credit_low": pl.col("share_low"), "credit_high": pl.col("share_high")}
    columns = table.select("channel", "touches", "paths", _key=key("channel"), **ends)
    return Part(
        columns=columns, tables={"attribution": table}, figures={**found, **credit_figures(table)}, notes=walk.notes
    )


def _paid(
    tables: Mapping[str, pl.LazyFrame], lines: pl.LazyFrame | None, found: Sequence[Counted], params: ChannelsParams
) -> Part:
    """What channels cost, on average and for one more."""
    match = spent(tables.get("campaigns"), found)
    if not isinstance(match, Spent):
        return Part(notes=() if match is None else (match,))
    table, notes = with_payback(costs(match), lines, tables, params)
    more = marginal(match)
    return Part(
        columns=table.select("_key", "spend", "per_unit", "per_converted", "cac", "payback_months"),
        tables={"cost": table, "marginal": more},
        figures=cost_figures(table, match),
        notes=(*match.notes, *notes, *about_spend(match, more)),
    )


def _today(tables: Mapping[str, pl.LazyFrame]) -> date | None:
    from acrm.validity import newest_day

    newest = newest_day(tables)
    return newest + timedelta(days=1) if newest else None


def _counted(
    tables: Mapping[str, pl.LazyFrame], lines: pl.LazyFrame | None, params: ChannelsParams
) -> tuple[list[Counted], list[Message]]:
    """All that can be counted; that orders cannot is told, unless there is nothing else."""
    found: list[Counted] = []
    try:
        found.extend(one for one in counted(tables, lines, params) if one.units.height)
    except InputError as error:
        if not found:
            raise
        return found, [error.message]
    return found, []


def _leading(found: Sequence[Counted]) -> Counted:
    """The first units that convert and of which a channel is known; else that are, else the first."""
    import polars as pl

    def told(one: Counted) -> bool:
        return any(one.units[name].count() for name in one.columns)

    def named(one: Counted) -> Counted:
        """With the columns first that say anything."""
        return replace(one, columns=tuple(sorted(one.columns, key=lambda name: one.units[name].count() == 0)))

    converting = [one for one in found if one.of in JUDGED and one.units["converted"].dtype == pl.Boolean]
    judged = [one for one in converting if one.units["converted"].count()]
    ranked = [one for one in (*judged, *converting, *found) if told(one)] or [*judged, *found]
    return named(ranked[0])


def _sources(found: Sequence[Counted]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Channels and tests of all units by all columns that say anything."""
    import polars as pl

    counts, tests = [], []
    for one in found:
        told = [name for name in one.columns if one.units[name].count()]
        for column in (*told, *([] if told else [None])):
            table, whole = by_channel(one, column)
            label = pl.lit(column, pl.String).alias("column")
            counts.append(table.select(pl.lit(one.of).alias("of"), label, pl.exclude("_key")))
            tests.append({"of": one.of, "column": column, "window_days": one.window, **whole})
    integers = ("window_days", "channels", "units", "not_recorded", "judged", "converted", "df", "small_cells")
    schema = {"of": pl.String, "column": pl.String, **dict.fromkeys(integers, pl.Int64)}
    schema |= dict.fromkeys(("chi_square", "p"), pl.Float64)
    return pl.concat(counts), pl.DataFrame(tests, schema=schema)


def _worth(
    leading: Counted,
    column: str | None,
    main: pl.DataFrame,
    lines: pl.LazyFrame | None,
    worth: pl.DataFrame | None,
    params: ChannelsParams,
) -> Part:
    """What the customers of each channel are worth; nothing where customers, or channels, are not told apart."""
    import polars as pl

    own = leading.units.drop_nulls("customer_id")
    if column is None or main.height < 2 or own.is_empty() or leading.of not in JUDGED:
        return Part()
    values, word = valued(lines, worth, params)
    notes = () if word is None else (word,)
    if values is None:
        return Part(notes=notes)
    ordered = own.select("customer_id", "day", "converted", key(column).alias("_key"))
    # A customer of several leads came by the first of them that was won.
    ordered = ordered.sort("customer_id", ~pl.col("converted").fill_null(False), "day", "_key", nulls_last=True)
    table = worth_by_channel(values, ordered.unique("customer_id", keep="first").select("customer_id", "_key"))
    table = main.select("_key", "channel").join(table, on="_key", nulls_equal=True, maintain_order="left")
    mean = float(table["clv"].sum()) / max(int(table["customers"].sum()), 1)
    return Part(
        columns=table.select("_key", "clv_mean", "clv_low", "clv_high"),
        tables={"worth": table},
        figures={"clv_mean": rounded(mean)},
        notes=notes,
    )
