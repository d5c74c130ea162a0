"""How contractual value is estimated, and the groups of customers that get models of their own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

from acrm.analysis.clv.spells import MONTHS, Period
from acrm.errors import UsageError

if TYPE_CHECKING:
    from acrm.models.contract_fit import Choice
    from acrm.models.tenures import Tenures


@dataclass(frozen=True, kw_only=True)
class ContractParams:
    """How contractual value is estimated.

    Attributes:
        as_of: The day of the question. None: see `acrm.analysis.clv.spells.read_spells`.
        period: Time between two payments; `auto` finds it from the contracts.
        by: Column of the contracts whose values get models of their own. None: `plan` where plans have different
            periods, else all customers together.
        horizon_months: Months ahead in which payments count for a customer's value.
        discount: Rate per year.
        margin: Share of the price that is earned.
        interval: Probability of the intervals.
        held_out: How many of the last periods to test on. None: a third of all, 12 at most.
        cohort: Customers of a cohort of a retention table that is told in shares.
        draws: Draws of the parameters.
        seed: Of these draws.
    """

    as_of: date | None = None
    period: Literal["auto", "month", "quarter", "year"] = "auto"
    by: str | None = None
    horizon_months: int = 12
    discount: float = 0.10
    margin: float = 1.0
    interval: float = 0.80
    held_out: int | None = None
    cohort: int = 1000
    draws: int = 400
    seed: int = 0

    def __post_init__(self) -> None:
        known = ("auto", *MONTHS)
        if self.period not in known:
            raise UsageError("contract_period", value=self.period, known=", ".join(known))
        ranges = {
            "horizon_months": (1, 1200),
            "discount": (0, 10),
            "interval": (0.01, 0.99),
            "held_out": (1, 1200),
            "cohort": (1, 10**9),
            "draws": (10, 10**5),
        }
        for name, (low, high) in ranges.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise UsageError("contract_range", name=name.replace("_", "-"), value=value, low=low, high=high)


@dataclass(frozen=True, kw_only=True, eq=False)
class Group:
    """Customers with one billing period and one choice of models; times are in that period."""

    name: str
    """"" if all customers are in it."""
    period: Period
    tenures: Tenures
    choice: Choice

    @property
    def months(self) -> int:
        """Months of a period."""
        return MONTHS[self.period]

    def rate(self, annual: float) -> float:
        """A yearly rate of discount per period."""
        rate: float = (1 + annual) ** (self.months / 12) - 1
        return rate
