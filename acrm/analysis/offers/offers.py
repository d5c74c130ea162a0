"""Offers: for every customer what they are due to buy again and what is new to them, with the check of both lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, cast

from acrm.analysis.kept import read_kept
from acrm.analysis.offers.check import NEEDED, ORDERS, Check, check
from acrm.analysis.offers.lists import Weights, new_list, repeat_list, weigh
from acrm.analysis.offers.purchases import between, histories, numbered, sought, spans
from acrm.analysis.offers.shelf import categories, with_offered
from acrm.analysis.offers.worded import PRODUCT_GAPS, offered
from acrm.analysis.result import Result, Scalar
from acrm.errors import UsageError
from acrm.messages import Message, listed, text

if TYPE_CHECKING:
    import polars as pl

KINDS = ("repeat", "new")


@dataclass(frozen=True, kw_only=True)
class OffersParams:
    """Which offers are made.

    Attributes:
        as_of: Today: later lines are left out, due windows start here. None: the day after the last event.
        top: Offers of each kind for each customer, at most.
        kinds: `repeat` (bought before), `new` (never bought).
        exclude: Patterns (`*`, `?`) of ids, names or categories of products that are not proposed; case is ignored.
        keep_services: Treat postage, bags and the like as goods.
    """

    as_of: date | None = None
    top: int = 10
    kinds: tuple[str, ...] = KINDS
    exclude: tuple[str, ...] = ()
    keep_services: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.top <= 100:
            raise UsageError("offers_top", top=self.top)
        if not self.kinds or set(self.kinds) - set(KINDS):
            raise UsageError("offers_kind", value=",".join(self.kinds), known=", ".join(KINDS))


@dataclass(frozen=True, kw_only=True)
class OffersResult(Result):
    """Tables `offers`, `check`; and the model to score with, see `again.NEEDED`."""

    params: OffersParams


def offers(
    transactions: pl.LazyFrame, params: OffersParams, tables: Mapping[str, pl.LazyFrame] | None = None
) -> OffersResult:
    """Propose products to every customer who bought something and may be contacted.

    Repeat: by the share of the customer's orders that have the product, of equals the more popular. New: EASE, or
    item-kNN where there are many products, over products that the customer never bought. Both are tested on the last
    order of customers with three or more; a kind that is no better than popularity is not proposed. Lift ranks nothing.
    Method, figures and limits: docs/methods/offers.md.

    Args:
        transactions: Order lines as in `acrm.analysis.kept.read_kept`; `cost` where known.
        params: See `OffersParams`.
        tables: `customers` (`consent`), `products` (`cost`, `is_active`, `category`), `stock` (`quantity`), if any.

    Returns:
        Table `offers`, sorted by customer, kind and rank:

        | column | type | unit, range |
        |---|---|---|
        | `customer_id` | String | |
        | `kind` | String | `repeat` or `new` |
        | `rank` | Int64 | from 1 within kind |
        | `product_id` | String | or the name of a product without id |
        | `score` | Float64 | what ranks: comparable within a kind |
        | `expected_value` | Decimal | probability that it is in the next order, times its usual price or margin |
        | `due_from`, `due_to` | Date | null where no rhythm is known |
        | `reason` | String | a sentence |

    Raises:
        InputError: No customer with a sale of goods; more than one currency.
        UsageError: A parameter out of range.
    """
    import polars as pl

    tables = tables or {}
    past = read_kept(transactions, as_of=params.as_of, keep_services=params.keep_services)
    bought = numbered(past.rows)
    if bought.is_empty():
        raise past.goods.nothing()
    stock, as_of = past.goods, cast("date", past.figures["as_of"])
    gaps = between(bought)
    history = histories(bought, gaps)
    popular = sought(history)
    products = _products(bought, gaps, popular, stock.products, _margin_rates(stock.lines, tables))
    products = products.join(categories(stock.lines, tables), on="product_id", how="left", maintain_order="left")
    products, barred = with_offered(products, tables, params.exclude)
    refusing = _refusing(tables)
    weights = weigh(history, popular)
    checked = check(bought)
    refused = [kind for kind in KINDS if checked.verdict(kind) == "worse"]
    kinds = [kind for kind in params.kinds if kind not in refused]
    may = products.filter("offered")["product_id"]
    asked = history.join(refusing, on="customer_id", how="anti", maintain_order="left")
    lists = [
        repeat_list(asked, popular, may, params.top) if kind == "repeat" else new_list(asked, weights, may, params.top)
        for kind in kinds
    ]
    empty = repeat_list(asked.head(0), popular, may, params.top)
    table = offered(pl.concat([empty, *lists]), asked, history, products, checked.probabilities, as_of)
    margin = bool(products["margin_known"].any())
    figures: dict[str, Scalar] = {
        "offers": table.height,
        **{f"offers_{kind}": table.filter(kind=kind).height for kind in KINDS},
        "customers_with_offers": table["customer_id"].n_unique(),
        "customers_refusing": history["customer_id"].n_unique() - asked["customer_id"].n_unique(),
        "products": products.height,
        **{f"products_{why}": count for why, count in barred.items()},
        "method": weights.method,
        "expected_value_of": "margin" if margin else "price",
        "kinds_offered": ",".join(kinds),
        "kinds_refused": ",".join(refused),
        "tested_customers": checked.customers,
        **_told(checked),
    }
    notes = [
        *stock.notes(),
        *past.notes,
        *_check_notes(checked, params.kinds),
        *_other_notes(weights, barred, figures, params, valued=table["expected_value"].count() > 0),
    ]
    return OffersResult(
        params=params,
        tables={
            "offers": table,
            "check": checked.table,
            "products": products,
            "weights": _weight_table(weights),
            "histories": history,
            "probabilities": checked.probabilities,
            "refusing": refusing,
        },
        summary={**past.figures, **figures},
        notes=tuple(notes),
    )


def _products(
    bought: pl.DataFrame, gaps: pl.DataFrame, popular: pl.DataFrame, names: pl.DataFrame, rates: pl.DataFrame
) -> pl.DataFrame:
    """The products, most bought first, with what an order of one is usually worth and how often it is bought again."""
    import polars as pl

    usual = bought.group_by("product_id").agg(pl.col("amount").cast(pl.Float64).median().alias("usual_amount"))
    rhythm = spans(gaps)
    fallback = {name: rhythm[name][0] for name in ("of_low", "of_median", "of_high")}
    rhythm = rhythm.filter(pl.col("product_id").is_not_null(), pl.col("of_gaps") >= PRODUCT_GAPS)
    overall = rates.filter(pl.col("product_id").is_null())["margin_rate"]
    return (
        popular.join(names, on="product_id", how="left", maintain_order="left")
        .join(usual, on="product_id", how="left", maintain_order="left")
        .join(rhythm.drop("of_gaps"), on="product_id", how="left", maintain_order="left")
        .with_columns(pl.col(name).fill_null(pl.lit(value, pl.Float64)) for name, value in fallback.items())
        .join(rates.drop_nulls("product_id"), on="product_id", how="left", maintain_order="left")
        .with_columns(
            margin_known=pl.col("margin_rate").is_not_null(),
            margin_rate=pl.col("margin_rate").fill_null(overall[0] if len(overall) else 1.0),
        )
        .with_columns(value=(pl.col("usual_amount") * pl.col("margin_rate")).round(4))
    )


def _margin_rates(lines: pl.LazyFrame, tables: Mapping[str, pl.LazyFrame]) -> pl.DataFrame:
    """What is left of a product's price after its cost: by product, and over all (null) where any cost is known."""
    import polars as pl

    names = lines.collect_schema().names()
    costs = [pl.col("cost")] if "cost" in names else []
    listed_ = tables.get("products")
    if listed_ is not None and "quantity" in names and {"product_id", "cost"} <= set(listed_.collect_schema().names()):
        unit = listed_.group_by("product_id").agg(pl.col("cost").max().alias("_unit_cost"))
        lines = lines.join(unit, on="product_id", how="left")
        costs.append(pl.col("quantity") * pl.col("_unit_cost"))
    schema = {"product_id": pl.String, "margin_rate": pl.Float64}
    if not costs:
        return pl.DataFrame(schema=schema)
    known = lines.with_columns(_cost=pl.coalesce(costs)).filter(
        pl.col("_cost").is_not_null(), pl.col("line_amount") > 0
    )
    sums = known.group_by("product_id").agg(pl.col("line_amount").sum(), pl.col("_cost").sum()).collect()
    rate = 1 - pl.col("_cost").cast(pl.Float64) / pl.col("line_amount").cast(pl.Float64)
    each = sums.select("product_id", rate.alias("margin_rate"))
    if each.is_empty():
        return pl.DataFrame(schema=schema)
    whole = sums.select(pl.lit(None, pl.String).alias("product_id"), pl.col("line_amount", "_cost").sum())
    return pl.concat([whole.select("product_id", rate.alias("margin_rate")), each.sort("product_id")])


def _refusing(tables: Mapping[str, pl.LazyFrame]) -> pl.DataFrame:
    """`customer_id` of all who refuse contact, those who never bought among them."""
    import polars as pl

    from acrm.summaries.customers import contactable

    customers = tables.get("customers")
    if customers is None:
        return pl.DataFrame(schema={"customer_id": pl.String})
    known, willing = pl.collect_all([customers.select("customer_id"), contactable(customers).select("customer_id")])
    return known.join(willing, on="customer_id", how="anti").unique().sort("customer_id")


def _weight_table(weights: Weights) -> pl.DataFrame:
    import polars as pl

    entries = weights.matrix.tocoo()
    ids = pl.Series(weights.products, dtype=pl.String)
    table = pl.DataFrame(
        {"product_id": ids.gather(entries.row), "next_id": ids.gather(entries.col), "weight": entries.data}
    )
    return table.sort("product_id", "next_id")


def _told(checked: Check) -> dict[str, Scalar]:
    found: dict[str, Scalar] = {}
    for row in checked.table.iter_rows(named=True):
        name = row["what"] if row["method"] == "offers" else f"{row['what']}_popularity"
        found |= {f"{measure}_{name}": row[measure] for measure in ("recall", "hit", "ndcg")}
    return found


def _check_notes(checked: Check, kinds: tuple[str, ...]) -> list[Message]:
    notes = []
    for kind in kinds:
        rows = checked.of(kind)
        values = {"kind": text(f"offers.kind.{kind}"), "needed": NEEDED, "orders": ORDERS, **rows["offers"]}
        values |= {"rival": rows["popularity"]["recall"], "rival_ndcg": rows["popularity"]["ndcg"]}
        values |= {end: 100 * (rows["offers"][f"recall_{end}"] or 0) for end in ("low", "high")}
        notes.append(Message(f"offers.check_{checked.verdict(kind)}", values))
    return notes


def _other_notes(
    weights: Weights, barred: dict[str, int], figures: Mapping[str, Scalar], params: OffersParams, *, valued: bool
) -> list[Message]:
    notes = [Message(f"offers.value_{figures['expected_value_of']}")] if valued else []
    notes += [Message(f"offers.{why}", {"products": count}) for why, count in barred.items() if count]
    if params.exclude and not barred["excluded"]:
        notes.append(Message("offers.excluded_none", {"patterns": listed(params.exclude)}))
    if figures["customers_refusing"]:
        notes.append(Message("offers.refusing", {"customers": figures["customers_refusing"]}))
    if weights.wide:
        notes.append(Message("offers.wide", {"customers": weights.wide}))
    return notes
