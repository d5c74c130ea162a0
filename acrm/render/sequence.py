"""The page of a sequence result."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from acrm.messages import text
from acrm.render.blocks import Block, Col, Grid, Headline, Lines, Page, Steps

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.sequence.params import SequenceResult

SHOWN = 12
TOLD = 5
LEAST = 2


def sequence_page(result: SequenceResult, typed: str = "acrm-store") -> Page:
    """The strongest patterns in a table and in words, paths where there are any, and what to do next.

    `typed` is what the reader typed after `acrm sequence` but for the options that the steps set anew.
    """
    top = strongest(result.tables["sequences"])
    blocks: list[Block] = [_headline(result, top)]
    if top.height:
        blocks += [_grid(top), _sentences(result, top)]
    if "paths" in result.tables:
        blocks += _paths(result.tables["paths"], result.params.max_gap)
    blocks.append(Lines([str(note) for note in result.notes], mark="!"))
    blocks.append(Steps(list(_steps(result, f"acrm sequence {typed}")), text("render.next")))
    return Page(blocks)


def strongest(sequences: pl.DataFrame) -> pl.DataFrame:
    """The patterns worth a look first: a new step, in an order that matters, most above chance by shuffling first.

    What is bought again stands behind what is new, since a pattern of one product says that it is bought twice.
    """
    import polars as pl

    again = pl.col("pattern").list.len() > pl.col("pattern").list.n_unique()
    return sequences.sort(
        again,
        -(pl.col("lift").fill_null(0) * pl.col("support").sqrt() * pl.col("lift_shuffled").fill_null(1)),
        -pl.col("customers"),
        "text",
    )


def _word(key: str, **values: object) -> str:
    return text(f"render.sequence.{key}", **values)


def _headline(result: SequenceResult, top: pl.DataFrame) -> Headline:
    figures: dict[str, Any] = dict(result.summary)
    figures["of"] = text(f"sequence.of.{result.params.of}")
    sub = _word("sub", **figures)
    if top.is_empty():
        return Headline(_word("headline_none", **figures), sub)
    return Headline(_word("headline", **figures), sub)


def _grid(top: pl.DataFrame) -> Grid:
    columns = [
        Col(_word("pattern")),
        Col(_word("customers"), "int", priority=1),
        Col(_word("confidence"), "bar"),
        Col(_word("lift"), "number"),
        Col(_word("shuffled"), "number", priority=3),
        Col(_word("median"), "text", priority=2, align="right"),
        Col(_word("followed"), "share", priority=4),
    ]
    names = ("text", "customers", "confidence", "lift", "lift_shuffled", "days_median", "confidence_followed")
    rows = [(*row[:5], span(row[5]), row[6]) for row in top.head(SHOWN).select(names).iter_rows()]
    return Grid(_word("patterns"), columns, rows, more=max(0, top.height - SHOWN))


def _sentences(result: SequenceResult, top: pl.DataFrame) -> Lines:
    figures: dict[str, Any] = dict(result.summary)
    horizon = figures["horizon_days"]
    return Lines([sentence(row, horizon) for row in top.head(TOLD).iter_rows(named=True)], _word("in_words"))


def sentence(row: dict[str, Any], horizon: float) -> str:
    """One pattern in words."""
    again = row["before_text"] == row["next_text"]
    times = {name.removeprefix("days_"): span(row[name]) for name in ("days_median", "days_p25", "days_p75")}
    told = _word("sentence_again" if again else "sentence", **row, **times, horizon=span(horizon))
    if row["order_q"] is None:
        return told
    if row["order_q"] > 0.05:
        return f"{told} {_word('either_way')}"
    forward = row["customers"] > row["reversed_customers"]
    return f"{told} {_word('this_way' if forward else 'other_way', reversed=row['reversed_customers'])}"


def span(days: float) -> str:
    r"""A time in the greatest unit of which there are two or more.

    >>> [span(days).replace("\u00a0", " ") for days in (70.4, 1.5, 0.01, 0.0005)]
    ['70 d', '36 h', '14 min', '43 s']
    """
    sizes = {"days": 1, "hours": 24, "minutes": 1440, "seconds": 86_400}
    unit = next((name for name, size in sizes.items() if days * size >= 2), "seconds" if days < 1 else "days")
    return _word(f"time.{unit}", time=days * sizes[unit])


def _paths(paths: pl.DataFrame, max_gap: float | None) -> Iterator[Block]:
    import polars as pl

    for what in ("purchase", "end"):
        count = f"{what}s"
        chosen = paths.filter(pl.col(count) > 0).sort(
            -(pl.col(f"{what}_lift") * pl.col(count).sqrt()), "length", "text"
        )
        columns = [
            Col(_word("path")),
            Col(_word("times"), "int", priority=2),
            Col(_word(f"{what}_rate"), "bar"),
            Col(_word("lift"), "number", priority=1),
        ]
        rows = chosen.head(TOLD).select("text", "times", f"{what}_rate", f"{what}_lift").rows()
        if rows:
            within = "" if max_gap is None else _word("within", time=span(max_gap))
            yield Grid(_word(f"before_{what}") + within, columns, rows, more=max(0, chosen.height - TOLD))


def _steps(result: SequenceResult, command: str) -> Iterator[tuple[str, str]]:
    params, table = result.params, result.tables["sequences"]
    of = "" if params.of == "orders" else f" --of {params.of}"
    if table.is_empty():
        figures: dict[str, Any] = dict(result.summary)
        # What a single customer does is no sequence.
        if figures["min_customers"] > LEAST:
            lower = max(0.001, round(figures["min_support"] / 2, 3))
            yield f"{command}{of} --min-support {lower:g}", _word("next.lower")
        return
    if params.max_gap is None and params.of == "orders":
        yield f"{command} --max-gap 90", _word("next.gap")
    if not params.min_confidence:
        yield f"{command}{of} --min-confidence 0.3", _word("next.sure")
    yield f"{command}{of} -o - | head", _word("next.table")
