"""Averages over areas, against sums in double precision and against OpenCV's own."""

import numpy as np
import pytest

from safelight.pixels.geometry import averaged, resize

DEPTHS = [np.uint8, np.uint16, np.float32]


def picture(size: tuple[int, ...], depth: type) -> np.ndarray:
    numbers = np.random.default_rng(sum(size)).random(size, np.float32)
    return numbers if depth == np.float32 else (numbers * np.iinfo(depth).max).astype(depth)


def in_double(array: np.ndarray, side: int, axis: int) -> np.ndarray:
    """Each of `side` cells along an axis: what of each line lies in it, added up."""
    edges = np.arange(side + 1) * array.shape[axis] / side
    lines = np.arange(array.shape[axis])
    shares = np.clip(np.minimum(lines + 1, edges[1:, None]) - np.maximum(lines, edges[:-1, None]), 0, None)
    return np.moveaxis(np.tensordot(shares * side / array.shape[axis], array, (1, axis)), 0, axis)


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize(
    "size", [(400, 600, 3), (401, 613, 3), (63, 41, 3), (40, 40, 3), (41, 500, 3), (97, 80)]
)
def test_as_in_double_precision(size: tuple[int, ...], depth: type) -> None:
    array = picture(size, depth)
    expected = in_double(in_double(array.astype(np.float64), 40, 0), 40, 1)
    found = averaged(array, (40, 40))
    assert found.dtype == array.dtype
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= (1e-5 if depth == np.float32 else 0.51)


@pytest.mark.parametrize("size", [(1205, 1659, 3), (800, 1200, 3)])
def test_as_opencv_but_for_a_level_here_and_there(size: tuple[int, ...]) -> None:
    array = picture(size, np.uint8)
    apart = np.abs(averaged(array, (40, 40)).astype(int) - resize(array, (40, 40)))
    assert apart.max() <= 1
    assert (apart > 0).mean() < 0.01


@pytest.mark.parametrize("size", [(20, 50), (50, 20), (7, 1)])
def test_what_grows_is_resized(size: tuple[int, int]) -> None:
    array = picture((10, 30, 3), np.uint8)
    assert np.array_equal(averaged(array, size), resize(array, size))
