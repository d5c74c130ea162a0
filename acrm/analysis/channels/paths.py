"""Ways to a conversion: from touches of customers, or from a table that has them already."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acrm.analysis.channels.compare import spelled
from acrm.analysis.channels.touches import sales, touches
from acrm.analysis.clv.acquisition import key
from acrm.errors import InputError
from acrm.messages import Message, listed

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.channels.params import ChannelsParams
    from acrm.models.attribution import Paths

HALF_LIFE = 7.0
"""Days in which a touch loses half of its weight by time decay; where there are no times, one step does it."""
DAY = 86_400
_STEP = r"\s*(?:>|→|->|=>)\s*"
_SEVERAL, _REPEATED, _SAMPLE = 0.2, 0.1, 10_000
"""Share of cells with two steps or more from which a column has paths; most channels for each step of the sample."""
_NULLS = re.compile(r"null|non_?conver|not_conver|lost|без_?конверс|неконверс")
_VALUES = re.compile(r"value|revenue|amount|ценност|доход|выручк|сумм")
_CONVERSIONS = re.compile(r"conver|conv$|purchases|orders|sales|конверс|заказ|покупк")
NOT_RECORDED = ""
"""Channel of touches of which none is recorded; null in results."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Walked:
    """Paths as the model takes them, and what its numbers stand for.

    Attributes:
        paths: See `acrm.models.attribution.Paths`.
        names: Channel by code; `NOT_RECORDED` among them where it occurs.
        worth: What the conversions of each path brought; None: not known.
        figures: `paths`, `conversions`, `conversions_untouched` (of no path), `nulls`.
    """

    paths: Paths
    names: list[str]
    worth: Any
    figures: dict[str, int | float]
    notes: tuple[Message, ...] = ()


def walked(tables: Mapping[str, pl.LazyFrame], lines: pl.LazyFrame | None, params: ChannelsParams) -> Walked | None:
    """The paths of a table of them, else those of customers; None: neither tells any.

    Raises:
        InputError: A column was named that there is not, or that has no paths.
    """
    if (table := _table(tables, params.paths)) is not None:
        return _told(*table)
    return None if params.target else _walked(tables, lines, params)


def _table(tables: Mapping[str, pl.LazyFrame], asked: str | None) -> tuple[pl.DataFrame, str] | None:
    """The table with paths, and their column: of the tables that fit none of ours the first that has one."""
    import polars as pl

    known = []
    for name in sorted(tables):
        if not name.startswith("other_"):
            continue
        texts = [one for one, kind in tables[name].collect_schema().items() if kind == pl.String and one[0] != "_"]
        known += texts
        if asked is not None:
            texts = [one for one in texts if one.casefold() == asked.casefold()]
        sample = tables[name].select(texts).head(_SAMPLE).collect() if texts else pl.DataFrame()
        if column := next((one for one in texts if asked or _has_paths(sample[one])), None):
            return tables[name].collect(), column
    if asked is not None:
        raise InputError("channels_no_paths", column=asked, known=listed(known))
    return None


def _has_paths(column: pl.Series) -> bool:
    """Whether cells are sequences of few names: `a > b > a`.

    >>> import polars as pl
    >>> _has_paths(pl.Series(["ads > mail > ads", "mail", "ads > ads"] * 9)), _has_paths(pl.Series(["a", "x -> y"]))
    (True, False)
    """
    steps = column.drop_nulls().str.replace_all(_STEP, "\n").str.split("\n")
    if steps.is_empty() or int((steps.list.len() > 1).sum()) < _SEVERAL * len(steps):
        return False
    flat = steps.explode().drop_nulls()
    return flat.str.to_lowercase().n_unique() <= max(2, _REPEATED * len(flat)) and "" not in flat


def _told(table: pl.DataFrame, column: str) -> Walked:
    """The paths of a table: with conversions, values and nulls where columns of numbers are named so."""
    import numpy as np
    import polars as pl

    from acrm.models.attribution import Paths

    numbers = {name: table[name].cast(pl.Float64, strict=False) for name in table.columns if name[0] != "_"}
    filled = {
        name: values
        for name, values in numbers.items()
        if name not in (column, "row")
        and values.count()
        and values.count() == table[name].count()
        and values.min() >= 0  # type: ignore[operator]
    }
    nulls = next((name for name in filled if _NULLS.search(name)), None)
    value = next((name for name in filled if name != nulls and _VALUES.search(name)), None)
    counts = next((name for name in filled if name not in (nulls, value) and _CONVERSIONS.search(name)), None)
    rows = pl.DataFrame(
        {
            "path": table[column].str.strip_chars().str.replace_all(_STEP, "\n"),
            "conversions": filled[counts].fill_null(0.0) if counts else pl.Series([1.0] * table.height),
            "nulls": filled[nulls].fill_null(0.0) if nulls else pl.Series([0.0] * table.height),
            "worth": filled[value].fill_null(0.0) if value else pl.Series([0.0] * table.height),
        }
    )
    whole = rows.height
    rows = rows.filter(pl.col("path").fill_null("") != "").filter((pl.col("conversions") + pl.col("nulls")) > 0)
    if rows.is_empty():
        raise InputError("channels_empty_paths", column=column)
    # In one order whatever that of the rows is, as sums of floats depend on it.
    rows = rows.sort("path", "conversions", "nulls", "worth")
    steps = rows["path"].str.split("\n")
    flat = pl.DataFrame({"step": steps.explode()})
    keys = flat.select(key("step").fill_null(NOT_RECORDED)).to_series()
    names = keys.unique().sort()
    start = np.concatenate([[0], np.cumsum(steps.list.len().to_numpy())]).astype(np.int64)
    paths = Paths(
        channel=keys.replace_strict(names, pl.Series(range(len(names))), return_dtype=pl.Int64).to_numpy(),
        start=start,
        conversions=rows["conversions"].to_numpy(),
        nulls=rows["nulls"].to_numpy(),
        channels=len(names),
    )
    read = {"path": column, "conversions": counts or "-", "value": value or "-", "nulls": nulls or "-"}
    notes = [Message("channels.paths_read", read)]
    notes += [] if nulls else [Message("channels.no_nulls")]
    notes += [Message("channels.paths_left_out", {"n": whole - rows.height})] if whole > rows.height else []
    worth = rows["worth"].to_numpy() if value else None
    return _walk(paths, _written(names, flat, "step"), worth, 0, notes)


def _written(names: pl.Series, steps: pl.DataFrame, column: str) -> list[str]:
    """Channels as most steps spell them."""
    written = dict(spelled(steps, column).rows())
    return [written.get(name, name) for name in names]


def _walk(paths: Paths, names: list[str], worth: Any, untouched: int, notes: list[Message]) -> Walked:
    figures: dict[str, int | float] = {
        "paths": round(float(paths.conversions.sum() + paths.nulls.sum())),
        "conversions": round(float(paths.conversions.sum()), 6),
        "conversions_untouched": untouched,
        "nulls": round(float(paths.nulls.sum()), 6),
    }
    return Walked(paths=paths, names=names, worth=worth, figures=figures, notes=tuple(notes))


def _walked(tables: Mapping[str, pl.LazyFrame], lines: pl.LazyFrame | None, params: ChannelsParams) -> Walked | None:
    """The touches of each customer up to each conversion since the one before; those after the last one are a null."""
    import numpy as np
    import polars as pl

    from acrm.models.attribution import Paths

    found = touches(tables.get("interactions"), params.by)
    if found is None or found["customer_id"].null_count() == found.height:
        return None
    bought = sales(tables, lines, params.tz)
    if bought is None:
        return None
    if params.as_of is not None:
        bought = bought.filter(pl.col("at").dt.date() <= params.as_of)
    column = next(name for name in found.columns if name not in ("customer_id", "at"))
    unnamed = found["customer_id"].null_count()
    steps = found.drop_nulls("customer_id").select(
        "customer_id", "at", key(column).fill_null(NOT_RECORDED).alias("name")
    )
    steps = steps.sort("at", "customer_id", "name")
    ends = bought.drop_nulls("at").group_by("customer_id", "at").agg(pl.col("amount").sum(), pl.len().alias("sold"))
    ends = ends.with_columns(pl.col("at").alias("end")).sort("at", "customer_id")
    joined = steps.join_asof(ends, on="at", by="customer_id", strategy="forward", check_sortedness=False)
    age = (pl.col("end") - pl.col("at")).dt.total_seconds() / (DAY * HALF_LIFE)
    # A touch without a conversion after it is as old as the last touch lets it be: that path earns no credit anyway.
    ordered = joined.sort("customer_id", "end", "at", "name", nulls_last=True).with_columns(
        age.fill_null(0.0).alias("age")
    )
    paths = ordered.group_by("customer_id", "end", maintain_order=True).agg(
        pl.len().alias("steps"), pl.col("sold").first(), pl.col("amount").first()
    )
    if not paths["end"].count():
        return None
    names = ordered["name"].unique().sort()
    met = paths["end"].is_not_null().cast(pl.Float64).to_numpy()
    walk = Paths(
        channel=ordered["name"].replace_strict(names, pl.Series(range(len(names))), return_dtype=pl.Int64).to_numpy(),
        start=np.concatenate([[0], np.cumsum(paths["steps"].to_numpy())]).astype(np.int64),
        conversions=met,
        nulls=1.0 - met,
        channels=len(names),
        age=ordered["age"].to_numpy(),
    )
    worth = paths["amount"].cast(pl.Float64).fill_null(0.0).to_numpy() if bought["amount"].count() else None
    untouched = ends.height - int(met.sum())
    notes = [Message("channels.walked", {"column": column, "days": HALF_LIFE})]
    if untouched:
        notes.append(Message("channels.untouched", {"n": untouched, "share": untouched / ends.height}))
    if unnamed:
        notes.append(Message("channels.unnamed", {"n": unnamed, "share": unnamed / found.height}))
    return _walk(walk, _written(names, found, column), worth, untouched, notes)
