"""Distances from a cloud of features, against numbers worked out by hand and by scipy."""

import numpy as np
import pytest
from benchmarks.familiar import (
    KEPT,
    METHODS,
    NEAREST,
    Fit,
    area_under_roc,
    mahalanobis,
    nearest_kept,
    relative_mahalanobis,
    shrunk_covariance,
)
from hypothesis import given
from hypothesis import strategies as st

NAMES = list(METHODS)


def cloud(count: int = 300, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal([4, -2, 1, 3, 0], [1, 2, 0.5, 1, 1], (count, 5))


@pytest.mark.parametrize("fit", METHODS.values(), ids=NAMES)
def test_each_gives_one_finite_distance_a_row(fit: Fit) -> None:
    distance = fit(cloud(), ["a", "b", "c"] * 100)
    assert distance(cloud(7, 1)).shape == (7,)
    assert np.isfinite(distance(np.zeros((2, 5)))).all()


@pytest.mark.parametrize("fit", [mahalanobis, nearest_kept])
def test_what_is_far_is_farther(fit: Fit) -> None:
    distance = fit(cloud(), ["all"] * 300)
    assert area_under_roc(distance(cloud(100, 1)), distance(-3 * cloud(100, 2))) > 0.99


def test_mahalanobis_is_that_of_scipy() -> None:
    from scipy.spatial.distance import mahalanobis as reference

    features, asked = cloud(), cloud(5, 1)
    center = features.mean(axis=0)
    inverse = np.linalg.inv(shrunk_covariance(features - center))
    expected = [reference(row, center, inverse) for row in asked]
    np.testing.assert_allclose(mahalanobis(features, ["all"] * 300)(asked), expected)


def test_with_one_class_nothing_is_relative() -> None:
    """Class and background are then the same, and their distances cancel."""
    np.testing.assert_allclose(relative_mahalanobis(cloud(), ["all"] * 300)(cloud(5, 1)), 0, atol=1e-9)


def test_the_kth_nearest_by_hand() -> None:
    directions = np.array([[np.cos(t), np.sin(t)] for t in np.radians(np.arange(0, 80, 10))])
    asked = np.array([[3.0, 0.0]])
    expected = 2 * np.sin(np.radians(10 * (NEAREST - 1)) / 2)  # the chord to the fifth, at 40 degrees
    np.testing.assert_allclose(nearest_kept(5 * directions, ["all"] * 8)(asked), expected)


def test_at_most_so_many_are_kept() -> None:
    many = np.ones((KEPT + 50, 3))
    assert nearest_kept(many, ["all"] * len(many))(np.ones((1, 3))) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("count", "dimensions"), [(20, 30), (500, 4), (3, 3)])
def test_shrinkage_is_that_of_ledoit_and_wolf(count: int, dimensions: int) -> None:
    """Their definition with one matrix a picture, which the function avoids."""
    x = np.random.default_rng(0).normal(size=(count, dimensions))
    sample = x.T @ x / count
    target = np.trace(sample) / dimensions * np.eye(dimensions)
    noise = sum(np.sum((np.outer(row, row) - sample) ** 2) for row in x) / count**2
    share = min(noise / np.sum((sample - target) ** 2), 1)
    np.testing.assert_allclose(shrunk_covariance(x), share * target + (1 - share) * sample)
    assert np.linalg.eigvalsh(shrunk_covariance(x)).min() > 0


@given(
    inside=st.lists(st.integers(0, 9), min_size=1, max_size=20),
    outside=st.lists(st.integers(0, 9), min_size=1, max_size=20),
)
def test_the_area_is_the_share_of_pairs_in_order(inside: list[int], outside: list[int]) -> None:
    pairs = [(o > i) + 0.5 * (o == i) for i in inside for o in outside]
    assert area_under_roc(np.array(inside), np.array(outside)) == pytest.approx(np.mean(pairs))
