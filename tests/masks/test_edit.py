"""Masks grown, shrunk, feathered and resized: distances are exact, and no damage leaks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from safelight.masks.edit import feather, grow, resize_mask, shrink, thickness
from safelight.pixels.geometry import resize
from tests.tasks.strategies import seeds


def some_hole(seed: int, h: int = 40, w: int = 50) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return ndimage.binary_dilation(rng.random((h, w)) < 0.01, iterations=int(rng.integers(1, 3)))


@given(seeds, st.sampled_from([1, 2, 3.5, 8, 12]))
@settings(max_examples=40)
def test_growing_reaches_just_so_far(seed: int, pixels: float) -> None:
    hole = some_hole(seed)
    distance = ndimage.distance_transform_edt(~hole) if hole.any() else np.full(hole.shape, np.inf)
    np.testing.assert_array_equal(grow(hole, pixels), distance <= pixels)


@given(seeds, st.sampled_from([1, 2, 9.5]))
@settings(max_examples=30)
def test_shrinking_is_growing_what_is_known(seed: int, pixels: float) -> None:
    hole = ~some_hole(seed)
    np.testing.assert_array_equal(shrink(hole, pixels), ~grow(~hole, pixels))
    np.testing.assert_array_equal(shrink(hole, 0), hole)


def test_growing_works_across_strips() -> None:
    hole = np.zeros((1100, 12), bool)
    hole[[511, 1023], 5] = True
    for pixels in (3, 20):
        np.testing.assert_array_equal(grow(hole, pixels), ndimage.distance_transform_edt(~hole) <= pixels)


def test_feathering_falls_to_nothing() -> None:
    mask = np.zeros((9, 21))
    mask[:, :5] = 1
    weight = feather(mask, 3)
    np.testing.assert_allclose(weight[4, :9], [1, 1, 1, 1, 1, 0.75, 0.5, 0.25, 0])
    np.testing.assert_array_equal(feather(mask, 0), mask)


@given(seeds, st.integers(5, 90), st.integers(5, 90))
@settings(max_examples=50)
def test_a_resized_mask_covers_all_damage(seed: int, height: int, width: int) -> None:
    """A picture that is white where damaged has no white left outside the resized mask."""
    hole = some_hole(seed)
    shrunk = resize(hole.astype(np.float32), (height, width))
    assert shrunk[~resize_mask(hole, (height, width))].max(initial=0) == 0


def test_a_mask_of_the_size_is_left_alone() -> None:
    hole = some_hole(1)
    assert resize_mask(hole, (40, 50)) is hole


@pytest.mark.parametrize("width", [1, 2, 5, 9])
def test_thickness_of_a_bar(width: int) -> None:
    hole = np.zeros((40, 40), bool)
    hole[15 : 15 + width] = True
    assert thickness(hole) == pytest.approx(width, abs=1)
    assert thickness(np.zeros((5, 5))) == 0
