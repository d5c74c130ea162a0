"""Who came by which channel and what became of them: leads, visitors, customers, orders, or rows of any table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from acrm.analysis.channels.buyers import first_channels, second_orders
from acrm.analysis.channels.params import ChannelsParams
from acrm.analysis.channels.told import several
from acrm.analysis.channels.touches import (
    asked,
    column_of,
    currencies,
    every_name,
    names,
    no_money,
    sales,
    texts,
    touches,
)
from acrm.errors import InputError
from acrm.messages import Message, listed

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.result import Scalar

_YES = frozenset({"yes", "y", "true", "1", "1.0", "да", "истина"})
_NO = frozenset({"no", "n", "false", "0", "0.0", "нет", "ложь"})


@dataclass(frozen=True, kw_only=True, eq=False)
class Counted:
    """Units of one kind, each of which came by a channel or is not known to.

    Attributes:
        of: `rows`, `leads`, `visitors`, `customers`, `orders` or `visits`.
        units: `customer_id` (of leads the customer they became or were), `day`, `converted` (Boolean, null where it is
            too early to tell or cannot be told), `amount` (Decimal), and one text column per name of `columns`.
        columns: Columns that may name the channel, the best first.
        window: Days within which a conversion counts; None: at any time.
        figures: What the summary tells besides.
    """

    of: str
    units: pl.DataFrame
    columns: tuple[str, ...]
    window: int | None = None
    notes: tuple[Message, ...] = ()
    figures: Mapping[str, Scalar] = field(default_factory=dict)


def counted(
    tables: Mapping[str, pl.LazyFrame], lines: pl.LazyFrame | None, params: ChannelsParams
) -> Iterator[Counted]:
    """All that can be counted by channel, what says most about conversion first.

    Raises:
        InputError: Which values of the target are conversions is not plain; the lines have no sales (`read_history`).
    """
    if params.target is not None:
        yield _rows(tables, params, params.target.partition("=")[0])
        return
    if "deals" in tables:
        yield _leads(tables["deals"], params)
    if (found := _visitors(tables, lines, params)) is not None:
        yield found
    if lines is not None and "customer_id" in names(lines):
        yield from _buyers(tables, lines, params)
    elif lines is None and "customers" in tables:
        yield _listed(tables["customers"], params)
    if (found := _visits(tables, params)) is not None:
        yield found
    if params.by is not None and any(column_of(names(frame), params.by) for frame in _others(tables)):
        yield _rows({name: frame for name, frame in tables.items() if name.startswith("other_")}, params, None)


def _others(tables: Mapping[str, pl.LazyFrame]) -> list[pl.LazyFrame]:
    return [frame for name, frame in sorted(tables.items()) if name.startswith("other_")]


def _rows(tables: Mapping[str, pl.LazyFrame], params: ChannelsParams, target: str | None) -> Counted:
    """Rows of the first table that has the columns asked for, and what one of these says became of them."""
    import polars as pl

    wanted = [params.by or "", *([target] if target else [])]
    for frame in tables.values():
        found = [column_of(names(frame), name) for name in wanted]
        if all(found):
            break
    else:
        raise InputError("drivers_no_table", columns=listed(wanted), known=listed(every_name(tables), 20))
    by, said = str(found[0]), pl.lit(None, pl.String)
    if target:
        said = pl.col(str(found[1])).cast(pl.String).str.strip_chars().str.to_lowercase()
    rows = frame.select(said.alias("said"), by=texts([by])[0]).collect()
    converted = pl.col("said") == _yes(rows["said"], params) if target else pl.lit(None, pl.Boolean)
    label = by.removeprefix("x_")
    units = rows.select(
        customer_id=pl.lit(None, pl.String),
        day=pl.lit(None, pl.Date),
        converted=converted,
        amount=no_money(),
        **{label: pl.col("by")},
    )
    return Counted(of="rows", units=units, columns=(label,))


def _yes(said: pl.Series, params: ChannelsParams) -> str:
    """The value of the target that is a conversion: the one asked for, else the yes beside a no."""
    values = said.drop_nulls().unique().sort().to_list()
    column, _, wanted = str(params.target).partition("=")
    wanted = wanted.strip().lower()
    if wanted and wanted not in values:
        raise InputError("channels_target_value", column=column, value=wanted, known=listed(values))
    found = [wanted] if wanted else [value for value in values if value in _YES]
    if len(found) != 1 or (not wanted and not {*values} - {*found} <= _NO):
        raise InputError(
            "channels_target_two", column=column, known=listed(values), first=values[-1] if values else "yes"
        )
    return str(found[0])


def _leads(deals: pl.LazyFrame, params: ChannelsParams) -> Counted:
    """Deals: won ones have converted; lost and open ones have not."""
    import polars as pl

    have = names(deals)
    columns = asked(have, ("source", "campaign"), params.by)
    won = pl.col("status") == "won"
    money, code, notes = _amounts(deals)
    units = deals.select(
        (pl.col("customer_id") if "customer_id" in have else pl.lit(None, pl.String)).alias("customer_id"),
        pl.col("created_at").cast(pl.Date).alias("day"),
        won.fill_null(False).alias("converted"),
        pl.when(won).then(money).alias("amount"),
        (pl.col("status") == "open").fill_null(False).alias("open"),
        *texts(columns),
    ).collect()
    opened = int(units["open"].sum())
    if opened:
        notes = (Message("channels.open", {"n": opened, "share": opened / units.height}), *notes)
    figures: dict[str, Scalar] = {"currency": code}
    return Counted(of="leads", units=units.drop("open"), columns=columns, notes=notes, figures=figures)


def _amounts(deals: pl.LazyFrame) -> tuple[pl.Expr, str | None, tuple[Message, ...]]:
    """The amounts of deals where they can be added up, their currency, and a word where they cannot."""
    import polars as pl

    if "amount" not in names(deals):
        return no_money(), None, ()
    known = currencies(deals)
    if len(known) > 1:
        return no_money(), None, (several("deals", known),)
    return pl.col("amount").cast(pl.Decimal(38, 4)), next(iter(known), None), ()


def _visitors(tables: Mapping[str, pl.LazyFrame], lines: pl.LazyFrame | None, params: ChannelsParams) -> Counted | None:
    """Known people with a touch that names a channel, by their first touch: who bought then or later has converted."""
    import polars as pl

    found = touches(tables.get("interactions"), params.by)
    bought = None if found is None else sales(tables, lines, params.tz)
    if found is None or bought is None:
        return None
    columns = tuple(name for name in found.columns if name not in ("customer_id", "at"))
    first = (
        found.drop_nulls("customer_id")
        .sort("customer_id", "at", *columns, nulls_last=True)
        .unique("customer_id", keep="first", maintain_order=True)
    )
    if first.is_empty():
        return None
    last = bought.group_by("customer_id").agg(pl.col("at").max().alias("last"))
    units = first.join(last, on="customer_id", how="left", maintain_order="left").select(
        "customer_id",
        pl.col("at").cast(pl.Date).alias("day"),
        (pl.col("last") >= pl.col("at")).fill_null(False).alias("converted"),
        no_money().alias("amount"),
        *columns,
    )
    return Counted(of="visitors", units=units, columns=columns)


def _buyers(tables: Mapping[str, pl.LazyFrame], lines: pl.LazyFrame, params: ChannelsParams) -> Iterator[Counted]:
    """Customers by their own source, then by the channel of their first order; and orders by their own channel."""
    import polars as pl

    from acrm.analysis.clv.people import with_deal_sources
    from acrm.analysis.history import read_history
    from acrm.summaries.customers import order_amounts

    people, notes = with_deal_sources(tables.get("customers"), tables.get("deals"))
    history = read_history(lines, refunds="net", as_of=params.as_of)
    today: Any = history.figures["as_of"]
    units = history.customers.select(
        "customer_id", pl.col("first_order_at").alias("day"), pl.col("spend").alias("amount")
    )
    own = asked(names(people), ("source",), params.by)
    if people is not None and own:
        told = people.select("customer_id", *texts(own)).collect()
        told = told.sort("customer_id", *own, nulls_last=True).unique("customer_id", keep="first", maintain_order=True)
        units = units.join(told, on="customer_id", how="left")
    ordered = asked(names(lines), ("channel", "campaign"), params.by)
    # A column that was asked for says the same on orders as of their customers.
    of_first = () if params.by is not None and own else tuple(name for name in ordered if name not in own)
    for first in first_channels(lines, of_first, today):
        units = units.join(first, on="customer_id", how="left")
    window, second = second_orders(lines, units.select("customer_id", "day"), today)
    columns = (*own, *of_first)
    yield Counted(
        of="customers",
        units=units.join(second, on="customer_id", how="left")
        .select("customer_id", "day", "converted", "amount", *columns)
        .sort("customer_id"),
        columns=columns,
        window=window,
        notes=(*notes, *history.notes),
        figures={"as_of": today, "currency": history.figures["currency"]},
    )
    if ordered:
        orders = order_amounts(lines, ordered, as_of=today).collect()
        converted = pl.lit(None, pl.Boolean).alias("converted")
        money = pl.col("amount").cast(pl.Decimal(38, 4))
        rows = orders.select("customer_id", "day", converted, money, *texts(ordered))
        yield Counted(of="orders", units=rows, columns=ordered)


def _listed(customers: pl.LazyFrame, params: ChannelsParams) -> Counted:
    """Customers of a list without orders: nothing is known of what they did."""
    import polars as pl

    have = names(customers)
    columns = asked(have, ("source",), params.by)
    day = pl.col("created_at").cast(pl.Date) if "created_at" in have else pl.lit(None, pl.Date)
    converted = pl.lit(None, pl.Boolean).alias("converted")
    units = customers.select("customer_id", day.alias("day"), converted, no_money().alias("amount"), *texts(columns))
    return Counted(of="customers", units=units.collect(), columns=columns)


def _visits(tables: Mapping[str, pl.LazyFrame], params: ChannelsParams) -> Counted | None:
    """Touches themselves, of people known or not."""
    import polars as pl

    found = touches(tables.get("interactions"), params.by)
    if found is None:
        return None
    columns = tuple(name for name in found.columns if name not in ("customer_id", "at"))
    converted = pl.lit(None, pl.Boolean).alias("converted")
    day = pl.col("at").cast(pl.Date).alias("day")
    return Counted(
        of="visits",
        units=found.select("customer_id", day, converted, no_money().alias("amount"), *columns),
        columns=columns,
    )
