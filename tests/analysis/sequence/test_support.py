import numpy as np
import pytest

from acrm.analysis.sequence.support import PAIRS, least_count, suggest
from acrm.models.sequences import Events


def events(customers: int, items: int, days: int) -> Events:
    """Every customer has some of the items on every day, in turn."""
    who, when, what = np.meshgrid(np.arange(customers), np.arange(days), np.arange(items), indexing="ij")
    rows = np.column_stack((who.ravel(), when.ravel(), what.ravel()))
    return Events.of(*rows[(rows.sum(axis=1) % 3) == 0].T)


@pytest.mark.parametrize(("share", "customers", "least"), [(0.28, 25, 7), (0.05, 4338, 217), (0.001, 5, 1), (1, 7, 7)])
def test_least_count_is_exact(share: float, customers: int, least: int) -> None:
    assert least_count(share, customers) == least


@pytest.mark.parametrize(
    ("customers", "items", "least", "why"),
    [
        (6, 4, 3, "sequence.support_few"),
        (300, 4, 30, "sequence.support_floor"),
        (30_000, 2, 30, "sequence.support_lowest"),
    ],
)
def test_the_lowest_that_says_something(customers: int, items: int, least: int, why: str) -> None:
    count, reason = suggest(events(customers, items, 3), 1)
    assert (count, reason.id) == (least, why)
    assert str(reason)


def test_more_pairs_than_anybody_reads() -> None:
    # 40 items of everybody's, 60 of one customer in eight: the pairs are too many at one share, few above it.
    rng = np.random.default_rng(0)
    rows = [(who, day, item) for who in range(400) for day in range(3) for item in range(25)]
    rare = [(who, day, 25 + item) for who in range(0, 400, 8) for day in range(3) for item in rng.permutation(60)]
    count, reason = suggest(Events.of(*np.array([*rows, *rare]).T), 1)
    assert (count, reason.id) == (80, "sequence.support_pairs")
    pairs = reason.values["pairs"]
    assert isinstance(pairs, int)
    assert pairs > PAIRS
