from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score, silhouette_score

from acrm.models.clusters import Partition, kmeans, mixture, place, silhouettes


def blobs(rng: np.random.Generator, sizes: tuple[int, ...] = (300, 200, 100)) -> tuple[np.ndarray, np.ndarray]:
    truth = np.repeat(np.arange(len(sizes)), sizes)
    centres = np.array([[0.0, 0, 0, 0], [6, 0, 3, 0], [0, 7, 0, -5]])
    return centres[truth] + rng.standard_normal((len(truth), 4)), truth


def test_silhouettes_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(1)
    points, truth = blobs(rng, (900, 500, 300))
    # A group of one, and repeated points.
    points[:200] = points[0]
    alone = np.where(np.arange(len(points)) == 7, 3, truth)
    random = rng.integers(0, 5, len(points))
    expected = [silhouette_score(points, labels) for labels in (truth, alone, random)]
    assert silhouettes(points, [truth, alone, random]) == pytest.approx(expected, abs=1e-3)
    assert silhouettes(points, [np.zeros(len(points), int)])[0] == 0


def test_silhouettes_of_points_far_from_zero() -> None:
    points, truth = blobs(np.random.default_rng(2))
    assert silhouettes(points + 1e5, [truth]) == pytest.approx(silhouettes(points, [truth]), abs=1e-3)


@pytest.mark.parametrize("method", ["kmeans", "gmm"])
def test_groups_are_found_again(method: str) -> None:
    points, truth = blobs(np.random.default_rng(3))
    found = kmeans(points, 3, seed=0) if method == "kmeans" else mixture(points, 3, seed=0)[0]
    assert adjusted_rand_score(truth, place(points, found).label) > 0.98


def test_a_mixture_tells_wide_from_narrow_groups_and_centres_do_not() -> None:
    rng = np.random.default_rng(4)
    truth = np.repeat([0, 1], [1500, 300])
    points = np.where(truth[:, None] == 0, 4.0, 0.3) * rng.standard_normal((1800, 3)) + 3.0 * truth[:, None]
    found, _ = mixture(points, 2, seed=0)
    assert found.weights is not None
    assert found.variances is not None
    assert sorted(found.weights) == pytest.approx([1 / 6, 5 / 6], abs=0.03)
    assert adjusted_rand_score(truth, place(points, found).label) > 0.85
    assert adjusted_rand_score(truth, place(points, kmeans(points, 2, seed=0)).label) < 0.5


def test_the_likeliest_group_is_that_of_scikit_learn() -> None:
    from sklearn.mixture import GaussianMixture

    points, _ = blobs(np.random.default_rng(5))
    theirs = GaussianMixture(3, covariance_type="diag", random_state=0).fit(points)
    ours = Partition(centres=theirs.means_, variances=theirs.covariances_, weights=theirs.weights_)
    assert np.array_equal(place(points, ours).label, theirs.predict(points))


def test_a_row_is_placed_alike_alone_and_among_others() -> None:
    rng = np.random.default_rng(6)
    points = rng.standard_normal((20_000, 13)).astype(np.float32)
    for partition in (kmeans(points[:2000], 4, seed=0), mixture(points[:2000], 4, seed=0)[0]):
        everybody = place(points, partition)
        some = np.array([0, 5, 2047, 2048, 19_999])
        for name, value in vars(place(points[some], partition)).items():
            assert np.array_equal(value, vars(everybody)[name][some])
        alone = place(points[5:6], partition)
        assert alone.distance[0] == everybody.distance[5]


def test_second_is_the_next_group_and_none_where_there_is_one() -> None:
    three = Partition(centres=np.array([[0.0], [1.0], [10.0]]))
    found = place(np.array([[0.2], [9.0]]), three)
    assert found.second.tolist() == [1, 1]
    assert found.second_distance == pytest.approx([0.8, 8.0])
    alone = place(np.array([[3.0]]), Partition(centres=np.array([[1.0]])))
    assert (alone.label[0], alone.distance[0], alone.second[0]) == (0, 2.0, -1)
    assert np.isnan(alone.second_distance[0])


def test_a_start_is_kept_to_and_batches_come_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    points, truth = blobs(np.random.default_rng(7), (3000, 2000, 1000))
    start = kmeans(points[::10], 3, seed=0)
    whole = kmeans(points, 3, seed=0, around=start.centres)
    assert np.allclose(whole.centres, start.centres, atol=0.3)
    monkeypatch.setattr("acrm.models.clusters.MANY", 1000)
    batches = kmeans(points, 3, seed=0, around=start.centres)
    assert not np.array_equal(batches.centres, whole.centres)
    assert np.allclose(batches.centres, whole.centres, atol=0.3)
    assert adjusted_rand_score(truth, place(points, batches).label) > 0.98
