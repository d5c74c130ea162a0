"""What was bought together, as codes for the miner and as names for the reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from acrm.analysis.basket.params import ITEM, BasketParams
from acrm.analysis.kept import Kept, read_kept
from acrm.errors import InputError
from acrm.messages import Message, listed

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from acrm.models.baskets import Baskets, CountArray

PERIODS = {"month": "%Y-%m", "quarter": "", "year": "%Y"}
NO_CUTS = frozenset(
    {"order_id", "customer_id", "product_id", "ordered_on", "ordered_at", "line_amount", "quantity", "cost"}
)
"""Columns that are what baskets are made of, and divide neither them nor the products."""
MINOR = 10_000
"""Whole units of money in one: amounts are exact to four decimals."""
MOST_MONEY = Decimal(2**63 // MINOR)
"""More than this does not add up in whole units."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Held:
    """Baskets with what stands beside them.

    Attributes:
        baskets: As the miner takes them.
        amounts: One row per entry of `baskets.items`: amount, cost (0 where not known), entries without a cost; the
            first two in units of 1 / `MINOR`.
        days: Day number of each basket; None where no days are known, or a basket has no one day.
        names: What each basket is called.
    """

    baskets: Baskets
    amounts: CountArray
    days: CountArray | None
    names: pl.Series

    def only(self, kept: NDArray[np.bool_]) -> Held:
        """Some of the baskets."""
        import numpy as np

        lines = np.repeat(kept, np.diff(self.baskets.starts))
        return Held(
            baskets=self.baskets.only(kept),
            amounts=self.amounts[lines],
            days=None if self.days is None else self.days[kept],
            names=self.names.filter(_mask(kept)),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Bought:
    """Everything that rules are made of.

    Attributes:
        held: The baskets, giants left out.
        items: By code: `id`, `name`, `level`.
        apart: Codes of an item and of a group it belongs to, two a row.
        groups: Values of the column that divides the baskets, ascending, each with its baskets; empty without one.
        products: Per product with usual unit price and cost: `code`, `price`, `cost` Float64 (null: not known).
        has_amounts: Whether any amounts are known.
        has_costs: Whether any costs are.
        kept: The account of the lines.
        notes: What to say of all this.
    """

    held: Held
    items: pl.DataFrame
    apart: CountArray
    groups: tuple[tuple[str, NDArray[np.bool_]], ...]
    products: pl.DataFrame
    has_amounts: bool
    has_costs: bool
    kept: Kept
    giants: int
    notes: tuple[Message, ...]


def read_bought(
    lines: pl.LazyFrame,
    params: BasketParams,
    tables: Mapping[str, pl.LazyFrame],
    segments: pl.DataFrame | None,
) -> Bought:
    """Read baskets from order lines.

    Args:
        lines: See `acrm.analysis.kept.read_kept`; nothing but a product and an order or a customer is needed.
        params: See `BasketParams`.
        tables: `products` (`cost`, `category`) and `customers` (columns to divide by), if any.
        segments: `customer_id`, `segment`, where the baskets are divided by segment.

    Raises:
        InputError: No line names a product, or what a basket is; there is no such column.
    """
    import polars as pl

    names = lines.collect_schema().names()
    if "order_id" not in names:
        if params.basket_is == "order":
            raise InputError("basket_no_order")
        lines = lines.with_columns(order_id=pl.lit("", pl.String))
    levels = {level: _column(level, names, tables.get("products")) for level in params.level if level != ITEM}
    by = params.by if params.by and params.by not in ("segment", *PERIODS) else None
    customers = tables.get("customers")
    people = [one for one in customers.collect_schema().names() if one[0] != "_"] if customers is not None else []
    of_people = next((form for form in (by, f"x_{by}") if form in people), None)
    by_line = None if by is None or of_people else _column(by, names, None)
    carried = [name for name in dict.fromkeys([*levels.values(), by_line]) if name in names]
    kept = read_kept(
        lines,
        as_of=params.as_of,
        refunds=params.refunds,
        anonymous=True,
        keep_services=params.keep_services,
        columns=carried,
    )
    if kept.rows.is_empty():
        raise kept.goods.nothing()
    rows, notes = kept.rows, [*kept.notes, *kept.goods.notes()]
    rows, left = _with_baskets(rows, params)
    if rows.is_empty():
        raise InputError("basket_nothing" if params.basket_is == "order" else "basket_no_customer")
    if left:
        notes.append(Message(f"basket.no_key.{params.basket_is.replace('-', '_')}", {"lines": left}))
    rows = _with_costs(rows, tables.get("products"))
    labels = _labels(rows, levels, tables.get("products"))
    items, entries, apart, without = _coded(rows, kept, labels, params.level)
    notes += [Message("basket.no_level", {"level": level, "products": n}) for level, n in without.items() if n]
    held = _held(entries, rows, params)
    giants = _finest(held.baskets, items).without_giants()[1]
    if len(giants.baskets):
        named = listed(held.names.gather(giants.baskets), 3)
        values = {"baskets": len(giants.baskets), "limit": giants.limit, "lines": giants.lines, "named": named}
        notes.append(Message("basket.giants", values))
        keep = _all_but(giants.baskets, held.baskets.n_baskets)
        held = held.only(keep)
        rows = rows.filter(pl.col("basket").is_in(giants.baskets.tolist()).not_())
        codes = rows["basket"].rank("dense") - 1
        rows = rows.with_columns(basket=codes.cast(pl.Int64))
    if customers is not None and of_people:
        segments = customers.select("customer_id", segment=of_people).collect()
    groups, ungrouped, several = _groups(rows, params, by_line, segments)
    for id, baskets in (("no_group", ungrouped), ("several_groups", several)):
        if baskets:
            notes.append(Message(f"basket.{id}", {"column": params.by or "", "baskets": baskets}))
    return Bought(
        held=held,
        items=items,
        apart=apart,
        groups=groups,
        products=_prices(rows, items),
        has_amounts=kept.rows["amount"].null_count() < kept.rows.height,
        has_costs=rows["cost"].null_count() < rows.height,
        kept=replace(kept, rows=kept.rows.clear()),
        giants=len(giants.baskets),
        notes=tuple(notes),
    )


def _finest(baskets: Baskets, items: pl.DataFrame) -> Baskets:
    """The baskets with the items of the level that has most of them: a product and its category are one thing."""
    import numpy as np

    from acrm.models.baskets import Baskets

    if items["level"].n_unique() < 2:
        return baskets
    finest = items["level"].value_counts().sort("count", "level")["level"][-1]
    own = (items["level"] == finest).to_numpy()[baskets.items]
    number = np.repeat(np.arange(baskets.n_baskets), np.diff(baskets.starts))
    return Baskets.of(number[own], baskets.items[own], n_baskets=baskets.n_baskets)


def _mask(kept: NDArray[np.bool_]) -> pl.Series:
    import polars as pl

    return pl.Series(kept)


def _all_but(gone: CountArray, n: int) -> NDArray[np.bool_]:
    import numpy as np

    kept = np.ones(n, dtype=np.bool_)
    kept[gone] = False
    return kept


def _column(name: str, names: Sequence[str], products: pl.LazyFrame | None) -> str:
    """The column that is meant: of the lines, as it is or as one of the source's own, or of the products."""
    also = products.collect_schema().names() if products is not None else []
    have = {one for one in (*names, *also) if one[0] != "_"} - NO_CUTS
    found = next((form for form in (name, f"x_{name}") if form in have), None)
    if found is None:
        known = sorted(column.removeprefix("x_") for column in have)
        near = get_close_matches(name.lower(), known, 1)
        raise InputError("basket_no_column", column=name, known=listed(near or known, most=30))
    return found


def _with_baskets(rows: pl.DataFrame, params: BasketParams) -> tuple[pl.DataFrame, int]:
    """The rows with `basket`, numbered in the order of its key, and how many name no basket."""
    import polars as pl

    keys = {
        "order": ["customer_id", "order_id"],
        "customer-day": ["customer_id", "day"],
        "customer": ["customer_id"],
    }[params.basket_is]
    chosen = rows.drop_nulls("order_id" if params.basket_is == "order" else keys)
    if "day" in keys:
        chosen = chosen.sort(*keys, "product_id", "order_id")
    new = pl.any_horizontal(pl.col(key).ne_missing(pl.col(key).shift(1)) for key in keys)
    # Before the first row stands nothing: where its keys are null, it is no change.
    number = new.cast(pl.Int64).cum_sum()
    return chosen.with_columns(basket=number - number.min()), rows.height - chosen.height


def _with_costs(rows: pl.DataFrame, products: pl.LazyFrame | None) -> pl.DataFrame:
    """The rows with `cost`: the line's, else the quantity times the product's.

    Raises:
        InputError: There is more money than can be added.
    """
    import polars as pl

    costs = [pl.col("cost")] if "cost" in rows.columns else []
    have = set(products.collect_schema().names()) if products is not None else set()
    if products is not None and "quantity" in rows.columns and {"product_id", "cost"} <= have:
        unit = products.group_by("product_id").agg(pl.col("cost").max().alias("_unit_cost")).collect()
        rows = rows.join(unit, on="product_id", how="left", maintain_order="left")
        costs.append((pl.col("quantity") * pl.col("_unit_cost")).cast(pl.Decimal(38, 4)))
    rows = rows.with_columns(cost=pl.coalesce(*costs, pl.lit(None, pl.Decimal(38, 4))))
    for name in ("amount", "cost"):
        whole = Decimal(rows[name].abs().sum())
        if whole > MOST_MONEY:
            raise InputError("basket_money", amount=whole)
    return rows


def _labels(rows: pl.DataFrame, levels: Mapping[str, str], products: pl.LazyFrame | None) -> pl.DataFrame:
    """What each product belongs to at every level: what most of its lines say, else the table of products."""
    import polars as pl

    found = rows.select("product_id").unique().sort("product_id")
    for level, column in levels.items():
        told = []
        if column in rows.columns:
            own = pl.col(column).cast(pl.String).alias(level)
            counts = rows.drop_nulls(column).group_by("product_id", own).agg(pl.len().cast(pl.Int64).alias("_lines"))
            told.append(counts.sort("product_id", -pl.col("_lines"), level).select("product_id", level))
        if products is not None and column in products.collect_schema().names():
            listed_ = products.select("product_id", pl.col(column).cast(pl.String).alias(level)).drop_nulls().collect()
            told.append(listed_.sort("product_id", level))
        first = pl.concat(told).unique("product_id", keep="first", maintain_order=True)
        found = found.join(first, on="product_id", how="left", maintain_order="left")
    return found


def _coded(
    rows: pl.DataFrame, kept: Kept, labels: pl.DataFrame, levels: Sequence[str]
) -> tuple[pl.DataFrame, pl.DataFrame, Any, dict[str, int]]:
    """Items by code; entries (basket, item and sums) in the order of both; what must not meet; products of no item."""
    import numpy as np
    import polars as pl

    tables, without, codes = [], {}, labels.select("product_id")
    size = 0
    for level in levels:
        ids = labels["product_id"] if level == ITEM else labels[level]
        known = ids.drop_nulls().unique().sort()
        without[level] = int(ids.null_count())
        shown = known if level == ITEM or len(levels) == 1 else level + ":" + known
        table = pl.DataFrame({"key": known, "id": shown, "level": [level] * len(known)})
        table = table.with_columns(code=pl.int_range(size, size + pl.len(), dtype=pl.Int64))
        size += len(known)
        own = table.select(pl.col("key").alias("_key"), pl.col("code").alias(level))
        keyed = labels.select("product_id", ids.alias("_key")).join(own, on="_key", how="left", maintain_order="left")
        codes = codes.with_columns(keyed[level])
        tables.append(table)
    items = pl.concat(tables)
    names = kept.goods.products.select(pl.col("product_id").alias("key"), pl.lit(ITEM).alias("level"), "product_name")
    items = items.join(names, on=["key", "level"], how="left", maintain_order="left").select(
        "id", pl.coalesce(pl.col("product_name").str.strip_chars(), "id").alias("name"), "level"
    )
    pairs = [
        codes.select(first, second).drop_nulls().unique().sort(first, second).to_numpy()
        for at, first in enumerate(levels)
        for second in levels[at + 1 :]
    ]
    apart = np.concatenate([np.empty((0, 2), np.int64), *pairs]).astype(np.int64)
    minor = [
        pl.col(name).cast(pl.Decimal(38, 4)).to_physical().fill_null(0).cast(pl.Int64).alias(name)
        for name in ("amount", "cost")
    ]
    slim = rows.select("basket", "product_id", *minor, pl.col("cost").is_null().cast(pl.Int64).alias("no_cost"))
    # Products have their codes by the order of their ids: rows sorted by product are sorted by code.
    enum = pl.Enum(labels["product_id"])
    slim = slim.with_columns(pl.col("product_id").cast(enum).to_physical().alias("_at")).drop("product_id")
    parts = [
        slim.with_columns(item=codes[level].gather(slim["_at"])).drop("_at").drop_nulls("item") for level in levels
    ]
    entries = pl.concat(parts)
    again = (pl.col("basket") == pl.col("basket").shift(1)) & (pl.col("item") <= pl.col("item").shift(1))
    back = pl.col("basket") < pl.col("basket").shift(1)
    if entries.select((again | back).any()).item():
        sums = [pl.col(name).sum() for name in ("amount", "cost", "no_cost")]
        entries = entries.group_by("basket", "item").agg(sums).sort("basket", "item")
    return items, entries, apart, without


def _held(entries: pl.DataFrame, rows: pl.DataFrame, params: BasketParams) -> Held:
    import numpy as np
    import polars as pl

    from acrm.models.baskets import Baskets

    firsts = rows.group_by("basket", maintain_order=True).agg(
        pl.col("customer_id").first(), pl.col("order_id").first(), pl.col("day").min()
    )
    of = {"order": ["order_id"], "customer-day": ["customer_id", "day"], "customer": ["customer_id"]}[params.basket_is]
    dated = params.basket_is != "customer" and firsts["day"].null_count() == 0
    return Held(
        baskets=Baskets.of(entries["basket"].to_numpy(), entries["item"].to_numpy(), n_baskets=firsts.height),
        amounts=entries.select("amount", "cost", "no_cost").to_numpy().astype(np.int64),
        days=firsts["day"].to_physical().cast(pl.Int64).to_numpy() if dated else None,
        names=firsts.select(pl.concat_str([pl.col(name).cast(pl.String) for name in of], separator=" ")).to_series(),
    )


def _groups(
    rows: pl.DataFrame,
    params: BasketParams,
    by_line: str | None,
    told: pl.DataFrame | None,
) -> tuple[tuple[tuple[str, NDArray[np.bool_]], ...], int, int]:
    """The groups that were asked for, how many baskets are in none, and how many are in the first of several."""
    import polars as pl

    by = params.by
    if by is None:
        return (), 0, 0
    if by in PERIODS or by_line:
        ends = pl.col(by_line or "day")
        of = rows.group_by("basket").agg(ends.min().alias("group"), ends.max().alias("last"))
        of = of.with_columns(_label(pl.col(name), by).alias(name) for name in ("group", "last"))
    else:
        of = rows.group_by("basket").agg(pl.col("customer_id").first())
        if told is None:
            raise InputError("basket_no_column", column=by, known="-")
        group = pl.col("segment").cast(pl.String).alias("group")
        told = told.select("customer_id", group).unique("customer_id", keep="first")
        of = of.join(told, on="customer_id", how="left").with_columns(last="group")
    several = of.filter(pl.col("group") != pl.col("last")).height
    labels = of.sort("basket")["group"]
    known = labels.drop_nulls().unique().sort()
    if known.is_empty():
        raise InputError("basket_no_groups", column=by)
    groups = tuple((name, (labels == name).fill_null(value=False).to_numpy()) for name in known)
    return groups, labels.null_count(), several


def _label(value: pl.Expr, by: str) -> pl.Expr:
    import polars as pl

    if by not in PERIODS:
        return value.cast(pl.String)
    return value.dt.strftime(PERIODS[by]) if PERIODS[by] else pl.format("{}-Q{}", value.dt.year(), value.dt.quarter())


def _prices(rows: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    """The usual price and cost of a piece, where amounts are known; without quantities, of a basket."""
    import polars as pl

    pieces = pl.col("quantity").cast(pl.Float64) if "quantity" in rows.columns else pl.lit(1.0)
    each = rows.with_columns(pl.when(pieces > 0).then(pieces).alias("_pieces"))
    usual = each.group_by("product_id").agg(
        (pl.col("amount").cast(pl.Float64) / pl.col("_pieces")).median().alias("price"),
        (pl.col("cost").cast(pl.Float64) / pl.col("_pieces")).median().alias("cost"),
    )
    own = items.with_row_index("code").filter(level=ITEM).select(pl.col("code").cast(pl.Int64), "id")
    return own.join(usual, left_on="id", right_on="product_id", how="left", maintain_order="left").drop("id")
