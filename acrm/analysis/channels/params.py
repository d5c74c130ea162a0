"""What is asked of the channels, and what is answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from acrm.analysis.result import Result
from acrm.errors import UsageError

LEVEL = 0.95
"""Of every interval."""
SURE = 0.05
"""P value, adjusted for the number of channels, up to which a channel differs from the rest."""
FEW = 30
"""Leads (customers, visitors) of a channel below which its conversion is not judged."""


@dataclass(frozen=True, kw_only=True)
class ChannelsParams:
    """What is counted.

    Attributes:
        by: The column that names the channel. None: the first of the usual ones that the tables have.
        target: A column of two values that says whether a row converted, or `COLUMN=VALUE`.
        paths: The column with paths (`a > b > c`) in a table of them. None: it is looked for.
        margin: Share of revenue that is left to pay for winning a customer.
        as_of: Today. None: the day after the last event.
        seed: Of what the value of customers draws at random.
        tz: Time zone of the days of orders.
    """

    by: str | None = None
    target: str | None = None
    paths: str | None = None
    margin: float = 1.0
    as_of: date | None = None
    seed: int = 0
    tz: str | None = None

    def __post_init__(self) -> None:
        if self.target is not None and self.by is None:
            raise UsageError("channels_target_by", target=self.target)
        if not 0 < self.margin <= 1:
            raise UsageError("channels_margin", value=self.margin)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that a table must have to be counted by target; none without a target."""
        return (self.target.partition("=")[0], self.by) if self.target and self.by else ()


@dataclass(frozen=True, kw_only=True)
class ChannelsResult(Result):
    """Tables `channels`, `sources`, `tests`; as far as the sources tell, `cost`, `marginal`, `worth`, `attribution`."""

    params: ChannelsParams
