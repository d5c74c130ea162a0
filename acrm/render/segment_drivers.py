"""What a page says of drivers and of hidden conditions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from acrm.analysis.drivers.drivers import CLEAR
from acrm.messages import listed, number, text
from acrm.render.blocks import Block, Cell, Col, Grid, Headline, Lines

if TYPE_CHECKING:
    from acrm.analysis.drivers.conditions import ConditionsResult
    from acrm.analysis.drivers.drivers import DriversResult

SHOWN, TOLD = 15, 8
"""Rows of a table that are shown; drivers that are told in words."""


def driver_blocks(result: DriversResult) -> list[Block]:
    """How much is explained, the coefficients pooled and held, the clear ones in words, and what to know."""
    blocks: list[Block] = [_headline(result)]
    if result.tables["fit"].height:
        blocks += [_coefficients(result), _words(result), _fit(result)]
    if "each" in result.tables:
        blocks.append(_each(result))
    blocks.append(Lines([str(note) for note in result.notes], mark="!"))
    return blocks


def condition_blocks(result: ConditionsResult) -> list[Block]:
    """The conditions that were found, and what to know."""
    blocks: list[Block] = []
    table = result.tables["conditions"]
    if table.height:
        kind = "share" if table["median"].is_null().all() else "number"
        columns = [
            Col(_word("condition")),
            Col(_word("inside"), "int", priority=1),
            Col(_word("value"), "bar" if kind == "share" else "number"),
            Col(_word("value_outside"), "bar" if kind == "share" else "number"),
            Col(_word("effect"), align="right"),
            Col(_word("interval_found"), align="right", priority=2),
            Col(_word("q"), align="right", priority=3),
        ]
        rows: list[list[Cell]] = []
        for row in table.head(SHOWN).iter_rows(named=True):
            change, low, high = _changes([row[name] for name in ("effect", "low", "high")], kind)
            seen = [row["inside"], row["value"], row["value_outside"]]
            rows.append(
                [
                    row["condition"],
                    *seen,
                    _word(f"change.{kind}", change=change),
                    _between(low, high),
                    _chance(row["q"]),
                ]
            )
        event = result.summary["event"]
        outcome = f"{result.summary['outcome']} = {event}" if event else result.summary["outcome"]
        blocks.append(Grid(_word("conditions", outcome=outcome), columns, rows, more=max(0, table.height - SHOWN)))
    return [*blocks, Lines([str(note) for note in result.notes], mark="!")]


def _word(key: str, **values: object) -> str:
    return text(f"render.segment_drivers.{key}", **values)


def _last(result: DriversResult) -> str:
    """The model that the page believes: with groups held where there is one."""
    return "held" if "held" in result.tables["fit"]["model"] else "pooled"


def _headline(result: DriversResult) -> Headline:
    figures: dict[str, Any] = dict(result.summary)
    sub = _word("sub", rows=figures["rows"], factors=figures["factors"])
    if not result.tables["fit"].height:
        return Headline(_word("headline_none", measure=figures["measure"]), sub)
    held = _last(result) == "held"
    explained = figures["held_held_out_within_r2" if held else "pooled_held_out_r2"]
    told = _word("headline", **figures, held_out=explained)
    return Headline(told + (_word("headline_held", hold=listed(result.params.hold)) if held else ""), sub)


def _coefficients(result: DriversResult) -> Grid:
    held, table = _last(result) == "held", result.tables["coefficients"]
    names = ["pooled", *(["held"] if held else [])]
    columns = [Col(_word("term"), max=44)]
    for name in names:
        columns += [
            Col(_word(name), align="right"),
            Col(_word("interval"), align="right", priority=1 + (name == "pooled")),
        ]
    columns += [Col(_word("q"), align="right", priority=3), Col(_word("strength"), "bar", priority=1)]
    rows: list[list[Cell]] = []
    for row in table.head(SHOWN).iter_rows(named=True):
        cells: list[Cell] = [row["term"]]
        for name in names:
            digits = _digits(row[f"{name}_low"], row[f"{name}_high"])
            ends = (_written(row[f"{name}_{end}"], digits) for end in ("low", "high"))
            cells += [_written(row[name], digits), _between(*ends)]
        strength = None if row["strength"] is None else abs(row["strength"])
        rows.append([*cells, _chance(row[f"{names[-1]}_q"]), strength])
    title = _word(f"coefficients_{result.summary['outcome']}", measure=result.summary["measure"])
    return Grid(title, columns, rows, more=max(0, table.height - SHOWN))


def _words(result: DriversResult) -> Lines:
    """The clear drivers, one sentence each; then how many others there are."""
    import polars as pl

    name, table = _last(result), result.tables["coefficients"]
    clear = table.filter(pl.col(f"{name}_q") <= CLEAR)
    told = [sentence(row, result) for row in clear.head(TOLD).iter_rows(named=True)]
    if rest := table[name].count() - clear.height:
        told.append(_word("unclear", n=rest))
    return Lines(told, _word("in_words"))


def sentence(row: dict[str, Any], result: DriversResult) -> str:
    """One driver in words: what changes, by how much the outcome then differs, and what it looks like pooled."""
    name, outcome = _last(result), str(result.summary["outcome"])
    kind = "percent" if outcome == "log" else outcome
    what = _word(f"what.{row['kind']}", factor=row["factor"], level=row["level"], base=row["base"])

    def step(model: str) -> list[str]:
        steps = (_step(row[model + end], row["kind"], outcome) for end in ("", "_low", "_high"))
        return [_word(f"change.{kind}", change=change) for change in _changes(list(steps), kind)]

    figures = dict(zip(("change", "low", "high"), step(name), strict=True))
    drawn = row["factor"] in result.params.randomised
    told = _word("sentence_effect" if drawn else "sentence", what=what, measure=result.summary["measure"], **figures)
    if name == "held" and row["pooled"] is not None:
        told += _word("sentence_held", hold=listed(result.params.hold), pooled=step("pooled")[0])
    return told


def _step(value: float, term: str, outcome: str) -> float:
    """What a step of the term does to the outcome: one unit, 1% of a logarithm, a level instead of the base."""
    step = value * math.log(1.01) if term == "log" else value
    # On the logarithm of the outcome a step multiplies.
    return math.expm1(step) if outcome == "log" else step


def _changes(values: list[float], kind: str) -> list[str]:
    """A difference and the ends of its interval with their signs: of 100 where it is a share."""
    values = [value if kind == "number" else 100 * value for value in values]
    digits = _digits(*values[1:])
    return [number(value, f"+,.{digits}f") for value in values]


def _fit(result: DriversResult) -> Grid:
    columns = [
        Col(_word("model")),
        Col(_word("rows"), "int", priority=2),
        Col(_word("parameters"), "int", priority=3),
        Col(_word("r2"), "bar"),
        Col(_word("adjusted_r2"), "share", priority=4),
        Col(_word("held_out_r2"), "share"),
        Col(_word("alone"), "share", priority=1),
        Col(_word("errors"), priority=5),
    ]
    rows: list[list[Cell]] = [
        [
            _word(f"model_{row['model']}", hold=listed(result.params.hold), each=listed(result.params.each)),
            row["rows"],
            row["parameters"],
            row["r2"],
            row["adjusted_r2"],
            row["held_out_r2"],
            row["held_out_alone"],
            _word(f"errors_{row['errors']}", column=result.summary["cluster"]),
        ]
        for row in result.tables["fit"].iter_rows(named=True)
    ]
    return Grid(_word("fit"), columns, rows)


def _each(result: DriversResult) -> Grid:
    table = result.tables["each"]
    columns = [
        *(Col(name) for name in result.params.each),
        Col(_word("term"), max=44),
        Col(_word("rows"), "int", priority=1),
        Col(_word("value_each"), align="right"),
        Col(_word("interval"), align="right"),
    ]
    rows: list[list[Cell]] = []
    for row in table.head(SHOWN).iter_rows(named=True):
        digits = _digits(row["low"], row["high"])
        figures = [_written(row["value"], digits), _between(*(_written(row[end], digits) for end in ("low", "high")))]
        rows.append([*(row[name] for name in result.params.each), row["term"], row["rows"], *figures])
    return Grid(_word("each", each=listed(result.params.each)), columns, rows, more=max(0, table.height - SHOWN))


def _digits(low: float | None, high: float | None) -> int:
    """Decimals that show two digits of the width of an interval, three of anything.

    >>> _digits(-3.19, -3.09), _digits(12000, 15000), _digits(None, None)
    (3, 0, 2)
    """
    if low is None or high is None or high == low:
        return 2
    return min(8, max(0, 1 - math.floor(math.log10((high - low) / 2))))


def _written(value: float | None, digits: int) -> str | None:
    return None if value is None else number(value, f",.{digits}f")


def _between(low: str | None, high: str | None) -> str | None:
    return None if low is None or high is None else f"{low} … {high}".replace(" ", "\u00a0")


def _chance(q: float | None) -> str | None:
    """A q value as it is read: below a thousandth the rest does not matter."""
    if q is None:
        return None
    return f"<{number(0.001, '.3f')}" if q < 0.001 else number(q, ".3f")
