"""What the net present value of one customer, or of the average one of a segment, is made of."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from acrm.models.npv import Annuity, Convention


@dataclass(frozen=True, kw_only=True)
class Terms:
    """Margin, retention and costs per year; limits are those of the estimates from order lines, where there are any.

    Attributes:
        label: Whose they are: `all`, a segment, a channel, a customer.
        customers: Customers with an order in the last 12 months; None without data.
        revenue: Money per such customer and year; None without data.
        margin: What is left of it, in money.
        retention: Share of customers who order in one year and again in the next.
        discount: Rate per year.
        years: How many yearly payments count; None for all.
        cost: Of winning a customer; None if it is not known.
    """

    label: str
    margin: float
    retention: float
    discount: float
    years: int | None
    cost: float | None = None
    customers: int | None = None
    revenue: float | None = None
    margin_limits: tuple[float, float] | None = None
    retention_limits: tuple[float, float] | None = None

    def annuity(self, convention: Convention) -> Annuity:
        """The terms as the model takes them; an existing customer has cost what they have cost."""
        from acrm.models.npv import Annuity

        return Annuity(
            margin=self.margin,
            retention=self.retention,
            discount=self.discount,
            convention=convention,
            periods=self.years,
            acquisition_cost=0.0 if convention == "existing" else self.cost or 0.0,
        )

    @property
    def existing(self) -> Annuity:
        """A customer who has paid for this year."""
        return self.annuity("existing")

    @property
    def new(self) -> Annuity:
        """A customer yet to be won."""
        return self.annuity("prospect")

    def limits(self, convention: Convention) -> tuple[float, float] | None:
        """Between what the value before the cost lies, as uncertain as margin and retention are together.

        Each moves the value as far as its own limits do, and the two distances add as independent errors do.
        """
        from dataclasses import replace

        if self.margin_limits is None and self.retention_limits is None:
            return None
        base = self.annuity(convention)
        halves = []
        if self.margin_limits:
            low, high = self.margin_limits
            halves.append((high - low) / 2 * base.multiple)
        if self.retention_limits:
            low, high = (replace(base, retention=share).value for share in self.retention_limits)
            halves.append((high - low) / 2)
        half = math.hypot(*halves)
        return base.value - half, base.value + half
