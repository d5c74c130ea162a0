from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats

from acrm.models.histories import FloatArray, IndexArray
from acrm.models.linear import fit_linear, held_out_r2

# NIST Statistical Reference Datasets, Longley: employed, then GNP deflator, GNP, unemployed, armed forces, population,
# year; and the certified values (coefficients without the intercept, R2).
LONGLEY = """60323 83.0 234289 2356 1590 107608 1947
61122 88.5 259426 2325 1456 108632 1948
60171 88.2 258054 3682 1616 109773 1949
61187 89.5 284599 3351 1650 110929 1950
63221 96.2 328975 2099 3099 112075 1951
63639 98.1 346999 1932 3594 113270 1952
64989 99.0 365385 1870 3547 115094 1953
63761 100.0 363112 3578 3350 116219 1954
66019 101.2 397469 2904 3048 117388 1955
67857 104.6 419180 2822 2857 118734 1956
68169 108.4 442769 2936 2798 120445 1957
66513 110.8 444546 4681 2637 121950 1958
68655 112.6 482704 3813 2552 123366 1959
69564 114.2 502601 3931 2514 125368 1960
69331 115.7 518173 4806 2572 127852 1961
70551 116.9 554894 4007 2827 130081 1962"""
CERTIFIED = (
    *(15.0618722713733, -0.358191792925910e-01, -2.02022980381683),
    *(-1.03322686717359, -0.511041056535807e-01, 1829.15146461355),
)


def test_longley() -> None:
    table = np.array([line.split() for line in LONGLEY.splitlines()], dtype=float)
    fit = fit_linear(table[:, 0], table[:, 1:])
    assert fit.coefficients == pytest.approx(CERTIFIED, rel=1e-8)
    assert fit.r2 == pytest.approx(0.995479004577296, abs=1e-12)
    assert fit.adjusted_r2 == pytest.approx(1 - (1 - fit.r2) * 15 / 9)
    assert (fit.degrees, fit.parameters, fit.collinear) == (9, 7, {})


def by_hand(
    factors: FloatArray, residuals: FloatArray, errors: str, *indicators: FloatArray, clusters: IndexArray | None = None
) -> FloatArray:
    """Standard errors by the textbook, with a column for the intercept and for every level but one."""
    rows = len(residuals)
    design = np.column_stack([factors, np.ones(rows), *(part[:, 1:] for part in indicators)])
    bread = np.linalg.inv(design.T @ design)
    parameters = design.shape[1]
    if clusters is not None:
        count = int(clusters.max()) + 1
        scores = np.array(
            [(design[clusters == one] * residuals[clusters == one, None]).sum(axis=0) for one in range(count)]
        )
        # The effects are those of the clusters themselves, and are not counted.
        counted = factors.shape[1] + 1
        middle = scores.T @ scores * count / (count - 1) * (rows - 1) / (rows - counted)
    elif errors == "HC1":
        middle = design.T @ (design * residuals[:, None] ** 2) * rows / (rows - parameters)
    else:
        leverage = np.einsum("ij,jk,ik->i", design, bread, design)
        middle = design.T @ (design * (residuals / (1 - leverage))[:, None] ** 2)
    whole: FloatArray = np.sqrt(np.diag(bread @ middle @ bread))
    return whole[: factors.shape[1]]


@pytest.fixture
def panel() -> tuple[FloatArray, FloatArray, IndexArray, IndexArray]:
    random = np.random.default_rng(5)
    shop, week = random.integers(0, 12, 200), random.integers(0, 6, 200)
    factors = random.normal(size=(200, 2)) + shop[:, None] / 4
    outcome = factors @ [1.5, -2.0] + 2.0 * shop - week + random.normal(size=200) * (1 + shop)
    return outcome, factors, shop, week


@pytest.mark.parametrize(("held", "clustered"), [(0, False), (1, False), (2, False), (0, True), (1, True)])
def test_the_same_as_with_a_column_for_each_level(
    panel: tuple[FloatArray, FloatArray, IndexArray, IndexArray], held: int, clustered: bool
) -> None:
    outcome, factors, *groupings = panel
    groups = groupings[:held]
    indicators = [np.eye(int(levels.max()) + 1)[levels] for levels in groups]
    design = np.column_stack([factors, np.ones(200), *(part[:, 1:] for part in indicators)])
    solved = np.linalg.lstsq(design, outcome, rcond=None)[0]
    residuals = outcome - design @ solved
    fit = fit_linear(outcome, factors, held=groups, clusters=groupings[0] if clustered else None)
    assert fit.coefficients == pytest.approx(solved[:2])
    assert fit.errors == ("cluster" if clustered else "HC1" if held == 2 else "HC3")
    errors = by_hand(factors, residuals, fit.errors, *indicators, clusters=groupings[0] if clustered else None)
    assert fit.standard_errors == pytest.approx(errors)
    assert fit.r2 == pytest.approx(1 - residuals @ residuals / np.sum((outcome - outcome.mean()) ** 2))
    assert fit.degrees == (11 if clustered else 200 - design.shape[1])
    reach = stats.t.ppf(0.975, fit.degrees) * errors
    assert fit.high - fit.coefficients == pytest.approx(reach)
    assert (fit.p < 0.05).tolist() == (np.abs(fit.coefficients) > reach).tolist()


def test_combinations_are_named_and_the_rest_is_untouched(
    panel: tuple[FloatArray, FloatArray, IndexArray, IndexArray],
) -> None:
    outcome, factors, shop, _ = panel
    same = np.column_stack([factors[:, 0], np.full(200, 3.0), shop, factors[:, 1], 2 * factors[:, 0] - factors[:, 1]])
    fit = fit_linear(outcome, same, held=[shop])
    assert fit.collinear == {1: (), 2: (), 4: (0, 3)}
    alone = fit_linear(outcome, factors, held=[shop])
    assert fit.coefficients[[0, 3]] == pytest.approx(alone.coefficients)
    assert fit.standard_errors[[0, 3]] == pytest.approx(alone.standard_errors)
    assert np.isnan(fit.coefficients[[1, 2, 4]]).all()
    assert fit.parameters == alone.parameters


def test_a_small_scale_is_no_combination() -> None:
    random = np.random.default_rng(3)
    factors = random.normal(size=(50, 2)) * [1e-9, 1e9] + [5, 0]
    assert not fit_linear(random.normal(size=50), factors).collinear


def test_a_level_of_one_row_says_nothing() -> None:
    random = np.random.default_rng(1)
    factors, shop = random.normal(size=(40, 1)), np.repeat(np.arange(4), 10)
    outcome = factors[:, 0] + random.normal(size=40)
    more = fit_linear(np.append(outcome, 900.0), np.vstack([factors, [[7.0]]]), held=[np.append(shop, 4)])
    less = fit_linear(outcome, factors, held=[shop])
    assert more.coefficients == pytest.approx(less.coefficients)
    assert more.standard_errors == pytest.approx(less.standard_errors)


def test_too_few_rows() -> None:
    with pytest.raises(ValueError, match="rows"):
        fit_linear(np.array([1.0, 2.0]), np.array([[1.0], [3.0]]))


def test_intervals_cover_where_the_spread_is_uneven() -> None:
    random, inside = np.random.default_rng(7), 0
    for _ in range(400):
        x = random.exponential(size=60)
        fit = fit_linear(x + random.normal(size=60) * x, x[:, None])
        inside += bool(fit.low[0] <= 1 <= fit.high[0])
    # Errors that trust the spread to be even cover about 60% here.
    assert 0.90 <= inside / 400 <= 0.99


def test_rows_not_seen_are_foretold_with_their_groups(
    panel: tuple[FloatArray, FloatArray, IndexArray, IndexArray],
) -> None:
    outcome, factors, shop, week = panel
    folds = np.arange(200) % 5
    for held in ([], [shop], [shop, week]):
        indicators = [np.eye(int(levels.max()) + 1)[levels] for levels in held]
        design = np.column_stack([factors, np.ones(200), *indicators])
        missed = spread = 0.0
        for fold in range(5):
            seen, new = folds != fold, folds == fold
            foretold = design[new] @ np.linalg.lstsq(design[seen], outcome[seen], rcond=None)[0]
            missed += float(np.sum((outcome[new] - foretold) ** 2))
            spread += float(np.sum((outcome[new] - outcome[seen].mean()) ** 2))
        whole, parts = held_out_r2(outcome, factors, folds, held=held)
        assert whole == pytest.approx(1 - missed / spread)
        assert len(parts) == 5


def test_noise_is_worse_than_the_mean_on_rows_not_seen() -> None:
    random = np.random.default_rng(4)
    outcome, factors = random.normal(size=200), random.normal(size=(200, 20))
    assert fit_linear(outcome, factors).r2 > 0.05
    assert held_out_r2(outcome, factors, np.arange(200) % 5)[0] < 0


def test_a_group_not_seen_is_foretold_by_the_mean() -> None:
    random = np.random.default_rng(6)
    shop = np.repeat(np.arange(5), 20)
    outcome, factors = random.normal(size=100) + 3.0 * shop, random.normal(size=(100, 1)) * 1e-9
    whole, _ = held_out_r2(outcome, factors, shop, held=[shop])
    assert whole == pytest.approx(0, abs=0.05)


def test_orange_juice(data: Path) -> None:
    table = pl.read_csv(data / "marketing" / "oj.csv", infer_schema_length=None)
    outcome, price = (table[name].log().to_numpy() for name in ("sales", "price"))
    brand = np.unique(table["brand"].to_numpy(), return_inverse=True)[1]
    assert round(float(fit_linear(outcome, price[:, None]).coefficients[0]), 6) == -1.601307
    assert round(float(fit_linear(outcome, price[:, None], held=[brand]).coefficients[0]), 6) == -3.138691


def test_nothing_left_within_the_groups(panel: tuple[FloatArray, FloatArray, IndexArray, IndexArray]) -> None:
    outcome, _, shop, _ = panel
    factors = shop[:, None].astype(np.float64)
    fit = fit_linear(outcome, factors, held=[shop])
    assert fit.collinear == {0: ()}
    assert np.isnan(fit.coefficients).all()
    assert fit.within_r2 == pytest.approx(0)
    assert held_out_r2(outcome, factors, np.arange(200) % 5, held=[shop])[0] > 0
