"""`acrm offers`: what to offer each customer next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from acrm.errors import InputError, UsageError
from acrm.options import AsOf, KeepServices, Reading, Run, Selecting, Sources, Writing

if TYPE_CHECKING:
    from acrm.analysis.offers.offers import OffersParams


def offers(
    run: Run,
    sources: Sources,
    *,
    reading: Reading,
    selecting: Selecting,
    as_of: AsOf = None,
    kind: Annotated[
        str, typer.Option("--kind", metavar="LIST", help="Bought before (repeat), never bought (new), or both.")
    ] = "repeat,new",
    top: Annotated[int, typer.Option("--top", metavar="N", help="Offers of each kind for each customer.")] = 10,
    exclude: Annotated[
        list[str],
        typer.Option(
            "--exclude",
            metavar="PATTERN",
            show_default=False,
            help="Never offer products whose id, name or category fits: 'gift*'. Repeatable.",
        ),
    ],
    keep_services: KeepServices = False,
    stdin: Annotated[
        bool,
        typer.Option("--stdin", help="Score customers from JSON lines on standard input; SOURCE is an earlier result."),
    ] = False,
    writing: Writing,
) -> None:
    """Propose to each customer what to buy again and what is new.

    Both lists are tested on orders held out, beside what is merely popular; one that is no better is not offered.
    Customers who refuse contact, products out of stock and products already bought (among the new) are left out.

    \b
    Examples:
      acrm offers acrm-store
      acrm offers orders.csv --kind new --top 3 --exclude '*gift*'
      acrm offers acrm-store -o - | head
      echo '{"customer_id": "42", "items": ["A1"]}' | acrm offers acrm-out --stdin
    """
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from acrm.analysis.offers.offers import OffersParams

    params = OffersParams(
        as_of=as_of,
        top=top,
        kinds=tuple(dict.fromkeys(word.strip() for word in kind.split(",") if word.strip())),
        exclude=tuple(exclude),
        keep_services=keep_services,
    )
    if stdin:
        _score_again(run, params, writing)
        return

    from acrm.analysis.offers.offers import offers as analyse
    from acrm.load import baskets, settled, undisturbed
    from acrm.messages import Message
    from acrm.render.offers import offers_page
    from acrm.write import emit

    with (
        undisturbed(sources),
        TemporaryDirectory(prefix="acrm-") as scratch,
        run.console.progress(Message("clean.reading")),
    ):
        found = baskets(sources, run.command, reading, selecting, Path(scratch))
        settled(run, reading, found.dataset)
        result = analyse(found.lines, params, found.dataset.tables)
        # Who refuses contact is counted among the customers of the offers.
        result = replace(
            result,
            summary={**found.counted(), **result.summary},
            notes=(*replace(found, refusing=0).notes(), *result.notes),
        )
        lineage = found.lineage(run, as_of=result.summary["as_of"])
    emit(run, result, writing, lineage, lambda: offers_page(result, run.typed("exclude"), writing.out))


_AGAIN = ("stdin", "as_of", "kind", "top", "exclude", "lang")
"""What changes a customer's answer; everything else changed the model when it was made."""


def _score_again(run: Run, params: OffersParams, writing: Writing) -> None:
    """Answer each customer of standard input with a JSON line of offers."""
    from datetime import date

    from acrm.analysis.offers.again import NEEDED, again
    from acrm.earlier import model_tables
    from acrm.lineage import dumps
    from acrm.messages import Message, text

    idle = [name for name, (_, origin) in run.options.items() if origin == "flag" and name not in _AGAIN]
    for name in [*idle, *(["fail_on"] if writing.fail_on else [])]:
        raise UsageError("offers_stdin_option", option=f"--{name.replace('_', '-')}")
    if len(run.sources) > 1:
        raise UsageError("offers_stdin_sources", count=len(run.sources))
    model, summary = model_tables(run.sources[0], run.command, NEEDED)
    as_of = params.as_of or date.fromisoformat(summary["as_of"])
    refused = str(summary["kinds_refused"]).split(",")
    for kind in params.kinds:
        if kind in refused:
            run.console.status(Message("offers.not_again", {"kind": text(f"offers.kind.{kind}")}))
    kinds = [kind for kind in params.kinds if kind not in refused]
    for customer, items in _changed():
        answer = again(model, customer, items, as_of=as_of, top=params.top, kinds=kinds, exclude=params.exclude)
        run.console.data(dumps(answer, indent=None).encode() + b"\n")


_IDS = (str, int)


def _changed() -> Iterator[tuple[str, list[str]]]:
    """Customers and the products of their new order."""
    import json
    import sys

    for number, line in enumerate(sys.stdin.buffer, 1):
        if not line.strip():
            continue
        try:
            told: Any = json.loads(line)
        except ValueError:
            told = None
        customer, items = (told.get("customer_id"), told.get("items", [])) if isinstance(told, dict) else (None, None)
        # Exact types, as true is no id.
        if type(customer) not in _IDS or type(items) is not list or any(type(item) not in _IDS for item in items):
            raise InputError("offers_stdin_line", line=number)
        yield str(customer), [str(item) for item in items]
