"""`acrm sequence`: what customers buy, or do, next."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

import typer

from acrm.options import AsOf, KeepServices, Reading, Run, Seed, Selecting, Sources, Writing


def sequence(
    run: Run,
    sources: Sources,
    *,
    reading: Reading,
    selecting: Selecting,
    of: Annotated[
        Literal["orders", "interactions", "web"],
        typer.Option("--of", help="What follows what: products, kinds of contact, or web pages."),
    ] = "orders",
    as_of: AsOf = None,
    min_support: Annotated[
        float | None,
        typer.Option(
            "--min-support", metavar="P", help="Least share of customers: 0.02. Default: chosen, and the reason told."
        ),
    ] = None,
    min_confidence: Annotated[
        float,
        typer.Option("--min-confidence", metavar="P", help="Least share who go on to the last step: 0.2."),
    ] = 0.0,
    min_gap: Annotated[
        float | None,
        typer.Option("--min-gap", metavar="DAYS", help="Least days between steps. Default: any later moment."),
    ] = None,
    max_gap: Annotated[
        float | None, typer.Option("--max-gap", metavar="DAYS", help="Most days from a step to the next.")
    ] = None,
    window: Annotated[
        float | None, typer.Option("--window", metavar="DAYS", help="Most days from the first step to the last.")
    ] = None,
    max_length: Annotated[int, typer.Option("--max-length", metavar="N", help="Most steps.")] = 4,
    keep_services: KeepServices = False,
    seed: Seed = 0,
    writing: Writing,
) -> None:
    """Find what customers buy next.

    Patterns of steps that many customers take in this order, with how surely and how soon the last step comes. What is
    bought on one day is one step. Each is held against the reversed order and against shuffled days; customers who were
    not watched long enough are allowed for. Among contacts and web pages an order is one more step.

    \b
    Examples:
      acrm sequence acrm-store
      acrm sequence orders.csv --min-support 0.03 --max-gap 90
      acrm sequence acrm-store --of web --max-gap 0.05
      acrm sequence acrm-store -o - | head
    """
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from acrm.analysis.sequence.params import SequenceParams
    from acrm.analysis.sequence.patterns import sequence as analyse
    from acrm.load import events, settled, undisturbed
    from acrm.messages import Message
    from acrm.render.sequence import sequence_page
    from acrm.write import emit

    params = SequenceParams(
        of=of,
        as_of=as_of,
        min_support=min_support,
        min_confidence=min_confidence,
        min_gap=min_gap,
        max_gap=max_gap,
        window=window,
        max_length=max_length,
        keep_services=keep_services,
        seed=seed,
        tz=reading.tz,
    )
    with (
        undisturbed(sources),
        TemporaryDirectory(prefix="acrm-") as scratch,
        run.console.progress(Message("clean.reading")),
    ):
        table = "transactions" if of == "orders" else "interactions"
        found = events(sources, run.command, reading, selecting, Path(scratch), table)
        settled(run, reading, found.dataset)
        tables = found.dataset.tables
        lines = found.lines if "transactions" in tables else None
        result = analyse(lines, tables.get("interactions"), params)
        result = replace(result, summary={**found.counted(), **result.summary}, notes=(*found.notes(), *result.notes))
        lineage = found.lineage(run, as_of=result.summary["as_of"], seed=seed)
    emit(run, result, writing, lineage, lambda: sequence_page(result, run.typed("max_gap", "of", "min_confidence")))
