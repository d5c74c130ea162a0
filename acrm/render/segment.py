"""The pages of `acrm segment`: the groups and what to do, bands of orders, drivers."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from acrm.messages import text
from acrm.render.blocks import Block, Cell, Col, Grid, Headline, Lines, Page, Steps
from acrm.render.segment_actions import actions_blocks, actions_steps
from acrm.render.segment_drivers import condition_blocks, driver_blocks
from acrm.render.segment_lists import bins_block, lifecycle_blocks, rules_block
from acrm.render.segment_profiles import profile_cards, segment_map

if TYPE_CHECKING:
    from acrm.analysis.drivers.conditions import ConditionsResult
    from acrm.analysis.drivers.drivers import DriversResult
    from acrm.analysis.lists.bands import BandsResult
    from acrm.analysis.segment.segment import SegmentResult

NAMED = 3
"""Groups that the headline names."""
MOVED = 5
"""Customers who moved that are shown."""


def _word(key: str, **values: object) -> str:
    return text(f"render.segment.{key}", **values)


def segment_page(
    result: SegmentResult, typed: str = "acrm-store", blocks: Sequence[Block] = (), out: str = "acrm-out"
) -> Page:
    """The groups, what each is like, how many there are and why, the lifecycle, what to do, and what to type next."""
    figures: dict[str, Any] = dict(result.summary)
    found = result.profiles
    parts: list[Block] = [headline(result)]
    if found.segments.height > 1:
        parts += [segment_map(found, figures.get("currency")), *profile_cards(found)]
    if "criteria" in result.tables and result.tables["criteria"].height:
        parts.append(_criteria(result))
    if result.rules is not None:
        parts.append(rules_block(result.rules))
    if result.life is not None:
        parts += lifecycle_blocks(result.life)
    if "moves" in result.tables:
        parts.append(_moves(result))
    parts += blocks
    if result.plan is not None:
        parts += actions_blocks(result.plan)
    parts.append(Lines([str(note) for note in result.notes], mark="!"))
    parts.append(Steps(list(_steps(result, typed, out)), text("render.next")))
    return Page(parts)


def headline(result: SegmentResult) -> Headline:
    """How many groups there are, whether they are groups at all, and the largest."""
    figures: dict[str, Any] = dict(result.summary)
    sizes = result.profiles.segments
    verdict = figures["verdict"]
    # Names have commas of their own.
    largest = sizes.sort("customers", descending=True)["segment"].to_list()
    names = "; ".join(largest[:NAMED])
    if len(largest) > NAMED:
        names = text("list.more", shown=names, n=len(largest) - NAMED)
    values = {"customers": figures["customers"], "k": sizes.height, "names": names}
    sub = _word("sub", columns=figures["columns"], as_of=figures["as_of"]) if figures["as_of"] else ""
    return Headline(
        _word(f"headline.{verdict.replace('-', '_')}" + ("_one" if sizes.height == 1 else ""), **values), sub
    )


def _criteria(result: SegmentResult) -> Grid:
    """How many groups: all criteria in one table."""
    columns = [
        Col(_word("k"), "int"),
        Col(_word("silhouette"), "number"),
        Col(_word("gap"), "number", priority=1),
        Col(_word("stability"), "number"),
        Col(_word("smallest"), "share", priority=2),
        Col(_word("verdict")),
    ]
    rows: list[list[Cell]] = []
    for row in result.tables["criteria"].iter_rows(named=True):
        said = [_word("chosen")] if row["chosen"] else []
        said += [_word("proposed", by=row["proposed_by"].replace(",", ", "))] if row["proposed_by"] else []
        said += [_word(f"refused.{row['refused']}")] if row["refused"] else []
        rows.append(
            [row["k"], row["silhouette"], row["gap"], row["stability"], row["smallest_share"], "; ".join(said) or None]
        )
    return Grid(_word("criteria"), columns, rows)


def _moves(result: SegmentResult) -> Block:
    moved = result.tables["moves"].drop_nulls(["before", "now"])
    columns = [Col(_word("customer")), Col(_word("before")), Col(_word("now")), Col(_word("why"), "prose")]
    figures: dict[str, Any] = dict(result.summary)
    title = _word("moves", moved=figures["moved"], joined=figures["joined"], gone=figures["gone"])
    if moved.is_empty():
        return Lines([title])
    top = moved.head(MOVED).select("customer_id", "before", "now", "why").rows()
    return Grid(title, columns, top, max(0, moved.height - MOVED))


def _steps(result: SegmentResult, typed: str, out: str) -> Iterator[tuple[str, str]]:
    sizes = result.profiles.segments
    if sizes.height > 1:
        first, second = sizes["segment_id"].head(2).to_list()
        yield f"acrm segment {typed} --compare-groups {first} {second}", _word("next.contrast")
        yield f"acrm segment {typed} --compare {shlex.quote(out)}", _word("next.compare")
    if result.plan is not None:
        yield from actions_steps(result.plan, typed)


def bands_page(result: BandsResult) -> Page:
    """Orders by band and column."""
    figures: dict[str, Any] = dict(result.summary)
    head = Headline(_word("bands", orders=figures["orders"]), _word("bands_sub", as_of=figures["as_of"]))
    notes = Lines([str(note) for note in result.notes], mark="!")
    return Page([head, bins_block(result.tables["bins"], result.params.by), notes])


def drivers_page(result: DriversResult, beside: ConditionsResult | None) -> Page:
    """The regression, then the conditions."""
    return Page([*driver_blocks(result), *(condition_blocks(beside) if beside is not None else ())])
