"""Short trees: round cuts that tell no fewer rows right, and no forks that say nothing."""

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier

from acrm.models.short_tree import Fork, Leaf, columns_of, paths, short_tree, told


def fidelity(tree: Fork | Leaf, values: np.ndarray, group: np.ndarray) -> float:
    found = told(tree, dict(enumerate(values.T)), np.arange(len(group)))
    return float((found == group).mean())


@pytest.fixture
def cloud() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    values = rng.lognormal(3, 1, (2000, 4))
    group = (values[:, 0] > 31.41592) * 2 + (values[:, 2] > 17.3) ^ (rng.random(2000) < 0.1)
    return values, group.astype(np.int64)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_rounding_costs_nothing(cloud: tuple[np.ndarray, np.ndarray], depth: int) -> None:
    values, group = cloud
    plain = DecisionTreeClassifier(max_depth=depth, min_samples_leaf=20, random_state=0).fit(values, group)
    tree = short_tree(values, group, depth=depth, least=20, seed=0)
    assert fidelity(tree, values, group) >= plain.score(values, group)
    cuts = [cut for _, steps in paths(tree) for _, _, cut in steps]
    assert max(len(f"{cut:g}".replace(".", "")) for cut in cuts) <= 4


def test_whole_numbers_are_cut_at_whole_numbers() -> None:
    values = np.repeat([1.0, 2.0, 3.0, 4.0], 10)[:, None]
    assert short_tree(values, np.repeat([5, 5, 9, 9], 10), depth=3, least=1, seed=0) == Fork(0, 2.0, Leaf(5), Leaf(9))


def test_a_fork_to_one_group_either_way_is_none() -> None:
    rng = np.random.default_rng(5)
    values, group = rng.normal(size=(500, 3)), (rng.random(500) < 0.1).astype(np.int64)
    assert short_tree(values, group, depth=2, least=50, seed=0) == Leaf(0)
    assert columns_of(Leaf(0)) == set()
    assert short_tree(values, np.zeros(500, dtype=np.int64), depth=3, least=1, seed=0) == Leaf(0)
