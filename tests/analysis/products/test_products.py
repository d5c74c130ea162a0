"""Products of made-up shops in which it is known what to do with each, and the published figures of Online Retail."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest

from acrm.analysis.products.params import ProductsParams, ProductsResult
from acrm.analysis.products.products import products
from acrm.errors import InputError, UsageError
from acrm.schema import polars_schema

START, TODAY = date(2024, 1, 1), date(2026, 1, 1)
SCHEMA = polars_schema(
    "transactions", ("order_id", "customer_id", "ordered_on", "product_id", "quantity", "line_amount", "cost")
)
Line = tuple[str, str | None, date, str, int, float, float | None]


def frame(lines: Sequence[Line]) -> pl.LazyFrame:
    rows = [(*line[:4], *(None if value is None else Decimal(str(value)) for value in line[4:])) for line in lines]
    return pl.LazyFrame(rows, schema=SCHEMA, orient="row")


def shop(seed: int = 0) -> Iterator[Line]:
    """Two years of a shop with a leader, a dud, a gem, a novelty and skates beside its usual goods.

    Usual goods cost 60% of their price and are drawn by popularity. The leader is sold at cost, at the head of large
    baskets. The dud, as small, stands in baskets by chance. The gem is bought by few, again and again, at a margin of
    80%. The novelty is sold for two months, the skates in winter.
    """
    random = Random(seed)
    weights = [*(1 / (place + 1) for place in range(60)), 0.025]
    for number in range(2600):
        day = START + timedelta(days=random.randrange(731))
        who = f"c{random.randrange(400):03}"
        order = f"o{number:05}"
        led = number % 40 == 0
        count = 14 if led else random.choice((1, 2, 3, 4, 5))
        for item in sorted(set(random.choices(range(61), weights, k=count))):
            yield (
                (order, who, day, "dud", 1, 2.0, 1.9) if item == 60 else (order, who, day, f"g{item:02}", 1, 10.0, 6.0)
            )
        if led:
            yield order, who, day, "leader", 1, 2.0, 1.9
        if (TODAY - day).days < 60 and random.random() < 0.05:
            yield order, who, day, "novelty", 1, 2.0, 1.0
        if day.month in (11, 12) and random.random() < 0.12:
            yield order, who, day, "skates", 1, 2.0, 1.0
    for owner in range(14):
        for number in range(10):
            day = START + timedelta(days=40 + 60 * number + owner)
            yield f"gem{owner}-{number}", f"c{owner:03}", day, "gem", 1, 30.0, 6.0


@pytest.fixture(scope="module")
def made() -> ProductsResult:
    return products(frame(list(shop())), ProductsParams(as_of=TODAY))


def row(result: ProductsResult, product: str) -> dict[str, Any]:
    return result.tables["products"].row(by_predicate=pl.col("product_id") == product, named=True)


def test_a_low_margin_product_that_pulls_is_not_taken_out(made: ProductsResult) -> None:
    leader, dud = row(made, "leader"), row(made, "dud")
    assert (leader["abc"], leader["abc_margin"], dud["abc"], dud["abc_margin"]) == ("C", "C", "C", "C")
    assert leader["pull_low"] > 1.3 > dud["pull_low"]
    assert leader["action"] == "keep"
    assert "pulls" in leader["reason"]
    assert leader["expected_value"] > 500
    assert dud["action"] == "remove"
    assert "a year at stake" in dud["reason"]


def test_what_few_buy_again_and_again_is_promoted(made: ProductsResult) -> None:
    gem = row(made, "gem")
    assert gem["action"] == "promote"
    assert gem["repeat_rate"] == 1
    assert gem["customers"] == 14
    assert gem["reach"] == 14 / 400
    assert "margin 80.0%" in gem["reason"]
    assert gem["expected_value"] > 0
    promoted = made.tables["products"].filter(action="promote")
    assert promoted.height <= 3


def test_new_and_seasonal_products_are_watched(made: ProductsResult) -> None:
    assert row(made, "novelty")["action"] == "watch"
    assert "new" in row(made, "novelty")["reason"]
    assert row(made, "skates")["action"] == "watch"
    assert "November to December: hold it" in row(made, "skates")["reason"]
    before = products(frame([line for line in shop() if line[2] < date(2025, 9, 1)]), ProductsParams())
    assert "another year tells" in row(before, "skates")["reason"]


def test_the_table_adds_up_and_is_sorted(made: ProductsResult) -> None:
    table = made.tables["products"]
    assert table["revenue"].sum() == made.summary["spend"]
    assert table["margin"].sum() == made.summary["margin"]
    assert table["revenue"].is_sorted(descending=True)
    assert table.select(pl.col("action", "reason").null_count().sum()).row(0) == (0, 0)
    assert made.tables["matrix"]["products"].sum() == made.summary["products"] == 65
    assert made.summary["costed_share"] == 1
    counts = [made.summary[f"action_{name}"] for name in table["action"].unique()]
    assert sum(counts) == table.height  # type: ignore[arg-type]


def test_the_order_of_rows_never_matters(made: ProductsResult) -> None:
    lines = frame(list(shop())).collect().sample(fraction=1, shuffle=True, seed=3).lazy()
    other = products(lines, ProductsParams(as_of=TODAY))
    assert all(made.tables[name].equals(other.tables[name]) for name in made.tables)
    assert made.summary == other.summary


def test_without_customers_costs_or_dates() -> None:
    lines = frame(list(shop()))
    bare = products(lines.drop("customer_id", "cost"), ProductsParams(as_of=TODAY))
    table = bare.tables["products"]
    for name in ("margin", "abc_margin", "repeat_rate", "reach", "newcomers", "customers"):
        assert table[name].null_count() == table.height
    assert row(bare, "leader")["action"] == "keep"
    assert {"products.no_costs", "products.no_customers"} <= {note.id for note in bare.notes}
    undated = products(lines.drop("ordered_on"), ProductsParams())
    assert undated.tables["products"]["xyz"].null_count() == table.height
    assert undated.summary["action_remove"] == 0
    assert "products.few_months" in {note.id for note in undated.notes}
    counted = products(lines.drop("line_amount", "cost"), ProductsParams(as_of=TODAY))
    assert row(counted, "leader")["pull_low"] > 1
    assert "products.no_amounts" in {note.id for note in counted.notes}


def test_costs_of_the_catalogue_stand_in_for_those_of_the_lines() -> None:
    day = date(2025, 5, 5)
    lines = [("1", "a", day, "x", 2, 10.0, None), ("2", "a", day, "y", 1, 8.0, 5.0), ("3", "a", day, "z", 1, 2.0, None)]
    catalogue = pl.LazyFrame({"product_id": ["x", "y"], "cost": [Decimal(3), Decimal(1)]})
    found = products(frame(lines), ProductsParams(), {"products": catalogue})
    table = found.tables["products"].sort("product_id")
    assert table["margin"].to_list() == [Decimal(4), Decimal(3), None]
    assert found.summary["costed_share"] == 0.9
    assert found.summary["margin"] == 7


def test_what_was_wholly_given_back_is_named_and_no_product() -> None:
    day = date(2025, 5, 5)
    lines = [("1", "a", day, "craft", 80_995, 168_469.6, None), ("C2", "a", day, "craft", -80_995, -168_469.6, None)]
    found = products(frame([*lines, ("3", "a", day, "x", 1, 2.0, None)]), ProductsParams())
    assert found.tables["products"]["product_id"].to_list() == ["x"]
    note = next(note for note in found.notes if note.id == "products.reversed")
    assert "80,995 units" in str(note)
    kept = products(frame([*lines, ("3", "a", day, "x", 1, 2.0, None)]), ProductsParams(refunds="ignore"))
    assert kept.tables["products"]["product_id"].to_list() == ["craft", "x"]


def test_stock_says_what_is_dead_short_or_withdrawn() -> None:
    stock = pl.LazyFrame(
        {"product_id": ["g00", "g01", "dud", "unsold", "gem"], "quantity": [Decimal(n) for n in (3, 0, 50, 7, 900)]}
    )
    active = pl.LazyFrame({"product_id": ["dud", "g02"], "is_active": [False, False], "name": ["Dud", None]})
    lines = [line for line in shop() if line[3] != "gem" or (TODAY - line[2]).days > 150]
    found = products(frame(lines), ProductsParams(as_of=TODAY), {"stock": stock, "products": active})
    actions = {name: row(found, name)["action"] for name in ("g00", "g01", "g02", "dud", "unsold", "gem")}
    assert actions == {
        "g00": "restock",
        "g01": "restock",
        "g02": "withdrawn",
        "dud": "clear",
        "unsold": "clear",
        "gem": "clear",
    }
    assert row(found, "gem")["stock_value"] == 900 * 6
    assert row(found, "unsold")["revenue"] == 0
    assert found.summary["dead_products"] == 3
    assert found.summary["dead_value"] == 900 * 6 + Decimal(95)
    assert row(found, "g00")["days_cover"] < 14


def family() -> tuple[Sequence[Line], pl.LazyFrame, pl.LazyFrame, pl.LazyFrame]:
    """A family shop: 80% of its visitors are women with children, and menswear has 40% of the stock."""
    random = Random(2)
    lines: list[Line] = []
    stocked = {"men": 400, "women": 300, "kids": 200, "toys": 40, "home": 60}
    wishes = {True: (4, 40, 40, 25, 15), False: (35, 5, 5, 2, 15)}
    for number in range(3000):
        who = number % 500
        goods = sorted(set(random.choices(list(stocked), wishes[who % 5 > 0], k=3)))
        day = START + timedelta(days=number % 700)
        lines += [(f"o{number}", f"c{who:03}", day, f"{name}{number % 4}", 1, 10.0, None) for name in goods]
    ids = [f"{name}{number}" for name in stocked for number in range(4)]
    people = [f"c{number:03}" for number in range(500)]
    kinds = ["women with children" if number % 5 else "others" for number in range(500)]
    return (
        lines,
        pl.LazyFrame({"customer_id": people, "visitor": kinds}),
        pl.LazyFrame({"product_id": ids, "category": [name[:-1] for name in ids]}),
        pl.LazyFrame({"product_id": ids, "quantity": [Decimal(stocked[name[:-1]]) for name in ids]}),
    )


def test_the_assortment_against_those_who_come() -> None:
    lines, customers, catalogue, stock = family()
    customers = customers.rename({"visitor": "x_visitor"})
    tables = {"customers": customers, "products": catalogue, "stock": stock}
    found = products(frame(lines), ProductsParams(by="visitor"), tables)
    flags = {name: (flag, reason) for name, flag, reason in _flags(found)}
    assert flags["men"][0] == "too_much"
    assert "40.0% of the stock" in flags["men"][1]
    assert flags["toys"][0] == "add"
    assert "women with children" in flags["toys"][1]
    assert flags["home"][0] is None
    cells = found.tables["by"].filter(level="category", visitor="women with children")
    index = dict(cells.select("product_id", "index").rows())
    assert index["toys"] > 1 > index["men"]
    shares = found.tables["by"].group_by("level", "visitor").agg(pl.col("share").sum())
    assert shares["share"].to_list() == pytest.approx([1] * 4)


def test_units_have_assortments_of_their_own() -> None:
    lines, _, catalogue, stock = family()
    parts = frame(lines).with_columns(
        unit=pl.when(pl.col("customer_id").str.ends_with("0") | pl.col("customer_id").str.ends_with("5"))
        .then(pl.lit("Station"))
        .otherwise(pl.lit("Mall"))
    )
    both = pl.concat([stock.with_columns(unit=pl.lit(name)) for name in ("Mall", "Station")])
    found = products(parts, ProductsParams(by="unit"), {"products": catalogue, "stock": both})
    table = found.tables["assortment"]
    assert table.group_by("unit").agg(pl.col("stock_share").sum())["stock_share"].to_list() == pytest.approx([1, 1])
    flags = {(unit, name): flag for unit, name, flag in table.select("unit", "category", "flag").rows()}
    # Who comes to the station buys menswear, and of what lies there it is as much as of what is sold.
    assert flags["Mall", "men"] == "too_much"
    assert flags["Station", "men"] != "too_much"
    assert flags["Mall", "toys"] == "add"
    assert table["on_hand"].sum() == found.summary["on_hand"]


def _flags(found: ProductsResult) -> list[tuple[str, str | None, str]]:
    return found.tables["assortment"].select("category", "flag", "reason").rows()


def test_groups_of_lines_and_of_time() -> None:
    lines = frame(list(shop())).with_columns(
        channel=pl.when(pl.col("order_id").str.ends_with("7")).then(pl.lit("web")).otherwise(pl.lit("shop"))
    )
    by_channel = products(lines, ProductsParams(by="channel")).tables["by"]
    assert by_channel["channel"].unique().sort().to_list() == ["shop", "web"]
    by_quarter = products(lines, ProductsParams(by="quarter", as_of=TODAY)).tables["by"]
    assert by_quarter["quarter"].n_unique() == 8
    skates = by_quarter.filter(product_id="skates").sort("index", descending=True)
    assert sorted(skates["quarter"].to_list()[:2]) == ["2024-10-01", "2025-10-01"]
    assert (skates["q_value"][:2] < 0.05).all()


def test_what_cannot_be() -> None:
    with pytest.raises(InputError, match="nowhere"):
        products(frame(list(shop())), ProductsParams(by="nowhere"))
    with pytest.raises(InputError):
        products(frame([("1", "a", START, "x", 1, -5.0, None)]), ProductsParams())
    for wrong in ({"abc": (Decimal(95), Decimal(80))}, {"xyz": (0.0, 1.0)}, {"dead_days": 0}, {"by": "product_id"}):
        with pytest.raises(UsageError):
            ProductsParams(**wrong)


@pytest.fixture(scope="module")
def online(data: Path) -> pl.LazyFrame:
    """Online Retail as the figures count it: no C invoices, units and prices above 0, ids in capitals."""
    raw = pl.read_csv(data / "basket" / "online_retail.csv", infer_schema=False, encoding="utf8-lossy")
    number = pl.Decimal(38, 4)
    lines = raw.select(
        order_id="InvoiceNo",
        customer_id="CustomerID",
        ordered_on=pl.col("InvoiceDate").str.slice(0, 10).str.to_date(),
        product_id=pl.col("StockCode").str.to_uppercase(),
        quantity=pl.col("Quantity").cast(number),
        line_amount=(pl.col("Quantity").cast(pl.Int64) * pl.col("UnitPrice").cast(pl.Decimal(18, 4))).cast(number),
    )
    return lines.filter(~pl.col("order_id").str.starts_with("C"), pl.col("quantity") > 0).lazy()


# Made apart from this code, from the file alone: classes of 12 whole months by units, limits 80/95 and .5/1.
@pytest.mark.parametrize(
    ("zeros", "classes"), [("count", (325, 1046, 2439, 2)), ("ignore", (809, 1746, 1029, 226 + 2))]
)
def test_the_classes_of_online_retail(online: pl.LazyFrame, zeros: Any, classes: tuple[int, ...]) -> None:
    params = ProductsParams(refunds="ignore", keep_services=True, zeros=zeros)
    figures = products(online, params).summary
    assert figures["spend"] == Decimal("10666684.544")
    assert [figures[name] for name in ("products", "class_a", "class_b", "class_c")] == [3812, 796, 969, 2047]
    assert tuple(figures[f"class_{name}"] for name in ("x", "y", "z", "none")) == classes
    assert figures["months"] == 12


def test_without_amounts_costs_are_no_margin() -> None:
    lines = [(f"{number}", "ada", START + timedelta(number), "jar", 1, 5.0, 2.0) for number in range(9)]
    made = products(frame(lines).with_columns(line_amount=pl.lit(None, pl.Decimal(38, 4))), ProductsParams())
    assert (made.summary["margin"], row(made, "jar")["margin"]) == (None, None)


def test_dead_days_are_days_of_a_calendar() -> None:
    with pytest.raises(UsageError):
        ProductsParams(dead_days=10**10)


@pytest.mark.parametrize("name", ["level", "index", "share", "day", "revenue", "who", "products"])
def test_a_group_called_as_a_column_of_ours_goes_by_its_longer_name(name: str) -> None:
    lines = [(f"{number}", "ada", START + timedelta(number), "jar", 1, 5.0, 2.0) for number in range(9)]
    source = frame(lines).with_columns(pl.lit("one").alias(f"x_{name}"), category=pl.lit("jars"))
    with pytest.raises(UsageError) as told:
        products(source, ProductsParams(by=name))
    assert told.value.id == "products_by_ours"
    made = products(source, ProductsParams(by=f"x_{name}")).tables["by"]
    assert made[f"x_{name}"].to_list() == ["one", "one"]


def test_an_order_of_nobody_is_not_the_customer_of_that_number() -> None:
    known = [("a", f"{number}", START, "jar", 1, 5.0, None) for number in range(20)]
    unknown = [(f"{number}", None, START, "jar", 1, 5.0, None) for number in range(20)]
    made = products(frame([*known, *unknown]).with_columns(channel=pl.lit("web")), ProductsParams(by="channel"))
    assert made.tables["by"]["buyers"].to_list() == [40]
    assert not [note for note in made.notes if note.id == "products.small_groups"]


def test_the_reason_names_no_margin_and_no_evenness_that_is_not_known() -> None:
    lines = [(f"{number}", "ada", START + timedelta(number), "jar", 1, 5.0, None) for number in range(9)]
    assert row(products(frame(lines), ProductsParams()), "jar")["reason"] == "class A"
