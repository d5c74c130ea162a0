"""Bands of order amounts: every order in one cell, edges in round numbers."""

from decimal import Decimal
from pathlib import Path
from random import Random

import polars as pl
import pytest

from acrm.analysis.history import read_history
from acrm.analysis.lists.bins import MOST, OTHER, banded, given_edges, round_edges
from acrm.errors import UsageError
from acrm.ingest.dataset import load
from acrm.ingest.options import IngestOptions
from acrm.summaries.customers import order_amounts


def orders(rows: list[tuple[str | None, int]]) -> pl.DataFrame:
    told = [(value, Decimal(amount)) for value, amount in rows]
    return pl.DataFrame(told, schema={"region": pl.String, "amount": pl.Decimal(38, 4)}, orient="row")


def test_every_order_is_in_one_cell() -> None:
    draw = Random(5)
    rows = [(draw.choice(["a", "b", None]), draw.randrange(-50, 9000)) for _ in range(500)]
    edges = [Decimal(100), Decimal(1000)]
    table = banded(orders(rows), "region", edges)
    for value, low, high, count, amount, _ in table.rows():
        inside = [
            money
            for name, money in rows
            if name == value and (low is None or money >= low) and (high is None or money < high)
        ]
        assert (count, amount) == (len(inside), sum(inside))
    sums = dict(table.group_by("value").agg(pl.col("orders").sum()).rows())
    assert sums == {name: sum(one == name for one, _ in rows) for name in ("a", "b", None)}
    assert table.group_by("value").agg(pl.col("share").sum())["share"].to_list() == pytest.approx([1.0] * 3)
    assert table["value"].to_list() == ["a"] * 3 + ["b"] * 3 + [None] * 3


def test_an_edge_belongs_to_the_band_above_it() -> None:
    table = banded(orders([("a", 99), ("a", 100), ("a", 1000)]), "region", [Decimal(100), Decimal(1000)])
    assert table["orders"].to_list() == [1, 1, 1]


def test_edges_are_round_and_near_the_quantiles() -> None:
    edges = round_edges(pl.Series([Decimal(n) for n in range(1, 2001)]))
    assert edges == [Decimal(200), Decimal(500), Decimal(1000), Decimal(2000)]
    assert round_edges(pl.Series([Decimal("0.03")] * 5)) == [Decimal("0.02")]
    assert round_edges(pl.Series([], dtype=pl.Decimal(38, 4))) == []
    one = banded(orders([("a", 0), ("b", -5)]), None)
    assert one.select("value", "low", "high", "orders").rows() == [(None, None, None, 2)]


def test_of_many_values_the_rare_ones_are_one() -> None:
    rows: list[tuple[str | None, int]] = [(f"r{n:02}", 10) for n in range(MOST + 5) for _ in range(1 + (n > 4))]
    table = banded(orders(rows), "region", [Decimal(100)])
    assert table["orders"].sum() == len(rows)
    assert table.filter(pl.col("value") == OTHER)["orders"].sum() == 5
    assert table["value"].n_unique() == MOST + 1


@pytest.mark.parametrize("words", ["amount=5,3", "amount=", "amount=x", "spend=5", "amount=5,5", "amount=nan"])
def test_what_are_no_bins_is_refused(words: str) -> None:
    with pytest.raises(UsageError):
        given_edges(words)


def test_online_retail_has_each_order_once(data: Path, tmp_path: Path) -> None:
    lines = load([str(data / "basket" / "online_retail.csv")], IngestOptions(), tmp_path).tables["transactions"]
    found = order_amounts(lines, [], as_of=None).collect()
    figures = read_history(lines, refunds="net", as_of=None).figures
    table = banded(found, None)
    assert table["orders"].sum() == figures["orders"]
