"""The page of past profit: where the money went, who costs more than they bring."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from acrm.messages import text
from acrm.render.blocks import Block, Col, Grid, Headline, Lines, Page, money

if TYPE_CHECKING:
    from acrm.analysis.clv.profit import ProfitResult

_LOSSES = 10
"""Customers below zero that the page names."""


def profit_page(result: ProfitResult) -> Page:
    """What the sources tell and whose it is, what drives service costs, the whale curve, and the worst losses."""
    notes = Lines([str(note) for note in result.notes], mark="!")
    return Page([_headline(dict(result.summary)), *profit_blocks(result), notes])


def profit_blocks(result: ProfitResult) -> list[Block]:
    """The same without headline and notes, for a page that has its own."""
    figures: dict[str, Any] = dict(result.summary)
    blocks: list[Block] = [_totals(result)]
    if result.tables["unallocated"].height:
        blocks.append(_unallocated(result))
    if "service" in result.tables:
        blocks.append(_service(result))
    if figures["campaign_rule"]:
        rule = text(f"profit.campaign_rule.{figures['campaign_rule']}")
        blocks.append(Lines([f"{_word('items.campaign_cost')}: {rule}"]))
    if "whale" in result.tables:
        blocks += _whale(result, figures)
    if "losses" in result.tables and result.tables["losses"].height:
        blocks.append(_losses(result))
    return blocks


def _word(key: str, **values: object) -> str:
    return text(f"render.profit.{key}", **values)


def _headline(figures: dict[str, Any]) -> Headline:
    customers, currency = figures["profit_customers"], figures["currency"]
    if "total_past_profit" not in figures:
        revenue = money(figures["total_revenue"], currency)
        return Headline(_word("headline_revenue", revenue=revenue, customers=customers))
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


def _totals(result: ProfitResult) -> Grid:
    columns = [
        Col(_word("item")),
        Col(_word("source"), "money", priority=1),
        Col(_word("left_out"), "money", priority=2),
        Col(_word("customers"), "money"),
        Col(_word("unallocated"), "money"),
    ]
    rows = [(_word(f"items.{item}"), *amounts) for item, *amounts in result.tables["totals"].iter_rows()]
    currency = result.summary["currency"]
    title = _word("totals")
    return Grid(f"{title}, {currency}" if currency else title, columns, rows)


def _unallocated(result: ProfitResult) -> Grid:
    columns = [Col(_word("item")), Col(_word("reason")), Col(_word("amount"), "money")]
    rows = [
        (_word(f"items.{item}"), text(f"profit.reason.{reason}"), amount)
        for item, reason, amount in result.tables["unallocated"].iter_rows()
    ]
    return Grid(_word("why"), columns, rows)


def _service(result: ProfitResult) -> Grid:
    columns = [
        Col(_word("activity")),
        Col(_word("driver")),
        Col(_word("direct"), "money"),
        Col(_word("shared"), "money"),
    ]
    rows = [
        (activity or _word("unnamed"), text(f"profit.driver.{driver}"), direct, shared)
        for activity, driver, _, direct, shared in result.tables["service"].iter_rows()
    ]
    return Grid(_word("service"), columns, rows)


def _whale(result: ProfitResult, figures: dict[str, Any]) -> Iterator[Block]:
    table = result.tables["whale"]
    # Every fourth of a hundred points, which a window has room for.
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


def _losses(result: ProfitResult) -> Grid:
    table = result.tables["losses"]
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
