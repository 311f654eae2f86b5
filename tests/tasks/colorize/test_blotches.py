"""Blotches: known figures for patches of known size and chroma; no color, or one, has none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.pixels.color import lab_to_srgb
from safelight.tasks.colorize.blotches import (
    SAME_COLOR,
    VISIBLE,
    blotches,
    color_steps,
    flat_places,
    half_span,
    photo_blotches,
)

SIDE, SPAN = 128, 8
INSIDE = SIDE - SPAN  # places half a span from the border
GREY = np.full((SIDE, SIDE), 60, np.float32)
EVERYWHERE = np.ones((INSIDE, INSIDE), bool)


def patch(height: int, width: int, color: tuple[float, float], side: int = SIDE) -> np.ndarray:
    """A rectangle of this color in the middle of a grey picture."""
    ab = np.zeros((side, side, 2), np.float32)
    top, left = (side - height) // 2, (side - width) // 2
    ab[top : top + height, left : left + width] = color
    return ab


@given(st.floats(-60, 60), st.floats(-60, 60))
def test_one_color_has_none(a: float, b: float) -> None:
    ab = np.zeros((SIDE, SIDE, 2), np.float32) + np.array([a, b], np.float32)
    assert blotches(ab, flat_places(GREY)) == (1.0, 0.0)


@pytest.mark.parametrize("color", [(12.0, 0.0), (-9.0, 12.0)])
def test_a_square_of_known_size_and_chroma(color: tuple[float, float]) -> None:
    """Of side s: strips of a span along each side, 4·s·span, doubled in the corners, where both directions change."""
    chroma, s = float(np.hypot(*color)), 40
    corners = SPAN**2  # four squares of half a span inside it, where both directions change
    sides = 4 * s * SPAN - 2 * corners
    known = sides * (chroma - VISIBLE) + corners * (np.sqrt(2) * chroma - VISIBLE)
    found = blotches(patch(s, s, color), flat_places(GREY))
    assert found.mean == pytest.approx(known / INSIDE**2, rel=1e-5)


def test_the_figure_does_not_depend_on_the_size_of_the_picture() -> None:
    """A band across half of the picture: two borders, each a span wide; 2 spans of 15 that are looked at."""
    for side in (64, 128, 256):
        found = blotches(patch(side, side // 2, (10, 0), side), flat_places(np.full((side, side), 50.0)))
        assert found.mean == pytest.approx(2 * (10 - VISIBLE) / 15, rel=1e-5)


def test_what_nobody_sees_is_none() -> None:
    assert blotches(patch(40, 40, (VISIBLE / 2, 0)), flat_places(GREY)).mean == 0


def test_borders_of_the_picture_are_none() -> None:
    """Color that changes where lightness does."""
    L, ab = GREY.copy(), patch(40, 40, (20, 5))
    L[ab[..., 0] > 0] += 15
    found = blotches(ab, flat_places(L))
    assert found.mean == 0
    assert 0.5 < found.flat < 1


def test_borders_of_the_truth_are_none_and_its_own_level_is_known() -> None:
    truth = patch(40, 40, (20, 5))
    flat = flat_places(GREY, truth)
    assert blotches(truth, flat).mean == 0
    other = np.roll(truth, 50, axis=1)
    assert blotches(other, flat).mean > 1
    faint = patch(SIDE, 64, (4, 0))  # below the limit at which the truth counts as changing
    assert SAME_COLOR > 4
    assert blotches(faint, flat_places(GREY, faint)).mean == pytest.approx(2 * (4 - VISIBLE) / 15, rel=1e-5)


def test_grain_is_no_border() -> None:
    grain = np.random.default_rng(0).normal(0, 3, GREY.shape).astype(np.float32)
    assert flat_places(GREY + grain).mean() > 0.95


def test_a_photo_without_truth() -> None:
    """The same figure at several times the size, from sRGB."""
    lab = np.concatenate([GREY[..., None], patch(SIDE, 64, (14, 0))], axis=-1)
    small = photo_blotches(lab_to_srgb(lab))
    large = photo_blotches(lab_to_srgb(lab.repeat(4, 0).repeat(4, 1)))
    assert small.mean == pytest.approx(2 * (14 - VISIBLE) / 15, rel=1e-3)
    assert large.mean == pytest.approx(small.mean, rel=1e-3)


def test_a_photo_of_any_shape() -> None:
    for shape in ((1, 1), (2, 300), (5, 5), (40, 900)):
        assert photo_blotches(np.full((*shape, 3), 0.5, np.float32)).excess == 0


def test_steps_keep_half_a_span_from_the_border() -> None:
    assert half_span((SIDE, SIDE)) == 4
    assert color_steps(patch(4, 4, (1, 1))).shape == EVERYWHERE.shape
