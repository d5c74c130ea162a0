"""Edges and classes: type-7 quantiles without floats, and what the other scorings make of ties."""

from decimal import Decimal
from fractions import Fraction

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from acrm.analysis.scoring import Edges, ntile, observed_edges, quantile_edges, ranked_classes

money = st.lists(st.integers(-(10**9), 10**15).map(lambda units: Decimal(units).scaleb(-4)), min_size=1, max_size=40)


def series(values: list[Decimal]) -> pl.Series:
    return pl.Series("spend", values, dtype=pl.Decimal(38, 4))


@given(values=money, classes=st.integers(2, 7))
def test_classes_are_those_of_exact_fractions(values: list[Decimal], classes: int) -> None:
    ascending = sorted(map(Fraction, values))
    exact = []
    for number in range(1, classes):
        place = Fraction((len(values) - 1) * number, classes)
        low = int(place)
        high = min(low + 1, len(values) - 1)
        exact.append(ascending[low] + (ascending[high] - ascending[low]) * (place - low))
    expected = [1 + sum(Fraction(value) > edge for edge in exact) for value in values]
    assert quantile_edges(series(values), classes).classes(series(values)).to_list() == expected
    shifted = [1 + sum(Fraction(value) >= edge + 1 for edge in exact) for value in values]
    assert quantile_edges(series(values), classes, plus=1).classes(series(values)).to_list() == shifted


def test_a_value_equal_to_an_edge_belongs_below_unless_told() -> None:
    edges = (Decimal(2), Decimal(5))
    assert Edges(edges).classes(pl.Series([1, 2, 3, 5, 6])).to_list() == [1, 1, 2, 2, 3]
    assert Edges(edges, equal_above=True).classes(pl.Series([1, 2, 3, 5, 6])).to_list() == [1, 2, 2, 3, 3]


def test_one_value_is_one_class() -> None:
    values = series([Decimal(7)] * 9)
    assert set(quantile_edges(values, 5).classes(values)) == {1}


@given(count=st.integers(1, 30), classes=st.integers(2, 7))
def test_ntile_sizes_are_those_of_sql(count: int, classes: int) -> None:
    sizes = [ntile(pl.Series(range(count)), classes).to_list().count(number) for number in range(1, classes + 1)]
    assert sizes == [count // classes + (number < count % classes) for number in range(classes)]


def test_ranked_classes_split_ties_in_the_order_they_stand() -> None:
    # What qcut of pandas makes of five values ranked by the method "first".
    assert ranked_classes(pl.Series([1, 1, 1, 1, 9]), 5).to_list() == [1, 2, 3, 4, 5]


def test_observed_edges_are_the_highest_values() -> None:
    edges = observed_edges(pl.Series([1, 1, 4, 9]), pl.Series([1, 1, 3, 3]), 4)
    assert edges.values == (Decimal(1), Decimal(1), Decimal(9))
