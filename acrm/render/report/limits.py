"""What a report cannot show, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acrm.analysis.result import Result
from acrm.messages import Message, text
from acrm.render.blocks import Block, Facts, Lines, Section
from acrm.render.report.sales import word

if TYPE_CHECKING:
    from acrm.analysis.report.params import ReportResult


def limits_section(result: ReportResult) -> Section:
    """Parts that could not be made, and what every part says of its own limits."""
    refused = [(text(f"render.report.part.{name}"), str(why)) for name, why in result.refused]
    blocks: list[Block] = [Facts(refused)]
    told: dict[str, None] = {}
    for part in result.results.values():
        notes: tuple[Message, ...] = part.notes
        if isinstance(part, Result):
            told |= dict.fromkeys(str(note) for note in notes)
    blocks.append(Lines([*told], word("limits.notes"), mark="!"))
    return Section("limits", word("limits.title"), blocks)
