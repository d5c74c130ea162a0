"""What a section says, for tests: every word and number in it, its charts, its tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal

from acrm import messages
from acrm.render.blocks import Chart, Grid, Headline, Lines, Page, Section
from acrm.render.charts.draw import empty, spec
from acrm.render.terminal import render


def words(part: object) -> str:
    """All texts and numbers, one per line."""
    return "\n".join(_walk(part))


def _walk(part: object) -> Iterator[str]:
    if isinstance(part, str | int | float | Decimal | date):
        yield str(part)
    elif is_dataclass(part) and not isinstance(part, type):
        for field in fields(part):
            yield from _walk(getattr(part, field.name))
    elif isinstance(part, Sequence):
        for one in part:
            yield from _walk(one)


def headline(section: Section) -> str:
    first = section.blocks[0]
    assert isinstance(first, Headline)
    return first.text


def charts(section: Section) -> list[Chart]:
    return [block for block in section.blocks if isinstance(block, Chart)]


def grids(section: Section) -> dict[str, Grid]:
    return {block.title: block for block in section.blocks if isinstance(block, Grid)}


def lines(section: Section) -> list[str]:
    return [line for block in section.blocks if isinstance(block, Lines) for line in block.lines]


def sound(section: Section | None) -> Section:
    """The section, after looking that it can be drawn: charts that are described, tables that fit their heads."""
    assert section is not None
    assert isinstance(section.blocks[0], Headline)
    for chart in charts(section):
        assert chart.title
        assert chart.description.endswith(".")
        assert not empty(chart.picture)
        for layout in ("wide", "half", "narrow"):
            spec(chart.picture, layout)
    for grid in grids(section).values():
        assert all(len(row) == len(grid.columns) for row in grid.rows)
        assert len(grid.rows) <= 20
    drawn = render(Page([section]), width=100, plain=True, colour=False)
    assert not {"{", "}"} & set(drawn + words(section))
    if messages.language() == "ru":
        assert any("а" <= letter <= "я" for letter in section.title + headline(section))
    return section
