"""What is asked of the deals, and what is answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from acrm.analysis.result import Result
from acrm.errors import UsageError

CUTS = ("owner", "source", "product", "region")
"""Cuts that are made unasked, of those that the deals tell."""
NO_CUTS = frozenset(
    {"deal_id", "name", "stage", "status", "created_at", "closed_at", "expected_close_at", "next_step_at", "amount"}
    | {"currency", "probability", "lost_reason", "customer_id"}
)
"""Columns that every deal has a value of its own in, or that tell its end, and by which nothing can be compared."""
LONGEST_SLA = 24 * 366.0
"""Hours: more is a slip of the finger."""


@dataclass(frozen=True, kw_only=True)
class FunnelParams:
    """How the deals are looked at.

    Attributes:
        as_of: Today: what happened on this day or later is left out. None: the day after the last event.
        by: Columns of deals, their customers or their owners to compare, with or without `x_`; `product` and the like
            are names for `product_id`. Empty: owner, source, product and region, as far as they are told.
        stages: Stages in order, those that end a deal left out. Empty: found from the data.
        sla: Hours within which a deal wants a first answer.
        seed: Start of every random choice.
        tz: Zone of the business day; None: times as they are.
    """

    as_of: date | None = None
    by: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    sla: float = 24.0
    seed: int = 0
    tz: str | None = None

    def __post_init__(self) -> None:
        if not 0 < self.sla <= LONGEST_SLA:
            raise UsageError("funnel_sla", value=f"{self.sla:g}h")
        for column in self.by:
            if column in NO_CUTS:
                raise UsageError("funnel_by", column=column)
        if len({stage.casefold() for stage in self.stages}) < len(self.stages):
            raise UsageError("funnel_stages_twice", stages=",".join(self.stages))


@dataclass(frozen=True, kw_only=True)
class FunnelResult(Result):
    """Tables `funnel`, `cuts`, `tests`, `times`, `incidence`, `cohorts`, `open`, `lost`, `forecast`, `defects`.

    Where there is something in them also `trial` and `answers`.
    """

    params: FunnelParams
