"""Products: what each is worth, what it does for the others, and what to do with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from acrm.analysis.kept import Kept, read_kept
from acrm.analysis.products.actions import NEW, Usual, decided
from acrm.analysis.products.classes import MONTHS, abc, variation, whole_months, xyz
from acrm.analysis.products.drawing import drawing
from acrm.analysis.products.groups import FEW, assortment, by_group, flagged
from acrm.analysis.products.params import ACTIONS, ProductsParams, ProductsResult
from acrm.analysis.products.season import seasonal
from acrm.analysis.products.shelves import newest_counts, shelves
from acrm.analysis.products.worth import costed, overall_repeat_rate, unit_costs, worth
from acrm.analysis.result import Scalar
from acrm.errors import InputError
from acrm.messages import Message, listed, text

if TYPE_CHECKING:
    import polars as pl

PERIODS = {"month": "1mo", "quarter": "1q", "year": "1y"}
"""Cuts by time: a word and the span that starts anew with each."""
_SHOWN = (
    "product_id",
    "product_name",
    "category",
    "revenue",
    "margin",
    "margin_rate",
    "units",
    "orders",
    "customers",
    "abc",
    "abc_margin",
    "xyz",
    "cv",
    "repeat_rate",
    "reach",
    "pull",
    "pull_low",
    "pull_high",
    "beside",
    "newcomers",
    "only_buyers",
    "first_on",
    "days_since_last",
    "on_hand",
    "stock_value",
    "days_cover",
    "action",
    "reason",
    "expected_value",
)


@dataclass(frozen=True, kw_only=True)
class _Ground:
    """What was bought, with costs and categories, and what the other tables tell of the products."""

    kept: Kept
    rows: pl.DataFrame
    each: pl.DataFrame
    catalogue: pl.DataFrame
    """`product_id`, `product_name`, `category`, `is_active`: one row per product, null where not told."""
    as_of: date | None


def products(
    transactions: pl.LazyFrame, params: ProductsParams, tables: Mapping[str, pl.LazyFrame] | None = None
) -> ProductsResult:
    """Judge every product by what it brings itself, by what it does for the others, and by what of it lies in stock.

    Nothing is proposed for removal that pulls other goods, brings or keeps customers, is new, in season, or sells
    evenly. Method, figures and limits: docs/methods/products.md.

    Args:
        transactions: Order lines as of `acrm.analysis.kept.read_kept`, customers, dates, amounts and costs as far as
            they are known; with the column `by`, unless it is one of the customers.
        params: See `ProductsParams`.
        tables: `customers`, `products` (`name`, `category`, `cost`, `is_active`), `stock`, if any.

    Returns:
        Table `products`, sorted by revenue, then id:

        | column | type | unit, range |
        |---|---|---|
        | `product_id`, `product_name`, `category` | String | |
        | `revenue`, `margin` | Decimal | after refunds; margin of what has a known cost |
        | `units` | Decimal | |
        | `orders`, `customers` | Int64 | with it |
        | `abc`, `abc_margin`, `xyz` | String | |
        | `cv` | Float64 | of monthly sales |
        | `repeat_rate` | Float64 | share of its customers who had it on two days or more |
        | `reach` | Float64 | share of all customers who have it |
        | `pull`, `pull_low`, `pull_high` | Float64 | value beside it by what is expected, 95% limits |
        | `beside` | Decimal | mean value of the other goods in its orders |
        | `newcomers`, `only_buyers` | Int64 | customers who came with it; who bought nothing else |
        | `on_hand`, `stock_value` | Decimal | where stock was counted |
        | `days_cover` | Float64 | that it lasts |
        | `action`, `reason` | String | see `acrm.analysis.products.actions.decided` |
        | `expected_value` | Decimal | at most; what it is of, docs/methods/products.md |

    Raises:
        InputError: No sale of goods; more than one currency; no column `by`.
    """
    import polars as pl

    tables = tables or {}
    ground = _ground(transactions, params, tables)
    rows, as_of, catalogue = ground.rows, ground.as_of, ground.catalogue
    table = worth(rows, as_of)
    total = "revenue" if table["revenue"].null_count() < table.height else "units"
    total = total if table[total].null_count() < table.height else "orders"
    table = table.with_columns(
        abc=abc(table[total], params.abc), abc_margin=abc(table["margin"], params.abc).cast(pl.String)
    )
    months = whole_months(rows["day"].drop_nulls()) if as_of else []
    measure = "quantity" if table["units"].sum() else "orders"
    if len(months) >= MONTHS:
        varied = variation(rows, table["product_id"], months, measure, params.zeros)
    else:
        varied = table.select("product_id", pl.lit(None, pl.Float64).alias("cv"))
    table = table.join(varied, on="product_id").with_columns(xyz=xyz(pl.col("cv"), params.xyz))
    table = table.join(drawing(rows), on="product_id", how="left")
    held = None
    if "stock" in tables:
        held = shelves(newest_counts(tables["stock"]), rows, ground.each, as_of, params.dead_days)
    usual = _usual(table, rows, as_of)
    if as_of:
        table = table.join(seasonal(rows, as_of), on="product_id", how="left")
    table = _with_stock(table, held).join(catalogue, on="product_id", how="left")
    table = decided(table.with_columns(pl.col("season_from", "season_to")), usual, as_of, params.dead_days)
    table = table.sort(-pl.col("revenue"), -pl.col("orders"), "product_id", nulls_last=True)
    made = {"products": table.select(_SHOWN), "matrix": _matrix(table)}
    groups = _groups(ground, params)
    if groups is not None:
        made["by"] = groups
    if rows["category"].count():
        made["assortment"] = flagged(assortment(rows, catalogue, held), groups, params.by)
    figures = ground.kept.figures | _figures(table, months, measure, held)
    return ProductsResult(
        params=params,
        tables=made,
        summary=figures,
        notes=tuple(_notes(ground, params, made, figures, total, held)),
    )


def _ground(transactions: pl.LazyFrame, params: ProductsParams, tables: Mapping[str, pl.LazyFrame]) -> _Ground:
    import polars as pl

    names = transactions.collect_schema().names()
    by = params.by
    of_lines = [name for name in dict.fromkeys(("category", by)) if name and name in names and name != "segment"]
    attribute = None
    if by and by not in of_lines and by not in PERIODS:
        from acrm.analysis.clv.cuts import attributes

        attribute = attributes((by,), customers=tables.get("customers"), transactions=transactions, as_of=params.as_of)
    kept = read_kept(
        transactions,
        as_of=params.as_of,
        refunds=params.refunds,
        anonymous=True,
        keep_services=params.keep_services,
        columns=of_lines,
    )
    if kept.rows.is_empty():
        raise InputError("products_none")
    listed_ = _catalogue(kept, tables.get("products"))
    rows, each = kept.rows, unit_costs(tables.get("products"))
    own = pl.col("category") if "category" in rows.columns else pl.lit(None, pl.String)
    told = listed_.select("product_id", pl.col("category").alias("_listed"))
    rows = rows.join(told, on="product_id", how="left", maintain_order="left")
    rows = costed(rows.with_columns(category=pl.coalesce(own, "_listed")).drop("_listed"), each)
    if attribute is not None:
        rows = rows.join(attribute, on="customer_id", how="left", maintain_order="left")
    elif by in PERIODS and by not in of_lines:
        rows = rows.with_columns(pl.col("day").dt.truncate(PERIODS[by]).cast(pl.String).alias(by))
    homes = rows.group_by("product_id").agg(pl.col("category").min())
    listed_ = listed_.drop("category").join(homes, on="product_id", how="left").join(told, on="product_id", how="left")
    listed_ = listed_.with_columns(category=pl.coalesce("category", "_listed")).drop("_listed")
    as_of: Any = kept.figures["as_of"] if rows["day"].count() else None
    return _Ground(kept=kept, rows=rows, each=each, catalogue=listed_, as_of=as_of)


def _catalogue(kept: Kept, listed_: pl.LazyFrame | None) -> pl.DataFrame:
    import polars as pl

    sold = kept.goods.products.select("product_id", "product_name")
    wanted = {"name": pl.String(), "category": pl.String(), "is_active": pl.Boolean()}
    if listed_ is None:
        return sold.with_columns(pl.lit(None, kind).alias(name) for name, kind in wanted.items()).drop("name")
    names = listed_.collect_schema().names()
    missing = [pl.lit(None, kind).alias(name) for name, kind in wanted.items() if name not in names]
    told = listed_.with_columns(missing).group_by("product_id").agg(pl.col(list(wanted)).min()).collect()
    whole = sold.join(told, on="product_id", how="full", coalesce=True)
    return whole.with_columns(product_name=pl.coalesce("product_name", "name")).drop("name").sort("product_id")


def _usual(table: pl.DataFrame, rows: pl.DataFrame, as_of: date | None) -> Usual:
    import polars as pl

    known = table.filter(pl.col("costed_revenue") > 0)
    sums = known.select(pl.col("margin", "costed_revenue").sum().cast(pl.Float64)).row(0) if known.height else None
    reach: Any = table.filter(abc="A")["reach"].median()
    first: Any = rows["day"].min()
    return Usual(
        repeat_rate=overall_repeat_rate(table),
        margin_rate=sums[0] / sums[1] if sums else None,
        reach=reach,
        customers=rows["customer_id"].drop_nulls().n_unique(),
        days=(as_of - first).days if as_of else None,
    )


def _with_stock(table: pl.DataFrame, held: pl.DataFrame | None) -> pl.DataFrame:
    """The table with what is on hand, and the products that are on hand and were never sold; seasons where told."""
    import polars as pl

    money = pl.Decimal(38, 4)
    if held is None:
        nothing = {"on_hand": money, "stock_value": money, "days_cover": pl.Float64()}
        held = pl.DataFrame(schema={"product_id": pl.String, **nothing})
    unsold = held.join(table, on="product_id", how="anti").filter(pl.col("on_hand") > 0).select("product_id")
    zeros = {"revenue": pl.lit(0, money), "units": pl.lit(0, money), "abc": pl.lit("C")}
    unsold = unsold.with_columns(**zeros, orders=pl.lit(0, pl.Int64), customers=pl.lit(0, pl.Int64))
    if "season_from" not in table.columns:
        table = table.with_columns(season_from=pl.lit(None, pl.Int64), season_to=pl.lit(None, pl.Int64))
    whole = pl.concat([table, unsold], how="diagonal_relaxed")
    return whole.join(held, on="product_id", how="left")


def _matrix(table: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    cells = table.group_by("abc", "xyz").agg(pl.len().cast(pl.Int64).alias("products"), pl.col("revenue").sum())
    share = pl.col("revenue").cast(pl.Float64) / pl.col("revenue").sum().cast(pl.Float64)
    return cells.with_columns(share=share).sort("abc", "xyz", nulls_last=True)


def _groups(ground: _Ground, params: ProductsParams) -> pl.DataFrame | None:
    if not params.by:
        return None
    rows = ground.rows
    if not rows[params.by].count():
        raise InputError("products_no_group", column=params.by)
    levels = ["product", *(["category"] if rows["category"].count() and params.by != "category" else [])]
    return by_group(rows, params.by, ground.catalogue.select("product_id", "product_name"), levels)


def _figures(table: pl.DataFrame, months: list[date], measure: str, held: pl.DataFrame | None) -> dict[str, Scalar]:
    import polars as pl

    sold = table.filter(pl.col("orders") > 0)
    revenue, costed_ = Decimal(sold["revenue"].sum() or 0), Decimal(sold["costed_revenue"].sum() or 0)
    known = sold["margin"].count() > 0
    figures: dict[str, Scalar] = {
        "products": sold.height,
        "margin": Decimal(sold["margin"].sum()) if known else None,
        "costed_share": round(float(costed_ / revenue), 6) if known and revenue else None,
    }
    figures |= {f"class_{name.lower()}": sold.filter(abc=name).height for name in "ABC"}
    figures |= {f"class_{name.lower()}": sold.filter(xyz=name).height for name in "XYZ"}
    figures |= {"class_none": sold["xyz"].null_count(), "months": len(months), "varied_by": measure}
    figures |= {"months_from": months[0] if months else None, "months_to": months[-1] if months else None}
    figures |= {f"action_{name}": table.filter(action=name).height for name in ACTIONS}
    if held is not None:
        dead = table.filter(action="clear")
        value = dead["stock_value"].count() > 0
        figures |= {
            "on_hand": Decimal(held["on_hand"].sum()),
            "stock_value": Decimal(held["stock_value"].sum()) if held["stock_value"].count() else None,
            "dead_products": dead.height,
            "dead_value": Decimal(dead["stock_value"].sum()) if value else None,
        }
    return figures


def _notes(
    ground: _Ground,
    params: ProductsParams,
    made: Mapping[str, pl.DataFrame],
    figures: Mapping[str, Any],
    total: str,
    held: pl.DataFrame | None,
) -> list[Message]:
    notes = [*ground.kept.goods.notes(), *ground.kept.notes]
    if gone := _reversed(ground, params):
        notes.append(gone)
    if twice := _named_twice(made["products"]):
        notes.append(twice)
    if total != "revenue":
        notes.append(Message("products.no_amounts", {"what": text(f"products.what.{total}")}))
    share = figures["costed_share"]
    if share is None or share < 1:
        notes.append(Message("products.no_costs" if share is None else "products.some_costs", {"share": share}))
    if figures["months"] < MONTHS:
        notes.append(Message("products.few_months", {"months": figures["months"], "needed": MONTHS}))
    else:
        values = {"what": text(f"products.what.{figures['varied_by']}"), **figures}
        notes.append(Message(f"products.zeros.{params.zeros.replace('-', '_')}", values))
    if not figures["customers"]:
        notes.append(Message("products.no_customers"))
    notes.append(Message("products.pull"))
    if figures["action_remove"]:
        notes.append(Message("products.removal", {"new": NEW}))
    if held is not None and figures["stock_value"] is None:
        notes.append(Message("products.no_stock_value"))
    if "by" in made:
        notes += _group_notes(ground.rows, params.by or "")
    return notes


def _named_twice(table: pl.DataFrame) -> Message | None:
    import polars as pl

    names = table.drop_nulls("product_name").group_by("product_name").agg(pl.len().alias("ids"))
    twice = names.filter(pl.col("ids") > 1)["product_name"].sort()
    return Message("products.named_twice", {"n": len(twice), "names": listed(twice, most=3)}) if len(twice) else None


def _group_notes(rows: pl.DataFrame, by: str) -> list[Message]:
    import polars as pl

    who = pl.coalesce("customer_id", "order_id")
    sizes = rows.drop_nulls(by).group_by(by).agg(who.n_unique().alias("buyers")).sort("buyers", by)
    small = sizes.filter(pl.col("buyers") < FEW)[by].to_list()
    notes = [Message("products.small_groups", {"few": FEW, "names": listed(small), "n": len(small)})] if small else []
    without = rows[by].null_count()
    if without:
        notes.append(Message("products.no_group", {"column": by, "share": without / rows.height}))
    return notes


def _reversed(ground: _Ground, params: ProductsParams) -> Message | None:
    """The products that were sold and wholly given back."""
    import polars as pl

    from acrm.summaries.ledger import sale_lines

    lines = ground.kept.goods.lines
    left = ground.kept.rows["product_id"].unique()
    names = lines.collect_schema().names()
    units = pl.col("quantity").sum() if "quantity" in names else pl.lit(None, pl.Decimal(38, 4))
    sold = sale_lines(lines, params.as_of).to_native()
    sums = sold.group_by("product_id").agg(pl.col("line_amount").sum().alias("amount"), units.alias("units")).collect()
    gone = sums.filter(~pl.col("product_id").is_in(left.implode())).sort(-pl.col("amount"), "product_id")
    if gone.is_empty():
        return None
    gone = gone.join(ground.catalogue, on="product_id", how="left", maintain_order="left")
    told = [
        text("products.gone", name=name or id, units=units)
        for id, units, name in gone.select("product_id", pl.col("units").cast(pl.Float64), "product_name").rows()
    ]
    return Message("products.reversed", {"n": gone.height, "names": listed(told, most=3)})
