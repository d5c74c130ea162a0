"""Offers on a small shop of known habits: who gets what, who gets nothing, and what the check says of it."""

from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import polars as pl
import pytest

from acrm.analysis.offers.again import NEEDED, again
from acrm.analysis.offers.offers import OffersParams, OffersResult, offers
from acrm.analysis.offers.purchases import between, followers, histories, numbered
from acrm.errors import InputError, UsageError

START = date(2025, 1, 6)
MONEY = pl.Decimal(38, 4)
SCHEMA: dict[str, Any] = {
    "order_id": pl.String,
    "customer_id": pl.String,
    "ordered_on": pl.Date,
    "product_id": pl.String,
    "product_name": pl.String,
    "line_amount": MONEY,
}


def lines(rows: list[tuple[str, int, str]], amount: str = "5") -> pl.LazyFrame:
    """Customer, day, product: an order of a customer is what one bought on a day."""
    table = [
        (f"{who}-{day}", who, START + timedelta(day), item, item.upper(), Decimal(amount)) for who, day, item in rows
    ]
    return pl.LazyFrame(table, schema=SCHEMA, orient="row")


def shop(customers: int = 120, seed: int = 0) -> pl.LazyFrame:
    """Tastes: tea people buy tea and honey, coffee people coffee and milk, every four weeks."""
    random, rows = Random(seed), []
    for number in range(customers):
        taste = ("tea", "honey", "lemon", "mug") if number % 2 else ("coffee", "milk", "sugar", "cup")
        for order in range(3 + number % 3):
            items = {taste[0], *random.sample(taste, 2)} | ({"soap"} if random.random() < 0.2 else set())
            rows += [(f"c{number:03}", 28 * order + number % 5, item) for item in sorted(items)]
    return lines(rows)


@pytest.fixture(scope="module")
def made() -> OffersResult:
    return offers(shop(), OffersParams())


def test_nothing_bought_is_new_and_nothing_else_repeats(made: OffersResult) -> None:
    owned = set(made.tables["histories"].select("customer_id", "product_id").iter_rows())
    rows = made.tables["offers"].select("kind", "customer_id", "product_id").rows()
    assert {kind for kind, *_ in rows} == {"repeat", "new"}
    assert all(((who, item) in owned) is (kind == "repeat") for kind, who, item in rows)


def test_each_taste_gets_its_own(made: OffersResult) -> None:
    tastes = {1: {"tea", "honey", "lemon", "mug"}, 0: {"coffee", "milk", "sugar", "cup"}}
    owned = made.tables["histories"].group_by("customer_id").agg("product_id")
    lacking = {who: tastes[int(who[1:]) % 2] - set(items) for who, items in owned.rows()}
    firsts = made.tables["offers"].filter(kind="new", rank=1).select("customer_id", "product_id").rows()
    own = [item in lacking[who] for who, item in firsts if lacking[who]]
    assert len(own) > 20
    assert all(own)


def test_ranks_run_from_one_and_scores_fall(made: OffersResult) -> None:
    for _, some in made.tables["offers"].group_by("customer_id", "kind"):
        ordered = some.sort("rank")
        assert ordered["rank"].to_list() == list(range(1, some.height + 1))
        assert ordered["score"].is_sorted(descending=True)


def test_what_is_bought_every_four_weeks_is_due_then(made: OffersResult) -> None:
    row = made.tables["offers"].row(
        by_predicate=(pl.col("customer_id") == "c011") & (pl.col("product_id") == "tea"), named=True
    )
    last: Any = made.tables["histories"].filter(customer_id="c011", product_id="tea")["last_on"][0]
    assert row["due_from"] == max(last + timedelta(28), made.summary["as_of"])
    assert row["due_from"] == row["due_to"]
    assert "every 28 days" in row["reason"]


def test_expected_value_is_a_share_of_the_usual_amount(made: OffersResult) -> None:
    values = made.tables["offers"].filter(kind="repeat")["expected_value"]
    assert values.null_count() == 0
    assert 0 <= values.min() <= values.max() <= 5  # type: ignore[operator]
    costs = offers(shop().with_columns(cost=pl.lit(Decimal(4), MONEY)), OffersParams())
    assert costs.summary["expected_value_of"] == "margin"
    assert costs.tables["offers"]["expected_value"].max() <= 1  # type: ignore[operator]


def test_the_order_of_rows_never_matters(made: OffersResult) -> None:
    other = offers(shop().collect().sample(fraction=1, shuffle=True, seed=7).lazy(), OffersParams())
    assert all(made.tables[name].equals(other.tables[name]) for name in made.tables)
    assert made.summary == other.summary


def test_who_refuses_is_counted_and_gets_nothing(made: OffersResult) -> None:
    people = pl.LazyFrame({"customer_id": ["c001", "c002", "c003"], "consent": [False, True, None]})
    found = offers(shop(), OffersParams(), {"customers": people})
    assert found.summary["customers_refusing"] == 1
    assert set(made.tables["offers"]["customer_id"]) - set(found.tables["offers"]["customer_id"]) == {"c001"}
    assert "offers.refusing" in {note.id for note in found.notes}


def test_what_is_out_of_stock_withdrawn_or_excluded_is_not_offered() -> None:
    stock = pl.LazyFrame(
        {
            "product_id": ["tea", "tea", "milk", "milk"],
            "date": [START, START + timedelta(1), START, START + timedelta(1)],
            "quantity": [Decimal(5), Decimal(0), Decimal(0), Decimal(9)],
        }
    )
    catalogue = pl.LazyFrame(
        {"product_id": ["mug", "cup"], "category": ["Pottery", "Glass"], "is_active": [True, False]}
    )
    found = offers(shop(), OffersParams(exclude=("pott*", "HON?Y")), {"stock": stock, "products": catalogue})
    assert not {"tea", "cup", "mug", "honey"} & set(found.tables["offers"]["product_id"])
    assert "milk" in set(found.tables["offers"]["product_id"])
    counts = {why: found.summary[f"products_{why}"] for why in ("out_of_stock", "withdrawn", "excluded")}
    assert counts == {"out_of_stock": 1, "withdrawn": 1, "excluded": 2}
    none = offers(shop(), OffersParams(exclude=("zz*",)))
    assert "offers.excluded_none" in {note.id for note in none.notes}


def test_few_customers_are_no_check() -> None:
    found = offers(shop(20), OffersParams(top=2))
    assert found.tables["offers"]["expected_value"].null_count() == found.tables["offers"].height > 0
    assert [note.id for note in found.notes].count("offers.check_few") == 2
    assert found.tables["offers"]["rank"].max() == 2


def test_what_is_no_better_than_popularity_is_not_offered() -> None:
    """Everybody's next order is what the fewest have had so far: no habit, no taste."""
    random, rows = Random(3), []
    for number in range(200):
        rows += [(f"c{number:03}", day, f"p{random.randrange(40):02}") for day in (0, 10) for _ in range(2)]
        rows += [(f"c{number:03}", 20, "star"), (f"c{number:03}", 5, "star")] if number % 2 else []
        rows += [] if number % 2 else [(f"c{number:03}", 20, "star")]
    found = offers(lines(sorted(set(rows))), OffersParams(kinds=("new",)))
    worse = "offers.check_worse" in {note.id for note in found.notes}
    check = found.tables["check"].filter(what="new")
    assert worse is (check["recall"][0] <= check["recall"][1])
    assert worse is found.tables["offers"].is_empty()


def test_followers_bought_the_second_on_a_later_day() -> None:
    table = lines([("a", 0, "x"), ("a", 5, "y"), ("b", 0, "x"), ("b", 0, "y"), ("c", 9, "x"), ("c", 0, "y")])
    bought = table.rename({"ordered_on": "day", "line_amount": "amount"}).collect()
    pairs = pl.DataFrame({"because": ["x"], "product_id": ["y"]})
    bought = numbered(bought)
    row = followers(histories(bought, between(bought)), pairs).row(0, named=True)
    assert (row["both"], row["then"], row["wait_median"]) == (3, 1, 5.0)


def test_scoring_again_without_an_order_gives_the_same(made: OffersResult) -> None:
    model = {name: made.tables[name] for name in NEEDED}
    as_of: Any = made.summary["as_of"]
    kinds = str(made.summary["kinds_offered"]).split(",")
    answer = again(model, "c007", [], as_of=as_of, top=10, kinds=kinds)
    assert answer["offers"] == made.tables["offers"].filter(customer_id="c007").drop("customer_id").rows(named=True)
    changed = again(model, "c007", ["milk", "none"], as_of=as_of, top=10, kinds=kinds)
    assert changed["unknown_items"] == ["none"]
    assert "milk" in {row["product_id"] for row in changed["offers"] if row["kind"] == "repeat"}
    stranger = again(model, "nobody", ["tea"], as_of=as_of, top=3, kinds=kinds)
    assert {row["product_id"] for row in stranger["offers"] if row["kind"] == "repeat"} == {"tea"}
    assert again(model, "nobody", [], as_of=as_of, top=3, kinds=kinds)["offers"] == []


def test_who_refuses_is_not_scored_again_either() -> None:
    people = pl.LazyFrame({"customer_id": ["c001"], "consent": [False]})
    made = offers(shop(), OffersParams(), {"customers": people})
    answer = again(made.tables, "c001", ["tea"], as_of=START, top=3, kinds=("repeat",))
    assert (answer["contact"], answer["offers"]) == (False, [])


def test_who_refuses_and_never_bought_gets_nothing_either() -> None:
    people = pl.LazyFrame({"customer_id": ["stranger"], "consent": [False]})
    made = offers(shop(), OffersParams(), {"customers": people})
    assert made.summary["customers_refusing"] == 0
    answer = again(made.tables, "stranger", ["tea"], as_of=START, top=3, kinds=("repeat",))
    assert (answer["contact"], answer["offers"]) == (False, [])


def test_a_category_of_the_lines_can_be_excluded() -> None:
    sorted_ = shop().with_columns(category=pl.when(pl.col("product_id") == "tea").then(pl.lit("Drinks")))
    found = offers(sorted_, OffersParams(exclude=("drink*",)))
    assert found.summary["products_excluded"] == 1
    assert "tea" not in set(found.tables["offers"]["product_id"])
    answer = again(made_of(found), "c001", [], as_of=START, top=9, kinds=("repeat",), exclude=("HONEY",))
    assert not {"tea", "honey"} & {row["product_id"] for row in answer["offers"]}


def made_of(result: OffersResult) -> dict[str, pl.DataFrame]:
    return {name: result.tables[name] for name in NEEDED}


def test_what_makes_no_sense_is_refused() -> None:
    for wrong in ({"top": 0}, {"kinds": ("old",)}, {"kinds": ()}):
        with pytest.raises(UsageError):
            OffersParams(**wrong)
    with pytest.raises(InputError, match="names a product"):
        offers(shop().drop("product_id", "product_name"), OffersParams())
    postage = shop().with_columns(product_id=pl.lit("POST"), product_name=pl.lit("Postage"))
    with pytest.raises(InputError, match="services: POST"):
        offers(postage, OffersParams())
    assert offers(postage, OffersParams(keep_services=True)).summary["products"] == 1
    back = pl.concat([shop(), shop().with_columns(-pl.col("line_amount"), order_id=pl.lit("back"))])
    with pytest.raises(InputError, match="kept any goods"):
        offers(back.filter(pl.col("product_id") == "tea"), OffersParams())
