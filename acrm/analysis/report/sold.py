"""What was sold and given back, by customer, order and day: read once, the ground of every figure of a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from acrm.analysis.history import far_dates, left_out, one_currency
from acrm.analysis.report.columns import with_columns
from acrm.analysis.result import Scalar
from acrm.errors import InputError
from acrm.messages import Message, text

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, kw_only=True)
class Sold:
    """The orders of a report and the account of the lines they were made from.

    Attributes:
        rows: In no order: `customer_id` (null: not known), `order_id`, `day`, `refund` Bool, the columns `by`, `lines`,
            `amount` Decimal (refunds below 0); and where costs are known `cost` Decimal and `uncosted` lines.
        by: The columns asked for.
        as_of: Today: the day after the last sale or refund, unless it was given.
        figures: `lines` = `lines_used` + every other `lines_...` but `lines_without_customer`, which are among the
            used; `currency`; `refunded`; `first_on`, `last_on`: days of the first and the last sale.
        notes: What was left out, and why.
    """

    rows: pl.DataFrame
    by: tuple[str, ...]
    as_of: date
    figures: dict[str, Scalar]
    notes: tuple[Message, ...]

    @property
    def costed(self) -> bool:
        """Whether any cost of goods is known."""
        return "cost" in self.rows.columns


def read_sold(
    tables: Mapping[str, pl.LazyFrame],
    by: Sequence[str] = (),
    *,
    as_of: date | None = None,
    zone: str | None = None,
    lines: pl.LazyFrame | None = None,
) -> Sold:
    """Reduce order lines to orders by day, in one scan, lines without a customer among them.

    Args:
        tables: Canonical tables; `transactions` at least.
        by: Columns to cut by, see `columns.with_columns`.
        as_of: Today; later lines are left out. None: the day after the last event that is neither a test nor mistyped.
        zone: Time zone of hours.
        lines: The order lines that count, where they are not all of `transactions`.

    Raises:
        InputError: Nothing was sold; no column `by`; more than one currency.
    """
    import polars as pl

    from acrm.summaries.ledger import Part
    from acrm.summaries.sales import sold_days

    chosen = {**tables, "transactions": lines if lines is not None else tables["transactions"]}
    products = tables.get("products")
    costs = products if products is not None and "cost" in products.collect_schema().names() else None
    costs = costs.select("product_id", "cost").drop_nulls() if costs is not None else None
    wide = with_columns(by, chosen, zone)
    rows = sold_days(wide, by, unit_costs=costs, as_of=None).collect(engine="streaming")
    notes: tuple[Message, ...] = ()
    if as_of is None:
        last, notes = _last(rows)
        as_of = last + timedelta(days=1) if last else None
    if as_of is not None:
        earlier = [int(part) for part in (Part.TEST, Part.CANCELLED, Part.UNDATED)]
        after = (pl.col("day") > as_of) & ~pl.col("part").is_in(earlier)
        rows = rows.with_columns(part=pl.when(after).then(int(Part.AFTER)).otherwise("part"))
    counted = rows.group_by("part").agg(pl.col("lines").sum().cast(pl.Int64), pl.col("amount").sum())
    counts = {part: int(counted.filter(part=int(part))["lines"].sum()) for part in Part}
    used = rows.filter(pl.col("part") <= int(Part.REFUND))
    if not counts[Part.SALE] or as_of is None:
        raise InputError("no_sales", reasons="; ".join(map(str, left_out(counts))) or text("history.no_lines"))
    currency, without = one_currency(used) if "currency" in used.columns else (None, 0)
    if currency and without:
        notes += (Message("history.no_currency", {"lines": without, "currency": currency}),)
    refunded = -Decimal(counted.filter(part=int(Part.REFUND))["amount"].sum())
    notes += tuple(left_out(counts))
    if refunded:
        notes += (Message("history.refunds_net", {"lines": counts[Part.REFUND], "amount": refunded}),)
    nobody = used.filter(pl.col("customer_id") == "")
    sales: Any = used.filter(pl.col("part") == int(Part.SALE))["day"]
    figures: dict[str, Scalar] = {
        "as_of": as_of,
        "first_on": sales.min(),
        "last_on": sales.max(),
        "currency": currency,
        "lines": sum(counts.values()),
        "lines_used": counts[Part.SALE] + counts[Part.REFUND],
        **{f"lines_{part.name.lower()}": counts[part] for part in Part if part > Part.REFUND and counts[part]},
        "lines_without_customer": int(nobody["lines"].sum()),
        "refunded": refunded,
    }
    if nobody.height:
        amount = Decimal(nobody["amount"].sum())
        share = float(amount) / (float(used["amount"].sum()) or 1.0)
        notes += (Message("report.nobody", {"lines": figures["lines_without_customer"], "share": share}),)
    if "cost" in used.columns and (used["uncosted"] >= used["lines"]).all():
        # A store has the column whether or not some export told a cost.
        used = used.drop("cost", "uncosted")
    keys = ("customer_id", "order_id", "day", "refund", *by)
    sums = [name for name in ("lines", "amount", "cost", "uncosted") if name in used.columns]
    named = used.with_columns(
        pl.col("lines").cast(pl.Int64),
        refund=pl.col("part") == int(Part.REFUND),
        customer_id=pl.when(pl.col("customer_id") != "").then("customer_id"),
    )
    if currency and without:
        # An order may have lines with and without a currency.
        named = named.group_by(list(dict.fromkeys(keys))).agg(pl.col(sums).sum())
    return Sold(rows=named.select(*dict.fromkeys(keys), *sums), by=tuple(by), as_of=as_of, figures=figures, notes=notes)


def _last(rows: pl.DataFrame) -> tuple[date | None, tuple[Message, ...]]:
    """The newest day that is neither of a test nor mistyped, and what to say of later ones."""
    import polars as pl

    from acrm.summaries.ledger import Part
    from acrm.validity import FAR

    real = rows.filter(pl.col("part") != int(Part.TEST), pl.col("day").is_not_null())
    days: list[date] = real["day"].unique().sort().to_list()
    if not any((later - day).days > FAR for day, later in pairwise(days)):
        return (days[-1] if days else None), ()
    return far_dates(real.lazy().rename({"day": "ordered_on"}))
