"""Options of `acrm churn` in bundles, and which of them would do nothing beside others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import typer

from acrm.errors import UsageError
from acrm.idle import refuse_idle
from acrm.options import Compare

if TYPE_CHECKING:
    from acrm.options import Run

_LEARNED = ("positive", "allow", "drop", "window", "save")
_SERVES = {
    "positive": ("target",),
    "outcome": ("treatment",),
    "control": ("treatment",),
}
_BESIDE = {"apply": _LEARNED}
"""Options that do nothing without another one, or beside it."""


def _names(words: list[str]) -> tuple[str, ...]:
    return tuple(name for word in words for one in word.split(",") if (name := one.strip()))


@dataclass(frozen=True, kw_only=True)
class Learning:
    """Who has left, and what may be learned from."""

    target: Annotated[
        str | None,
        typer.Option("--target", metavar="COLUMN", help="Who left. Default: a column called churn and the like."),
    ] = None
    positive: Annotated[
        str | None, typer.Option("--positive", metavar="VALUE", help="Its value for those who left.")
    ] = None
    allow: Annotated[
        list[str],
        typer.Option("--allow", metavar="COLUMN,…", show_default=False, help="Keep columns that look like leaks."),
    ] = field(default_factory=list)
    drop: Annotated[
        list[str], typer.Option("--drop", metavar="COLUMN,…", show_default=False, help="Leave columns out.")
    ] = field(default_factory=list)
    window: Annotated[
        int | None,
        typer.Option("--window", metavar="DAYS", min=1, help="Days ahead; of purchases, days without one."),
    ] = None

    @property
    def allowed(self) -> tuple[str, ...]:
        """Names of columns."""
        return _names(self.allow)

    @property
    def dropped(self) -> tuple[str, ...]:
        """Names of columns."""
        return _names(self.drop)


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """What keeping customers costs and brings, and what a past campaign did."""

    value: Annotated[
        str | None,
        typer.Option("--value", metavar="AMOUNT|COLUMN", help="Worth of a customer kept. Default: by acrm clv."),
    ] = None
    contact: Annotated[
        float | None, typer.Option("--contact", metavar="AMOUNT", min=0, help="Cost of one contact.")
    ] = None
    incentive: Annotated[
        float | None, typer.Option("--incentive", metavar="AMOUNT", min=0, help="Paid to everybody who accepts.")
    ] = None
    success: Annotated[
        float, typer.Option("--success", metavar="P", help="Share of those about to leave whom an offer keeps.")
    ] = 0.3
    treatment: Annotated[
        str | None,
        typer.Option("--treatment", metavar="COLUMN", help="What a past campaign gave to whom: for whom it worked."),
    ] = None
    outcome: Annotated[
        str | None,
        typer.Option("--outcome", metavar="COLUMN", help="What it was to bring (visits, money). Default: staying."),
    ] = None
    control: Annotated[
        str | None, typer.Option("--control", metavar="VALUE", help="Its value for those who got nothing.")
    ] = None

    def column_of_value(self) -> str | None:
        """The column named by `--value`, if it is no amount."""
        return None if self.value is None or self.amount() is not None else self.value

    def amount(self) -> float | None:
        """The amount named by `--value`, if it is one."""
        try:
            return float((self.value or "").replace(",", "."))
        except ValueError:
            return None


@dataclass(frozen=True, kw_only=True)
class Watching:
    """How long customers stay, and what has changed."""

    by: Annotated[
        str | None, typer.Option("--by", metavar="COLUMN", help="Cut the results, and compare how long groups stay.")
    ] = None
    tenure: Annotated[
        str | None,
        typer.Option("--tenure", metavar="COLUMN", help="Months stayed so far. Default: a column called tenure."),
    ] = None
    save: Annotated[str | None, typer.Option("--save", metavar="FILE", help="Keep the model as a JSON file.")] = None
    apply: Annotated[str | None, typer.Option("--apply", metavar="FILE", help="Score with a model saved earlier.")] = (
        None
    )
    compare: Compare = None
    ending: Annotated[
        int | None,
        typer.Option("--ending", metavar="DAYS", min=1, help="List contracts that end within so many days."),
    ] = None


def check(run: Run, campaign: Campaign) -> None:
    """Refuse options that would do nothing.

    Raises:
        UsageError: One does nothing without another one, or beside it; a value below 0.
    """
    refuse_idle([name for name, (_, origin) in run.options.items() if origin == "flag"], serves=_SERVES, beside=_BESIDE)
    amount = campaign.amount()
    if amount is not None and not 0 <= amount < float("inf"):
        raise UsageError("economics_range", name="value", value=campaign.value)
