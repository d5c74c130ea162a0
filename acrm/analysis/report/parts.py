"""The parts of a report: each analysis with its defaults, where its tables exist; what one cannot tell stops none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from acrm.analysis.report.params import Gathered, ReportParams
from acrm.analysis.result import Result
from acrm.errors import InputError, ModelError
from acrm.messages import Message

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.report.sold import Sold

SALES = frozenset({"customer_id", "ordered_on", "line_amount"})
"""Columns of order lines without which nothing can be said of customers."""
_PLACES = ("region", "city", "district", "country", "unit")
"""Columns that say where customers are; the first there is."""
Found = Mapping[str, Any]


def computed(have: Gathered, asked: ReportParams) -> tuple[dict[str, Any], tuple[tuple[str, Message], ...]]:
    """Every part that the tables carry, by name, and the others that were tried, each with its reason."""
    found: dict[str, Any] = {}
    refused = []
    for name, part in PARTS.items():
        if name in have.earlier:
            found[name] = have.earlier[name]
            continue
        try:
            made = part(have, asked, found)
        except (InputError, ModelError) as error:
            # What was asked for by name must be there.
            if name == "sold" and asked.by:
                raise
            refused.append((name, error.message))
            continue
        if made is not None:
            found[name] = made
    return found, tuple(refused)


def tables_of(part: Any) -> dict[str, pl.DataFrame]:
    """The tables of a part by name, whichever way it keeps them."""
    import polars as pl

    named = getattr(part, "tables", None)
    if named is None:
        named = {field.name: getattr(part, field.name) for field in fields(part)}
    return {name: table for name, table in named.items() if isinstance(table, pl.DataFrame) and table.columns}


def figures_of(part: Any) -> Mapping[str, Any]:
    """The figures of a part by name."""
    return part.summary if isinstance(part, Result) else part.figures


def _lines(have: Gathered, *columns: str) -> pl.LazyFrame | None:
    """The order lines, where they have the columns."""
    lines = have.tables.get("transactions")
    return None if lines is None or set(columns) - set(lines.collect_schema().names()) else lines


def _sold(have: Gathered, asked: ReportParams, found: Found) -> Sold | None:
    """Read once, with every column that some part will ask for; none of them cuts the figures of the whole."""
    from acrm.analysis.clv.people import with_segments
    from acrm.analysis.report.sold import read_sold

    if "transactions" not in have.tables:
        return None
    tables = dict(have.tables)
    if "segment" in asked.by and "rfm" in found:
        tables["customers"] = with_segments(tables.get("customers"), found["rfm"].tables["customers"])
    elif "segment" in asked.by:
        _own_segments(have, asked)
    told = ("unit",) if _lines(have, "unit") is not None else ()
    sold = read_sold(tables, tuple(dict.fromkeys((*asked.by, *told))), as_of=asked.as_of, zone=asked.zone)
    return replace(sold, by=())


def _own_segments(have: Gathered, asked: ReportParams) -> None:
    """Whether the sources tell segments themselves, where none could be made of the orders.

    Raises:
        InputError: They do not; with the reason why none could be made.
    """
    tables = [have.tables[name] for name in ("transactions", "customers") if name in have.tables]
    if any({"segment", "x_segment"} & set(table.collect_schema().names()) for table in tables):
        return
    try:
        made = _rfm(have, asked, {})
    except InputError as error:
        raise InputError("segments_none", why=error.message) from error
    if made is None:
        have_columns = set(have.tables["transactions"].collect_schema().names())
        raise InputError("segments_need", columns=", ".join(sorted(SALES - have_columns)))


def _kpis(_: Gathered, asked: ReportParams, found: Found) -> Any:
    from acrm.analysis.report.kpis import kpis

    return kpis(found["sold"], asked.period) if "sold" in found else None


def _trend(_: Gathered, asked: ReportParams, found: Found) -> Any:
    from acrm.analysis.report.trend import trend

    return trend(found["kpis"].periods, asked.period) if "kpis" in found else None


def _cohorts(_: Gathered, asked: ReportParams, found: Found) -> Any:
    from acrm.analysis.report.cohorts import cohorts

    known = "sold" in found and found["sold"].rows["customer_id"].count()
    return cohorts(found["sold"], "week" if asked.period == "day" else asked.period) if known else None


def _units(have: Gathered, _: ReportParams, found: Found) -> Any:
    from acrm.analysis.report.units import units

    rows = found["sold"].rows if "sold" in found else None
    if rows is None or "unit" not in rows.columns or not rows["unit"].count():
        return None
    return units(have.tables, sold=found["sold"])


def _regions(have: Gathered, asked: ReportParams, _: Found) -> Any:
    from acrm.analysis.lists.bands import BandsParams, bands

    lines = _lines(have, *SALES)
    customers = have.tables.get("customers")
    if lines is None:
        return None
    names = {*lines.collect_schema().names(), *(customers.collect_schema().names() if customers is not None else ())}
    by = next((name for name in _PLACES if name in names), None)
    return None if by is None else bands(lines, customers, BandsParams(bins="amount", by=by, as_of=asked.as_of))


def _rfm(have: Gathered, asked: ReportParams, _: Found) -> Any:
    from acrm.analysis.rfm import RfmParams, rfm

    lines = _lines(have, *SALES)
    return None if lines is None else rfm(lines, RfmParams(as_of=asked.as_of))


def _clv(have: Gathered, asked: ReportParams, _: Found) -> Any:
    from acrm.analysis.clv.params import ClvParams
    from acrm.analysis.clv.value import clv

    lines = _lines(have, *SALES)
    return None if lines is None else clv(lines, ClvParams(as_of=asked.as_of, seed=asked.seed))


def _worth(found: Found) -> pl.DataFrame | None:
    """What each customer is worth, where that was found."""
    told = found["clv"].tables["customers"] if "clv" in found else None
    return (
        None if told is None or not {"customer_id", "clv"} <= set(told.columns) else told.select("customer_id", "clv")
    )


def _churn(have: Gathered, asked: ReportParams, found: Found) -> Any:
    from acrm.analysis.churn.churn import ChurnParams, churn
    from acrm.analysis.churn.settings import prepared
    from acrm.analysis.churn.values import values_of_contracts
    from acrm.analysis.people.consent import refusing

    contracts = have.tables.get("contracts")
    if contracts is None and _lines(have, *SALES) is None and "customers" not in have.tables:
        return None
    ready = prepared(have.tables, None if contracts is None else lambda: (contracts, ()), as_of=asked.as_of)
    worth = _worth(found)
    if worth is not None:
        worth = worth.rename({"clv": "value"})
    elif contracts is not None and ready.setting == "contractual":
        worth, told = values_of_contracts(contracts, asked.as_of)
        ready = replace(ready, notes=(*ready.notes, told))
    return churn(ready, ChurnParams(seed=asked.seed), worth, refusing(have.tables))


def _segment(have: Gathered, asked: ReportParams, found: Found) -> Any:
    from acrm.analysis.actions import decisions
    from acrm.analysis.actions.actions import ActionParams, plan
    from acrm.analysis.actions.scenarios import load_scenarios
    from acrm.analysis.people.people import people
    from acrm.analysis.segment.joined import per_order, with_plan
    from acrm.analysis.segment.segment import SegmentParams, segment

    lines = _lines(have, *SALES)
    if lines is None and "customers" not in have.tables:
        return None
    crowd = people(have.tables, lines=lines, as_of=asked.as_of, worth=_worth(found))
    made = segment(crowd, have.tables, SegmentParams(as_of=asked.as_of, seed=asked.seed))
    currency: Any = made.summary.get("currency")
    params = ActionParams(as_of=crowd.as_of, seed=asked.seed, currency=currency)
    told = decisions.people(have.tables, crowd.as_of)
    return with_plan(made, plan(per_order(made, crowd), load_scenarios(None), told, params))


def _basket(have: Gathered, asked: ReportParams, _: Found) -> Any:
    from acrm.analysis.basket.basket import basket
    from acrm.analysis.basket.params import BasketParams

    lines = _of_goods(have)
    return None if lines is None else basket(lines, BasketParams(as_of=asked.as_of, seed=asked.seed), have.tables)


def _of_goods(have: Gathered) -> pl.LazyFrame | None:
    """The order lines, where they say what was bought."""
    lines = _lines(have, "product_id")
    return _lines(have, "product_name") if lines is None else lines


def _products(have: Gathered, asked: ReportParams, _: Found) -> Any:
    from acrm.analysis.products.params import ProductsParams
    from acrm.analysis.products.products import products

    lines = _of_goods(have)
    return None if lines is None else products(lines, ProductsParams(as_of=asked.as_of), have.tables)


def _offers(have: Gathered, asked: ReportParams, _: Found) -> Any:
    from acrm.analysis.offers.offers import OffersParams, offers

    lines = _of_goods(have)
    if lines is None or _lines(have, *SALES) is None:
        return None
    return offers(lines, OffersParams(as_of=asked.as_of), have.tables)


def _funnel(have: Gathered, asked: ReportParams, _: Found) -> Any:
    from acrm.analysis.funnel.funnel import funnel
    from acrm.analysis.funnel.params import FunnelParams

    if "deals" not in have.tables:
        return None
    params = FunnelParams(as_of=asked.as_of, seed=asked.seed, tz=asked.zone)
    return funnel(have.tables["deals"], params, have.tables)


def _channels(have: Gathered, asked: ReportParams, found: Found) -> Any:
    from acrm.analysis.channels.channels import channels
    from acrm.analysis.channels.params import ChannelsParams

    params = ChannelsParams(as_of=asked.as_of, seed=asked.seed, tz=asked.zone)
    try:
        return channels(have.tables, have.tables.get("transactions"), params, _worth(found))
    except InputError as error:
        # Only the analysis knows whether a table that fits none tells of anything that came by a channel.
        if error.id == "channels_nothing":
            return None
        raise


def _service(have: Gathered, asked: ReportParams, _: Found) -> Any:
    from acrm.analysis.report.service import ServiceParams, service

    if "interactions" not in have.tables:
        return None
    return service(have.tables, ServiceParams(as_of=asked.as_of, zone=asked.zone))


def _web(have: Gathered, _: ReportParams, __: Found) -> Any:
    from acrm.analysis.report.web import web

    return web(have.tables)


PARTS: Mapping[str, Callable[[Gathered, ReportParams, Found], Any]] = {
    "rfm": _rfm,
    "sold": _sold,
    "kpis": _kpis,
    "trend": _trend,
    "cohorts": _cohorts,
    "units": _units,
    "regions": _regions,
    "clv": _clv,
    "churn": _churn,
    "segment": _segment,
    "basket": _basket,
    "products": _products,
    "offers": _offers,
    "funnel": _funnel,
    "channels": _channels,
    "service": _service,
    "web": _web,
}
"""In the order in which they are computed: later ones use what earlier ones found."""
