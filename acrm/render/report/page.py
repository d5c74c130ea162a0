"""The page of a report: which sections it has, in which order, for whom."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from acrm.analysis.report.personal import impersonal as impersonal_tables
from acrm.errors import OutputError
from acrm.messages import Message, listed, number, text
from acrm.render.blocks import Block, Decision, Decisions, Facts, Headline, Lines, Page, Section, Steps
from acrm.render.html import Meta, page_html
from acrm.render.report.basket import basket_section
from acrm.render.report.card import card_section
from acrm.render.report.channels import channels_section
from acrm.render.report.churn import churn_section
from acrm.render.report.clv import clv_section
from acrm.render.report.decisions import decisions_section
from acrm.render.report.figures import bracketed, figures_grid, figures_section
from acrm.render.report.funnel import funnel_section
from acrm.render.report.groups import cut_section, object_section, units_section
from acrm.render.report.health import health_lead, health_section
from acrm.render.report.impersonal import impersonal, left_out, words
from acrm.render.report.lifecycle import lifecycle_section
from acrm.render.report.limits import limits_section, refusals, unnamed_notes
from acrm.render.report.opportunities import opportunities_section
from acrm.render.report.pivot import pivot_section
from acrm.render.report.products import products_section
from acrm.render.report.provenance import provenance
from acrm.render.report.regions import regions_section
from acrm.render.report.rfm import rfm_section
from acrm.render.report.sales import cohorts_section, trend_section
from acrm.render.report.scorecard import scorecard_section
from acrm.render.report.segment import segment_section
from acrm.render.report.service import service_section
from acrm.render.report.web import web_section
from acrm.render.report.written import word

if TYPE_CHECKING:
    from acrm.analysis.report.params import Audience, ReportResult
    from acrm.lineage import Lineage

MOST = {False: 2_000_000, True: 3_000_000}
"""Bytes of a page, by whether it is interactive."""

Make = Callable[["ReportResult", Any], Section | None]
Words = Callable[[Collection[str]], Collection[str]]
"""Those of some texts that are somebody's."""


MADE: Mapping[str, Make] = {
    "kpis": lambda result, _: figures_section(result),
    "scorecard": lambda result, part: scorecard_section(part, result.currency),
    "trend": lambda result, part: trend_section(part, result.params.period, result.currency),
    "cut": lambda result, part: cut_section(part, result.currency, _segments(result)),
    "units": lambda result, part: units_section(part, result.currency),
    "object": lambda result, part: object_section(part, str(result.params.object), result.currency),
    "pivot": lambda result, part: pivot_section(part, result.params.pivot, result.currency),  # type: ignore[arg-type]
    "cohorts": lambda _, part: cohorts_section(part),
    "health": lambda _, part: health_section(part),
    "opportunities": lambda result, part: opportunities_section(part, result.currency),
    "card": lambda _, part: card_section(part),
}
"""How the section of each part is made, from the result and the part."""
_ANALYSES: Mapping[str, Callable[..., Section | None]] = {
    "decisions": decisions_section,
    "rfm": rfm_section,
    "lifecycle": lifecycle_section,
    "clv": clv_section,
    "churn": churn_section,
    "segment": segment_section,
    "basket": basket_section,
    "products": products_section,
    "regions": regions_section,
    "channels": channels_section,
    "funnel": funnel_section,
    "service": service_section,
    "web": web_section,
}
"""How the section of an analysis is made, from its result and whether people may be named."""

_FIRST = ("card", "decisions", "scorecard")
_CUTS = ("cut", "units", "object", "pivot")
_PEOPLE = ("cohorts", "rfm", "lifecycle", "clv", "churn")
ORDER: Mapping[Audience, tuple[str, ...]] = {
    "all": (
        *(*_FIRST, "kpis", "trend", *_CUTS, *_PEOPLE, "opportunities"),
        *("segment", "basket", "products", "regions", "channels", "funnel", "service", "web"),
    ),
    "board": (*_FIRST, "kpis", "trend", *_CUTS, "cohorts", "clv", "churn", "channels", "funnel", "service"),
    "sales": (
        *(*_FIRST, "opportunities", "funnel", "kpis", "trend", *_CUTS, "rfm", "churn"),
        *("basket", "products", "regions"),
    ),
    "marketing": (
        *(*_FIRST, "channels", "kpis", *_CUTS, "rfm", "lifecycle", "segment", "cohorts"),
        *("clv", "churn", "basket", "web"),
    ),
    "service": (*_FIRST, "service", "churn", "kpis", *_CUTS, "cohorts", "rfm"),
}
"""Which parts each reader sees, in which order."""
_GATES = {
    "units": "unit",
    "products": "product",
    "segment": "rfm",
    "lifecycle": "rfm",
    **dict.fromkeys(("cut", "object", "regions"), "revenue"),
}
"""Parts that rest on what a gate calls otherwise."""


def _segments(result: ReportResult) -> dict[str, str]:
    """What the segments of RFM are called."""
    made = result.results.get("rfm")
    table = made.tables.get("segments") if made else None
    return {} if table is None else dict(table.select("segment", "label").rows())


def sections(result: ReportResult, *, named: bool = True) -> list[Section]:
    """The sections of the page: data health first when gates fail, else near the end; `named`: they may name people."""
    order = ORDER[result.params.audience]
    # A report without orders has figures all the same.
    parts = {"kpis": None, **result.results} if result.tables["kpis"].height else dict(result.results)
    life = getattr(result.results.get("segment"), "life", None)
    if life is not None:
        parts["lifecycle"] = life
    found = [
        MADE[name](result, parts[name]) if name in MADE else _ANALYSES[name](parts[name], personal=named)
        for name in (("health", *order) if result.withheld else (*order, "health"))
        if name in parts and _GATES.get(name, name) not in result.withheld
    ]
    return [*(section for section in found if section is not None), limits_section(result)]


def unnamed(result: ReportResult, somebodys: Words) -> tuple[ReportResult, list[Section]]:
    """The result and the sections of the page without what names anybody, and with a word on what is left out."""
    bare = sections(result, named=False)
    kept = impersonal(bare, somebodys(words(bare)))
    blocks, tables = left_out(sections(result), kept), impersonal_tables(result.tables, somebodys)
    notes = [Message("report.unnamed_blocks", {"blocks": "; ".join(blocks)})] if blocks else []
    if gone := [name for name in result.tables if name not in tables]:
        notes.append(Message("report.unnamed_tables", {"n": len(gone), "tables": listed(gone, 3)}))
    result = replace(result, tables=tables, notes=(*result.notes, *notes))
    limits = [limits_section(result)]
    return result, [*kept[:-1], *impersonal(limits, somebodys(words(limits)))]


def report_html(result: ReportResult, drawn: Sequence[Section], lineage: Lineage, *, interactive: bool = False) -> str:
    """The page as one file.

    Raises:
        OutputError: It would be larger than a mail takes.
    """
    meta = Meta(_period(result), provenance(lineage, result.params.zone))
    page = page_html(_title(result), drawn, meta, interactive=interactive)
    size = len(page.encode())
    if size > MOST[interactive]:
        raise OutputError("report_size", size=number(size), most=number(MOST[interactive]))
    return page


def report_page(result: ReportResult, drawn: Sequence[Section], out: str) -> Page:
    """The answers of the same sections for a terminal: what to do, how the data are, the figures, a line for each."""
    return Page([*_short(result, drawn, out)])


def _short(result: ReportResult, drawn: Sequence[Section], out: str) -> Iterator[Block]:
    yield Headline(_title(result), _period(result))
    known = {section.anchor: section for section in drawn}
    told = Lines([health_lead(result.results["health"])], mark="!" if result.withheld else "")
    if result.withheld:
        yield told
    for block in known["decisions"].blocks if "decisions" in known else ():
        if isinstance(block, Headline):
            yield block
        if isinstance(block, Decisions):
            yield _shortened(block)
    if not result.withheld:
        yield told
    if "figures" in known:
        yield figures_grid(result)
        yield bracketed(result)
    answers = [(_short_title(section), answer) for section in drawn if (answer := _answer(section))]
    yield Facts(answers, word("answers"))
    yield from refusals(result, word("limits.title"))
    yield Lines(unnamed_notes(result))
    yield Steps([(f"{out}/report.html", word("open"))])


def _shortened(block: Decisions) -> Decisions:
    """Of each decision for whom it is, and what it should bring: the page tells the rest."""
    told = [text(f"render.report_decisions.{name}") for name in ("for_whom", "effect")]
    return Decisions([Decision(one.what, [fact for fact in one.facts if fact[0] in told]) for one in block.decisions])


def _answer(section: Section) -> str:
    """The first sentence of a section; of what is shown otherwise, none."""
    if section.anchor in ("decisions", "health", "figures"):
        return ""
    return next((block.text for block in section.blocks if isinstance(block, Headline)), "")


def _short_title(section: Section) -> str:
    short = Message(f"render.report.part.{section.anchor}")
    return str(short) if short.exists else section.title


def _title(result: ReportResult) -> str:
    return word(f"title.{result.params.audience}")


def _period(result: ReportResult) -> str:
    """From when to when, as of when."""
    first, last = (result.summary.get(name) for name in ("first_on", "last_on"))
    if first is None:
        return word("as_of", as_of=result.summary["as_of"]) if result.summary["as_of"] else ""
    return word("sub", first=first, last=last, as_of=result.summary["as_of"])
