"""The table of customers that groups are made from: who they are, what they do, are worth and need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from acrm.analysis.people.features import Axis, Feature, Kind
from acrm.analysis.result import Scalar
from acrm.errors import InputError, ModelError
from acrm.messages import Message

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.people.behaviour import Bought

AXES: tuple[Axis, ...] = ("demo", "behaviour", "value", "needs")
_TRAITS = (
    "gender",
    "family_status",
    "social_status",
    "country",
    "region",
    "city",
    "district",
    "customer_type",
    "source",
)
_AGES = (18, 25, 35, 45, 55, 65)
_SEVERAL = r"[;,|]"
_NEVER = ("orders", "spend")
"""0 for customers without an order, where there are orders at all."""
_UNSEEN = ("visits", "calls", "tickets", "contacts")


@dataclass(frozen=True, kw_only=True)
class People:
    """Customers and what is known of them.

    Attributes:
        table: Sorted by `customer_id`, one column per feature: Float64, String or List of String; null is unknown.
        features: The columns, by axis.
        as_of: The day as of which it holds; None where no table has a date.
        bought: What order lines tell besides, where there are any.
        figures: Counts for the summary.
        notes: What could not be had, and of lines what was left out.
    """

    table: pl.DataFrame
    features: tuple[Feature, ...]
    as_of: date | None
    bought: Bought | None
    figures: dict[str, Scalar]
    notes: tuple[Message, ...]


def people(
    tables: Mapping[str, pl.LazyFrame],
    *,
    lines: pl.LazyFrame | None,
    axes: tuple[Axis, ...] = AXES,
    as_of: date | None = None,
    worth: pl.DataFrame | None = None,
    kinds: Mapping[str, Kind] | None = None,
) -> People:
    """Put together what tables tell of their customers.

    Args:
        tables: `customers`, `interactions`, if there are any.
        lines: Order lines, if there are any.
        axes: What is wanted; columns of customers that are not ours belong to `extra`, which comes with `demo`.
        as_of: Today. None: the day after the last event.
        worth: `customer_id` and `clv` of an earlier result of `acrm clv`, for the value; None: it is computed.
        kinds: What columns that are not ours were in an earlier run; of others it is found.

    Raises:
        InputError: Nothing is known of any customer.
    """
    import polars as pl

    found = _Found(as_of=as_of)
    if lines is not None:
        _of_lines(found, lines, tables, axes, worth)
    elif worth is not None:
        found.add(axes, "value", worth.with_columns(pl.col("clv").cast(pl.Float64)))
    interactions = tables.get("interactions")
    if interactions is not None and "customer_id" in interactions.collect_schema().names():
        from acrm.analysis.people.behaviour import in_touch

        found.as_of = found.as_of or _day_after(interactions, "started_at")
        found.add(axes, "behaviour", in_touch(interactions, found.as_of))
    customers = tables.get("customers")
    if customers is not None:
        _of_customers(found, customers, axes, kinds or {}, anew=lines is None)
    everyone = pl.concat(found.ids).unique().sort() if found.ids else pl.Series([], dtype=pl.String)
    if everyone.is_empty():
        raise InputError("segment_nobody")
    table = everyone.to_frame("customer_id")
    for _, part in found.parts:
        table = table.join(part, on="customer_id", how="left", maintain_order="left")
    zero = [name for name in (*(_NEVER if lines is not None else ()), *_UNSEEN) if name in table.columns]
    return People(
        table=table.with_columns(pl.col(zero).fill_null(0.0)),
        features=tuple(
            Feature(name=name, axis=axis, kind=_kind(part[name]))
            for axis, part in found.parts
            for name in part.columns[1:]
        ),
        as_of=found.as_of,
        bought=found.bought,
        figures=found.figures | {"customers": table.height, "as_of": found.as_of},
        notes=tuple(found.notes),
    )


@dataclass
class _Found:
    """What is gathered, table by table."""

    as_of: date | None
    bought: Bought | None = None
    ids: list[pl.Series] = field(default_factory=list)
    parts: list[tuple[Axis, pl.DataFrame]] = field(default_factory=list)
    figures: dict[str, Scalar] = field(default_factory=dict)
    notes: list[Message] = field(default_factory=list)

    def add(self, axes: tuple[Axis, ...], axis: Axis, part: pl.DataFrame | None) -> None:
        """Keep a table of customers if its axis is wanted, without columns of ours that stand empty in every store."""
        if part is None or ("demo" if axis == "extra" else axis) not in axes:
            return
        told = [name for name in part.columns[1:] if axis == "extra" or part[name].null_count() < part.height]
        if told:
            self.parts.append((axis, part.select("customer_id", *told)))


def _of_lines(
    found: _Found,
    lines: pl.LazyFrame,
    tables: Mapping[str, pl.LazyFrame],
    axes: tuple[Axis, ...],
    worth: pl.DataFrame | None,
) -> None:
    import polars as pl

    from acrm.analysis.people.behaviour import bought
    from acrm.engine import only_here

    only_here(lines)
    products = tables.get("products")
    costs = (
        products if products is not None and {"product_id", "cost"} <= set(products.collect_schema().names()) else None
    )
    found.bought = bought(lines, found.as_of, costs)
    history = found.bought.history
    found.figures, found.notes = dict(history.figures), list(history.notes)
    today: Any = history.figures["as_of"]
    found.as_of = found.as_of or today
    found.ids.append(found.bought.table["customer_id"])
    found.add(axes, "behaviour", found.bought.table)
    if "value" in axes:
        value = _worth(lines, found) if worth is None else worth
        found.add(axes, "value", None if value is None else value.with_columns(pl.col("clv").cast(pl.Float64)))
    if "needs" in axes:
        found.add(axes, "needs", _needs(lines, tables, found.as_of))


def _of_customers(
    found: _Found, customers: pl.LazyFrame, axes: tuple[Axis, ...], kinds: Mapping[str, Kind], *, anew: bool
) -> None:
    known = customers.drop_nulls("customer_id").unique("customer_id", keep="any").collect().sort("customer_id")
    if found.as_of is None and "created_at" in known.columns:
        found.as_of = _day_after(known.lazy(), "created_at")
    found.ids.append(known["customer_id"])
    found.add(axes, "demo", _traits(known, found.as_of, anew=anew))
    found.add(axes, "extra", _others(known, found.as_of, kinds))


def age_band(born: pl.Expr, today: date) -> pl.Expr:
    """The band of an age in whole years as of a day, as a text such as `35-44`; null where it cannot be an age.

    Who was born on 29 February has the birthday on 1 March in other years.
    """
    import polars as pl

    had = pl.lit(today.month * 100 + today.day) >= born.dt.month().cast(pl.Int32) * 100 + born.dt.day()
    age = today.year - born.dt.year() - pl.when(had).then(0).otherwise(1)
    band: Any = pl.when(age < _AGES[0]).then(pl.lit(f"<{_AGES[0]}"))
    for low, high in pairwise(_AGES):
        band = band.when(age < high).then(pl.lit(f"{low}-{high - 1}"))
    return pl.when(age.is_between(0, 110)).then(band.otherwise(pl.lit(f"{_AGES[-1]}+")))


def _worth(lines: pl.LazyFrame, found: _Found) -> pl.DataFrame | None:
    """What customers are expected to bring, by the defaults of `acrm clv`; None, and a note, where no model fits."""
    from acrm.analysis.clv.params import ClvParams
    from acrm.analysis.clv.value import clv

    try:
        made = clv(lines, ClvParams(as_of=found.as_of))
    except (InputError, ModelError) as error:
        found.notes.append(Message("segment.no_value", {"reason": error}))
        return None
    found.notes.append(Message("segment.value_made", {"model": made.summary["model"]}))
    return made.tables["customers"].select("customer_id", "clv")


def _needs(lines: pl.LazyFrame, tables: Mapping[str, pl.LazyFrame], as_of: date | None) -> pl.DataFrame | None:
    import polars as pl

    from acrm.analysis.kept import read_kept
    from acrm.analysis.people.needs import needs

    names = lines.collect_schema().names()
    if not {"product_id", "product_name"} & set(names):
        return None
    products = tables.get("products")
    listed = products is not None and {"product_id", "category"} <= set(products.collect_schema().names())
    if "category" not in names and not listed:
        return None
    kept = read_kept(lines, as_of=as_of, columns=["category"] if "category" in names else []).rows
    if products is not None and listed:
        shelf = products.group_by("product_id").agg(pl.col("category").min().alias("_shelf")).collect()
        kept = kept.join(shelf, on="product_id", how="left")
        told = [pl.col("category")] if "category" in names else []
        kept = kept.with_columns(category=pl.coalesce(*told, pl.col("_shelf")))
    return needs(kept.select("customer_id", "category"))


def _traits(known: pl.DataFrame, as_of: date | None, *, anew: bool) -> pl.DataFrame:
    """What our columns say of who customers are."""
    import polars as pl

    ours = [pl.col(name).cast(pl.String) for name in _TRAITS if name in known.columns]
    if "birth_date" in known.columns and as_of is not None:
        ours.insert(0, age_band(pl.col("birth_date"), as_of).alias("age"))
    if anew and as_of is not None and "created_at" in known.columns:
        since = (pl.lit(as_of) - pl.col("created_at").dt.date()).dt.total_days()
        ours.append(since.cast(pl.Float64).alias("customer_days"))
    if "tags" in known.columns:
        tags = pl.col("tags").str.replace_all(_SEVERAL, ";").str.split(";").list.eval(pl.element().str.strip_chars())
        ours.append(tags.list.eval(pl.element().filter(pl.element() != "").unique().sort()).alias("tags"))
    return known.select("customer_id", *ours)


def _others(known: pl.DataFrame, as_of: date | None, kinds: Mapping[str, Kind]) -> pl.DataFrame:
    """Columns that are not ours, as what their values are."""
    from acrm.analysis.people.kinds import told

    others = [
        told(known[name], as_of, kinds.get(name))[1].alias(name) for name in known.columns if name.startswith("x_")
    ]
    return known.select("customer_id", *others)


def _kind(values: pl.Series) -> Kind:
    import polars as pl

    if values.dtype == pl.List:
        return "multi"
    return "number" if values.dtype.is_numeric() else "category"


def _day_after(frame: pl.LazyFrame, column: str) -> date | None:
    import polars as pl

    last: Any = frame.select(pl.col(column).max()).collect().item()
    return last.date() + timedelta(days=1) if last is not None else None
