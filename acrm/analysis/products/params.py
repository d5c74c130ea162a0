"""What is asked of the products, and what is answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from acrm.analysis.result import Result
from acrm.errors import UsageError

Zeros = Literal["since-first", "count", "ignore"]
NO_GROUPS = frozenset(
    {"product_id", "product_name", "category", "quantity", "cost", "customer_id", "order_id", "line_no", "line_amount"}
    | {"unit_price", "discount", "ordered_at", "ordered_on"}
)
"""Columns that every product, order or line has a value of its own in, and by which nothing can be compared."""
OURS = frozenset(
    {"amount", "base_share", "buyers", "day", "flag", "index", "index_high", "index_low", "level", "lies", "main_index"}
    | {"on_hand", "products", "q_value", "reason", "revenue", "revenue_share", "share", "sold_by_stock", "stock_share"}
    | {"who"}
)
"""Columns of our tables of groups: a source's own of the same name goes by its longer one."""
ACTIONS = ("promote", "restock", "clear", "remove", "watch", "keep", "withdrawn")


DAYS = 36_525
"""A century: days farther back are a slip of the finger."""


@dataclass(frozen=True, kw_only=True)
class ProductsParams:
    """How products are judged.

    Attributes:
        as_of: Today: later lines are left out. None: the day after the last event.
        refunds: Take refunds off what was bought, or leave them out.
        keep_services: Treat postage, bags and the like as goods.
        abc: Percent of the revenue (margin) that classes A, and A and B together, make.
        xyz: Coefficients of variation below which a product is X, and Y.
        zeros: Months without a sale: those since the product's first sale count, all count, or none does.
        dead_days: Stock of which nothing was sold for so long is dead.
        by: A column of the order lines or the customers whose groups are compared, with or without `x_`; or `month`,
            `quarter`, `year`.
    """

    as_of: date | None = None
    refunds: Literal["net", "ignore"] = "net"
    keep_services: bool = False
    abc: tuple[Decimal, Decimal] = (Decimal(80), Decimal(95))
    xyz: tuple[float, float] = (0.5, 1.0)
    zeros: Zeros = "since-first"
    dead_days: int = 90
    by: str | None = None

    def __post_init__(self) -> None:
        if not 0 < self.abc[0] < self.abc[1] <= 100:
            raise UsageError("products_abc", value=_written(self.abc))
        if not 0 < self.xyz[0] < self.xyz[1]:
            raise UsageError("products_xyz", value=_written(self.xyz))
        if not 1 <= self.dead_days <= DAYS:
            raise UsageError("products_days", value=self.dead_days)
        if self.by in NO_GROUPS:
            raise UsageError("products_by", column=self.by)
        if self.by in OURS:
            raise UsageError("products_by_ours", column=self.by)


def _written(limits: tuple[float | Decimal, float | Decimal]) -> str:
    return ",".join(f"{limit:g}" for limit in limits)


@dataclass(frozen=True, kw_only=True)
class ProductsResult(Result):
    """Tables `products`, `matrix`; with `by` also `by`, and `assortment` where categories are known."""

    params: ProductsParams
