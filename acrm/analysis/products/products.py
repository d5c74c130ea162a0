"""Products: what each is worth, what it does for the others, and what to do with it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from acrm.analysis.products.actions import Usual, decided
from acrm.analysis.products.assortment import assortment, flagged
from acrm.analysis.products.classes import MONTHS, abc, variation, whole_months, xyz
from acrm.analysis.products.drawing import drawing
from acrm.analysis.products.ground import Ground, ground
from acrm.analysis.products.groups import by_group
from acrm.analysis.products.notes import notes
from acrm.analysis.products.params import ACTIONS, ProductsParams, ProductsResult
from acrm.analysis.products.season import seasonal
from acrm.analysis.products.shelves import newest_counts, shelves
from acrm.analysis.products.worth import overall_repeat_rate, worth
from acrm.analysis.result import Scalar
from acrm.errors import InputError

if TYPE_CHECKING:
    import polars as pl

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
    base = ground(transactions, params, tables)
    rows, as_of, catalogue = base.rows, base.as_of, base.catalogue
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
    counts = held = None
    if "stock" in tables:
        counts = newest_counts(tables["stock"])
        held = shelves(counts, rows, base.each, as_of, params.dead_days)
    usual = _usual(table, rows, as_of)
    if as_of:
        table = table.join(seasonal(rows, as_of), on="product_id", how="left")
    table = _with_stock(table, held).join(catalogue, on="product_id", how="left")
    table = decided(table.with_columns(pl.col("season_from", "season_to")), usual, as_of, params.dead_days)
    table = table.sort(-pl.col("revenue"), -pl.col("orders"), "product_id", nulls_last=True)
    made = {"products": table.select(_SHOWN), "matrix": _matrix(table, total)}
    groups = _groups(base, params)
    if groups is not None:
        made["by"] = groups
    if rows["category"].count():
        # Units have shelves of their own.
        per = "unit" if params.by == "unit" and counts is not None and "unit" in counts.columns else None
        homes = catalogue.select("product_id", "category")
        made["assortment"] = flagged(assortment(rows, homes, counts, held, per), groups, params.by)
    figures = base.kept.figures | _figures(table, months, measure, held) | {"classed_by": total}
    return ProductsResult(
        params=params,
        tables=made,
        summary=figures,
        notes=tuple(notes(base, params, made, figures, total)),
    )


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


def _matrix(table: pl.DataFrame, total: str) -> pl.DataFrame:
    import polars as pl

    sums = [pl.col(name).sum() for name in dict.fromkeys(("revenue", total))]
    cells = table.group_by("abc", "xyz").agg(pl.len().cast(pl.Int64).alias("products"), *sums)
    share = pl.col(total).cast(pl.Float64) / pl.col(total).sum().cast(pl.Float64)
    return cells.with_columns(share=share).sort("abc", "xyz", nulls_last=True)


def _groups(base: Ground, params: ProductsParams) -> pl.DataFrame | None:
    if not params.by:
        return None
    rows = base.rows
    if not rows[params.by].count():
        raise InputError("products_no_group", column=params.by)
    levels = ["product", *(["category"] if rows["category"].count() else [])]
    return by_group(rows, params.by, base.catalogue.select("product_id", "product_name"), levels)


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
