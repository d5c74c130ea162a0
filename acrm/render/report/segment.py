"""The section of segments: how many customers and how much money each has, what sets it apart, what to do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from acrm.messages import text
from acrm.render.blocks import Block, Cell, Chart, Col, Grid, Section
from acrm.render.pictures import Axis, Bars, Row, Stack
from acrm.render.report.told import MOST, amount, capital, labelled, notes, to_do
from acrm.render.segment import headline
from acrm.render.segment_profiles import trait_words

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.segment.segment import SegmentResult

TRAITS = 3
UNKNOWN = "?"
"""The level of those of whom a trait is not known."""
_NOTES = (
    *("segment_clusters.none", "segment_clusters.useless", "segment_clusters.few", "segment_clusters.unstable"),
    *("segment_clusters.cloud", "segment_clusters.apart", "segment_clusters.asked", "score.refuse"),
)


def segment_section(result: SegmentResult, *, personal: bool = True) -> Section | None:  # noqa: ARG001 - as all sections
    """The segments beside each other, a line of each, and what to do; nothing where all are one group."""
    found = result.profiles
    table = found.segments.sort("customers", "segment_id", descending=[True, False])
    if table.height < 2:
        return None
    figures: dict[str, Any] = dict(result.summary)
    answer = headline(result)
    blocks: list[Block] = [replace(answer, text=capital(answer.text)), _sizes(table, figures)]
    if table["spend_share"].null_count() == 0 and float(table["spend"].sum() or 0) > 0:
        blocks.append(_worth(table, figures))
    blocks.append(_cards(result))
    if result.plan is not None and result.plan.summary["contacts"]:
        blocks.append(_do(dict(result.plan.summary)))
    blocks.append(notes(result.notes, *_NOTES))
    return Section("segments", _word("title"), blocks)


def _word(key: str, **values: object) -> str:
    return text(f"report_segment.{key}", **values)


def _sizes(table: pl.DataFrame, figures: dict[str, Any]) -> Chart:
    """Shares of customers, and of spend where it is known."""
    names = table["segment"].to_list()
    rows = [(_word("customers"), [float(n) for n in table["customers"].to_list()])]
    if table["spend_share"].null_count() == 0 and float(table["spend_share"].sum() or 0) > 0:
        rows.append((_word("spend"), table["spend_share"].to_list()))
        best = max(table.iter_rows(named=True), key=lambda row: row["spend_share"])
        said = {"segment": best["segment"], "share": best["share"], "spend_share": best["spend_share"]}
        title = capital(_word("sizes", **said))
    else:
        said = {"segment": names[0], "share": table["share"][0]}
        title = capital(_word("sizes_customers", **said))
    told = _word("sizes_told", segments=len(names))
    return Chart(title, told, Stack(names, rows, Axis(_word("amount"))), figures["customers"])


def _worth(table: pl.DataFrame, figures: dict[str, Any]) -> Chart:
    """What a customer of each has spent."""
    some = [*table.filter(table["median_spend"] > 0).iter_rows(named=True)]
    some.sort(key=lambda row: -row["median_spend"])
    rows = [Row(row["segment"], row["median_spend"], n=row["customers"]) for row in some[:MOST]]
    said = {"segment": rows[0].name, "spend": amount(rows[0].value or 0, figures.get("currency"))}
    axis = Axis(labelled(_word("median_spend"), figures.get("currency")), "money")
    return Chart(_word("worth", **said), _word("worth_told", **said), Bars(axis, rows), figures["customers"])


def _cards(result: SegmentResult) -> Grid:
    """A line for each segment: what sets it apart most, beside all others."""
    cards = sorted(result.profiles.cards, key=lambda card: (-card.customers, card.segment_id))
    valued = any(card.spend_share is not None for card in cards)
    columns = [Col(_word("segment"), max=40), Col(_word("customers"), "int")]
    columns += [Col(_word("of_spend"), "bar")] if valued else []
    columns.append(Col(_word("apart"), "prose", priority=1))
    rows: list[list[Cell]] = []
    for card in cards[:MOST]:
        told = [trait for trait in card.traits if trait.level != UNKNOWN]
        apart = "; ".join(trait_words(trait) for trait in told[:TRAITS])
        cells: list[Cell] = [card.name, card.customers, *([card.spend_share] if valued else [])]
        rows.append([*cells, apart or None])
    return Grid(_word("cards"), columns, rows, max(0, len(cards) - MOST))


def _do(plan: dict[str, Any]) -> Block:
    if plan["unpriced"] == plan["contacts"]:
        return to_do(_word("do_unpriced", contacts=plan["contacts"]))
    ends = {end: amount(plan[f"margin_{end}"]) for end in ("low", "high")}
    money = {
        "cost": amount(plan["cost"], plan["currency"]),
        "margin": amount(plan["expected_margin"], plan["currency"]),
    }
    return to_do(_word("do", contacts=plan["contacts"], **money, **ends))
