"""What a report cannot show, and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from acrm.messages import Message, listed
from acrm.render.blocks import Block, Facts, Lines, Section
from acrm.render.report.written import word

if TYPE_CHECKING:
    from acrm.analysis.report.params import ReportResult

NEEDS = {
    "kpis": "transactions",
    "funnel": "deals",
    "channels": "campaigns",
    "service": "interactions",
    "units": "units",
}
"""A table that would tell of a part, where it is missing."""


def limits_section(result: ReportResult) -> Section:
    """Parts that could not be made, each with its reason; what no table tells; what holds of every figure."""
    blocks: list[Block] = [*refusals(result), Lines([*unnamed_notes(result), *_missing(result)])]
    blocks.append(Lines([*_always(result)]))
    return Section("limits", word("limits.title"), blocks)


def refusals(result: ReportResult, title: str = "") -> list[Block]:
    """Parts that could not be made, each with its reason; a reason that many share is told once, with a way out."""
    reasons: dict[str, tuple[str, list[str]]] = {}
    for name, why in result.refused:
        said, key = str(why), str(why)
        if why.id == "error.mixed_currencies":
            # Each counts its own amounts; the way out is the same.
            said, key = f"{why}; {Message('hint.mixed_currencies', why.values)}", why.id
        reasons.setdefault(key, (said, []))[1].append(word(f"part.{name}"))
    single = [(parts[0], why) for why, parts in reasons.values() if len(parts) == 1]
    shared = [f"{listed(parts, 12)}: {why}" for why, parts in reasons.values() if len(parts) > 1]
    return [Facts(single, title), Lines(shared, "" if single else title)]


def unnamed_notes(result: ReportResult) -> list[str]:
    """What is left out of a report that may name nobody."""
    return [str(note) for note in result.notes if note.id.startswith("report.unnamed")]


def _missing(result: ReportResult) -> Iterator[str]:
    lacking = [
        word("limits.table", part=word(f"part.{part}"), table=table)
        for part, table in NEEDS.items()
        if part not in result.results and table not in result.sources
    ]
    if lacking:
        yield word("limits.not_told", parts=listed(lacking))
    if result.withheld:
        yield word("limits.withheld", figures=listed(sorted(result.withheld), 20))


def _always(result: ReportResult) -> Iterator[str]:
    """What no report of past data shows, as far as it has such parts."""
    if "kpis" in result.results:
        yield word("limits.change")
    if {"churn", "clv", "rfm"} & set(result.results):
        yield word("limits.cause")
    if "channels" in result.results:
        yield word("limits.credit")
    notes = sum(len(part.notes) for part in result.results.values())
    if notes:
        yield word("limits.more", n=notes)
