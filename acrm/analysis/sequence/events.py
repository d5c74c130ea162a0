"""What happened to whom and when, as codes for the miner and as names for the reader."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import TYPE_CHECKING, Any, cast

from acrm.analysis.kept import read_kept
from acrm.errors import InputError
from acrm.messages import Message, text
from acrm.validity import newest_day

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.result import Scalar
    from acrm.analysis.sequence.params import SequenceParams
    from acrm.models.sequences import Events

PURCHASE = "purchase"
"""The step that stands for an order among interactions."""
DAY = 86_400


@dataclass(frozen=True, kw_only=True, eq=False)
class Read:
    """Events of customers, and the account of the rows they were made from."""

    events: Events
    items: pl.Series
    """Ids by code, ascending."""
    names: dict[str, str]
    """What a reader knows an id by, where that is not the id."""
    units: int
    """Units of the events' time in a day."""
    until: int
    """When watching ends, in the events' time."""
    figures: dict[str, Scalar]
    notes: tuple[Message, ...]
    frame: pl.DataFrame
    """`customer`, `time`, `item`: the rows the events were made of."""
    left_out: pl.DataFrame | None = None


def read_events(lines: pl.LazyFrame | None, interactions: pl.LazyFrame | None, params: SequenceParams) -> Read:
    """The events that are asked for.

    Of orders, a step is what a customer bought on one day. Of interactions and web pages it is what happened at one
    second, and an order is one event more, `purchase`; orders known by the day alone come at its end.

    Raises:
        InputError: There are none, or no customer is known of any.
    """
    if params.of == "orders":
        if lines is None:
            raise InputError("sequence_nothing", what=text("sequence.of.orders"))
        return _orders(lines, params)
    return _interactions(lines, interactions, params)


def _orders(lines: pl.LazyFrame, params: SequenceParams) -> Read:
    import polars as pl

    kept = read_kept(lines, as_of=params.as_of, keep_services=params.keep_services)
    as_of: Any = kept.figures["as_of"]
    rows = kept.rows.select("customer_id", "product_id", pl.col("day").to_physical().cast(pl.Int64).alias("time"))
    if rows.is_empty():
        raise kept.goods.nothing()
    named = kept.goods.products.drop_nulls().with_columns(pl.col("product_name").str.strip_chars())
    read = _coded(rows, until=_day_number(as_of), what="orders")
    figures = {name: kept.figures[name] for name in ("as_of", "first_order_at", "last_order_at", "lines")}
    return Read(
        **read,
        names=dict(named.rows()),
        units=1,
        figures=figures,
        notes=(*kept.notes, *kept.goods.notes()),
        left_out=kept.goods.left_out,
    )


def _interactions(lines: pl.LazyFrame | None, interactions: pl.LazyFrame | None, params: SequenceParams) -> Read:
    import polars as pl

    what = text(f"sequence.of.{params.of}")
    if interactions is None:
        raise InputError("sequence_nothing", what=what)
    columns = interactions.collect_schema().names()
    page = pl.col("page") if "page" in columns else pl.lit(None, pl.String)
    if params.of == "web":
        interactions = interactions.filter((pl.col("kind") == "web_visit") | page.is_not_null())
        named = [page, *(pl.col(name) for name in ("campaign", "source", "kind") if name in columns)]
    else:
        named = [pl.col("kind")]
    if "customer_id" not in columns:
        raise InputError("sequence_no_customer", what=what)
    item = pl.coalesce(named)
    # A page may bear the name that stands for an order.
    item = pl.when(item == PURCHASE).then(pl.lit(f"{what}: {PURCHASE}")).otherwise(item).alias("product_id")
    seconds = pl.col("started_at").dt.epoch("s").alias("time")
    rows = interactions.select("customer_id", item, seconds).collect()
    total = rows.height
    rows = rows.drop_nulls()
    if rows.is_empty():
        raise InputError("sequence_no_customer", what=what)
    notes = []
    if total > rows.height:
        notes.append(Message("sequence.no_customer", {"rows": total - rows.height, "share": 1 - rows.height / total}))
    dated = {"interactions": interactions} | ({"transactions": lines} if lines is not None else {})
    newest = cast("date", params.as_of or newest_day(dated))
    until = (_day_number(newest) + 1) * DAY
    seen = rows.filter(pl.col("time") < until)
    if late := rows.height - seen.height:
        notes.append(Message("sequence.late", {"rows": late, "day": newest}))
    # Who only bought was not watched.
    orders = _purchases(lines, params.tz).filter(pl.col("time") < until)
    orders = orders.join(seen.select("customer_id").unique(), on="customer_id", how="semi")
    as_of = params.as_of or newest + timedelta(days=1)
    figures: dict[str, Scalar] = {"as_of": as_of, "interactions": total, "purchases": orders.height}
    return Read(
        **_coded(pl.concat([seen, orders]), until=until, what=params.of),
        names={PURCHASE: text("sequence.purchase")},
        units=DAY,
        figures=figures,
        notes=tuple(notes),
    )


def purchases(lines: pl.LazyFrame, tz: str | None) -> pl.DataFrame:
    """One row per customer and day with a sale that was not taken back: `time` of its first line in seconds, `amount`.

    Where only the day is known (midnight of `tz`, else of UTC), it is the last second of it.
    """
    import polars as pl

    from acrm.summaries.customers import purchase_days
    from acrm.summaries.ledger import sale_lines

    days = purchase_days(lines, as_of=None)
    here = pl.col("ordered_at").max().dt.replace_time_zone("UTC").dt.convert_time_zone(tz or "UTC")
    begun = (
        sale_lines(lines, None)
        .to_native()
        .group_by("customer_id", pl.col("ordered_on").alias("day"))
        .agg(pl.col("ordered_at").min().dt.epoch("s"), (here.dt.time() == time(0)).alias("hourless"))
    )
    moment = pl.when("hourless").then(pl.col("ordered_at") + DAY - 1).otherwise("ordered_at")
    found = days.join(begun, on=["customer_id", "day"])
    return found.select("customer_id", moment.alias("time"), "amount").collect()


def _purchases(lines: pl.LazyFrame | None, tz: str | None) -> pl.DataFrame:
    """Purchases as events."""
    import polars as pl

    schema = {"customer_id": pl.String(), "product_id": pl.String(), "time": pl.Int64()}
    if lines is None:
        return pl.DataFrame(schema=schema)
    return purchases(lines, tz).select("customer_id", pl.lit(PURCHASE).alias("product_id"), "time")


def _coded(rows: pl.DataFrame, *, until: int, what: str) -> dict[str, Any]:
    """Events of named rows, equal ones being one; customers and items are numbered in the order of their ids."""
    import polars as pl

    from acrm.models.sequences import Events

    if rows.is_empty():
        raise InputError("sequence_nothing", what=text(f"sequence.of.{what}"))
    ids = {name: rows[name].unique().sort() for name in ("customer_id", "product_id")}
    codes = {name: pl.col(name).cast(pl.Enum(own)).to_physical().cast(pl.Int64) for name, own in ids.items()}
    start: Any = rows["time"].min()
    frame = rows.select(
        codes["customer_id"].alias("customer"),
        (pl.col("time") - start).alias("time"),
        codes["product_id"].alias("item"),
    )
    customer, time, item = (frame[name].to_numpy() for name in ("customer", "time", "item"))
    events = Events.of(customer, time, item)
    return {"events": events, "items": ids["product_id"], "until": until - start, "frame": frame}


def _day_number(day: date) -> int:
    return (day - date(1970, 1, 1)).days
