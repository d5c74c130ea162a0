"""Credit of channels: by hand, against a chain without the channel solved anew, against walks drawn at random."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acrm.models.attribution import POSITIONAL, RULES, Paths, credit, removal_effects, shares
from acrm.models.histories import FloatArray

Walk = tuple[list[int], float, float]
walks = st.lists(
    st.tuples(
        st.lists(st.integers(0, 4), min_size=1, max_size=7), st.integers(0, 3).map(float), st.integers(0, 3).map(float)
    ),
    min_size=1,
    max_size=25,
)


def paths(given: list[Walk], channels: int = 5, ages: list[list[float]] | None = None) -> Paths:
    steps, conversions, nulls = zip(*given, strict=True)
    return Paths(
        channel=np.array([one for path in steps for one in path]),
        start=np.cumsum([0, *map(len, steps)]),
        conversions=np.array(conversions),
        nulls=np.array(nulls),
        channels=channels,
        age=None if ages is None else np.array([age for path in ages for age in path]),
    )


def solved(given: list[Walk], channels: int = 5) -> FloatArray:
    """Removal effects by brute force: the chain is made anew without each channel, and solved as a dense system."""

    def converting(gone: int | None) -> float:
        size = channels + 3
        moves = np.zeros((size, size))
        for steps, conversions, nulls in given:
            states = [0, *(step + 1 for step in steps)]
            for one, other in pairwise(states):
                moves[one, other] += conversions + nulls
            moves[states[-1], -2] += conversions
            moves[states[-1], -1] += nulls
        moves[-2, -2] = moves[-1, -1] = 1
        left = moves.sum(axis=1, keepdims=True)
        moves = np.divide(moves, left, out=np.zeros_like(moves), where=left > 0)
        if gone is not None:
            # Whoever would go there goes to the end without a conversion.
            moves[:, -1] += moves[:, gone + 1]
            moves[:, gone + 1] = 0
        inner = channels + 1
        return float(np.linalg.solve(np.eye(inner) - moves[:inner, :inner], moves[:inner, -2])[0])

    whole = converting(None)
    return np.array([1 - converting(channel) / whole for channel in range(channels)])


@settings(deadline=None)
@given(walks)
def test_removal_effects_are_those_of_brute_force(given: list[Walk]) -> None:
    if sum(conversions for _, conversions, _ in given) > 0:
        assert removal_effects(paths(given)) == pytest.approx(solved(given), abs=1e-9)
    else:
        assert not removal_effects(paths(given)).any()


@settings(deadline=None)
@given(walks)
def test_all_conversions_are_credited_and_to_nobody_else(given: list[Walk]) -> None:
    found = paths(given)
    met = {step for steps, *_ in given for step in steps}
    for rule in RULES:
        credited = credit(found, rule)
        assert credited.sum() == pytest.approx(found.conversions.sum())
        assert (credited >= 0).all()
        assert not credited[[channel for channel in range(5) if channel not in met]].any()


@settings(deadline=None)
@given(walks)
def test_steps_to_the_same_channel_change_no_removal_effect(given: list[Walk]) -> None:
    doubled = [([step for step in steps for _ in range(2)], met, lost) for steps, met, lost in given]
    assert removal_effects(paths(doubled)) == pytest.approx(removal_effects(paths(given)), abs=1e-12)


@settings(deadline=None)
@given(walks, st.randoms(use_true_random=False))
def test_the_order_of_the_paths_does_not_matter(given: list[Walk], random: object) -> None:
    other = sorted(given, key=lambda _: random.random())  # type: ignore[attr-defined]
    for rule in RULES:
        assert credit(paths(other), rule) == pytest.approx(credit(paths(given), rule), abs=1e-9)


def test_rules_by_hand() -> None:
    one = paths([([0, 1, 2, 2, 3], 10, 0)])
    expected = {
        "first": [10, 0, 0, 0, 0],
        "last": [0, 0, 0, 10, 0],
        "linear": [2, 2, 4, 2, 0],
        "u": [4, 2 / 3, 4 / 3, 4, 0],
        "decay": [10 / 31, 20 / 31, 120 / 31, 160 / 31, 0],
        # Without any of the four, nothing arrives.
        "markov": [2.5, 2.5, 2.5, 2.5, 0],
    }
    for rule, credits in expected.items():
        assert credit(one, rule) == pytest.approx(np.array(credits)), rule
    assert credit(paths([([0, 1], 1, 0)]), "u").tolist() == [0.5, 0.5, 0, 0, 0]
    assert credit(paths([([0], 1, 0)]), "u").tolist() == [1, 0, 0, 0, 0]
    assert credit(one, "first", np.array([70.0])).tolist() == [70, 0, 0, 0, 0]
    assert credit(one, "markov", np.array([70.0]))[:4] == pytest.approx(17.5)


def test_decay_by_time_counts_half_lives() -> None:
    dated = paths([([0, 1], 3, 0)], ages=[[1.0, 0.0]])
    assert shares(dated, "decay") == pytest.approx([1 / 3, 2 / 3])
    # Long ago altogether: only the difference counts, and nothing is divided by 0.
    old = paths([([0, 1], 3, 0)], ages=[[5001.0, 5000.0]])
    assert shares(old, "decay") == pytest.approx([1 / 3, 2 / 3])


def test_walks_drawn_at_random_convert_as_often_as_the_solution_says() -> None:
    given: list[Walk] = [([0, 1], 30, 20), ([1, 0, 1], 10, 40), ([2], 5, 45), ([0, 2, 1], 20, 30), ([3, 1], 0, 25)]
    rng = np.random.default_rng(0)
    # The chain of these paths, by hand: from each state the next states, and how often.
    moves = {"s": "0" * 100 + "1" * 50 + "2" * 50 + "3" * 25, "0": "1" * 100 + "2" * 50, "3": "1" * 25}
    moves |= {"1": "0" * 50 + "c" * 60 + "n" * 115, "2": "1" * 50 + "c" * 5 + "n" * 45}

    def converted(gone: str) -> float:
        count = 0
        for _ in range(20_000):
            state = "s"
            while state not in "cn":
                state = moves[state][rng.integers(len(moves[state]))]
                state = "n" if state == gone else state
            count += state == "c"
        return count / 20_000

    whole = converted("")
    drawn = [1 - converted(str(channel)) / whole for channel in range(4)]
    assert removal_effects(paths(given))[:4] == pytest.approx(drawn, abs=0.04)


@pytest.fixture(scope="module")
def published(data: Path) -> tuple[Paths, pl.DataFrame]:
    """10,000 paths and the credits that ChannelAttribution 2.2.5 gave, rounded to one decimal."""
    table = pl.read_csv(data / "marketing/paths.csv")
    reference = pl.read_csv(data / "marketing/reference_attribution.csv")
    codes = {name: code for code, name in enumerate(reference[""])}
    given: list[Walk] = [
        ([codes[step] for step in path.split(" > ")], float(conversions), float(nulls))
        for path, conversions, nulls in table.select("path", "total_conversions", "total_null").rows()
    ]
    return paths(given, len(codes)), reference


@pytest.mark.parametrize("rule", POSITIONAL)
def test_published_credits(published: tuple[Paths, pl.DataFrame], rule: str) -> None:
    found, reference = published
    assert credit(found, rule) == pytest.approx(reference[{"u": "ushape"}.get(rule, rule)].to_numpy(), abs=0.0500001)


def test_the_published_chain(published: tuple[Paths, pl.DataFrame]) -> None:
    found, reference = published
    of = [found.channel[a:b].tolist() for a, b in pairwise(found.start)]
    given = list(zip(of, found.conversions.tolist(), found.nulls.tolist(), strict=True))
    effects = removal_effects(found)
    assert effects == pytest.approx(solved(given, found.channels), abs=1e-9)
    credited = credit(found, "markov")
    assert credited.sum() == pytest.approx(19_785)
    assert credited == pytest.approx(reference["markov"].to_numpy(), abs=0.0500001)
    collapsed = [[one for one, before in zip(path, [-1, *path], strict=False) if one != before] for path in of]
    once = paths(list(zip(collapsed, found.conversions.tolist(), found.nulls.tolist(), strict=True)), found.channels)
    assert removal_effects(once) == pytest.approx(effects, abs=1e-12)
