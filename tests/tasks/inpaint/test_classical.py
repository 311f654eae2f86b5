"""Classical filling: known values, and what is known is kept bit by bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.restoration import inpaint_biharmonic

from safelight.tasks.inpaint.biharmonic import biharmonic, solve
from safelight.tasks.inpaint.classical import BASELINES, CLASSICAL, mean_color
from safelight.tasks.inpaint.mask_sampling import BINS, draw_in_bin
from tests.tasks.strategies import seeds


def smooth(seed: int, h: int = 40, w: int = 36) -> np.ndarray:
    y, x = np.mgrid[0:h, 0:w] / 30
    a, b, c = np.random.default_rng(seed).uniform(-1, 1, (3, 3))
    return (0.5 + 0.2 * np.sin(a * x[..., None] + b * y[..., None] + c)).astype(np.float32)


@given(seeds, st.sampled_from(list(CLASSICAL)), st.sampled_from(BINS[:4]))
@settings(max_examples=40)
def test_what_is_known_stays_and_the_hole_has_no_effect(seed: int, method: str, area: tuple) -> None:
    rng = np.random.default_rng(seed)
    picture = rng.random((32, 30, 3), dtype=np.float32)
    mask = draw_in_bin((32, 30), area, True, rng)
    filled = CLASSICAL[method](picture, mask)
    assert filled.dtype == np.float32
    np.testing.assert_array_equal(filled[mask == 0], picture[mask == 0])
    assert filled.min() >= 0
    assert filled.max() <= 1
    emptied = np.where(mask[..., None] > 0, np.float32(0.123), picture)
    np.testing.assert_array_equal(CLASSICAL[method](emptied, mask), filled)


@pytest.mark.parametrize("method", list(CLASSICAL))
def test_a_constant_picture_gives_the_constant(method: str) -> None:
    picture = np.full((32, 32, 3), 0.4, np.float32)
    mask = draw_in_bin((32, 32), (0.2, 0.3), False, np.random.default_rng(0))
    np.testing.assert_allclose(CLASSICAL[method](picture, mask), 0.4, atol=2e-4)


@pytest.mark.parametrize("method", list(CLASSICAL))
def test_a_full_or_an_empty_mask_changes_nothing(method: str) -> None:
    picture = smooth(0)
    for mask in (np.zeros(picture.shape[:2]), np.ones(picture.shape[:2])):
        np.testing.assert_allclose(CLASSICAL[method](picture, mask), picture, atol=1e-6)


def test_mean_color_is_the_mean() -> None:
    picture = smooth(1)
    mask = np.zeros(picture.shape[:2])
    mask[3:8, 4:9] = 1
    expected = picture[mask == 0].mean(0)
    np.testing.assert_allclose(mean_color(picture, mask)[5, 5], expected, atol=1e-6)


@given(seeds, st.sampled_from(BINS), st.booleans())
@settings(max_examples=15)
def test_biharmonic_is_that_of_scikit_image(seed: int, area: tuple, border: bool) -> None:
    rng = np.random.default_rng(seed)
    picture = rng.random((24, 31, 3))
    hole = draw_in_bin((24, 31), area, border, rng) > 0
    known = picture[~hole]
    ours = solve(picture, hole).clip(known.min(0), known.max(0))
    np.testing.assert_allclose(ours, inpaint_biharmonic(picture, hole, channel_axis=-1), atol=1e-8)


def test_the_baseline_is_that_of_scikit_image_where_the_one_in_use_saves_time() -> None:
    rng = np.random.default_rng(2)
    picture = rng.random((128, 128, 3), dtype=np.float32)
    hole = np.zeros((128, 128), bool)
    hole[10:118, 12:120] = True
    exact = inpaint_biharmonic(picture.astype(np.float64), hole, channel_axis=-1)
    judged, used = BASELINES["biharmonic"](picture, hole), CLASSICAL["biharmonic"](picture, hole)
    np.testing.assert_allclose(judged, exact, atol=1e-6)
    assert np.abs(used - exact).max() > 0.1


def test_biharmonic_continues_a_slope() -> None:
    """A plane has no Laplacian: it is its own smoothest continuation."""
    y, x = np.mgrid[0:20, 0:20]
    plane = (0.2 + 0.01 * x + 0.02 * y)[..., None].repeat(3, 2)
    hole = np.zeros((20, 20), bool)
    hole[6:14, 5:15] = True
    np.testing.assert_allclose(solve(plane, hole), plane, atol=1e-10)


def test_a_large_hole_is_solved_coarsely_and_much_alike() -> None:
    picture = smooth(3, 96, 96).astype(np.float64)
    hole = np.zeros((96, 96), bool)
    hole[16:80, 16:80] = True
    exact, coarse = solve(picture, hole), solve(picture, hole, budget=1e6)
    assert abs(exact - coarse).max() > 0
    assert abs(exact - coarse).mean() < 0.03
    np.testing.assert_array_equal(coarse[~hole], picture[~hole])


def test_biharmonic_beats_the_mean_on_a_smooth_picture() -> None:
    picture = smooth(5)
    mask = draw_in_bin(picture.shape[:2], (0.1, 0.2), False, np.random.default_rng(1))
    hole = mask > 0
    errors = [np.abs(fill(picture, mask) - picture)[hole].mean() for fill in (biharmonic, mean_color)]
    assert errors[0] < errors[1] / 4
