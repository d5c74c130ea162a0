"""The parts of a page of segments that are lists and stages: lifecycle, reminders, samples, lookalikes, calls, bins."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from acrm.messages import number, text
from acrm.render.blocks import Block, Cell, Col, Facts, Grid

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.lifecycle.lifecycle import Lifecycle
    from acrm.analysis.lists.call_list import CallList
    from acrm.analysis.lists.lookalike import Lookalike
    from acrm.analysis.lists.reminders import Reminders
    from acrm.analysis.lists.sample import Sample
    from acrm.analysis.segment.rules import RuleSegments

SHOWN = 5
"""Rows of a long list that the page shows."""


def _word(key: str, **values: object) -> str:
    return text(f"render.segment_lists.{key}", **values)


def lifecycle_blocks(life: Lifecycle) -> Iterator[Block]:
    """The stages and their limits, and how they follow each other; nothing where there are no limits."""
    limits = life.proposal.limits
    if limits is None:
        return
    names = {stage: text(f"segment_lifecycle.stage.{stage}") for stage in life.stages["stage"]}
    values = {"active": limits.active, "lapsed": limits.lapsed, "loyal": limits.loyal}
    yield stages_grid(life)
    yield Facts(
        [
            (_word(f"limit.{name}"), _word(f"from.{life.proposal.origin[name]}", value=value))
            for name, value in values.items()
        ],
        _word("limits"),
    )
    if life.matrix.height:
        yield _matrix(life.matrix, names)


def stages_grid(life: Lifecycle) -> Grid:
    """The stages that anybody stands in; a lifecycle without limits has none."""
    limits = life.proposal.limits
    columns = [
        Col(_word("stage")),
        Col(_word("customers"), "int"),
        Col(_word("share"), "bar"),
        Col(_word("median_days"), "int"),
        Col(_word("means"), "prose", priority=1),
    ]
    values = {} if limits is None else {"active": limits.active, "lapsed": limits.lapsed, "loyal": limits.loyal}
    told = life.stages.filter(life.stages["customers"] > 0)
    rows: list[list[Cell]] = [
        [
            text(f"segment_lifecycle.stage.{stage}"),
            customers,
            share,
            days,
            _word(f"stage_means.{stage}", **values) if values else None,
        ]
        for stage, customers, share, days in told.rows()
    ]
    return Grid(_word("stages"), columns, rows)


def _matrix(matrix: pl.DataFrame, names: dict[str, str]) -> Grid:
    """Stages at the end of a month by stages at the end of the next, numbered in their order."""
    shares = {(before, now): share for before, now, _, share in matrix.rows()}
    sizes: dict[str | None, int] = {}
    for before, _, customers, _ in matrix.rows():
        sizes[before] = sizes.get(before, 0) + customers
    ends = [stage for stage in names if any(now == stage for _, now in shares)]
    starts: list[str | None] = [stage for stage in names if stage in sizes or stage in ends]
    places = {stage: str(place) for place, stage in enumerate(starts, 1)}
    columns = [Col(""), Col(_word("seen"), "int", priority=1), *(Col(places[stage], "heat") for stage in ends)]
    if None in sizes:
        starts.append(None)
    rows: list[list[Cell]] = []
    for before in starts:
        label = _word("nobody") if before is None else f"{places[before]} {names[before]}"
        known = before in sizes
        cells = [shares.get((before, now), 0.0) if known else None for now in ends]
        rows.append([label, sizes.get(before, 0), *cells])
    return Grid(_word("matrix"), columns, rows)


def list_blocks(made: Mapping[str, Any]) -> list[Block]:
    """The parts of all lists that were asked for, by the names of their tables."""
    parts: dict[str, Callable[[Any], Iterator[Block]]] = {
        "reminders": reminder_blocks,
        "calls": call_blocks,
        "lookalikes": lookalike_blocks,
        "sample": sample_blocks,
    }
    return [block for name, found in made.items() for block in parts[name](found)]


def reminder_blocks(found: Reminders) -> Iterator[Block]:
    """How many reminders each rule makes, and the first ones due."""
    columns = [
        Col(_word("rule")),
        Col(_word("what"), max=40),
        Col(_word("customers"), "bar"),
        Col(_word("first"), priority=1),
        Col(_word("last"), priority=1),
    ]
    rows: list[list[Cell]] = [
        [rule, what, customers, _day(first), _day(last)]
        for rule, what, customers, first, last in found.counts.select(
            "rule", "what", "customers", "first", "last"
        ).rows()
    ]
    yield Grid(_word("reminders"), columns, rows)
    if found.table.height:
        columns = [Col(_word("due")), Col(_word("customer"), max=30), Col(_word("rule")), Col(_word("reason"), "prose")]
        first_rows = found.table.head(SHOWN).select("due", "customer_id", "rule", "reason").rows()
        rows = [[_day(due), *rest] for due, *rest in first_rows]
        yield Grid(_word("due_first"), columns, rows, found.table.height - len(rows))


def sample_blocks(found: Sample) -> Iterator[Block]:
    """The strata, how many of each are drawn, and the margin that this allows."""
    figures: dict[str, Any] = dict(found.figures)
    columns = [
        Col(_word("stratum"), max=40),
        Col(_word("customers"), "int"),
        Col(_word("willing"), "int", priority=2),
        Col(_word("sampled"), "int"),
        Col(_word("margin"), "share"),
        Col(_word("weight"), "number", priority=1),
    ]
    picked = found.strata.select("stratum", "customers", "willing", "sampled", "margin", "weight")
    rows: list[list[Cell]] = [
        [stratum or (_word("unknown") if found.strata.height > 1 else _word("all")), *rest]
        for stratum, *rest in picked.rows()
    ]
    title = _word("sample", margin=figures["sample_margin_wanted"], level=figures["sample_level"])
    yield Grid(title, columns, rows)
    if figures["sample_margin"] is not None:
        yield Facts(
            [
                (_word("sampled"), number(figures["sampled"])),
                (_word("margin_all"), number(figures["sample_margin"], ".1%")),
                (_word("design_effect"), number(figures["sample_design_effect"], ".2f")),
            ]
        )


def lookalike_blocks(found: Lookalike) -> Iterator[Block]:
    """The nearest of those who have not bought."""
    if found.table.height:
        columns = [
            Col(_word("rank"), "int"),
            Col(_word("customer"), max=30),
            Col(_word("distance"), "number"),
            Col(_word("reason"), "prose"),
        ]
        rows = found.table.head(SHOWN).select("rank", "customer_id", "distance", "reason").rows()
        yield Grid(_word("lookalikes"), columns, rows, found.table.height - len(rows))


def call_blocks(found: CallList) -> Iterator[Block]:
    """The first leads to call."""
    if found.table.height:
        columns = [
            Col(_word("rank"), "int"),
            Col(_word("customer"), max=30),
            Col(_word("probability"), "share"),
            Col(_word("expected"), "money"),
            Col(_word("reason"), "prose"),
        ]
        picked = found.table.head(SHOWN).select("rank", "customer_id", "probability", "expected_value", "reason")
        yield Grid(_word("calls"), columns, picked.rows(), found.table.height - picked.height)


def bins_block(table: pl.DataFrame, by: str | None) -> Grid:
    """Orders by value of a column and by band of amount, with their sum."""
    bands = list(dict.fromkeys(table.select("low", "high").rows()))
    columns = [
        Col(by or "", max=30),
        *(Col(band(low, high), "int") for low, high in bands),
        Col(_word("orders"), "bar"),
    ]
    counts: dict[str | None, list[int]] = {}
    for value, orders in table.select("value", "orders").rows():
        counts.setdefault(value, []).append(orders)
    everyone = _word("unknown") if by else _word("all")
    return Grid(_word("bins"), columns, [[value or everyone, *row, sum(row)] for value, row in counts.items()])


def band(low: Any, high: Any) -> str:
    """A band of amounts by its limits."""
    if low is None and high is None:
        return _word("any")
    if low is None:
        return _word("below", high=number(high.normalize(), ",f"))
    return _word("above", low=number(low.normalize(), ",f"))


def rules_block(found: RuleSegments) -> Grid:
    """The conditions: how many fit, how many fit no other, on how many each decides."""
    columns = [
        Col(_word("segment"), max=30),
        Col(_word("decided"), "bar"),
        Col(_word("fit"), "int"),
        Col(_word("only"), "int"),
        Col(_word("earlier"), "int"),
        Col(_word("condition"), max=60, priority=1),
    ]
    picked = found.check.select("label", "customers", "fit", "only", "earlier", "condition")
    return Grid(_word("rules"), columns, picked.rows())


def _day(day: Any) -> str | None:
    return None if day is None else str(day)
