"""`acrm report`: everything that the data tell, on one page."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

import typer

from acrm.options import AsOf, Reading, Run, Seed, Selecting, Sources, Writing


def report(
    run: Run,
    sources: Sources,
    *,
    reading: Reading,
    selecting: Selecting,
    as_of: AsOf = None,
    by: Annotated[
        str | None,
        typer.Option("--by", metavar="COLUMN,...", help="Cut the figures by these: segment, unit, channel, any."),
    ] = None,
    period: Annotated[
        Literal["day", "week", "month"], typer.Option("--period", help="What time is cut into.")
    ] = "month",
    audience: Annotated[
        Literal["all", "board", "sales", "marketing", "service"],
        typer.Option("--for", help="Who reads it: same figures, other choice; no personal data for the board."),
    ] = "all",
    interactive: Annotated[
        bool, typer.Option("--interactive", help="Charts with tips, by a script inside the page (0.9 MB).")
    ] = False,
    seed: Seed = 0,
    writing: Writing,
) -> None:
    """Make one page that decides.

    What to do, how healthy the data are, figures and where they go, who comes back, what customers are worth, who is
    leaving, what is bought, how deals and channels do: every analysis whose data are there, on a page that opens
    anywhere, with a table behind every figure.

    \b
    Examples:
      acrm report acrm-store
      acrm report orders.csv deals.csv --for board
      acrm report acrm-store acrm-out --by segment --period week
    """
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from acrm.analysis.report.params import ReportParams
    from acrm.analysis.report.report import report as analyse
    from acrm.load import settled, undisturbed
    from acrm.load_report import gathered
    from acrm.messages import Message
    from acrm.render.report.page import report_html, report_page
    from acrm.write import emit

    params = ReportParams(
        as_of=as_of,
        by=tuple(name.strip() for name in (by or "").split(",") if name.strip()),
        period=period,
        audience=audience,
        seed=seed,
        zone=reading.tz,
    )
    with (
        undisturbed(sources),
        TemporaryDirectory(prefix="acrm-") as scratch,
        run.console.progress(Message("clean.reading")),
    ):
        found, have = gathered(sources, reading, selecting, Path(scratch), as_of)
        settled(run, reading, found.dataset)
        result = analyse(have, params)
        result = replace(result, summary={**found.counted(), **result.summary}, notes=(*found.notes(), *result.notes))
        lineage = found.lineage(run, as_of=result.summary["as_of"], seed=seed)
        html = report_html(result, lineage, interactive=interactive)
        result = replace(result, files={**result.files, "report.html": html})
    emit(run, result, writing, lineage, lambda: report_page(result))
