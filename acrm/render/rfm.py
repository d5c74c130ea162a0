"""The page of an RFM result."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from acrm.analysis.grid import OTHER
from acrm.messages import number, text
from acrm.render.blocks import Block, Cell, Col, Facts, Grid, Headline, Lines, Page, Steps, money

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.rfm import RfmResult

QUARTER = timedelta(days=91)


def rfm_page(result: RfmResult, typed: str = "acrm-store") -> Page:
    """The segments, what they bring and what to do about them; who moved and what came next, where that was asked.

    `typed` is what the reader typed after `acrm rfm`, so that the commands to go on with repeat it.
    """
    blocks: list[Block] = [_headline(result), segments_grid(result)]
    if "migration" in result.tables:
        blocks += _moves(result)
    if "validation" in result.tables:
        blocks += _validation(result)
    blocks.append(Lines([str(note) for note in result.notes], mark="!"))
    blocks.append(Steps(list(_steps(result, f"acrm rfm {typed}")), text("render.next")))
    return Page(blocks)


def _word(key: str, **values: object) -> str:
    return text(f"render.rfm.{key}", **values)


def _headline(result: RfmResult) -> Headline:
    figures: dict[str, Any] = dict(result.summary)
    top = max(result.tables["segments"].iter_rows(named=True), key=lambda row: row["spend_share"] or 0)
    sentence = _word(
        "headline" if top["spend_share"] else "headline_short",
        customers=figures["customers"],
        spend=money(figures["spend"], figures["currency"]),
        segment=top["label"],
        share=top["share"],
        spend_share=top["spend_share"],
    )
    return Headline(sentence, _word("sub", first=figures["first_order_at"], last=figures["last_order_at"], **figures))


def segments_grid(result: RfmResult, most: int | None = None) -> Grid:
    """The segments with what to do about them, in the order of the grid; with `most` those that spent most."""
    import polars as pl

    columns = [
        Col(_word("segment")),
        Col(_word("customers"), "int"),
        Col(_word("of_customers"), "bar"),
        Col(_word("of_spend"), "bar"),
        Col(_word("median_days"), "int"),
        Col(_word("what_to_do"), "prose", priority=1),
    ]
    # Nothing is to be done about nobody.
    table = result.tables["segments"].with_columns(
        next_step=pl.when(pl.col("customers") > 0).then(pl.col("next_step").replace("", None))
    )
    if most is not None:
        table = table.filter(pl.col("customers") > 0).sort("spend", "segment", descending=[True, False])
    rows = table.select("label", "customers", "share", "spend_share", "median_days", "next_step").rows()
    return Grid(_word("segments"), columns, rows[:most], max(0, len(rows) - (most or len(rows))))


def to_win_back(result: RfmResult) -> dict[str, Any] | None:
    """The row of the segment that is quieter than half of the customers and spent most each, if there is one."""
    import polars as pl

    usual = result.tables["customers"]["days_since_last"].median()
    quiet = result.tables["segments"].filter(pl.col("median_days") > usual, pl.col("spend") > 0)
    return max(quiet.iter_rows(named=True), key=lambda row: row["spend"] / row["customers"], default=None)


def _moves(result: RfmResult) -> Iterator[Block]:
    import polars as pl

    figures: dict[str, Any] = dict(result.summary)
    kept, recut = (result.tables["migration"].filter(pl.col("cut") == cut).drop("cut") for cut in ("kept", "recut"))
    told_twice = not kept.equals(recut)
    facts = [(_word(f"moves.{what}"), number(figures[f"customers_{what}"])) for what in ("in_both", "appeared", "gone")]
    if figures["customers_in_both"]:
        shares = {"kept": figures["stayed_share_kept"], "recut": figures["stayed_share_recut"]}
        facts.append(
            (_word("moves.stayed"), _word("moves.stayed_twice" if told_twice else "moves.stayed_once", **shares))
        )
    since = figures.get("compared_with")
    yield Facts(facts, _word("moves.since", since=since) if since else _word("moves.since_unknown"))
    segments = result.tables["segments"].select("segment", "label").rows()
    yield _matrix(_word("moves.kept" if told_twice else "moves.once"), kept, segments)
    if told_twice:
        yield _matrix(_word("moves.recut"), recut, segments)


def _matrix(title: str, moves: pl.DataFrame, segments: list[tuple[Any, ...]]) -> Grid:
    """Segments then by segments now, numbered in the order of the grid."""
    shares = {(before, now): share for before, now, _, share in moves.iter_rows()}
    sizes: dict[str | None, int] = {}
    for before, _, customers, _ in moves.iter_rows():
        sizes[before] = sizes.get(before, 0) + customers
    if any(OTHER in pair for pair in shares) and OTHER not in dict(segments):
        segments = [*segments, (OTHER, text("rfm.segment.other"))]
    ends: list[tuple[str | None, str]] = [(segment, str(place)) for place, (segment, _) in enumerate(segments, 1)]
    if any(now is None for _, now in shares):
        ends.append((None, _word("moves.left")))
    starts = [(segment, f"{place} {label}") for place, (segment, label) in enumerate(segments, 1)]
    if None in sizes:
        starts.append((None, _word("moves.appeared")))
    columns = [Col(""), Col(_word("moves.all"), "int", priority=1), *(Col(label, "heat") for _, label in ends)]
    rows: list[list[Cell]] = [
        [label, sizes.get(before, 0), *(shares.get((before, now), 0.0) if before in sizes else None for now, _ in ends)]
        for before, label in starts
    ]
    return Grid(title, columns, rows)


def _validation(result: RfmResult) -> Iterator[Block]:
    figures, table = result.summary, result.tables["validation"]
    each, currency = _word("validation.each"), figures["currency"]
    columns = [
        Col(_word("segment")),
        Col(_word("customers"), "int"),
        Col(_word("validation.buyers"), "bar"),
        Col(_word("validation.interval"), "text", priority=1, align="right"),
        Col(f"{each}, {currency}" if currency else each, "money"),
        Col(_word("validation.of_spend"), "share"),
    ]
    rows = [
        [
            row["label"],
            row["customers"],
            row["buyers_share"],
            _interval(row),
            row["next_spend_per_customer"],
            row["next_spend_share"],
        ]
        for row in table.iter_rows(named=True)
    ]
    title = _word("validation.title", cut=figures["validation_cut"], days=figures["validation_days"])
    yield Grid(title, columns, rows)
    columns = [
        Col(_word("validation.rule")),
        Col(_word("validation.caught"), "bar"),
        Col(_word("validation.interval"), "text", priority=1, align="right"),
        Col(_word("validation.buyers_caught"), "share"),
    ]
    rows = [
        [text(f"rfm.rule.{row['rule']}"), row["caught"], _interval(row), row["buyers_caught"]]
        for row in result.tables["validation_rules"].iter_rows(named=True)
    ]
    yield Grid(_word("validation.rules"), columns, rows)


def _interval(row: dict[str, Any]) -> str | None:
    return None if row["low"] is None else text("render.interval", low=row["low"], high=row["high"])


def _steps(result: RfmResult, command: str) -> Iterator[tuple[str, str]]:
    """The list of whom to win back first, then what was not asked yet and the time of the data allows."""
    figures: dict[str, Any] = dict(result.summary)
    row = to_win_back(result)
    if row is not None:
        why = _word("next.list", segment=row["label"], customers=row["customers"])
        yield f"{command} -o - | grep -w {shlex.quote(row['segment'])}", why
    since = figures["as_of"] - QUARTER
    if "migration" not in result.tables and since > figures["first_order_at"] + QUARTER:
        yield f"{command} --compare {since}", _word("next.compare")
    if "validation" not in result.tables and since > figures["first_order_at"] + QUARTER:
        yield f"{command} --validate", _word("next.validate")
