"""Options of `acrm segment` beside those of the groups, and which of them all would do nothing beside others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from acrm.errors import UsageError

if TYPE_CHECKING:
    from decimal import Decimal

    from acrm.options import Run


def _money(value: object) -> Decimal:
    """An amount such as 500000 or 1 500,50."""
    from decimal import Decimal, InvalidOperation

    try:
        return Decimal(str(value).replace(" ", "").replace(",", "."))
    except InvalidOperation:
        raise UsageError("segment_budget", value=value) from None


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
    ahead: Annotated[int, typer.Option("--ahead", metavar="DAYS", min=1, help="Days that reminders look ahead.")] = 7
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


_GROUPS = ("columns", "k", "method", "min_size")
"""Options that say how groups are found."""
_ONLY_WITH = {
    **dict.fromkeys(("factors", "hold", "log"), ("drivers",)),
    "ahead": ("reminders",),
    "top": ("lookalike",),
    "by": ("bins", "sample"),
}
_NOT_WITH = {
    "bins": ("drivers",),
    "apply": ("segments_from", "axis", *_GROUPS),
    "segments_from": _GROUPS,
}
_OF_GROUPS = (
    *("axis", *_GROUPS, "segments_from", "apply", "limits", "compare", "compare_groups"),
    *("scenarios", "budget", "record", "export", "reminders", "call_list", "lookalike", "sample"),
)


def consistent(run: Run) -> None:
    """Refuse options of this command that would do nothing beside the others."""

    def flag(name: str) -> str:
        return f"--{name.replace('_', '-')}"

    given = {name for name, (value, origin) in run.options.items() if origin == "flag" and value not in (None, False)}
    for name, wanted in _ONLY_WITH.items():
        if name in given and not given & set(wanted):
            raise UsageError("segment_only_with", option=flag(name), other=flag(wanted[0]))
    for name, idle in (
        _NOT_WITH | {one: (*_NOT_WITH.get(one, ()), *_OF_GROUPS) for one in ("bins", "drivers")}
    ).items():
        for other in idle if name in given else ():
            if other in given:
                raise UsageError("segment_not_with", option=flag(other), other=flag(name))
