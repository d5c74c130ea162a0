"""`acrm reconcile`: what is paid, what is not, and why the sources count differently."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from acrm.errors import UsageError
from acrm.options import AsOf, Reading, Run, Selecting, Sources, Writing


def _days(value: str | int) -> int:
    days = str(value).strip().lower().removesuffix("d")
    if not days.isdecimal():
        raise UsageError("reconcile_window", value=value)
    return int(days)


def reconcile(
    run: Run,
    sources: Sources,
    *,
    reading: Reading,
    selecting: Selecting,
    as_of: AsOf = None,
    window: Annotated[
        int,
        typer.Option(
            "--window", metavar="DAYS", parser=_days, help="Most days between a document and a payment of its amount."
        ),
    ] = 30,
    writing: Writing,
) -> None:
    """Hold payments against deals and orders, and sources against each other.

    Which deals and orders are paid, which payments belong to nothing, and which records explain that marketing, sales
    and accounting count differently. Payments are put to documents by the number they name, by customer and amount,
    else to the customer's oldest unpaid document, which is an allocation and no match.

    \b
    Examples:
      acrm reconcile acrm-store
      acrm reconcile deals.csv statement.xlsx --window 14d
      acrm reconcile exports/ --as-of 2026-03-31 --fail-on "unpaid_share>20%"
      acrm reconcile acrm-store --where "owner = 'Anna'" -o - | head
    """
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from acrm.analysis.reconcile import ReconcileParams
    from acrm.analysis.reconcile import reconcile as analyse
    from acrm.load import settled, undisturbed
    from acrm.load_books import books
    from acrm.messages import Message
    from acrm.render.reconcile import reconcile_page
    from acrm.write import emit

    params = ReconcileParams(as_of=as_of, window=window)
    with (
        undisturbed(sources),
        TemporaryDirectory(prefix="acrm-") as scratch,
        run.console.progress(Message("clean.reading")),
    ):
        found = books(sources, run.command, reading, selecting, Path(scratch))
        settled(run, reading, found.dataset)
        result = analyse(found.lines, found.told, params)
        result = replace(result, summary={**found.counted(), **result.summary}, notes=(*found.notes(), *result.notes))
        lineage = found.lineage(run, as_of=result.summary["as_of"])
    emit(run, result, writing, lineage, lambda: reconcile_page(result, run.typed()))
