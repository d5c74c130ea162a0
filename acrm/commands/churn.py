"""`acrm churn`: who is leaving, how surely, why, and what it is worth to keep them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from acrm.options import AsOf, Reading, Run, Seed, Selecting, Sources, Writing

if TYPE_CHECKING:
    from acrm.analysis.churn.churn import ChurnParams, ChurnResult
    from acrm.load import Sales


def churn(
    run: Run,
    sources: Sources,
    *,
    reading: Reading,
    selecting: Selecting,
    as_of: AsOf = None,
    target: Annotated[
        str | None,
        typer.Option("--target", metavar="COLUMN", help="Who left. Default: a column called churn and the like."),
    ] = None,
    positive: Annotated[
        str | None, typer.Option("--positive", metavar="VALUE", help="Its value for those who left.")
    ] = None,
    allow: Annotated[
        list[str],
        typer.Option(
            "--allow", metavar="COLUMN", show_default=False, help="Keep a column that looks like a leak. Repeatable."
        ),
    ],
    window: Annotated[
        int | None,
        typer.Option("--window", metavar="DAYS", min=1, help="Days without a purchase that count as lost."),
    ] = None,
    contact: Annotated[
        float | None, typer.Option("--contact", metavar="AMOUNT", min=0, help="Cost of one contact.")
    ] = None,
    incentive: Annotated[
        float | None, typer.Option("--incentive", metavar="AMOUNT", min=0, help="Paid to everybody who accepts.")
    ] = None,
    success: Annotated[
        float, typer.Option("--success", metavar="P", help="Share of those about to leave whom an offer keeps.")
    ] = 0.3,
    seed: Seed = 0,
    writing: Writing,
) -> None:
    """Foretell who leaves, and say why and what to do.

    From a column that says who left, or from purchases alone: then whoever buys nothing in a window of days, which
    is proposed from the customers' own gaps. A column written after customers left stops the run.

    \b
    Examples:
      acrm churn acrm-store
      acrm churn acrm-store acrm-out/clv.parquet --contact 30 --incentive 200
      acrm churn telco.csv --target Churn
    """
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from acrm.analysis.churn.churn import ChurnParams
    from acrm.analysis.churn.economics import EconomicsParams
    from acrm.load import crowd, settled, undisturbed
    from acrm.messages import Message
    from acrm.render.churn import churn_page
    from acrm.write import emit

    params = ChurnParams(
        target=target,
        positive=positive,
        allow=tuple(allow),
        window=window,
        as_of=as_of,
        costs=EconomicsParams(contact=contact, incentive=incentive, success=success),
        seed=seed,
    )
    with (
        undisturbed(sources),
        TemporaryDirectory(prefix="acrm-") as scratch,
        run.console.progress(Message("clean.reading")),
    ):
        found = crowd(sources, reading, selecting, Path(scratch), (target,) if target else ())
        settled(run, reading, found.dataset)
        result = _found(found, sources, params)
        result = replace(result, summary={**found.counted(), **result.summary}, notes=(*found.notes(), *result.notes))
        lineage = found.lineage(run, as_of=result.summary.get("as_of"))
    emit(run, result, writing, lineage, lambda: churn_page(result, run.typed(), found.dataset.tables))


def _found(found: Sales, sources: list[str], params: ChurnParams) -> ChurnResult:
    """With a label where there is one, else from purchases."""
    from acrm.analysis.churn.churn import labelled_churn, transactional_churn
    from acrm.analysis.people.people import people
    from acrm.earlier import earlier_worth
    from acrm.errors import InputError

    tables: Any = found.dataset.tables
    lines = found.lines if "transactions" in tables else None
    worth = earlier_worth(sources)
    if "customers" in tables or params.target:
        crowd = people(tables, lines=lines, axes=("demo", "behaviour", "needs"), as_of=params.as_of)
        told = labelled_churn(crowd, params, worth)
        if told is not None:
            return told
    if lines is None:
        raise InputError("churn_nothing")
    return transactional_churn(lines, tables, params, worth)
