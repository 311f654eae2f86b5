"""Hints painted where they are, and kernel regression against its formula written out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.tasks.colorize.hints import Points
from safelight.tasks.colorize.propagation import kernel_regression, paint
from tests.tasks.strategies import photo, points_at, random_points, seeds


@pytest.mark.parametrize(
    ("radius", "rows"),
    [
        (0, ["     ", "     ", "  #  ", "     ", "     "]),
        (0.5, ["     ", "  #  ", " ### ", "  #  ", "     "]),
        (1, ["     ", " ### ", " ### ", " ### ", "     "]),
        (2, [" ### ", "#####", "#####", "#####", " ### "]),
    ],
)
def test_discs(radius: float, rows: list[str]) -> None:
    ab, mask = paint(points_at([(2, 2)], [(40, -30)], radius), (5, 5))
    assert ["".join("#" if value else " " for value in row) for row in mask] == rows
    assert (ab[mask == 1] == (40, -30)).all()
    assert not ab[mask == 0].any()


@settings(max_examples=60)
@given(seeds, st.integers(1, 20), st.integers(1, 20), st.floats(0, 12), st.booleans())
def test_painting_by_brute_force(seed: int, h: int, w: int, radius: float, soft: bool) -> None:
    rng = np.random.default_rng(seed)
    points = random_points(rng, min(3, h * w), (h, w))
    points.radius[:] = radius
    ab, mask = paint(points, (h, w), soft)
    assert ab.dtype == mask.dtype == np.float32
    wanted_ab, wanted_mask = np.zeros((h, w, 2)), np.zeros((h, w))
    width = float(np.float32(radius)) + 0.5
    for row, column, color in zip(points.y, points.x, points.ab, strict=True):
        for i in range(h):
            for j in range(w):
                squared = (i - row) ** 2 + (j - column) ** 2
                if squared <= width**2:
                    wanted_ab[i, j] = color
                    wanted_mask[i, j] = np.exp(-squared / (2 * width**2)) if soft else 1
    np.testing.assert_array_equal(ab, wanted_ab)
    np.testing.assert_allclose(mask, wanted_mask, rtol=1e-5)


def test_a_soft_mask_is_one_at_the_point_and_falls() -> None:
    _, mask = paint(points_at([(10, 10)], [(10, 10)], 4), (21, 21), soft=True)
    assert mask[10, 10] == 1
    assert (np.diff(mask[10, 10:15]) < 0).all()
    assert mask[10, 14] == pytest.approx(np.exp(-(4**2) / (2 * 4.5**2)))
    assert mask[10, 15] == 0


def test_the_later_hint_covers_the_earlier() -> None:
    ab, mask = paint(points_at([(2, 2), (2, 3)], [(10, 10), (50, 50)], 1), (5, 6))
    assert (ab[2, 2] == 50).all()
    assert (ab[2, 1] == 10).all()
    assert mask.sum() == 12


def test_nothing_is_painted_without_hints() -> None:
    ab, mask = paint(Points.none(), (4, 5))
    assert not ab.any()
    assert not mask.any()


def by_the_formula(
    L: np.ndarray, points: Points, distance: float, lightness: float
) -> tuple[np.ndarray, np.ndarray]:
    """Nadaraya-Watson with Gaussian weights, one pixel and one hint at a time, in float64."""
    h, w = L.shape
    mean, largest = np.zeros((h, w, 2)), np.zeros((h, w))
    for i in range(h):
        for j in range(w):
            weights = []
            for y, x in zip(points.y.tolist(), points.x.tolist(), strict=True):
                squared = ((i - y) ** 2 + (j - x) ** 2) / h**2
                dl = float(L[i, j]) - float(L[y, x])
                weights.append(np.exp(-squared / (2 * distance**2) - dl**2 / (2 * lightness**2)))
            mean[i, j] = np.average(points.ab.astype(float), axis=0, weights=weights)
            largest[i, j] = max(weights)
    return mean, largest


@settings(max_examples=15)
@given(seeds, st.integers(3, 9), st.integers(3, 9), st.integers(1, 6))
def test_kernel_regression_by_brute_force(seed: int, h: int, w: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    L, points = photo(rng, (h, w)), random_points(rng, count, (h, w))
    mean, largest = kernel_regression(L, points, distance=0.4, lightness=20)
    wanted, sure = by_the_formula(L, points, 0.4, 20)
    np.testing.assert_allclose(mean, wanted, atol=2e-2)
    np.testing.assert_allclose(largest, sure, atol=1e-4)


def test_one_hint_colors_everything() -> None:
    L = photo(np.random.default_rng(0), (12, 20))
    mean, confidence = kernel_regression(L, points_at([(3, 4)], [(40, -20)]))
    np.testing.assert_allclose(mean, np.broadcast_to(np.float32((40, -20)), mean.shape), atol=1e-4)
    assert confidence[3, 4] == 1
    assert confidence[11, 19] < 1e-3


def test_narrow_kernels_on_one_lightness_give_the_nearest_hint() -> None:
    L = np.full((15, 15), 50, np.float32)
    rng = np.random.default_rng(2)
    points = random_points(rng, 6, (15, 15))
    mean, _ = kernel_regression(L, points, distance=0.005)
    y, x = np.mgrid[:15, :15]
    squared = (y[..., None] - points.y) ** 2 + (x[..., None] - points.x) ** 2
    nearest = np.sort(squared, 2)
    clear = nearest[..., 0] < nearest[..., 1]
    np.testing.assert_allclose(mean[clear], points.ab[squared.argmin(2)][clear], atol=0.1)


def test_lightness_decides_between_hints_at_one_distance() -> None:
    L = np.full((9, 9), 20, np.float32)
    L[4, 6:] = 80
    L[4, 4] = 80
    mean, _ = kernel_regression(L, points_at([(4, 2), (4, 6)], [(50, 0), (-50, 0)]))
    assert mean[4, 4, 0] == pytest.approx(-50, abs=0.1)


def test_without_hints_it_is_grey_and_unsure() -> None:
    mean, confidence = kernel_regression(np.zeros((4, 6), np.float32), Points.none())
    assert mean.shape == (4, 6, 2)
    assert not mean.any()
    assert not confidence.any()


def test_far_from_every_hint_nothing_overflows() -> None:
    L = np.zeros((4, 400), np.float32)
    L[:, :200] = 100
    mean, confidence = kernel_regression(L, points_at([(0, 0), (1, 1)], [(60, 60), (20, 20)]), distance=0.01)
    assert np.isfinite(mean).all()
    assert confidence[0, 399] == 0
