"""`acrm funnel`: how deals come through the sales funnel, what holds them up, and what the open ones will bring."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Annotated

import typer

from acrm.errors import UsageError
from acrm.options import AsOf, Reading, Run, Seed, Selecting, Sources, Writing

_HOURS = {"m": 1 / 60, "h": 1.0, "d": 24.0}


def funnel(
    run: Run,
    sources: Sources,
    *,
    reading: Reading,
    selecting: Selecting,
    as_of: AsOf = None,
    by: Annotated[
        str | None,
        typer.Option(
            "--by", metavar="COLUMN,...", help="Compare win rates by these. Default: owner, source, product, region."
        ),
    ] = None,
    stages: Annotated[
        str | None,
        typer.Option("--stages", metavar="A,B,C", help="The stages in order. Default: found from the data."),
    ] = None,
    sla: Annotated[
        str, typer.Option("--sla", metavar="TIME", help="How soon a deal wants a first answer: 30m, 24h, 2d.")
    ] = "24h",
    seed: Seed = 0,
    writing: Writing,
) -> None:
    """Show the sales funnel, and what the open deals will bring.

    Stages and conversion with intervals, days in each stage, win rates by owner, source, product and region and whether
    they differ at all, the chance of every open deal to be won, tried on later deals, a forecast by month, steps and
    answers that are overdue, and what is wrong in the data. Deals that are still open count as long as they were seen.

    \b
    Examples:
      acrm funnel acrm-store
      acrm funnel deals.csv --by owner,source
      acrm funnel deals.csv calls.csv --sla 4h --fail-on "answers_late_share>0.1"
      acrm funnel deals.csv --stages "New,Demo,Offer"
      acrm funnel acrm-store --where "pipeline = 'Retail'"
    """
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from acrm.analysis.funnel.funnel import funnel as analyse
    from acrm.analysis.funnel.params import FunnelParams
    from acrm.load import settled, undisturbed
    from acrm.load_deals import pipeline
    from acrm.messages import Message
    from acrm.render.funnel import funnel_page
    from acrm.write import emit

    params = FunnelParams(
        as_of=as_of,
        by=tuple(dict.fromkeys(_words(by))),
        stages=_words(stages),
        sla=_hours(sla),
        seed=seed,
        tz=reading.tz,
    )
    with (
        undisturbed(sources),
        TemporaryDirectory(prefix="acrm-") as scratch,
        run.console.progress(Message("clean.reading")),
    ):
        found = pipeline(sources, run.command, reading, selecting, Path(scratch), params.by)
        settled(run, reading, found.dataset)
        result = analyse(found.lines, params, found.dataset.tables)
        result = replace(result, summary={**found.counted(), **result.summary}, notes=(*found.notes(), *result.notes))
        lineage = found.lineage(run, as_of=result.summary["as_of"])
    emit(run, result, writing, lineage, lambda: funnel_page(result, run.typed("by")))


def _words(value: str | None) -> tuple[str, ...]:
    return tuple(word.strip() for word in (value or "").split(",") if word.strip())


def _hours(value: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([mhd])", value.strip().lower())
    if match is None:
        raise UsageError("funnel_sla", value=value)
    return float(match[1]) * _HOURS[match[2]]
