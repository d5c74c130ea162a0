"""What can be chosen about customer value, and what it is if nothing is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from acrm.errors import UsageError

if TYPE_CHECKING:
    from acrm.analysis.clv.rollup import Object

YEAR, WEEK = 365.25, 7.0
"""Days."""
MODELS = ("bg-nbd", "mbg-nbd", "pareto-nbd", "bg-bb")


@dataclass(frozen=True, kw_only=True)
class ClvParams:
    """Parameters of a run.

    Args:
        model: `auto`, a name of `MODELS`, or one of regular buying such as `mbg-cnbd-2`.
        opportunity: For bg-bb, days from one opportunity to order to the next; what is ordered in between is one order.
        horizon: Days ahead for which orders and value are expected.
        discount: Rate per year.
        margin: Share of revenue that is counted as value.
        interval: Probability that the limits hold.
        as_of: Last day observed; None: the day after the last event.
        seed: Start of every random draw.
        by: Columns by which the totals are cut.
        object: Whose rows the result has.
    """

    model: str = "auto"
    opportunity: int = 30
    horizon: int = 365
    discount: float = 0.10
    margin: float = 1.0
    interval: float = 0.8
    as_of: date | None = None
    seed: int = 0
    by: tuple[str, ...] = ()
    object: Object = "customer"

    def __post_init__(self) -> None:
        """Refuse what makes no sense.

        Raises:
            UsageError: A value out of range, or no such model.
        """
        regular = [f"{family}-cnbd-{k}" for family in ("bg", "mbg") for k in (2, 3, 4)]
        if self.model not in ("auto", *MODELS, *regular):
            raise UsageError("clv_model", value=self.model, known=", ".join(("auto", *MODELS, *regular)))
        for name, value, low, high in (
            ("horizon", self.horizon, 1, 36525),
            ("opportunity", self.opportunity, 1, 3653),
            ("discount", self.discount, 0.0, 10.0),
            ("margin", self.margin, 0.0, 1.0),
            ("interval", self.interval, 0.01, 0.999),
        ):
            if not low <= value <= high:
                raise UsageError("clv_range", name=name, value=value, low=low, high=high)

    @property
    def rate(self) -> float:
        """The discount rate as a continuous one, per day."""
        return math.log1p(self.discount) / YEAR


def horizon_days(word: str) -> int:
    """A horizon such as 12m, 52w, 90d or 2y in days; a bare number is months.

    >>> horizon_days("12m"), horizon_days("52w"), horizon_days("90d"), horizon_days("2y"), horizon_days("6")
    (365, 364, 90, 730, 183)
    """
    units = {"d": 1.0, "w": 7.0, "m": YEAR / 12, "y": YEAR}
    number, unit = (word[:-1], word[-1]) if word[-1:] in units else (word, "m")
    try:
        return round(float(number.replace(",", ".")) * units[unit])
    except (ValueError, OverflowError):
        raise UsageError("clv_horizon", value=word) from None
