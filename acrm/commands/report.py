"""`acrm report`: everything that the data tell, on one page."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
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
    object: Annotated[
        Literal["customer", "unit", "product", "company"] | None,
        typer.Option("--object", help="List the largest of these, too."),
    ] = None,
    audience: Annotated[
        Literal["all", "board", "sales", "marketing", "service"],
        typer.Option(
            "--for", "--audience", help="Who reads it: same figures, other choice; no personal data for the board."
        ),
    ] = "all",
    customer: Annotated[
        str | None,
        typer.Option("--customer", metavar="ID", help="The card of one customer: id, e-mail, phone or name."),
    ] = None,
    pivot: Annotated[
        str | None,
        typer.Option("--pivot", metavar="SPEC", help="A pivot table: rows=month,cols=channel,sum=amount. Also as CSV."),
    ] = None,
    scorecard: Annotated[
        str | None, typer.Option("--scorecard", metavar="FILE", help="goals.toml: goals to hold the figures against.")
    ] = None,
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
      acrm report acrm-store --pivot rows=month,cols=channel,sum=amount
      acrm report acrm-store --scorecard goals.toml --fail-on "scorecard.red>0"
    """
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from acrm.analysis.report.params import ReportParams
    from acrm.analysis.report.personal import personal
    from acrm.analysis.report.pivot import parse_pivot
    from acrm.analysis.report.report import report as analyse
    from acrm.load import settled, toml_file, undisturbed
    from acrm.load_report import gathered
    from acrm.messages import Message
    from acrm.render.report.page import report_html, report_page, sections, unnamed
    from acrm.write import csv_parts, emit

    params = ReportParams(
        as_of=as_of,
        by=tuple(name.strip() for name in (by or "").split(",") if name.strip()),
        period=period,
        object=object,
        audience=audience,
        customer=customer,
        pivot=parse_pivot(pivot) if pivot else None,
        goals=toml_file(scorecard) if scorecard else None,
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
        if audience == "board":
            result, drawn = unnamed(result, partial(personal, have.tables))
        else:
            drawn = sections(result)
        files = {"report.html": report_html(result, drawn, lineage, interactive=interactive)}
    if "pivot" in result.tables and "csv" not in writing.formats:
        files["report_pivot.csv"] = "\ufeff" + b"".join(csv_parts(result.tables["pivot"])).decode()
    emit(run, replace(result, files=files), writing, lineage, lambda: report_page(result, drawn, writing.out))
