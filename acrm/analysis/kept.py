"""What was bought of which product and not given back: the ground of baskets, sequences, offers and products."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from acrm.analysis.goods import Goods, goods
from acrm.analysis.history import read_history
from acrm.analysis.result import Scalar
from acrm.analysis.taken_off import taken_off
from acrm.messages import Message

if TYPE_CHECKING:
    import polars as pl

    from acrm.summaries.customers import Refunds

NOBODY = ""
"""The customer of lines that name none, while they are reduced."""
_MARKS = ("made_order_id", "order_total_once")
"""What ingest says of a line that decides what its order and its amount mean."""
_SOME_DAY = date(1970, 1, 1)
_DATED, _PRICED = ["as_of", "first_order_at", "last_order_at"], ["spend", "currency", "refunded"]


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Products in orders, what was left out of them, and the account of the lines they were made of.

    Attributes:
        rows: `customer_id` (null: not known), `order_id`, `product_id`, sorted by the three; `day` Date of the first
            sale line, `amount` Decimal above 0, `quantity`, `cost` Decimal where the source has them, and the columns
            asked for. Without any date in the source `day` is null, without any amount `amount` is.
        goods: Which products they are, and which are none.
        loose: Refunds that follow no purchase: `product_id`, `day`, `amount` above 0; by product and day.
        figures: As of `read_history`, all lines counted; `customers`, `orders` and `spend` are those of `rows`.
        notes: What to say of the lines; of the goods says `goods.notes()`.
    """

    rows: pl.DataFrame
    goods: Goods
    loose: pl.DataFrame
    figures: dict[str, Scalar]
    notes: tuple[Message, ...]


def read_kept(
    lines: pl.LazyFrame,
    *,
    as_of: date | None,
    refunds: Refunds = "net",
    anonymous: bool = False,
    keep_services: bool = False,
    columns: Sequence[str] = (),
) -> Kept:
    """Reduce order lines to what was bought and kept, in one pass.

    A refund is taken off the product in the order whose id it carries; what is more than that, or names another order,
    is taken off what the customer had bought of the product last until that day. A product that comes to 0 was not
    bought. Refunds that name no product void an order when they take all of it. Where the source has no order ids, an
    order is what a customer bought on one day. Where it has orders' totals instead of amounts of lines, what a product
    was sold for is not known: `amount` is null, and every line counts as bought.

    Args:
        lines: Canonical transactions, as of `read_history`, with `product_id` or `product_name` or both.
        as_of: Last day that counts. None: the day after the last event.
        refunds: `ignore` takes nothing off.
        anonymous: Count lines without a customer too; their refunds under another order id are loose. Such lines need
            no date and no amount either: where the whole source has none, each line is a sale.
        keep_services: Treat postage, bags and the like as goods.
        columns: Columns of the lines to carry along: the lowest value in an order's lines of the product.

    Raises:
        InputError: See `read_history`.
    """
    import polars as pl

    from acrm.summaries.items import SUMMED, product_orders

    told = {"ordered_on": True, "line_amount": True}
    counts = _counted(lines)
    unnumbered, totals = counts["made_order_id"], counts["order_total_once"]
    lines = _by_day(lines) if unnumbered else lines
    lines = _without_totals(lines) if totals else lines
    if anonymous:
        told = {name: counts[name] > 0 for name in told}
        lines = _filled(lines, told)
    told["line_amount"] &= not totals
    timeless = as_of is not None and not told["ordered_on"]
    as_of = None if timeless else as_of
    stock = goods(lines, keep_services=keep_services)
    reduction = partial(product_orders, refunds=refunds, columns=columns)
    history = read_history(stock.every, refunds=refunds, as_of=as_of, beside=(reduction,))
    items = history.beside[0]
    summed = [name for name in SUMMED if name in items.columns]
    loose = pl.col("product_id").is_not_null() & (pl.col("amount") < 0)
    keys = ["customer_id", "product_id"]
    given_back = items.filter(loose).select(*keys, pl.col("returned_on").alias("day"), -pl.col("amount"))
    bought = items.lazy().filter(pl.col("product_id").is_not_null(), pl.col("day").is_not_null(), pl.col("amount") > 0)
    void = _void(items, loose)
    if void.height:
        bought = bought.join(void.lazy(), on=["customer_id", "order_id"], how="anti")
    bought = bought.drop("returned_on")
    # Whose goods came back nobody knows where the customer is not known.
    known = given_back.with_columns(customer_id=pl.col("customer_id").replace(NOBODY, None)).drop_nulls("customer_id")
    touched = bought.join(known.lazy(), on=keys, how="semi").with_columns(_paid=pl.col("amount"))
    kept, left = taken_off(touched.collect().sort(*keys, "day", "order_id"), known, keys)
    share = pl.col("amount").cast(pl.Float64) / pl.col("_paid").cast(pl.Float64)
    parts = {name: (pl.col(name).cast(pl.Float64) * share).round(4).cast(pl.Decimal(38, 4)) for name in summed}
    whole = pl.col("amount") == pl.col("_paid")
    kept = kept.with_columns(pl.when(whole).then(name).otherwise(part).alias(name) for name, part in parts.items())
    wanted = stock.products.select("product_id")
    rest = pl.concat([left.filter(pl.col("amount") > 0), given_back.filter(pl.col("customer_id") == NOBODY)])
    rest = rest.join(wanted, on="product_id", how="semi").select("product_id", "day", "amount")
    taken = Decimal(given_back["amount"].sum()) - Decimal(left["amount"].sum())
    # From the many rows of `items` in one go: every step on its own would hold them once more.
    rows = (
        pl.concat([bought.join(known.lazy(), on=keys, how="anti"), kept.drop("_paid").lazy()])
        .join(wanted.lazy(), on="product_id", how="semi")
        .with_columns(
            customer_id=pl.col("customer_id").replace(NOBODY, None),
            day=pl.col("day") if told["ordered_on"] else pl.lit(None, pl.Date),
            amount=pl.col("amount") if told["line_amount"] else pl.lit(None, items.schema["amount"]),
        )
        .sort("customer_id", "order_id", "product_id")
        .collect(engine="streaming")
    )
    another = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift()) for name in ("customer_id", "order_id"))
    return Kept(
        rows=rows,
        goods=stock,
        loose=rest.sort("product_id", "day", "amount"),
        figures=history.figures
        | {
            "customers": rows["customer_id"].drop_nulls().n_unique(),
            "orders": 1 + int(rows.select(another).to_series()[1:].sum()) if rows.height else 0,
            "spend": Decimal(rows["amount"].sum()),
        }
        | dict.fromkeys([] if told["ordered_on"] else _DATED)
        | dict.fromkeys([] if told["line_amount"] else _PRICED),
        notes=(
            *([Message("kept.by_day", {"lines": unnumbered})] if unnumbered else []),
            *([Message("kept.undated")] if timeless else []),
            *([Message("kept.totals", {"lines": totals})] if totals else []),
            *_less(history.notes, refunds),
            *_refund_notes(taken, rest, void, priced=told["line_amount"]),
        ),
    )


def _counted(lines: pl.LazyFrame) -> dict[str, int]:
    """What decides how lines are read, from one scan: lines with a day, with an amount, and with either mark."""
    import polars as pl

    names = lines.collect_schema().names()
    filled = [pl.col(name).count() for name in ("ordered_on", "line_amount") if name in names]
    marks = [_flagged(rule).sum().alias(rule) for rule in _MARKS] if "_flags" in names else []
    counts = lines.select(*filled, *marks).collect(engine="streaming").row(0, named=True) if filled or marks else {}
    return dict.fromkeys(("ordered_on", "line_amount", *_MARKS), 0) | counts


def _by_day(lines: pl.LazyFrame) -> pl.LazyFrame:
    """One order per customer and day where the source has no order ids.

    There each line has an order id of its own, which says nothing of what was bought together.
    """
    import polars as pl

    visit = pl.coalesce(pl.concat_str("customer_id", "ordered_on", separator="/"), "order_id")
    return lines.with_columns(order_id=pl.when(_flagged("made_order_id")).then(visit).otherwise("order_id"))


def _without_totals(lines: pl.LazyFrame) -> pl.LazyFrame:
    """Amounts of 1, or -1 of what was given back, where an order's total stands on one of its lines.

    The others were told the same total, and have 0 now, so that it is counted once.
    """
    import polars as pl

    names = lines.collect_schema().names()
    emptied = _flagged("order_total_once")
    amount = pl.col("line_amount")
    own = pl.when(emptied).then(amount.sum().over([name for name in ("customer_id", "order_id") if name in names]))
    sign = pl.when(own.otherwise(amount) != 0).then(pl.when(own.otherwise(amount) > 0).then(1).otherwise(-1))
    return lines.with_columns(sign.otherwise(0).cast(pl.Decimal(38, 4)).alias("line_amount"))


def _flagged(rule: str) -> pl.Expr:
    import polars as pl

    return pl.col("_flags").str.contains(rf"(?:^| ){rule}(?: |$)").fill_null(value=False)


def _filled(lines: pl.LazyFrame, told: dict[str, bool]) -> pl.LazyFrame:
    """The lines with a customer each; with one day for all, and an amount of 1, where no line has any."""
    import polars as pl

    names = lines.collect_schema().names()
    needed = {"customer_id": pl.String(), "ordered_on": pl.Date(), "line_amount": pl.Decimal(38, 4)}
    lines = lines.with_columns(pl.lit(None, kind).alias(name) for name, kind in needed.items() if name not in names)
    filled = {"customer_id": pl.col("customer_id").fill_null(NOBODY)}
    if not told["ordered_on"]:
        filled["ordered_on"] = pl.lit(_SOME_DAY)
    if not told["line_amount"]:
        back = pl.col("quantity") < 0 if "quantity" in names else pl.lit(value=False)
        filled["line_amount"] = pl.when(back).then(-1).otherwise(1).cast(pl.Decimal(38, 4))
    return lines.with_columns(**filled)


def _void(items: pl.DataFrame, loose: pl.Expr) -> pl.DataFrame:
    """Orders of which refunds that name no product took everything: `customer_id`, `order_id`."""
    import polars as pl

    keys = ["customer_id", "order_id"]
    unnamed = items.filter(pl.col("product_id").is_null(), pl.col("amount") < 0).select(keys)
    whole = items.join(unnamed, on=keys, how="semi").filter(~loose)
    return whole.group_by(keys).agg(pl.col("amount").sum()).filter(pl.col("amount") <= 0).select(keys)


def _less(notes: Sequence[Message], refunds: Refunds) -> list[Message]:
    """The notes but for those on net refunds: what they take off is told by product."""
    told = ("history.refunds_net", "history.refunds_only") if refunds == "net" else ()
    return [note for note in notes if note.id not in told]


def _refund_notes(taken: Decimal, rest: pl.DataFrame, void: pl.DataFrame, *, priced: bool) -> list[Message]:
    """What became of refunds; where no amounts are known, each line is 1."""
    left = Decimal(rest["amount"].sum())
    found = {
        "kept.taken_off" if priced else "kept.taken_off_lines": {"amount": taken} if taken else None,
        "kept.loose" if priced else "kept.loose_lines": (
            {"amount": left, "products": rest["product_id"].n_unique()} if left else None
        ),
        "kept.void": {"orders": void.height} if void.height else None,
    }
    return [Message(id, values) for id, values in found.items() if values]
