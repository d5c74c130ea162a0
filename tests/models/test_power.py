"""The size of a control group: published figures, and what a simulation of the comparison says."""

from __future__ import annotations

import numpy as np
import pytest

from acrm.models.power import control_needed, smallest_effect

# R, power.prop.test(p1, p2, power = .8): n in each group, rounded up.
PUBLISHED = [(0.10, 0.05, 686), (0.50, 0.25, 58), (0.01, 0.01, 2319)]


@pytest.mark.parametrize(("base", "extra", "n"), PUBLISHED)
def test_groups_of_one_size_are_those_of_the_textbook(base: float, extra: float, n: int) -> None:
    assert control_needed(n, base, extra) == pytest.approx(n, abs=2)
    fewer = control_needed(4 * n, base, extra)
    assert fewer is not None
    assert fewer < n
    assert control_needed(n // 3, base, extra) is None


def test_four_of_five_experiments_of_that_size_find_the_effect() -> None:
    treated, base, extra = 4_000, 0.05, 0.02
    control = control_needed(treated, base, extra)
    assert control is not None
    rng = np.random.default_rng(3)
    a, b = rng.binomial(treated, base + extra, 20_000), rng.binomial(control, base, 20_000)
    pooled = (a + b) / (treated + control)
    z = (a / treated - b / control) / np.sqrt(pooled * (1 - pooled) * (1 / treated + 1 / control))
    assert (z > 1.96).mean() == pytest.approx(0.8, abs=0.03)


def test_nothing_to_show_needs_no_group() -> None:
    assert control_needed(0, 0.1, 0.1) is None
    assert control_needed(100, 0.1, 0.0) is None


def test_the_smallest_effect_needs_the_control_group_there_is() -> None:
    effect = smallest_effect(4_000, 500, 0.2)
    assert effect is not None
    needed = control_needed(4_000, 0.2, effect * 1.0001)
    assert needed is not None
    assert needed <= 500 < (control_needed(4_000, 0.2, effect * 0.98) or 0)
    assert smallest_effect(4_000, 0, 0.2) is None
    assert smallest_effect(2, 2, 0.9) is None
