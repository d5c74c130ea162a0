"""The page of a report: which sections it has, in which order, for whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from acrm.errors import OutputError
from acrm.messages import number
from acrm.render.blocks import Page, Section
from acrm.render.html import Meta, page_html
from acrm.render.report.health import health_section
from acrm.render.report.limits import limits_section
from acrm.render.report.provenance import provenance
from acrm.render.report.sales import cohorts_section, kpis_section, trend_section, word

if TYPE_CHECKING:
    from acrm.analysis.report.params import Audience, ReportResult
    from acrm.lineage import Lineage

MOST = {False: 2_000_000, True: 3_000_000}
"""Bytes of a page, by whether it is interactive."""

Make = Callable[["ReportResult", Any], Section]
MADE: Mapping[str, Make] = {
    "kpis": lambda result, part: kpis_section(part, result.params.period, result.currency, result.withheld),
    "trend": lambda result, part: trend_section(part, result.params.period, result.currency),
    "cohorts": lambda _, part: cohorts_section(part),
    "health": lambda _, part: health_section(part),
}
"""How the section of each part is made, from the result and the part."""
_REST = ("health", "limits")
ORDER: Mapping[Audience, tuple[str, ...]] = {
    "all": ("kpis", "trend", "cohorts", "rfm", "clv", "churn", "segment", "basket", "products", "channels", "funnel")
    + ("service", "web"),
    "board": ("kpis", "trend", "cohorts", "clv", "churn", "channels", "funnel", "service"),
    "sales": ("funnel", "kpis", "trend", "rfm", "churn", "basket", "products"),
    "marketing": ("channels", "kpis", "rfm", "segment", "cohorts", "clv", "churn", "basket", "web"),
    "service": ("service", "churn", "kpis", "rfm", "cohorts"),
}
"""Which parts each reader sees, in which order."""


def sections(result: ReportResult) -> list[Section]:
    """The sections of the page: data health first when gates fail, else near the end."""
    order = [*ORDER[result.params.audience], "health"]
    if result.withheld:
        order = ["health", *order[:-1]]
    found = []
    for name in order:
        if name in result.results and name in MADE and name not in result.withheld:
            found.append(MADE[name](result, result.results[name]))
    return [*found, limits_section(result)]


def report_html(result: ReportResult, lineage: Lineage, *, interactive: bool = False) -> str:
    """The page as one file.

    Raises:
        OutputError: It would be larger than a mail takes.
    """
    sub = word("sub", first=result.summary["first_on"], last=result.summary["last_on"]) if _dated(result) else ""
    meta = Meta(sub, provenance(lineage, result.params.zone))
    page = page_html(word("title"), sections(result), meta, interactive=interactive)
    size = len(page.encode())
    if size > MOST[interactive]:
        raise OutputError("report_size", size=number(size), most=number(MOST[interactive]))
    return page


def _dated(result: ReportResult) -> bool:
    return result.summary.get("first_on") is not None


def report_page(result: ReportResult) -> Page:
    """The same for a terminal, in short."""
    return Page(sections(result))
