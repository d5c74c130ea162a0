"""How long customers wait: for the first answer and for the solution, those who still wait among them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from acrm.analysis.holdout import wilson
from acrm.analysis.result import Scalar
from acrm.messages import Message

if TYPE_CHECKING:
    import polars as pl

WAITING = ("ticket", "email", "chat", "other")
"""Kinds of contact that somebody waits at the other end of; calls, meetings and visits are over when they end."""
FEWEST = 30
"""Contacts below which no time is given for a cut."""
WRONG = 0.01
"""Share of impossible times beyond which no time is believed."""
_PRODUCT = r"^(x_)?(product|товар|продукт|produkt|producto)"
_ORDER = {
    "answered_before_start": ("first_response_at", "started_at"),
    "solved_before_start": ("ended_at", "started_at"),
    "solved_before_answer": ("ended_at", "first_response_at"),
}
"""What cannot be before what."""
_TIMES = {"first_response": ("started_at", "first_response_at"), "resolution": ("started_at", "ended_at")}
_AFTER = {"after_response": ("first_response_at", "ended_at")}
"""Where the source does not tell when contacts came."""


@dataclass(frozen=True, kw_only=True)
class ServiceParams:
    """What is asked of the service.

    Attributes:
        as_of: Today; None: the time of the newest thing that happened.
        response_hours, resolution_hours: What was promised (SLA); None: nothing.
        zone: Time zone of the hours of the day.
    """

    as_of: date | None = None
    response_hours: float | None = None
    resolution_hours: float | None = None
    zone: str | None = None


@dataclass(frozen=True, kw_only=True)
class Service:
    """Times and their defects.

    Attributes:
        times: `measure` (`first_response`, `resolution`; `after_response` where starts are not told), `cut` (all, kind,
            channel) and its `value`, `n`, `open` (still waiting, censored), `median`, its 95% interval `low` to `high`,
            and `p90` in hours (null: so many have not been reached yet), `small`. Empty where times are refused.
        breaches: With a promise: `measure`, `cut`, `value`, `hours`, `n` (decided: done, or waiting longer), `late`,
            `share`, `low`, `high`.
        defects: `defect`, `rows`, `of` (rows with both times), `share`.
        products: `product`, `contacts`, `orders`, `per_100` (contacts in 100 orders; null where nothing was ordered).
        load: By weekday (1 Monday) and hour: `contacts` that came.
        backlog: By day: `came`, `solved`, `open` at its end.
        figures: `contacts`, `open`, `satisfaction` and its n, medians and shares of `all`.
        notes: Refusals included.
    """

    times: pl.DataFrame
    breaches: pl.DataFrame
    defects: pl.DataFrame
    products: pl.DataFrame
    load: pl.DataFrame
    backlog: pl.DataFrame
    figures: dict[str, Scalar]
    notes: tuple[Message, ...]


def service(tables: Mapping[str, pl.LazyFrame], params: ServiceParams) -> Service | None:
    """Measure waiting times by Kaplan & Meier, contacts that still wait counting as long as they have waited.

    Where more than a hundredth of the contacts is solved before it was answered, or answered before it came, no time is
    given at all: which of the two times is wrong nobody can say. Fewer are left out, and counted.

    Args:
        tables: Canonical tables; `interactions`, and `transactions` for contacts per order.
        params: See `ServiceParams`.

    Returns:
        None where there are no contacts that somebody waits for.
    """
    import polars as pl

    if "interactions" not in tables:
        return None
    rows = _contacts(tables["interactions"], params.as_of)
    if rows.is_empty():
        return None
    both = rows.filter(pl.col("first_response_at").is_not_null())
    startless = both.height > 0 and bool((both["started_at"] == both["first_response_at"]).all())
    if startless:
        # A start that was made of the answer says nothing of its own.
        rows = rows.with_columns(started_at=pl.lit(None, rows.schema["started_at"]))
    defects = _defects(rows)
    measures = _AFTER if startless else _TIMES
    notes = [Message("report.service_no_start", {"n": rows.height})] if startless else []
    wrong = [row for row in defects.iter_rows(named=True) if row["share"] and row["share"] > WRONG]
    notes += [
        Message("report.service_refused", {**row, "what": Message(f"report.defect.{row['defect']}")}) for row in wrong
    ]
    left = int(defects["rows"].sum()) if not wrong else 0
    if left:
        notes.append(Message("report.service_left_out", {"n": left}))
    sane = _sane(rows)
    waited = {} if wrong else {name: _waited(sane, *ends) for name, ends in measures.items()}
    times = pl.concat(
        [_table(schema_times(), _rows(name, frame)) for name, frame in waited.items()] or [_table(schema_times(), [])]
    )
    promised = {"first_response": params.response_hours, "resolution": params.resolution_hours}
    late = [row for name, frame in waited.items() if (hours := promised.get(name)) for row in _late(name, frame, hours)]
    return Service(
        times=times,
        breaches=_table(_schema_breaches(), late),
        defects=defects,
        products=_products(tables, rows),
        load=_load(rows, params.zone),
        backlog=_backlog(rows) if not startless else _backlog(rows.clear()),
        figures=_figures(rows, times, late),
        notes=tuple(notes),
    )


def _contacts(interactions: pl.LazyFrame, as_of: date | None) -> pl.DataFrame:
    """Contacts of the kinds that somebody waits for, up to today, with the moment `now`."""
    import polars as pl

    names = interactions.collect_schema().names()
    moment = pl.Datetime("us", "UTC")
    wanted: dict[str, Any] = {
        "first_response_at": moment,
        "ended_at": moment,
        "medium": pl.String,
        "satisfaction": pl.String,
    }
    missing = [pl.lit(None, kind).alias(name) for name, kind in wanted.items() if name not in names]
    product = next((name for name in sorted(names) if _is_product(name)), None)
    chosen = interactions.with_columns(missing).filter(pl.col("kind").is_in(WAITING))
    rows = chosen.select(
        "kind", "started_at", *wanted, (pl.col(product) if product else pl.lit(None, pl.String)).alias("product")
    ).collect(engine="streaming")
    ends = ("started_at", "first_response_at", "ended_at")
    if as_of is None:
        return rows.with_columns(now=pl.max_horizontal(pl.col(name).max() for name in ends))
    now = pl.lit(datetime.combine(as_of + timedelta(days=1), time(), UTC))
    known = rows.filter(pl.col("started_at").is_null() | (pl.col("started_at") < now))
    # What happened after today is not known yet.
    later = [pl.when(pl.col(name) < now).then(name).alias(name) for name in ends[1:]]
    return known.with_columns(later).with_columns(now=now)


def _is_product(name: str) -> bool:
    import re

    return bool(re.match(_PRODUCT, name))


def _defects(rows: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    found = []
    for name, (later, earlier) in _ORDER.items():
        told = rows.filter(pl.col(later).is_not_null(), pl.col(earlier).is_not_null())
        wrong = told.filter(pl.col(later) < pl.col(earlier)).height
        found.append(
            {"defect": name, "rows": wrong, "of": told.height, "share": wrong / told.height if told.height else None}
        )
    schema = {"defect": pl.String, "rows": pl.Int64, "of": pl.Int64, "share": pl.Float64}
    return pl.DataFrame(found, schema=schema)


def _sane(rows: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    return rows.filter((pl.col(later) >= pl.col(earlier)).fill_null(True) for later, earlier in _ORDER.values())


def _waited(rows: pl.DataFrame, start: str, end: str) -> pl.DataFrame:
    """Hours that each contact waited, and whether that is over; one that was closed without an answer waits no more."""
    import polars as pl

    until = pl.coalesce(end, "ended_at", "now")
    hours = (until - pl.col(start)).dt.total_seconds() / 3600
    told = rows.filter(pl.col(start).is_not_null())
    return told.select("kind", channel="medium", hours=hours, over=pl.col(end).is_not_null()).filter(
        pl.col("hours") >= 0
    )


def _cuts(rows: pl.DataFrame) -> Iterator[tuple[str, str | None, pl.DataFrame]]:
    import polars as pl

    yield "all", None, rows
    for cut in ("kind", "channel"):
        for value in rows[cut].drop_nulls().unique().sort().to_list():
            yield cut, value, rows.filter(pl.col(cut) == value)


def _rows(measure: str, waited: pl.DataFrame) -> list[dict[str, Any]]:
    import numpy as np

    from acrm.models.durations import Durations
    from acrm.models.kaplan_meier import kaplan_meier

    found = []
    for cut, value, part in _cuts(waited):
        row: dict[str, Any] = {
            "measure": measure,
            "cut": cut,
            "value": value,
            "n": part.height,
            "small": part.height < FEWEST,
        }
        row["open"] = int((~part["over"]).sum())
        if part.height >= FEWEST:
            curve = kaplan_meier(Durations.of_customers(part["hours"].to_numpy(), part["over"].to_numpy()))

            def first(survival: Any, left: float, time: Any = curve.time) -> float | None:
                reached = np.flatnonzero(survival <= left + 1e-12)
                return float(time[reached[0]]) if reached.size else None

            row |= {"median": first(curve.survival, 0.5), "p90": first(curve.survival, 0.1)}
            row |= {"low": first(curve.low, 0.5), "high": first(curve.high, 0.5)}
        found.append(row)
    return found


def schema_times() -> dict[str, Any]:
    """Columns of the table `times`."""
    import polars as pl

    hours = dict.fromkeys(("median", "low", "high", "p90"), pl.Float64)
    texts = dict.fromkeys(("measure", "cut", "value"), pl.String)
    return {**texts, "n": pl.Int64, "open": pl.Int64, **hours, "small": pl.Boolean}


def _schema_breaches() -> dict[str, Any]:
    import polars as pl

    texts = dict.fromkeys(("measure", "cut", "value"), pl.String)
    shares = dict.fromkeys(("share", "low", "high"), pl.Float64)
    return {**texts, "hours": pl.Float64, "n": pl.Int64, "late": pl.Int64, **shares}


def _table(schema: dict[str, Any], rows: list[dict[str, Any]]) -> pl.DataFrame:
    import polars as pl

    return pl.DataFrame(rows, schema=schema)


def _late(measure: str, waited: pl.DataFrame, hours: float) -> list[dict[str, Any]]:
    """Who waited longer than promised, of those of whom it is known: done, or waiting longer already."""
    import polars as pl

    found = []
    for cut, value, part in _cuts(waited.filter(pl.col("over") | (pl.col("hours") > hours))):
        late = int((part["hours"] > hours).sum())
        low, high = wilson(late, part.height)
        row = {"measure": measure, "cut": cut, "value": value, "hours": hours, "n": part.height, "late": late}
        found.append({**row, "share": late / part.height if part.height else None, "low": low, "high": high})
    return found


def _products(tables: Mapping[str, pl.LazyFrame], rows: pl.DataFrame) -> pl.DataFrame:
    """Contacts and orders by product, which both tables call by its id or by its name."""
    import polars as pl

    asked = rows.drop_nulls("product").group_by("product").agg(pl.len().cast(pl.Int64).alias("contacts"))
    orders = pl.DataFrame(schema={"product": pl.String, "orders": pl.Int64})
    lines = tables.get("transactions")
    names = lines.collect_schema().names() if lines is not None else []
    called = [name for name in ("product_id", "product_name") if name in names]
    if lines is not None and called and asked.height:
        sold = lines.filter(pl.col("line_amount") > 0)
        counts = [
            sold.select("order_id", product=name).drop_nulls().unique().group_by("product").len("orders")
            for name in called
        ]
        orders = pl.concat(pl.collect_all(counts)).group_by("product").agg(pl.col("orders").max().cast(pl.Int64))
    per = (pl.col("contacts") * 100 / pl.col("orders")).alias("per_100")
    joined = asked.join(orders, on="product", how="left").with_columns(per)
    return joined.sort("contacts", "product", descending=[True, False])


def _load(rows: pl.DataFrame, zone: str | None) -> pl.DataFrame:
    import polars as pl

    came = pl.col("started_at").dt.convert_time_zone(zone) if zone else pl.col("started_at")
    told = rows.drop_nulls("started_at").select(
        weekday=came.dt.weekday().cast(pl.Int64), hour=came.dt.hour().cast(pl.Int64)
    )
    counts = told.group_by("weekday", "hour").agg(pl.len().cast(pl.Int64).alias("contacts"))
    return counts.sort("weekday", "hour")


def _backlog(rows: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    came = rows.drop_nulls("started_at").group_by(pl.col("started_at").dt.date().alias("day")).len("came")
    ended = rows.drop_nulls("ended_at").group_by(pl.col("ended_at").dt.date().alias("day")).len("solved")
    days = came.join(ended, on="day", how="full", coalesce=True).sort("day")
    days = days.with_columns(pl.col("came", "solved").fill_null(0).cast(pl.Int64))
    return days.with_columns(open=(pl.col("came") - pl.col("solved")).cum_sum())


def _figures(rows: pl.DataFrame, times: pl.DataFrame, late: list[dict[str, Any]]) -> dict[str, Scalar]:
    import polars as pl

    scores = rows["satisfaction"].str.replace(",", ".", literal=True).cast(pl.Float64, strict=False).drop_nulls()
    mean: Any = scores.sort().mean()
    figures: dict[str, Scalar] = {
        "contacts": rows.height,
        "open": int(rows["ended_at"].is_null().sum()),
        "satisfaction": mean,
        "satisfaction_n": len(scores),
    }
    for row in times.filter(cut="all").iter_rows(named=True):
        figures |= {f"{row['measure']}_median": row["median"], f"{row['measure']}_p90": row["p90"]}
    for row in late:
        if row["cut"] == "all":
            figures[f"{row['measure']}_late_share"] = row["share"]
    return figures
