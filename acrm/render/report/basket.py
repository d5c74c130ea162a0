"""The section of baskets: what is bought together beyond chance, bundles, and what they must bring."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from acrm.messages import text
from acrm.render.basket import SURE, arrow, bundle_sentence, bundles_grid, sentence, strongest
from acrm.render.blocks import Block, Chart, Headline, Lines, Section
from acrm.render.pictures import Axis, Bars, Row
from acrm.render.report.told import notes, period, to_do

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.basket.params import BasketResult

SHOWN = 8
TOLD = 3
BUNDLES = 5
_NOTES = ("basket.holdout", "goods.left_out")


def basket_section(result: BasketResult, *, personal: bool = True) -> Section | None:  # noqa: ARG001 - as all sections
    """The surest rules with their limits, in words, and bundles; nothing where no rule is surely more than chance."""
    import polars as pl

    top = strongest(result.tables["rules"]).filter(pl.col("q_value") <= SURE, pl.col("lift") > 1)
    if top.is_empty():
        return None
    figures: dict[str, Any] = dict(result.summary)
    blocks: list[Block] = [_headline(top, figures), _rules(top, figures), *_in_words(top, figures)]
    bundles = result.tables.get("bundles")
    if bundles is not None and bundles.height:
        blocks.append(bundles_grid(result, BUNDLES))
        first = bundles.row(0, named=True)
        if first["price_bundle"] is not None:
            blocks.append(to_do(bundle_sentence(first, result)))
    blocks.append(notes(result.notes, *_NOTES))
    return Section("basket", _word("title"), blocks)


def _word(key: str, **values: object) -> str:
    return text(f"report_basket.{key}", **values)


def _headline(top: pl.DataFrame, figures: dict[str, Any]) -> Headline:
    row = top.row(0, named=True)
    values = {"left": row["antecedents_text"], "right": row["consequents_text"], "lift": row["lift"]}
    sub = _word("sub", baskets=figures["baskets"], items=figures["items"], rules=figures["rules"])
    dated = period(figures["first_order_at"], figures["last_order_at"])
    return Headline(_word("headline", **values), f"{sub}; {dated}" if dated else sub)


def _rules(top: pl.DataFrame, figures: dict[str, Any]) -> Chart:
    """Lifts with their limits, by the lower one."""
    rows = [
        Row(arrow(row), row["lift"], row["lift_low"], row["lift_high"], row["baskets"])
        for row in islice(_apart(top), SHOWN)
    ]
    said = {"n": top.height, "least": min(float(row.low or 0) for row in rows)}
    note = _word("rules_note", needed=figures["min_baskets"])
    title, told = _word("rules", **said), _word("rules_told", shown=len(rows))
    return Chart(title, told, Bars(Axis(_word("lift")), rows), figures["baskets"], note)


def _in_words(top: pl.DataFrame, figures: dict[str, Any]) -> Iterator[Lines]:
    """The first rules."""
    where = str(figures.get("holdout_by", "days"))
    yield Lines([sentence(row, where) for row in islice(_apart(top), TOLD)], text("render.basket.in_words"))


def _apart(top: pl.DataFrame) -> Iterator[dict[str, Any]]:
    """Rules no two of which share a product, as the strongest ones are often all of one family."""
    seen: set[str] = set()
    for row in top.iter_rows(named=True):
        items = {*row["antecedents"], *row["consequents"]}
        if not items & seen:
            seen |= items
            yield row
