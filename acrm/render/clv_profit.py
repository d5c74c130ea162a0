"""The page of past profit: where the money went, who costs more than they bring."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from acrm.analysis.clv.profit import COSTS
from acrm.messages import text
from acrm.render.blocks import Block, Cell, Col, Grid, Headline, Lines, money

if TYPE_CHECKING:
    from acrm.analysis.clv.value import ClvResult

_LOSSES = 10
"""Customers below zero that the page names."""


def profit_blocks(result: ClvResult) -> list[Block]:
    """What the sources tell and whose it is, what drives service costs, the whale curve, and the worst losses.

    Nothing where no cost has found its customer.
    """
    figures: dict[str, Any] = dict(result.summary)
    if not any(figures.get(f"total_{cost}") for cost in COSTS):
        return []
    blocks: list[Block] = [_headline(figures), _totals(result)]
    if result.tables["profit_unallocated"].height:
        blocks.append(_unallocated(result))
    if "profit_service" in result.tables:
        blocks.append(_service(result))
    if figures.get("total_campaign_cost"):
        blocks.append(Lines([_word("campaign_rule")]))
    blocks += _whale(result, figures)
    if result.tables["profit_losses"].height:
        blocks.append(_losses(result))
    return blocks


def _word(key: str, **values: object) -> str:
    return text(f"render.profit.{key}", **values)


def _headline(figures: dict[str, Any]) -> Headline:
    customers, currency = figures["profit_customers"], figures["currency"]
    return Headline(
        _word(
            "headline",
            profit=money(figures["total_past_profit"], currency),
            customers=customers,
            losers=figures["loss_makers"],
            share=figures["loss_makers_share"],
            loss=money(-figures["loss_makers_profit"], currency),
        )
    )


def _totals(result: ClvResult) -> Grid:
    columns = [
        Col(_word("item")),
        Col(_word("source"), "money", priority=1),
        Col(_word("left_out"), "money", priority=2),
        Col(_word("customers"), "money"),
        Col(_word("others"), "money"),
        Col(_word("unallocated"), "money"),
    ]
    rows: list[list[Cell]] = [
        [_word(f"items.{item}"), *amounts] for item, *amounts in result.tables["profit_totals"].iter_rows()
    ]
    # Whole columns of nothing tell nothing.
    kept = [place for place in range(len(columns)) if place in (0, 3) or any(row[place] for row in rows)]
    columns, rows = [columns[place] for place in kept], [[row[place] for place in kept] for row in rows]
    currency = result.summary["currency"]
    title = _word("totals")
    return Grid(f"{title}, {currency}" if currency else title, columns, rows)


def _unallocated(result: ClvResult) -> Grid:
    columns = [Col(_word("item")), Col(_word("reason")), Col(_word("amount"), "money")]
    rows = [
        (_word(f"items.{item}"), text(f"profit.reason.{reason}"), amount)
        for item, reason, amount in result.tables["profit_unallocated"].iter_rows()
    ]
    return Grid(_word("why"), columns, rows)


def _service(result: ClvResult) -> Grid:
    columns = [
        Col(_word("activity")),
        Col(_word("driver")),
        Col(_word("direct"), "money"),
        Col(_word("shared"), "money"),
    ]
    rows = [
        (activity or _word("unnamed"), text(f"profit.driver.{driver}"), direct, shared)
        for activity, driver, _, direct, shared in result.tables["profit_service"].iter_rows()
    ]
    return Grid(_word("service"), columns, rows)


def _whale(result: ClvResult, figures: dict[str, Any]) -> Iterator[Block]:
    table = result.tables["profit_whale"]
    # Every fourth point: a picture of all would not fit a page.
    curve = [float(amount) for amount in table["past_profit"]]
    at = [round(tenth * (table.height - 1) / 10) for tenth in (1, 2, 5, 8, 10)]
    columns = [Col(_word("of_customers"), "share"), Col(_word("profit_so_far"), "money"), Col(_word("curve"), "spark")]
    rows = [
        (table["share"][place], table["past_profit"][place], curve[: place + 1 : 4])
        for place in dict.fromkeys(at)
        if place
    ]
    yield Grid(_word("whale"), columns, rows)
    currency = figures["currency"]
    total: Decimal = figures["total_past_profit"]
    if figures["loss_makers"]:
        peak = money(figures["peak_profit"], currency)
        yield Lines([_word("peak", share=figures["peak_at"], peak=peak, total=money(total, currency))])


def _losses(result: ClvResult) -> Grid:
    table = result.tables["profit_losses"]
    columns = [
        Col(_word("customer")),
        Col(_word("items.past_profit"), "money"),
        Col(_word("items.revenue"), "money"),
        Col(_word("cause")),
    ]
    rows = [
        (customer, profit, revenue, text(f"profit.cause.{cause}"))
        for customer, profit, revenue, cause in table.head(_LOSSES)
        .select("customer_id", "past_profit", "revenue", "cause")
        .iter_rows()
    ]
    return Grid(_word("losses"), columns, rows, more=max(table.height - _LOSSES, 0))
