"""The section of regions by order sums: where orders are small and where they are large, and what that comes to."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from acrm.analysis.lists.bins import OTHER
from acrm.messages import text
from acrm.render.blocks import Block, Cell, Chart, Col, Grid, Headline, Section
from acrm.render.pictures import Axis, Heat
from acrm.render.report.told import MOST, amount, capital, labelled, notes, period
from acrm.render.segment_lists import band

if TYPE_CHECKING:
    from acrm.analysis.lists.bands import BandsResult

FEW = 30
"""Orders below which shares of a region say little: it is not drawn."""
_NAMELESS = (None, OTHER)
_NOTES = ("history.left_out_no_customer", "history.left_out_cancelled")


def regions_section(result: BandsResult, *, personal: bool = True) -> Section | None:  # noqa: ARG001 - as all sections
    """Bands of order sums by region, and a line of each region; nothing where there is one region alone."""
    table = result.tables["bins"]
    if result.params.by is None or table["value"].n_unique() < 2 or not table["orders"].sum():
        return None
    figures: dict[str, Any] = dict(result.summary)
    regions = _regions(result)
    blocks: list[Block] = [_headline(regions, figures), *_heat(result, regions), _table(regions, figures)]
    blocks.append(notes(result.notes, *_NOTES))
    return Section("regions", _word("title"), blocks)


def _word(key: str, **values: object) -> str:
    return text(f"report_regions.{key}", **values)


def _regions(result: BandsResult) -> list[dict[str, Any]]:
    """Every region with its orders and their sum, the greatest sum first."""
    found: dict[str | None, dict[str, Any]] = {}
    for value, orders, sums in result.tables["bins"].select("value", "orders", "amount").iter_rows():
        region = found.setdefault(value, {"value": value, "orders": 0, "amount": Decimal(0)})
        region["orders"] += orders
        region["amount"] += sums
    whole = sum((region["amount"] for region in found.values()), Decimal(0))
    for region in found.values():
        region["share"] = float(region["amount"] / whole) if whole else None
        region["each"] = region["amount"] / region["orders"] if region["orders"] else None
    return sorted(found.values(), key=lambda region: (-region["amount"], region["value"] or ""))


def _name(value: str | None) -> str:
    return _word("unknown") if value is None else _word("others") if value == OTHER else value


def _headline(regions: list[dict[str, Any]], figures: dict[str, Any]) -> Headline:
    top = next((one for one in regions if one["value"] not in _NAMELESS), regions[0])
    values = {"region": _name(top["value"]), "share": top["share"] or 0.0, "orders": top["orders"]}
    sub = _word("sub", orders=sum(one["orders"] for one in regions), regions=len(regions))
    dated = period(figures["first_order_at"], figures["last_order_at"])
    money = amount(sum((one["amount"] for one in regions), Decimal(0)), figures["currency"])
    return Headline(capital(_word("headline", **values, money=money)), f"{sub}; {dated}" if dated else sub)


def _heat(result: BandsResult, regions: list[dict[str, Any]]) -> list[Chart]:
    """The share of each region's orders by band of their sum."""
    table = result.tables["bins"]
    bands = list(dict.fromkeys(table.select("low", "high").rows()))
    cells = {
        (value, (low, high)): (share, orders)
        for value, low, high, share, orders in table.select("value", "low", "high", "share", "orders").iter_rows()
    }
    shown = [one for one in regions if one["orders"] >= FEW][: MOST + 2]
    if len(shown) < 2 or len(bands) < 2:
        return []
    rows = [[cells[one["value"], of][0] for of in bands] for one in shown]
    # Where most of the orders are of the top two bands.
    large = [sum(row[-2:]) for row in rows]
    place = max(range(len(shown)), key=lambda at: (shown[at]["value"] not in _NAMELESS, large[at]))
    said = {"region": _name(shown[place]["value"]), "share": large[place], "least": bands[-2][0]}
    edge = amount(said["least"], result.summary["currency"])
    told = {**said, "least": edge}
    picture = Heat(
        [_word("row", region=_name(one["value"]), orders=one["orders"]) for one in shown],
        [band(*of) for of in bands],
        rows,
        Axis(_word("of_orders"), "share"),
        column_label=labelled(_word("order_sum"), result.summary["currency"]),
        n=[[cells[one["value"], of][1] for of in bands] for one in shown],
    )
    n = sum(one["orders"] for one in regions)
    note = _word("heat_note", few=FEW)
    return [Chart(capital(_word("heat", **told)), _word("heat_told", **told), picture, n, note)]


def _table(regions: list[dict[str, Any]], figures: dict[str, Any]) -> Grid:
    currency = figures["currency"]
    columns = [Col(_word("region"), max=30), Col(_word("orders"), "int"), Col(labelled(_word("sum"), currency), "int")]
    columns += [Col(_word("share"), "bar"), Col(labelled(_word("each"), currency), "int")]
    rows: list[list[Cell]] = [
        [_name(one["value"]), one["orders"], one["amount"], one["share"], one["each"]] for one in regions[:MOST]
    ]
    return Grid(_word("regions"), columns, rows, max(0, len(regions) - MOST))
