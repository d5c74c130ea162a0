"""`acrm rfm`: customers scored by recency, frequency and spend, and named by segment."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

import typer

from acrm.engine_options import Computing
from acrm.options import AsOf, Compare, Reading, Refunds, Run, Selecting, Sources, Writing


def rfm(
    run: Run,
    sources: Sources,
    *,
    reading: Reading,
    selecting: Selecting,
    as_of: AsOf = None,
    refunds: Refunds = "net",
    scoring: Annotated[
        Literal["tie-safe", "r-rfm", "rank", "ntile", "fixed"],
        typer.Option("--scoring", help="How scores are cut: docs/methods/rfm.md compares them."),
    ] = "tie-safe",
    classes: Annotated[int, typer.Option("--classes", metavar="N", help="Scores run from 1 to N.")] = 5,
    cuts: Annotated[
        list[str],
        typer.Option(
            "--cuts", metavar="AXIS=A,B,C", show_default=False, help="For fixed: r=30,90,180,365. Repeatable."
        ),
    ],
    grid: Annotated[
        str | None, typer.Option("--grid", metavar="NAME", help="Segments: ten, r-rfm, or a TOML file of your own.")
    ] = None,
    compare: Compare = None,
    validate: Annotated[
        bool, typer.Option("--validate", help="Show what each segment bought in held-out time.")
    ] = False,
    computing: Computing,
    writing: Writing,
) -> None:
    """Score customers by recency, frequency and spend.

    Customers get scores r, f, m from 1 to 5 and the name of a segment; every segment has a next step. Equal values
    always score equal. Refunds are taken off the spend; several orders on one day count each.

    \b
    Examples:
      acrm rfm acrm-store
      acrm rfm orders.csv --as-of 2011-12-10 --refunds ignore
      acrm rfm acrm-store --compare 2011-06-30
      acrm rfm acrm-store --validate --where "country = 'Germany'"
      acrm rfm acrm-store -o - | head
      acrm rfm acrm-store --engine spark --remote sc://localhost:15002
    """
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from acrm.analysis.holdout import validate as validated
    from acrm.analysis.migration import compare as compared
    from acrm.analysis.rfm import RfmParams
    from acrm.analysis.rfm import rfm as analyse
    from acrm.earlier import earlier_result
    from acrm.load import moment, sales, settled, toml_file, undisturbed
    from acrm.messages import Message
    from acrm.options import numbers_of
    from acrm.render.rfm import rfm_page
    from acrm.write import emit

    params = RfmParams(
        as_of=as_of,
        refunds=refunds,
        scoring=scoring,
        classes=classes,
        cuts=numbers_of("--cuts", cuts) or None,
        grid=toml_file(grid) if grid and grid.endswith(".toml") else grid,
    )
    with (
        computing.running(run) as cluster,
        undisturbed([*sources, *([compare] if compare else [])]),
        TemporaryDirectory(prefix="acrm-") as scratch,
        run.console.progress(Message("clean.reading")),
    ):
        found = sales(sources, run.command, reading, selecting, Path(scratch), cluster)
        settled(run, reading, found.dataset)
        result = analyse(found.orders, params)
        if compare:
            before = earlier_result(compare, run.command)
            if before is None:
                day = moment(compare)
                earlier = found if day else sales([compare], run.command, reading, selecting, Path(scratch), cluster)
                before = analyse(earlier.orders, replace(params, as_of=day)).tables["customers"]
            result = compared(result, before)
        if validate:
            result = validated(result, found.orders)
        result = replace(result, summary={**found.counted(), **result.summary}, notes=(*found.notes(), *result.notes))
        lineage = found.lineage(run, as_of=result.summary["as_of"])
    emit(run, result, writing, lineage, lambda: rfm_page(result, run.typed("compare", "validate")))
