"""Shops, branches, schools: what each sold, and with everything below it, up to the root."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from acrm.analysis.report.objects import figures_of
from acrm.analysis.report.sold import Sold, read_sold
from acrm.analysis.result import Scalar
from acrm.errors import InputError
from acrm.messages import Message, listed

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, kw_only=True)
class Units:
    """Figures by unit.

    Attributes:
        table: Parents before their units, in the order of ids: `unit` (null: lines that name none), `kind`, `parent`,
            `region`, `root`, `level` (0: a root), `leaf`, `own_revenue` (of lines that name the unit itself), and of
            the unit with all below it `revenue`, `sales`, `refunded`, `orders`, `buyers` (each once), `average_order`,
            `refund_share`, ... as of `objects.figures_of`.
        levels: By level and kind: `level`, `kind`, `units`, `revenue`.
        defects: By unit: `unit`, `problem`, `parent`: `unlisted` (has sales, stands in no list), `unknown_parent`,
            `cycle` (is below itself), `twice` (two parents are told; the first by alphabet counts).
        figures: `units`, `roots`, `unlisted_revenue_share`.
        notes: What the reader should know.
    """

    table: pl.DataFrame
    levels: pl.DataFrame
    defects: pl.DataFrame
    figures: dict[str, Scalar]
    notes: tuple[Message, ...]


def units(
    tables: Mapping[str, pl.LazyFrame],
    *,
    as_of: date | None = None,
    lines: pl.LazyFrame | None = None,
    sold: Sold | None = None,
) -> Units:
    """Roll sales up by `units.parent`: at every level they add up to what the lines say, and leaves to their root.

    A unit without a parent, with one that nobody knows, or that would be below itself, is a root. Buyers and orders of
    a unit are counted once, however many of the units below they belong to.

    Args:
        tables: Canonical tables; without `units` every unit of the lines is a root.
        as_of: Last day that counts.
        lines: As of `read_sold`.
        sold: What was read before, `unit` among its columns; None: it is read.

    Raises:
        InputError: No line names a unit; see `read_sold`.
    """
    import polars as pl

    sold = sold or read_sold(tables, ("unit",), as_of=as_of, lines=lines)
    named = sold.rows["unit"].drop_nulls().unique().sort().to_list()
    if not named:
        raise InputError("report_no_object", kind="unit", column="unit")
    known, defects = _known(tables.get("units"))
    defects += [(unit, "unlisted", None) for unit in named if known and unit not in known]
    parents = {unit: row["parent"] for unit, row in known.items()} | {u: None for u in named if u not in known}
    parents, broken = _trees(parents)
    defects += broken
    paths = {unit: _path(unit, parents) for unit in sorted(parents)}
    above = [(unit, upper) for unit, path in paths.items() for upper in path]
    links = pl.DataFrame(above, schema={"unit": pl.String, "_upper": pl.String}, orient="row")
    rolled = sold.rows.join(links, on="unit", how="left").with_columns(unit="_upper")
    whole = figures_of(_with(sold, rolled), ["unit"])
    own = sold.rows.group_by("unit").agg(pl.col("amount").sum().alias("own_revenue"))
    table = _table(paths, parents, known).join(whole, on="unit", how="full", coalesce=True, nulls_equal=True)
    table = table.join(own, on="unit", how="left", nulls_equal=True)
    sums = [
        name
        for name in ("own_revenue", "revenue", "sales", "refunded", "orders", "buyers", "margin")
        if name in table.columns
    ]
    front = ["unit", "kind", "parent", "region", "root", "level", "leaf", "own_revenue"]
    table = table.with_columns(pl.col(sums).fill_null(0)).sort("_path", nulls_last=True).drop("_path")
    table = table.select(*front, pl.exclude(front))
    total = float(sold.rows["amount"].sum()) or 1.0
    unlisted = [unit for unit, problem, _ in defects if problem == "unlisted"]
    lost = float(own.filter(pl.col("unit").is_in(unlisted) | pl.col("unit").is_null())["own_revenue"].sum())
    return Units(
        table=table,
        levels=table.filter(pl.col("unit").is_not_null())
        .group_by("level", "kind")
        .agg(pl.len().cast(pl.Int64).alias("units"), pl.col("revenue").sum())
        .sort("level", "kind", nulls_last=True),
        defects=pl.DataFrame(
            sorted(defects, key=str),
            schema={"unit": pl.String, "problem": pl.String, "parent": pl.String},
            orient="row",
        ),
        figures={
            "units": len(parents),
            "roots": sum(parent is None for parent in parents.values()),
            "unlisted_revenue_share": lost / total,
        },
        notes=(*sold.notes, *_notes(defects)),
    )


def _with(sold: Sold, rows: pl.DataFrame) -> Sold:
    from dataclasses import replace

    return replace(sold, rows=rows)


def _known(listed_units: pl.LazyFrame | None) -> tuple[dict[str, dict[str, Any]], list[tuple[str, str, str | None]]]:
    """Each unit's row, and the units that are told with two parents."""
    import polars as pl

    if listed_units is None:
        return {}, []
    names = listed_units.collect_schema().names()
    columns = [
        pl.col(name) if name in names else pl.lit(None, pl.String).alias(name)
        for name in ("unit", "kind", "parent", "region")
    ]
    rows = listed_units.select(columns).drop_nulls("unit").collect()
    twice = (
        rows.group_by("unit").agg(pl.col("parent").drop_nulls().unique().sort()).filter(pl.col("parent").list.len() > 1)
    )
    first = rows.group_by("unit").agg(pl.col("kind", "parent", "region").drop_nulls().min())
    told = [(unit, "twice", parents[0]) for unit, parents in twice.sort("unit").rows()]
    return {row["unit"]: row for row in first.iter_rows(named=True)}, told


def _trees(parents: dict[str, str | None]) -> tuple[dict[str, str | None], list[tuple[str, str, str | None]]]:
    """The parents without those that nobody knows, and with every circle cut at its first unit by alphabet.

    >>> _trees({"a": "b", "b": "a", "c": "b", "d": "x"})
    ({'a': None, 'b': 'a', 'c': 'b', 'd': None}, [('d', 'unknown_parent', 'x'), ('a', 'cycle', 'b')])
    """
    found = dict(sorted(parents.items()))
    defects: list[tuple[str, str, str | None]] = []
    for unit, parent in found.items():
        if parent is not None and parent not in found:
            defects.append((unit, "unknown_parent", parent))
            found[unit] = None
    for unit in sorted(found):
        seen, at = {unit}, found[unit]
        while at is not None and at not in seen:
            seen.add(at)
            at = found[at]
        if at == unit:
            defects.append((unit, "cycle", found[unit]))
            found[unit] = None
    return found, defects


def _path(unit: str, parents: Mapping[str, str | None]) -> list[str]:
    """The unit and all above it, the root first.

    >>> _path("c", {"a": None, "b": "a", "c": "b"})
    ['a', 'b', 'c']
    """
    path = [unit]
    while (upper := parents[path[0]]) is not None:
        path.insert(0, upper)
    return path


def _table(
    paths: Mapping[str, list[str]], parents: Mapping[str, str | None], known: Mapping[str, dict[str, Any]]
) -> pl.DataFrame:
    import polars as pl

    inner = set(parents.values())
    rows = [
        {
            "unit": unit,
            "kind": known.get(unit, {}).get("kind"),
            "parent": parents[unit],
            "region": known.get(unit, {}).get("region"),
            "root": path[0],
            "level": len(path) - 1,
            "leaf": unit not in inner,
            "_path": path,
        }
        for unit, path in paths.items()
    ]
    text = dict.fromkeys(("unit", "kind", "parent", "region", "root"), pl.String)
    return pl.DataFrame(rows, schema={**text, "level": pl.Int64, "leaf": pl.Boolean, "_path": pl.List(pl.String)})


def _notes(defects: list[tuple[str, str, str | None]]) -> list[Message]:
    notes = []
    for problem in ("unlisted", "unknown_parent", "cycle", "twice"):
        having = [unit for unit, one, _ in defects if one == problem]
        if having:
            notes.append(Message(f"report.units_{problem}", {"n": len(having), "units": listed(having)}))
    return notes
