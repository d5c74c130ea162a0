"""`acrm basket`: what is bought together."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Literal

import typer

from acrm.errors import UsageError
from acrm.options import AsOf, KeepServices, Reading, Refunds, Run, Seed, Selecting, Sources, Writing


def _share(value: str | Decimal) -> Decimal:
    """A number such as 0.1, 0,1 or 10%."""
    word = str(value).strip().replace(",", ".")
    try:
        share = Decimal(word.removesuffix("%")) / (100 if word.endswith("%") else 1)
    except InvalidOperation:
        share = Decimal("nan")
    if not share.is_finite():
        raise UsageError("basket_share", option="--discount", value=value)
    return share


def _holdout(value: str) -> float | date:
    """A share of baskets or a day."""
    try:
        return date.fromisoformat(value) if value.count("-") == 2 else float(value)
    except ValueError:
        raise UsageError("basket_holdout", value=value) from None


def basket(
    run: Run,
    sources: Sources,
    *,
    reading: Reading,
    selecting: Selecting,
    basket_is: Annotated[
        Literal["order", "customer-day", "customer"],
        typer.Option("--basket-is", help="What counts as bought together."),
    ] = "order",
    as_of: AsOf = None,
    min_support: Annotated[
        float | None,
        typer.Option(
            "--min-support",
            metavar="S",
            help="Least share of baskets with a rule's items, 0.01; from 1 on a number of baskets. Default: chosen,"
            " and the reason told.",
        ),
    ] = None,
    min_confidence: Annotated[
        float,
        typer.Option("--min-confidence", metavar="P", help="Least share of baskets that have the right side too."),
    ] = 0.2,
    min_lift: Annotated[float, typer.Option("--min-lift", metavar="L", help="Least lift: 1.5.")] = 0.0,
    max_length: Annotated[
        int | None, typer.Option("--max-length", metavar="N", help="Most items of a rule. Default: any number.")
    ] = None,
    rhs_size: Annotated[int, typer.Option("--rhs-size", metavar="N", help="Most items on the right.")] = 1,
    keep_redundant: Annotated[
        bool, typer.Option("--keep-redundant", help="Keep rules that say no more than a shorter one.")
    ] = False,
    with_item: Annotated[
        list[str],
        typer.Option(
            "--with",
            "--with-item",
            metavar="PATTERN",
            show_default=False,
            help="Only rules with an item whose id or name fits: 'tea*'. Repeatable.",
        ),
    ],
    lhs: Annotated[
        list[str],
        typer.Option("--lhs", metavar="PATTERN", show_default=False, help="The same, on the left. Repeatable."),
    ],
    rhs: Annotated[
        list[str],
        typer.Option("--rhs", metavar="PATTERN", show_default=False, help="The same, on the right. Repeatable."),
    ],
    level: Annotated[
        str,
        typer.Option(
            "--level", metavar="LIST", help="What the items are: item, category or another column; several: across."
        ),
    ] = "item",
    by: Annotated[
        str | None,
        typer.Option(
            "--by", metavar="COLUMN", help="Rules of each part: segment, month, quarter, year, or any column."
        ),
    ] = None,
    itemsets: Annotated[
        Literal["all", "closed", "maximal"] | None,
        typer.Option("--itemsets", help="List the frequent sets, too."),
    ] = None,
    discount: Annotated[
        Decimal,
        typer.Option("--discount", metavar="P", parser=_share, help="Taken off the price of bundles: 0.1 or 10%."),
    ] = Decimal("0.1"),
    holdout: Annotated[
        str,
        typer.Option(
            "--holdout", metavar="WHAT", help="Latest share of baskets, or first day, to try rules on; 0: none."
        ),
    ] = "0.25",
    refunds: Refunds = "net",
    keep_services: KeepServices = False,
    seed: Seed = 0,
    writing: Writing,
) -> None:
    """Find what is bought together.

    Rules "who buys these also buys that", each with intervals and a test; bundles, and what a discount on them must
    bring; and whether rules found on earlier baskets hold on later ones. Till receipts will do: customers, dates and
    amounts are used where they are known.

    \b
    Examples:
      acrm basket acrm-store
      acrm basket receipts.csv --min-support 0.01 --min-confidence 0.5
      acrm basket acrm-store --rhs '*coffee*' --by channel
      acrm basket acrm-store --level item,category --basket-is customer-day
      acrm basket acrm-store -o - | head
    """
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from acrm.analysis.basket.basket import basket as analyse
    from acrm.analysis.basket.params import ITEM, BasketParams
    from acrm.earlier import segments_of
    from acrm.load import baskets, settled, undisturbed
    from acrm.messages import Message
    from acrm.render.basket import basket_page
    from acrm.write import emit

    levels = tuple(name.strip() for name in level.split(",") if name.strip())
    params = BasketParams(
        basket_is=basket_is,
        as_of=as_of,
        min_support=min_support,
        min_confidence=min_confidence,
        min_lift=min_lift,
        max_length=max_length,
        rhs_size=rhs_size,
        keep_redundant=keep_redundant,
        with_item=tuple(with_item),
        lhs=tuple(lhs),
        rhs=tuple(rhs),
        level=levels,
        by=by,
        itemsets=itemsets,
        discount=discount,
        holdout=_holdout(holdout),
        refunds=refunds,
        keep_services=keep_services,
        seed=seed,
    )
    with (
        undisturbed(sources),
        TemporaryDirectory(prefix="acrm-") as scratch,
        run.console.progress(Message("clean.reading")),
    ):
        columns = [name for name in (*levels, by) if name and name not in (ITEM, "segment")]
        found = baskets(sources, run.command, reading, selecting, Path(scratch), columns, anonymous=True)
        settled(run, reading, found.dataset)
        segments, said = segments_of(sources, found.lines, as_of) if by == "segment" else (None, None)
        result = analyse(found.lines, params, found.dataset.tables, segments)
        result = replace(
            result,
            summary={**found.counted(), **result.summary},
            notes=(*found.notes(), *([said] if said else []), *result.notes),
        )
        lineage = found.lineage(run, as_of=result.summary["as_of"], seed=seed)
    emit(run, result, writing, lineage, lambda: basket_page(result, run.typed("rhs", "by"), run.typed("min_support")))
