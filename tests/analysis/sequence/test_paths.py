"""Web pages and contacts: orders among them, and what comes right before an order or the end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from acrm.analysis.sequence.params import SequenceParams, SequenceResult
from acrm.analysis.sequence.patterns import sequence
from acrm.errors import InputError
from acrm.schema import polars_schema

START = datetime(2025, 1, 1, 12, tzinfo=UTC)
# Pages by customer, a second apart; ! is an order.
VISITS = {"ann": "hic!h", "bob": "hhic!", "cat": "hi", "dan": "hc", "eve": "i"}


def web(visits: dict[str, str] = VISITS) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    pages, orders = [], []
    for who, path in visits.items():
        for number, page in enumerate(path):
            at = START + timedelta(seconds=number)
            if page == "!":
                orders.append((f"{who}-{number}", who, at, at.date(), Decimal(9)))
            else:
                pages.append((f"{who}-{number}", "web_visit", at, who, page))
    columns = ("order_id", "customer_id", "ordered_at", "ordered_on", "line_amount")
    lines = pl.LazyFrame(orders, schema=polars_schema("transactions", columns), orient="row")
    columns = ("interaction_id", "kind", "started_at", "customer_id", "page")
    return lines, pl.LazyFrame(pages, schema=polars_schema("interactions", columns), orient="row")


def found(visits: dict[str, str] = VISITS, **params: Any) -> SequenceResult:
    lines, pages = web(visits)
    asked: dict[str, Any] = {"of": "web", "min_support": 0.4} | params
    return sequence(lines, pages, SequenceParams(**asked))


def test_runs_before_an_order_and_before_the_end() -> None:
    paths = found().tables["paths"]
    told = {tuple(row["path"]): row for row in paths.iter_rows(named=True)}
    assert told["c",]["times"] == 3
    assert (told["c",]["purchases"], told["c",]["ends"]) == (2, 1)
    # One step is followed by an order 2 times of 12: bob's second h is the same step as his first.
    assert told["c",]["purchase_lift"] == pytest.approx(2 / 3 / (2 / 12))
    assert (told["h", "i", "c"]["customers"], told["h", "i", "c"]["purchase_rate"]) == (2, 1.0)
    assert (told["i",]["times"], told["i",]["ends"]) == (4, 2)
    # ann's last page comes after her order, so that no run leads from before it to the end.
    assert ("c", "h") not in told
    assert paths["path"].to_list() == sorted(paths["path"].to_list())


def test_an_order_is_a_step() -> None:
    result = found()
    row = result.tables["sequences"].filter(pl.col("pattern") == pl.lit(["c", "purchase"])).row(0, named=True)
    assert (row["customers"], row["before_customers"]) == (2, 3)
    assert row["text"] == "c → order"
    assert row["days_median"] * 86_400 == pytest.approx(1)
    assert result.summary["purchases"] == 2


def test_an_order_without_an_hour_comes_at_the_end_of_its_day() -> None:
    lines, pages = web({"ann": "hc!"})
    midnight = lines.with_columns(pl.col("ordered_at").dt.truncate("1d"))
    result = sequence(midnight, pages, SequenceParams(of="web", min_support=1.0))
    assert ["c", "purchase"] in result.tables["sequences"]["pattern"].to_list()


def test_customers_who_only_bought_are_not_counted() -> None:
    assert found(VISITS | {"fay": "!"}).summary["customers"] == len(VISITS)


def test_contacts_are_known_by_their_kind() -> None:
    lines, pages = web()
    calls = pages.with_columns(pl.col("page").replace_strict({"h": "call", "i": "email", "c": "call"}).alias("kind"))
    result = sequence(lines, calls, SequenceParams(of="interactions", min_support=0.4))
    assert {"call", "email"} <= {*result.tables["steps"]["items"].explode()}


def test_rows_without_a_customer_are_counted() -> None:
    lines, pages = web()
    nobody = pages.with_columns(pl.when(pl.col("customer_id") != "eve").then("customer_id").alias("customer_id"))
    result = sequence(lines, nobody, SequenceParams(of="web", min_support=0.4))
    assert [note.values["rows"] for note in result.notes if note.id == "sequence.no_customer"] == [1]
    with pytest.raises(InputError):
        sequence(lines, pages.with_columns(pl.lit(None, pl.String).alias("customer_id")), SequenceParams(of="web"))


def test_without_orders_that_is_said() -> None:
    _, pages = web()
    result = sequence(None, pages, SequenceParams(of="web", min_support=0.4))
    assert any(note.id == "sequence.no_purchases" for note in result.notes)
    assert result.tables["paths"]["purchases"].sum() == 0


def test_a_longest_gap_ends_a_visit() -> None:
    visits = {f"c{n}": "hh" + "-" * 99 + "ic" + "-" * 99 + "!" for n in range(4)}
    lines, pages = web(visits)
    pages = pages.filter(pl.col("page") != "-")
    told = {}
    for gap in (None, 0.0005):
        paths = sequence(lines, pages, SequenceParams(of="web", min_support=1.0, max_gap=gap)).tables["paths"]
        told[gap] = {
            tuple(path): figures for path, *figures in paths.select("path", "times", "purchases", "ends").rows()
        }
    assert told[None] == {
        ("h",): [4, 0, 0],
        ("i",): [4, 0, 0],
        ("c",): [4, 4, 0],
        ("h", "i"): [4, 0, 0],
        ("i", "c"): [4, 4, 0],
        ("h", "i", "c"): [4, 4, 0],
    }
    # 43 seconds: two visits, the order in neither.
    assert told[0.0005] == {("h",): [4, 0, 4], ("i",): [4, 0, 0], ("c",): [4, 0, 4], ("i", "c"): [4, 0, 4]}


def test_a_page_with_the_name_of_an_order_is_none() -> None:
    lines, pages = web(dict.fromkeys(("ann", "bob"), "hi!"))
    pages = pages.with_columns(page=pl.col("page").replace("i", "purchase"))
    result = sequence(lines, pages, SequenceParams(of="web", min_support=1.0))
    rates = dict(result.tables["paths"].select("text", "purchase_rate").rows())
    assert rates == {"h": 0.0, "web pages: purchase": 1.0, "h → web pages: purchase": 1.0}


def test_midnight_is_that_of_the_business_day() -> None:
    """Orders known by the day alone: 1 January in Moscow begins at nine in the evening in London."""
    lines, pages = web({"ann": "h!"})
    lines = lines.with_columns(ordered_at=pl.lit(START.replace(hour=21)) - timedelta(days=1))
    patterns = [
        sequence(lines, pages, SequenceParams(of="web", min_support=1.0, tz=tz))
        .tables["sequences"]["pattern"]
        .to_list()
        for tz in (None, "Europe/Moscow")
    ]
    assert patterns == [[["purchase", "h"]], [["h", "purchase"]]]


def test_mistyped_and_later_rows_are_left_out_and_said() -> None:
    lines, pages = web()
    far = pages.first().with_columns(started_at=pl.lit(START.replace(year=2205)), page=pl.lit("x"))
    early = pages.first().with_columns(started_at=pl.lit(START - timedelta(days=1)), page=pl.lit("x"))
    result = sequence(lines, pl.concat([pages, early, far]), SequenceParams(of="web", min_support=0.4))
    assert result.summary["as_of"] == START.date() + timedelta(days=1)
    assert [note.values["rows"] for note in result.notes if note.id == "sequence.late"] == [1]
    before = sequence(
        lines,
        pl.concat([pages, early]),
        SequenceParams(of="web", min_support=1.0, as_of=START.date() - timedelta(days=1)),
    )
    assert (before.summary["purchases"], before.summary["customers"]) == (0, 1)
