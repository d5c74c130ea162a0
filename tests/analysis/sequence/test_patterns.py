"""Sequences of order lines: figures checked by hand, the published example, Online Retail."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from acrm.analysis.sequence.params import SequenceParams, SequenceResult
from acrm.analysis.sequence.patterns import sequence
from acrm.errors import InputError
from acrm.schema import polars_schema

START = date(2025, 1, 1)
COLUMNS = ("order_id", "customer_id", "ordered_on", "product_id", "product_name", "line_amount")

# Customer, days on which they ordered, and what: tea before cups for most; eve and fay bought tea too late to tell.
SHOP = {
    "ann": {0: ["tea", "pot"], 10: ["cup"]},
    "bob": {0: ["tea"], 20: ["cup"]},
    "cat": {5: ["tea", "cup"], 35: ["cup"]},
    "dan": {1: ["cup"], 50: ["tea"]},
    "eve": {98: ["tea"]},
    "fay": {99: ["tea"]},
}


def lines(shop: dict[str, dict[int, list[str]]] = SHOP, amount: int = 5) -> pl.LazyFrame:
    rows = [
        (f"{who}-{day}", who, START + timedelta(days=day), what, f"A {what}", Decimal(amount))
        for who, days in shop.items()
        for day, items in days.items()
        for what in items
    ]
    return pl.LazyFrame(rows, schema=polars_schema("transactions", COLUMNS), orient="row")


def found(frame: pl.LazyFrame, **params: Any) -> SequenceResult:
    return sequence(frame, None, SequenceParams(**({"min_support": 0.3} | params)))


def row(result: SequenceResult, *pattern: str) -> dict[str, Any]:
    table = result.tables["sequences"].filter(pl.col("pattern") == pl.lit([*pattern]))
    return table.row(0, named=True)


def test_one_pattern_by_hand() -> None:
    result = found(lines())
    told = row(result, "tea", "cup")
    assert (told["customers"], told["before_customers"], told["reversed_customers"]) == (3, 6, 1)
    assert (told["support"], told["confidence"], told["lift"]) == (0.5, 0.5, 0.5 / (4 / 6))
    assert (told["days_p25"], told["days_median"], told["days_p75"]) == (15, 20, 25)
    assert (told["within_30"], told["within_90"]) == (1, 1)
    assert (told["text"], told["before_text"], told["next_text"]) == ("A tea → A cup", "A tea", "A cup")
    assert told["lift_reversed"] == 3
    # dan has the reversed order alone, three have this one alone: 2 * (4 + 1) / 16 both ways.
    assert told["order_p"] == pytest.approx(0.625)


def test_those_not_watched_long_are_allowed_for() -> None:
    result = found(lines())
    # As of day 100 the horizon is 50 days. At risk: 6 until eve and fay go after a day or two, then 4 at days 10 and 20
    # and 30, of whom dan is watched 50 days in vain.
    assert result.summary["horizon_days"] == 50
    told = row(result, "tea", "cup")
    assert told["confidence_followed"] == pytest.approx(0.75)
    assert told["confidence"] < told["confidence_followed"]
    assert 0 <= told["followed_low"] < told["confidence_followed"] < told["followed_high"] <= 1


def test_what_is_bought_on_one_day_is_one_step() -> None:
    result = found(lines({who: {0: ["tea", "cup"], 9: ["pot"]} for who in "abcd"}))
    patterns = result.tables["sequences"]["pattern"].to_list()
    assert sorted(patterns) == [["cup", "pot"], ["cup + tea", "pot"], ["tea", "pot"]]
    assert result.tables["steps"]["items"].to_list() == [["cup"], ["cup", "tea"], ["pot"], ["tea"]]


def test_gaps_and_window() -> None:
    frame = lines()
    assert row(found(frame, max_gap=20, min_support=0.2), "tea", "cup")["customers"] == 2
    assert row(found(frame, min_gap=20, min_support=0.2), "tea", "cup")["customers"] == 2
    assert row(found(frame, window=29, min_support=0.2), "tea", "cup")["customers"] == 2


def test_only_what_was_kept_counts() -> None:
    frame = lines()
    back = frame.filter(pl.col("order_id") == "ann-10").with_columns(-pl.col("line_amount"))
    post = frame.with_columns(pl.lit("POST").alias("product_id"), pl.lit("POSTAGE").alias("product_name"))
    result = found(pl.concat([frame, back, post.unique()]), min_support=0.2)
    assert row(result, "tea", "cup")["customers"] == 2
    assert "POST" not in result.tables["steps"]["items"].explode().to_list()
    assert result.tables["left_out"]["product_id"].to_list() == ["POST"]
    kept = found(pl.concat([frame, post.unique()]), keep_services=True)
    assert ["POST"] in kept.tables["steps"]["items"].to_list()


def test_confidence_below_the_limit_is_not_told() -> None:
    result = found(lines(), min_support=0.2, min_confidence=0.6)
    assert result.tables["sequences"].filter(pl.col("confidence") < 0.6).is_empty()
    assert result.tables["sequences"].height == result.summary["patterns"]


def test_shuffling_finds_an_order_that_means_something() -> None:
    ordered = {f"c{n}": {0: ["a"], 10: ["x", f"n{n}"], 20: ["b"]} for n in range(60)}
    told = row(found(lines(ordered)), "a", "b")
    assert told["lift_shuffled"] == pytest.approx(2, abs=0.3)
    assert told["order_q"] < 1e-9
    either = {f"c{n}": {0: ["ab"[n % 2]], 20: ["ba"[n % 2]]} for n in range(60)}
    told = row(found(lines(either)), "a", "b")
    assert told["lift_shuffled"] == pytest.approx(1, abs=0.2)
    assert told["order_p"] == 1


def test_the_same_again_whatever_the_order_of_rows() -> None:
    frame = lines().collect()
    once = found(frame.lazy())
    again = found(frame.sample(fraction=1.0, shuffle=True, seed=1).lazy())
    for name, table in once.tables.items():
        assert table.equals(again.tables[name])
    other = found(frame.lazy(), seed=1)
    assert not other.tables["sequences"].equals(once.tables["sequences"])


def test_later_lines_do_not_count() -> None:
    result = found(lines(), as_of=START + timedelta(days=19), min_support=0.1)
    assert row(result, "tea", "cup")["customers"] == 1
    assert result.summary["customers"] == 4


def test_zaki_with_the_published_supports(data: Path) -> None:
    rows = [line.split() for line in (data / "basket" / "zaki.txt").read_text().splitlines()]
    shop: dict[str, dict[int, list[str]]] = {}
    for customer, day, _, *items in rows:
        shop.setdefault(customer, {})[int(day)] = items
    result = found(lines(shop), min_support=0.4)
    assert result.tables["sequences"].height + result.tables["steps"].height == 18
    sure = found(lines(shop), min_support=0.4, min_confidence=0.5)
    assert sure.tables["sequences"].height == 10
    told = row(result, "D", "B + F", "A")
    assert (told["support"], told["confidence"]) == (0.5, 1.0)


@pytest.mark.parametrize(("support", "items", "pairs", "triples"), [(0.05, 265, 11, 1), (0.03, 663, 298, 12)])
def test_online_retail(data: Path, support: float, items: int, pairs: int, triples: int) -> None:
    raw = pl.scan_csv(data / "basket" / "online_retail.csv", infer_schema=False, encoding="utf8-lossy")
    amount = pl.col("Quantity").cast(pl.Decimal(38, 4)) * pl.col("UnitPrice").cast(pl.Decimal(38, 4))
    frame = raw.select(
        pl.col("InvoiceNo").alias("order_id"),
        pl.col("CustomerID").alias("customer_id"),
        pl.col("InvoiceDate").str.slice(0, 10).str.to_date().alias("ordered_on"),
        pl.col("StockCode").alias("product_id"),
        amount.cast(pl.Decimal(38, 4)).alias("line_amount"),
    ).filter(~pl.col("order_id").str.starts_with("C"), pl.col("customer_id") != "")
    result = found(frame, min_support=support, keep_services=True)
    assert (result.summary["customers"], result.summary["items_frequent"]) == (4338, items)
    assert result.summary["pairs"] == pairs
    steps = result.tables["sequences"]["pattern"]
    single = steps.filter(~steps.list.eval(pl.element().str.contains(" + ", literal=True)).list.any())
    assert single.filter(single.list.len() == 3).len() == triples
    told = row(result, "85099B", "23203")
    assert (told["customers"], round(told["confidence"], 4), round(told["lift"], 1)) == (234, 0.3685, 3.2)


def test_nothing_to_find_is_a_result() -> None:
    result = found(lines({"ann": {0: ["tea"]}, "bob": {0: ["cup"]}}), min_support=1.0)
    assert result.tables["sequences"].is_empty()
    assert any(note.id == "sequence.none" for note in result.notes)


@pytest.mark.parametrize(("most", "limits"), [(0, {}), (2, {}), (2, {"max_gap": 90})])
def test_too_many_patterns_are_refused(monkeypatch: pytest.MonkeyPatch, most: int, limits: dict[str, int]) -> None:
    monkeypatch.setattr("acrm.analysis.sequence.patterns.MOST", most)
    with pytest.raises(InputError) as refused:
        found(lines(), **limits)
    assert "--min-support" in str(refused.value.hint)


def test_no_orders_are_an_error() -> None:
    with pytest.raises(InputError):
        sequence(None, None, SequenceParams())


def test_big_days_are_told_in_narrow_steps() -> None:
    """Thirty customers who buy the same twenty things twice have four to the power of twenty patterns."""
    basket = [f"p{number:02}" for number in range(20)]
    shop = {f"c{number}": {number % 7: basket, 30 + number % 5: basket} for number in range(30)}
    result = found(lines(shop), min_support=None)
    assert [note.values["items"] for note in result.notes if note.id == "sequence.narrow"] == [1]
    assert result.summary["patterns"] == result.summary["pairs"] == 400
    small = found(lines({who: dict.fromkeys(days, basket[:6]) for who, days in shop.items()}), min_support=None)
    assert "sequence.narrow" not in {note.id for note in small.notes}
    assert small.summary["patterns"] == 63 * 63


def test_services_and_lines_without_a_product_are_named_as_such() -> None:
    postage = lines().with_columns(product_id=pl.lit("POST"), product_name=pl.lit("Postage"))
    with pytest.raises(InputError, match="services: POST"):
        found(postage)
    with pytest.raises(InputError, match="names a product"):
        found(lines().drop("product_id", "product_name"))
