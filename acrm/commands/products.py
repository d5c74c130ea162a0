"""`acrm products`: what to promote, restock, keep, sell off or take out of the assortment."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Annotated, Literal

import typer

from acrm.errors import UsageError
from acrm.options import AsOf, KeepServices, Reading, Refunds, Run, Selecting, Sources, Writing


def products(
    run: Run,
    sources: Sources,
    *,
    reading: Reading,
    selecting: Selecting,
    as_of: AsOf = None,
    refunds: Refunds = "net",
    keep_services: KeepServices = False,
    abc: Annotated[
        str, typer.Option("--abc", metavar="A,B", help="Percent of revenue up to which a product is A, and B.")
    ] = "80,95",
    xyz: Annotated[
        str, typer.Option("--xyz", metavar="X,Y", help="Variation of monthly sales below which it is X, and Y.")
    ] = "0.5,1",
    zeros: Annotated[
        Literal["since-first", "count", "ignore"],
        typer.Option("--zeros", help="Months without a sale: count since the first sale, all, or none."),
    ] = "since-first",
    dead_days: Annotated[
        int, typer.Option("--dead-days", metavar="N", help="Stock unsold for so many days is dead.")
    ] = 90,
    by: Annotated[
        str | None,
        typer.Option("--by", metavar="COLUMN", help="Compare what groups buy: segment, unit, channel, month, any."),
    ] = None,
    writing: Writing,
) -> None:
    """Judge every product, and say what to do with it.

    ABC by revenue and by margin, XYZ by how evenly it sells, and what it does for the other goods: a product that
    pulls them, or brings customers, is not proposed for removal, however small. With a table of stock: what is dead,
    what runs out. Every product has an action and a reason.

    \b
    Examples:
      acrm products acrm-store
      acrm products orders.csv stock.csv --dead-days 60
      acrm products acrm-store --by segment
      acrm products orders.csv --zeros count --abc 70,90
      acrm products acrm-store -o - | head
    """
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from acrm.analysis.clv.people import with_segments
    from acrm.analysis.products.params import ProductsParams
    from acrm.analysis.products.products import products as analyse
    from acrm.earlier import segments_of
    from acrm.load import baskets, settled, undisturbed
    from acrm.messages import Message
    from acrm.render.products import products_page
    from acrm.write import emit

    even, uneven = _two("--xyz", xyz)
    params = ProductsParams(
        as_of=as_of,
        refunds=refunds,
        keep_services=keep_services,
        abc=_two("--abc", abc),
        xyz=(float(even), float(uneven)),
        zeros=zeros,
        dead_days=dead_days,
        by=by,
    )
    with (
        undisturbed(sources),
        TemporaryDirectory(prefix="acrm-") as scratch,
        run.console.progress(Message("clean.reading")),
    ):
        wanted = (by,) if by and by != "segment" else ()
        found = baskets(sources, run.command, reading, selecting, Path(scratch), wanted, anonymous=True)
        settled(run, reading, found.dataset)
        tables, notes = found.dataset.tables, replace(found, refusing=0).notes()
        if by == "segment":
            segments, told = segments_of(sources, found.lines, as_of)
            tables = {**tables, "customers": with_segments(tables.get("customers"), segments)}
            notes = (*notes, told)
        result = analyse(found.lines, params, tables)
        result = replace(result, summary={**found.counted(), **result.summary}, notes=(*notes, *result.notes))
        lineage = found.lineage(run, as_of=result.summary["as_of"])
    emit(run, result, writing, lineage, lambda: products_page(result, run.typed("zeros", "by")))


def _two(option: str, value: str) -> tuple[Decimal, Decimal]:
    try:
        first, second = (Decimal(word.strip()) for word in value.split(","))
    except (ValueError, InvalidOperation):
        first = second = Decimal("nan")
    if not (first.is_finite() and second.is_finite()):
        raise UsageError(f"products_{option.removeprefix('--')}", value=value)
    return first, second
