"""Blocks of a page about segments: the map, a card for each, and what two groups differ in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from acrm.analysis.segment.naming import level_words, readable
from acrm.messages import number, text
from acrm.render.blocks import Block, Cell, Col, Facts, Grid, Lines

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.segment.profiles import Card, Profiles, Trait

MOST = 15
"""Differences between two groups that are shown."""


def _word(key: str, **values: object) -> str:
    return text(f"render.segment_profiles.{key}", **values)


def segment_map(found: Profiles, currency: str | None = None) -> Grid:
    """The segments with bars for their share of the customers and of the money."""
    columns = [Col(_word("segment")), Col(_word("customers"), "int"), Col(_word("of_customers"), "bar")]
    names = ["segment", "customers", "share"]
    if found.segments["spend_share"].null_count() == 0:
        median = _word("median_spend")
        columns += [
            Col(_word("of_spend"), "bar"),
            Col(f"{median}, {currency}" if currency else median, "number", priority=1),
        ]
        names += ["spend_share", "median_spend"]
    return Grid(_word("map"), columns, found.segments.select(names).rows())


def profile_cards(found: Profiles) -> Iterator[Block]:
    """A card for each segment, then what the marks mean and how far the rules hold."""
    for card in found.cards:
        yield Facts(list(_facts(card)), card.name)
    said = []
    if any(trait.made_of for card in found.cards for trait in card.traits):
        said.append(_word("made_of"))
    said.append(_word("fidelity", fidelity=found.fidelity, largest=found.largest_share))
    yield Lines(said)


def comparison(found: pl.DataFrame, group_a: str, group_b: str) -> Grid:
    """What two groups differ in, the strongest difference first, as `compare` finds it."""
    import polars as pl

    told = found.filter(pl.col("verdict").is_in(["differs", "made_of"]))
    columns = [
        Col(_word("what")),
        Col(group_a, align="right"),
        Col(group_b, align="right"),
        Col(_word("effect"), "number"),
        Col(_word("interval"), align="right", priority=1),
        Col("q", align="right", priority=2),
    ]
    rows: list[list[Cell]] = [
        [
            _label(row["feature"], row["level"], made_of=row["verdict"] == "made_of"),
            _figure(row["value"], row["feature"], row["level"]),
            _figure(row["rest"], row["feature"], row["level"]),
            row["effect"],
            _word("span", low=row["low"], high=row["high"]),
            None if row["q"] is None else number(row["q"], ".3f") if row["q"] >= 0.0005 else f"<{number(0.001, '.3f')}",
        ]
        for row in told.head(MOST).iter_rows(named=True)
    ]
    return Grid(_word("comparison"), columns, rows, more=max(0, told.height - MOST))


def trait_words(trait: Trait) -> str:
    """What a segment is like in one respect, beside all others."""
    value, rest = (_figure(figure, trait.feature, trait.level) for figure in (trait.value, trait.rest))
    label = _label(trait.feature, trait.level, made_of=False)
    return _word("trait", label=label, value=value, rest=rest)


def _facts(card: Card) -> Iterator[tuple[str, str]]:
    size = {"customers": card.customers, "share": card.share}
    if card.spend_share is None:
        yield _word("size"), _word("size_told", **size)
    else:
        yield _word("size"), _word("size_and_spend", **size, spend_share=card.spend_share)
    for trait in card.traits:
        yield _label(trait.feature, trait.level, made_of=trait.made_of), _told(trait)
    if card.rule is not None:
        yield _word("rule"), _word("rule_told", rule=card.rule, precision=card.precision, recall=card.recall)


def _label(feature: str, level: str | None, *, made_of: bool) -> str:
    label = readable(feature)
    if level is not None:
        label = _word("level", feature=label, level=level_words(level))
    return f"{label} *" if made_of else label


def _told(trait: Trait) -> str:
    value, low, high, rest = (
        _figure(figure, trait.feature, trait.level) for figure in (trait.value, trait.low, trait.high, trait.rest)
    )
    if trait.level is not None:
        return _word("share_told", value=value, rest=rest)
    return _word("median_told", value=value, low=low, high=high, rest=rest)


def _figure(value: float | None, feature: str, level: str | None) -> str:
    """A share in percent, another number with as many of three digits as it needs, and all of a longer one."""
    if value is None:
        return "-"
    if level is not None or feature.endswith("_share"):
        return number(value, ".1%")
    most = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    needed = len(f"{value:.{most}f}".partition(".")[2].rstrip("0"))
    return number(value, f",.{needed}f")
