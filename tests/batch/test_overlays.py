"""Pictures of places: what is drawn lies where it is said to lie, whatever the size of the photo."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.batch.overlays import GridOverlay, describe_suggestion, draw_hints, draw_suggestions
from safelight.tasks.colorize.hints import Hint
from safelight.tasks.colorize.suggest import Suggestion

GREY = np.full((400, 600, 3), 128, np.uint8)
RED, GREEN, BLUE = ((0xD0, 0x10, 0x10), (0x10, 0xD0, 0x10), (0x10, 0x10, 0xD0))
NAMES = ("#d01010", "#10d010", "#1010d0")


def middles(picture: np.ndarray, color: tuple[int, int, int]) -> tuple[float, float]:
    """Mean column and row of the pixels of this very color."""
    row, column = np.nonzero((picture == color).all(-1))
    assert len(row), "the color was not drawn"
    return float(column.mean()), float(row.mean())


def test_lines_lie_at_tenths_of_the_photo_and_cross_it_only() -> None:
    drawn = draw_hints(GREY, ())
    margin = (drawn.shape[1] - 600) // 2
    assert drawn.shape == (400 + 2 * margin, 600 + 2 * margin, 3)
    inside = drawn[margin : margin + 400, margin : margin + 600, 0].astype(int)
    across = np.flatnonzero(inside[20] != 128)  # between two lines: those that go down cross it
    down = np.flatnonzero(inside[:, 30] != 128)
    tenths = {round(k * 60) for k in range(10)}, {round(k * 40) for k in range(10)}
    assert {k for k in across.tolist() if k - 1 not in across} == tenths[0]
    assert {k for k in down.tolist() if k - 1 not in down} == tenths[1]
    assert (drawn[:, margin - 2 - margin // 4 : margin - 1][:5] == 255).all()


def test_each_line_has_its_number_on_both_sides() -> None:
    drawn = draw_hints(GREY, ())
    margin = (drawn.shape[1] - 600) // 2
    for k in range(11):
        x, y = margin + k * 60, margin + k * 40
        for number in (
            drawn[: margin - 2, x - 8 : x + 8],
            drawn[-margin + 3 :, x - 8 : x + 8],
            drawn[y - 8 : y + 8, : margin - 2],
            drawn[y - 8 : y + 8, -margin + 3 :],
        ):
            assert number.min() < 100


@settings(max_examples=15, deadline=None)
@given(st.floats(0, 1), st.floats(0, 1), st.integers(200, 900), st.integers(200, 900))
def test_a_hint_is_a_disc_where_it_lies_in_its_color(x: float, y: float, h: int, w: int) -> None:
    photo = np.full((h, w, 3), 90, np.uint8)
    drawn = draw_hints(photo, [Hint(x, y, NAMES[0])])
    overlay = GridOverlay.of(photo)
    middle = middles(drawn, RED)
    wanted = overlay.at(x, y)
    assert wanted == pytest.approx((overlay.margin + x * overlay.width, overlay.margin + y * overlay.height))
    np.testing.assert_allclose(middle, wanted, atol=2)  # its number is cut out


def test_a_lasso_and_a_wide_hint_are_outlined() -> None:
    square = ((0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75))
    margin = GridOverlay.of(GREY).margin
    lasso = draw_hints(GREY, [Hint(0.3, 0.3, NAMES[1], region=square)])
    row, column = np.nonzero((lasso == GREEN).all(-1))
    for found, low, high in ((row, 100, 300), (column, 150, 450)):
        assert abs(found.min() - margin - low) <= 3
        assert abs(found.max() - margin - high) <= 3
    wide = draw_hints(GREY, [Hint(0.5, 0.5, NAMES[2], radius=0.25)])
    row, column = np.nonzero((wide == BLUE).all(-1))
    assert abs((column.max() - column.min()) / 2 - 100) <= 3
    assert abs((row.max() - row.min()) / 2 - 100) <= 3


@pytest.mark.parametrize("x", [0.02, 0.5, 0.8, 0.9, 0.99])
def test_the_likeliest_color_is_the_leftmost_everywhere(x: float) -> None:
    shares = (0.6, 0.3, 0.1)
    drawn = draw_suggestions(GREY, [Suggestion(x, 0.33, 0.5, tuple(zip(NAMES, shares, strict=True)))])
    found = [middles(drawn, color) for color in (RED, GREEN, BLUE)]
    assert all(one[0] + 10 < next_[0] for one, next_ in pairwise(found))
    assert all(abs(row - found[0][1]) < 1 for _, row in found)
    margin = GridOverlay.of(GREY).margin
    assert all(margin < column < margin + 600 for column, _ in found) or x == 0.02


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (2000, 7), (3000, 4000)])
@pytest.mark.parametrize("depth", [np.uint8, np.uint16, np.float32])
def test_any_photo_is_drawn_on(size: tuple[int, int], depth: type) -> None:
    white = 1 if depth == np.float32 else np.iinfo(depth).max
    drawn = draw_hints(np.full((*size, 3), white, depth), [Hint(0.5, 0.5, "red")])
    assert drawn.dtype == np.uint8
    assert max(drawn.shape) <= 3100
    assert drawn[0, 0].tolist() == [255, 255, 255]


def test_a_suggestion_in_words() -> None:
    words = describe_suggestion(Suggestion(0.25, 0.5, 0.58, (("#726a6a", 0.31), ("#a02020", 0.14))))
    assert words == (
        "0.250,0.500  a hint here removes 58% of the uncertainty; guesses: grey #726a6a (31%), red #a02020 (14%)"
    )
