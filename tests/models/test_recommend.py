"""Weights against their definitions, rankings worked out by hand."""

import numpy as np
import pytest
from scipy import sparse

from acrm.models.recommend import best, best_new, ease, item_knn, quality, reasons, rising


def having(seed: int, customers: int = 60, items: int = 12) -> np.ndarray:
    return (np.random.default_rng(seed).random((customers, items)) < 0.3).astype(np.float64)


@pytest.mark.parametrize("seed", range(3))
def test_ease_is_a_ridge_regression_of_each_item_on_the_others(seed: int) -> None:
    full = having(seed)
    weights = ease(sparse.csr_matrix(full), penalty=5.0).toarray()
    for item in range(full.shape[1]):
        others = np.delete(full, item, axis=1)
        slopes = np.linalg.solve(others.T @ others + 5.0 * np.eye(others.shape[1]), others.T @ full[:, item])
        np.testing.assert_allclose(np.delete(weights[:, item], item), np.maximum(slopes, 0), atol=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_item_knn_is_the_cosine(seed: int) -> None:
    full = having(seed)
    unit = full / np.linalg.norm(full, axis=0)
    wanted = unit.T @ unit
    np.fill_diagonal(wanted, 0)
    np.testing.assert_allclose(item_knn(sparse.csr_matrix(full)).toarray(), wanted, atol=1e-6)


@pytest.mark.parametrize("make", [ease, item_knn])
def test_only_the_largest_weights_of_an_item_stay(make: object) -> None:
    full = sparse.csr_matrix(having(4))
    whole, cut = make(full).toarray(), make(full, keep=3).toarray()  # type: ignore[operator]
    for item in range(full.shape[1]):
        kept = np.flatnonzero(cut[:, item])
        assert len(kept) <= 3
        assert set(whole[kept, item]) >= set(np.sort(whole[:, item])[::-1][: len(kept)])


def test_what_somebody_has_and_what_is_not_offered_is_never_new() -> None:
    full = having(5)
    weights = item_knn(sparse.csr_matrix(full))
    offered = np.ones(12, np.bool_)
    offered[3] = False
    (start, items, scores), *more = best_new(weights, sparse.csr_matrix(full), offered, 12)
    assert (start, more) == (0, [])
    because = reasons(weights.T.tocsr(), sparse.csr_matrix(full), items)
    assert ((because < 0) == (items < 0)).all()
    for row, line in enumerate(items):
        proposed = line[line >= 0]
        assert not full[row, proposed].any()
        assert 3 not in proposed
        assert (np.diff(scores[row]) <= 0).all()
        for item, reason, score in zip(proposed, because[row], scores[row], strict=False):
            support = full[row] * weights.toarray()[:, item]
            assert reason == support.argmax()
            assert score == pytest.approx(support.sum())


def test_equals_come_in_order() -> None:
    items, values = best(sparse.csr_matrix([[1.0, 5.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0]]), 3)
    assert items.tolist() == [[1, 0, 2], [-1, -1, -1]]
    assert values.tolist() == [[5.0, 1.0, 1.0], [0.0, 0.0, 0.0]]


def test_a_perfect_list_has_an_ndcg_of_one() -> None:
    found = quality(np.array([[True, True, False], [False, False, False]]), np.array([2, 5]))
    assert [found[name].tolist() for name in ("recall", "hit", "ndcg")] == [[1.0, 0.0]] * 3


def test_the_line_never_falls_and_keeps_the_sum() -> None:
    rng = np.random.default_rng(1)
    scores = rng.integers(0, 30, 500) / 10
    outcomes = (rng.random(500) < scores / 4).astype(float)
    at, line = rising(scores, outcomes)
    assert (np.diff(line) >= 0).all()
    assert np.interp(scores, at, line).sum() == pytest.approx(outcomes.sum())
