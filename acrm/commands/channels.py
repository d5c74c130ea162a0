"""`acrm channels`: where customers come from, and what each channel is worth."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from acrm.options import AsOf, Reading, Run, Seed, Selecting, Sources, Writing


def channels(
    run: Run,
    sources: Sources,
    *,
    reading: Reading,
    selecting: Selecting,
    as_of: AsOf = None,
    by: Annotated[
        str | None,
        typer.Option("--by", metavar="COLUMN", help="The column that names the channel. Default: found."),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option("--target", metavar="COLUMN", help="What says that a row converted: COLUMN, or COLUMN=VALUE."),
    ] = None,
    paths: Annotated[
        str | None, typer.Option("--paths", metavar="COLUMN", help="The column of paths: a > b > c. Default: found.")
    ] = None,
    margin: Annotated[
        float, typer.Option("--margin", metavar="X", help="Share of revenue that pays for winning customers: 0.3.")
    ] = 1.0,
    seed: Seed = 0,
    writing: Writing,
) -> None:
    """Tell where customers come from, and what each channel is worth.

    Leads, visitors and customers by channel, those not recorded among them, with how many convert and whether that
    differs beyond chance. With spend: what a lead, a deal and a customer cost, and what one more would. What customers
    of each channel are worth, and who gets the credit by six rules, side by side.

    \b
    Examples:
      acrm channels acrm-store
      acrm channels acrm-store acrm-out/clv.parquet --margin 0.3
      acrm channels deals.csv spend.csv --by campaign
      acrm channels paths.csv
      acrm channels sessions.csv --target revenue --by visitortype
      acrm channels acrm-store --fail-on "not_recorded_share>0.2"
    """
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from acrm.analysis.as_it_was import as_it_was
    from acrm.analysis.channels.channels import channels as analyse
    from acrm.analysis.channels.params import ChannelsParams
    from acrm.earlier import earlier_worth
    from acrm.load import settled, undisturbed, ways
    from acrm.messages import Message
    from acrm.render.channels import channels_page
    from acrm.write import emit

    params = ChannelsParams(by=by, target=target, paths=paths, margin=margin, as_of=as_of, seed=seed, tz=reading.tz)
    with (
        undisturbed(sources),
        TemporaryDirectory(prefix="acrm-") as scratch,
        run.console.progress(Message("clean.reading")),
    ):
        found = ways(sources, reading, selecting, Path(scratch), params.columns)
        settled(run, reading, found.dataset)
        tables = as_it_was(found.dataset.tables, as_of) if as_of else found.dataset.tables
        result = analyse(tables, tables.get("transactions"), params, earlier_worth(sources))
        notes = (*replace(found, refusing=0).notes(), *result.notes)
        result = replace(result, summary={**found.counted(), **result.summary}, notes=notes)
        lineage = found.lineage(run, as_of=result.summary["as_of"], seed=seed)
    emit(run, result, writing, lineage, lambda: channels_page(result, run.typed()))
