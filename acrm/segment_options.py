"""Options of `acrm segment` beside those of the groups, and which of them all would do nothing beside others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from acrm.errors import UsageError
from acrm.idle import refuse_idle

if TYPE_CHECKING:
    from decimal import Decimal

    from acrm.options import Run


def _money(value: object) -> Decimal:
    """An amount such as 500000 or 1 500,50; 500,000 may be either of two, and is refused."""
    from decimal import Decimal, InvalidOperation

    words = "".join(str(value).split())
    if len(words.rpartition(",")[0]) and len(words.rpartition(",")[2]) == 3:
        raise UsageError("segment_budget_comma", value=value, whole=words.replace(",", ""))
    try:
        return Decimal(words.replace(",", "."))
    except InvalidOperation:
        raise UsageError("segment_budget", value=value) from None


LISTS = ("reminders", "ahead", "call_list", "lookalike", "sample", "top")
_PLANS = ("scenarios", "budget", "record", "export")
_MADE = ("k", "method", "min_size")
_GROUPS = (*_MADE, "axis", "columns", "segments_from", "apply", "limits", "compare", "compare_groups", *_PLANS, *LISTS)
_DRIVERS = ("factors", "hold", "log", "randomised")
_SERVES = {
    **dict.fromkeys(_DRIVERS, ("drivers",)),
    "by": ("bins", "sample", "drivers"),
    "ahead": ("reminders",),
    "top": ("lookalike",),
}
_BESIDE = {
    "bins": ("drivers", "seed", *_DRIVERS, *_GROUPS),
    "drivers": _GROUPS,
    "segments_from": ("apply", "columns", *_MADE),
    "apply": ("axis", "columns", *_MADE),
}
"""Options that do nothing without another one, or beside it."""


@dataclass(frozen=True, kw_only=True)
class Planning:
    """What is done about whom."""

    scenarios: Annotated[
        str | None, typer.Option("--scenarios", metavar="FILE", help="scenarios.toml: what to do for which segment.")
    ] = None
    budget: Annotated[
        Any, typer.Option("--budget", metavar="AMOUNT", parser=_money, help="What all contacts together may cost.")
    ] = None
    record: Annotated[
        str | None, typer.Option("--record", metavar="STORE", help="Keep the decisions in this store.")
    ] = None
    export: Annotated[
        Literal["amocrm", "bitrix24", "csv"] | None,
        typer.Option("--export", help="A file for the operational CRM: what changed since the last one."),
    ] = None


@dataclass(frozen=True, kw_only=True)
class Listing:
    """Lists of customers for a purpose."""

    reminders: Annotated[
        str | None,
        typer.Option("--reminders", metavar="FILE", help="Whom to remember when: reminders.toml, or 'default'."),
    ] = None
    ahead: Annotated[
        int, typer.Option("--ahead", metavar="DAYS", min=1, max=366, help="Days that reminders look ahead.")
    ] = 7
    call_list: Annotated[bool, typer.Option("--call-list", help="Open deals in the order in which to call.")] = False
    lookalike: Annotated[
        str | None,
        typer.Option("--lookalike", metavar="SEGMENT", help="Who never bought and is most like this segment."),
    ] = None
    sample: Annotated[
        float | None,
        typer.Option("--sample", metavar="PP", help="A sample of each --by group, to within so many percent points."),
    ] = None
    top: Annotated[int, typer.Option("--top", metavar="N", min=1, help="Length of the list of lookalikes.")] = 100


@dataclass(frozen=True, kw_only=True)
class Explaining:
    """What a column goes with."""

    drivers: Annotated[
        str | None, typer.Option("--drivers", metavar="MEASURE", help="What a column goes with, instead of groups.")
    ] = None
    factors: Annotated[
        str | None, typer.Option("--factors", metavar="A,B", help="For --drivers: columns that may explain it.")
    ] = None
    hold: Annotated[
        str | None, typer.Option("--hold", metavar="A,B", help="For --drivers: compare within levels of these.")
    ] = None
    randomised: Annotated[
        str | None, typer.Option("--randomised", metavar="A,B", help="For --drivers: columns that were drawn by lot.")
    ] = None
    log: Annotated[
        Literal["auto", "both", "none"],
        typer.Option("--log", help="For --drivers: logarithms; both gives elasticities."),
    ] = "auto"


def consistent(run: Run) -> None:
    """Refuse options of this command that would do nothing beside the others."""
    given = [name for name, (value, origin) in run.options.items() if origin == "flag" and value not in (None, False)]
    refuse_idle(given, serves=_SERVES, beside=_BESIDE)
