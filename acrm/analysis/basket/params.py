"""What may be asked of baskets, and what they give back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, get_args

from acrm.analysis.result import Result
from acrm.errors import UsageError

BasketIs = Literal["order", "customer-day", "customer"]
Refunds = Literal["net", "ignore"]
Listed = Literal["all", "closed", "maximal"]
ITEM = "item"
"""The level of the products themselves."""


@dataclass(frozen=True, kw_only=True)
class BasketParams:
    """Which rules are looked for.

    Attributes:
        basket_is: What counts as bought together: what is in one order, what a customer bought on one day, or ever.
        as_of: Last day that counts. None: all days.
        min_support: Least share of the baskets that hold a rule's items; from 1 on, a number of baskets. None: chosen,
            with the reason in the notes.
        min_confidence: Least share of the baskets with the left side that hold the right side too.
        min_lift: Least lift.
        max_length: Most items of a rule, both sides together. None: any number.
        rhs_size: Most items on the right.
        keep_redundant: Keep rules that say no more than a shorter one.
        with_item: Patterns (`*`, `?`; case is ignored) of ids or names, one of which an item of the rule must fit.
        lhs: The same of an item on the left.
        rhs: The same of an item on the right.
        level: What the items are: products (`item`), `category` or any other column; of several, rules go across.
        by: Column, `segment`, `month`, `quarter` or `year` by which the baskets are divided, each part with its rules.
        itemsets: Which frequent sets are listed, besides.
        discount: Share that is taken off the price of a bundle.
        holdout: Share of the baskets, the latest ones, on which rules found on the others are tried; or the first day
            of these; 0 for none.
        refunds: What was given back was not bought (`net`), or was (`ignore`).
        keep_services: Treat postage, bags and the like as goods.
        seed: Start of the choice of baskets to hold out, where no days are known.
    """

    basket_is: BasketIs = "order"
    as_of: date | None = None
    min_support: float | None = None
    min_confidence: float = 0.2
    min_lift: float = 0.0
    max_length: int | None = None
    rhs_size: int = 1
    keep_redundant: bool = False
    with_item: tuple[str, ...] = ()
    lhs: tuple[str, ...] = ()
    rhs: tuple[str, ...] = ()
    level: tuple[str, ...] = (ITEM,)
    by: str | None = None
    itemsets: Listed | None = None
    discount: Decimal = Decimal("0.1")
    holdout: float | date = 0.25
    refunds: Refunds = "net"
    keep_services: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        for name, known in (("basket_is", BasketIs), ("refunds", Refunds), ("itemsets", Listed)):
            value = getattr(self, name)
            if value is not None and value not in get_args(known):
                raise UsageError("basket_choice", option=_option(name), value=value, known=", ".join(get_args(known)))
        support = self.min_support
        if support is not None and not (0 < support < 1 or (support >= 1 and support % 1 == 0)):
            raise UsageError("basket_support", value=support)
        if not 0 <= self.min_confidence <= 1:
            raise UsageError("basket_share", option="--min-confidence", value=self.min_confidence)
        if not 0 <= self.discount < 1:
            raise UsageError("basket_share", option="--discount", value=self.discount)
        if isinstance(self.holdout, int | float) and not 0 <= self.holdout < 1:
            raise UsageError("basket_holdout", value=self.holdout)
        if not 0 <= self.min_lift < float("inf"):
            raise UsageError("basket_lift", value=self.min_lift)
        if self.rhs_size < 1 or (self.max_length is not None and self.max_length < 2):
            option = "rhs_size" if self.rhs_size < 1 else "max_length"
            raise UsageError("basket_length", option=_option(option), value=getattr(self, option))
        if not self.level or len(set(self.level)) < len(self.level):
            raise UsageError("basket_level", value=",".join(self.level))


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


@dataclass(frozen=True, kw_only=True)
class BasketResult(Result):
    """Tables `rules`; `bundles` of products, `holdout`, `itemsets`, `groups` where there are any; `left_out`."""

    params: BasketParams
