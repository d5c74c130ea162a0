"""Effects of groups: against their definition, scipy's tests and published figures; intervals that hold."""

import numpy as np
import pytest
from scipy.stats import chi2_contingency, mannwhitneyu, norm

from acrm.models.group_effects import Effects, cliffs_delta, difference_of_shares, strength_of_shares


@pytest.fixture
def tied() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    group = rng.integers(0, 3, 300)
    return rng.integers(0, 9, 300) + (group == 1), group


def test_delta_is_pairs_won_less_pairs_lost(tied: tuple[np.ndarray, np.ndarray]) -> None:
    values, group = tied
    found = cliffs_delta(values.astype(float), group, 3)
    for which in range(3):
        ours, theirs = values[group == which], values[group != which]
        assert found.effect[which] == pytest.approx(np.sign(ours[:, None] - theirs[None, :]).mean())
        assert found.p[which] == pytest.approx(mannwhitneyu(ours, theirs, method="asymptotic").pvalue)
        assert found.low[which] < found.effect[which] < found.high[which]


def test_groups_that_do_not_overlap_have_an_interval_still() -> None:
    values, group = np.arange(20.0), np.repeat([0, 1], 10)
    found = cliffs_delta(values, group, 2)
    assert found.effect.tolist() == [-1, 1]
    bound = (10 - 1.959964**2) / (10 + 1.959964**2)
    assert (found.high[0], found.low[1]) == pytest.approx((-bound, bound))


def test_nothing_is_said_of_groups_without_values_or_without_others() -> None:
    assert np.isnan(cliffs_delta(np.arange(4.0), np.zeros(4, dtype=np.int64), 2).effect).all()
    alone = difference_of_shares(np.array([3]), np.array([5]))
    assert np.isnan(alone.effect).all()
    assert np.isnan(alone.p).all()
    same = cliffs_delta(np.ones(6), np.repeat([0, 1], 3), 2)
    assert (same.effect.tolist(), same.p.tolist()) == ([0, 0], [1, 1])


def test_a_difference_of_shares_is_the_delta_of_yes_and_no() -> None:
    group = np.repeat([0, 1, 2], [40, 60, 100])
    has = np.arange(200) % 3 == 0
    shares = difference_of_shares(np.bincount(group[has]), np.bincount(group))
    delta = cliffs_delta(has.astype(float), group, 3)
    assert shares.effect == pytest.approx(delta.effect)
    table = [[np.sum(has[:40]), 40 - np.sum(has[:40])], [np.sum(has[40:]), 160 - np.sum(has[40:])]]
    chi2 = chi2_contingency(table).statistic
    away = np.abs(np.sqrt(chi2 * 199 / 200))
    assert shares.p[0] == pytest.approx(2 * norm.sf(away), rel=1e-6)


def test_newcombes_table() -> None:
    # Newcombe (1998), table II, method 10, contrasts (a) to (e).
    cases = [
        ((56, 70), (48, 80), (0.0524, 0.3339)),
        ((9, 10), (3, 10), (0.1705, 0.8090)),
        ((5, 56), (0, 29), (-0.0381, 0.1926)),
        ((0, 10), (0, 20), (-0.1611, 0.2775)),
        ((10, 10), (0, 20), (0.6791, 1.0)),
    ]
    for (a, m), (b, n), ends in cases:
        found = difference_of_shares(np.array([a, b]), np.array([m, n]))
        assert (found.low[0], found.high[0]) == pytest.approx(ends, abs=6e-5)


def test_strengths_have_one_scale() -> None:
    # Two normal distributions d apart, and two shares with h = d, are equally strong.
    normal = norm.ppf((np.arange(2000) + 0.5) / 2000)
    delta = cliffs_delta(np.r_[normal + 0.5, normal], np.repeat([0, 1], 2000), 2).strength
    share = np.sin(np.pi / 4 + 0.25) ** 2
    shares = strength_of_shares(np.array([share]), np.array([0.5]))
    assert shares[0] == pytest.approx(0.2763, abs=1e-4)
    assert delta[0] == pytest.approx(shares[0], abs=1e-3)


def test_intervals_hold_the_truth_in_19_of_20_samples() -> None:
    rng = np.random.default_rng(3)
    group, truth = np.repeat([0, 1], [40, 120]), 0.2763  # of d = 0.5
    found: list[Effects] = [
        cliffs_delta(np.r_[rng.normal(0.5, 1, 40), rng.normal(size=120)], group, 2) for _ in range(400)
    ]
    held = np.mean([one.low[0] <= truth <= one.high[0] for one in found])
    assert 0.92 <= held <= 0.975
