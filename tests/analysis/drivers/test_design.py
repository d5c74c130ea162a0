from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from acrm.analysis.drivers.design import LEVEL_ROWS, LEVELS, Log, logged, terms


def test_levels_are_compared_with_the_most_frequent_one() -> None:
    city = ["Tver"] * 30 + ["Omsk"] * 40 + ["Kirov"] * 3 + ["Perm"] * 2 + [None] * 10
    made = list(terms(pl.DataFrame({"city": city}), ["city"], "auto"))
    assert [(term.name, term.base, int(term.values.sum())) for term in made] == [
        ("city = Tver", "Omsk", 30),
        ("city = (unknown)", "Omsk", 10),
        ("city = (other)", "Omsk", 5),
    ]


def test_too_many_levels_go_together() -> None:
    city = [f"c{n:02}" for n in range(LEVELS + 5) for _ in range(LEVEL_ROWS)]
    made = list(terms(pl.DataFrame({"city": city}), ["city"], "auto"))
    assert len(made) == LEVELS
    assert (made[-1].level, int(made[-1].values.sum())) == ("(other)", 5 * LEVEL_ROWS)


def test_no_level_frequent_enough_makes_no_term() -> None:
    assert not list(terms(pl.DataFrame({"x": [f"v{n // 2}" for n in range(40)]}), ["x"], "auto"))


def test_unknown_numbers_take_the_mean_and_an_indicator() -> None:
    age = [20.0, 40.0, 60.0] * 10 + [None] * LEVEL_ROWS
    number, unknown = terms(pl.DataFrame({"age": age}), ["age"], "none")
    assert number.values[-1] == 40
    assert (unknown.name, unknown.values.sum()) == ("age = (unknown)", LEVEL_ROWS)
    assert len(list(terms(pl.DataFrame({"age": age[:-1]}), ["age"], "none"))) == 1


@pytest.mark.parametrize(
    ("values", "name", "base"),
    [([0.0, 1.0, None], "x = 1", "0"), ([True, False, False], "x = true", "false"), ([5, 2, 5], "x = 5", "2")],
)
def test_two_values_are_a_choice_against_the_lower(values: list[object], name: str, base: str) -> None:
    (term,) = terms(pl.DataFrame({"x": values}), ["x"], "both")
    assert (term.name, term.base) == (name, base)
    assert set(term.values) <= {0.0, 0.5, 1.0}


def test_lists_have_an_indicator_for_each_item() -> None:
    interests = [["tea", "tea", "ski"], ["tea"], [], None] * LEVEL_ROWS
    made = list(terms(pl.DataFrame({"likes": interests}), ["likes"], "auto"))
    assert [(term.name, int(term.values.sum())) for term in made] == [("likes ∋ tea", 20), ("likes ∋ ski", 10)]


@pytest.mark.parametrize(("log", "expected"), [("auto", "10010"), ("both", "11010"), ("none", "00000")])
def test_which_numbers_are_logarithms(log: Log, expected: str) -> None:
    random = np.random.default_rng(0)
    skewed, even = random.lognormal(3, 1, 200), random.normal(100, 5, 200)
    columns = [skewed, even, np.append(skewed[1:], 0.0), np.append(skewed[1:], np.nan), random.integers(1, 3, 200)]
    found = [logged(pl.Series(column).fill_nan(None), log) for column in columns]
    assert "".join(str(int(one)) for one in found) == expected


def test_logarithms_are_natural() -> None:
    (term,) = terms(pl.DataFrame({"price": [1.0, np.e, np.e**2]}), ["price"], "both")
    assert term.name == "log(price)"
    assert term.values == pytest.approx([0, 1, 2])
