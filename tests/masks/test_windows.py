"""Pieces of work: they cover every hole, and their area follows the holes, not the photo."""

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.masks.windows import around, pieces, square_around
from safelight.pixels.geometry import Box
from tests.tasks.strategies import seeds


@given(seeds, st.integers(1, 200), st.integers(1, 300), st.floats(0.0005, 0.3))
@settings(max_examples=40)
def test_pieces_cover_every_hole(seed: int, h: int, w: int, share: float) -> None:
    hole = np.random.default_rng(seed).random((h, w)) < share
    left = hole.copy()
    for piece in pieces(hole):
        assert piece.width >= 1
        assert hole[piece.box.slices].any()
        left[piece.box.slices] = False
    assert not left.any()


def test_a_long_scratch_is_cut_and_a_blob_is_not() -> None:
    hole = np.zeros((1500, 2000), np.uint8)
    cv2.line(hole, (10, 10), (1990, 1490), 1, 5)
    cut = list(pieces(hole > 0))
    assert len(cut) > 10
    assert all(piece.width < 10 for piece in cut)
    assert sum(piece.box.height * piece.box.width for piece in cut) < hole.size / 10
    blob = np.zeros((1500, 2000), np.uint8)
    cv2.circle(blob, (900, 700), 300, 1, -1)
    (whole,) = pieces(blob > 0)
    assert whole.box == Box(400, 600, 601, 601)
    assert abs(whole.width - 601) < 3


def test_no_hole_no_piece() -> None:
    assert list(pieces(np.zeros((50, 60), bool))) == []


@given(st.integers(1, 90), st.integers(1, 90), st.integers(1, 64), seeds)
@settings(max_examples=60)
def test_windows_hold_their_box_and_lie_in_the_picture(h: int, w: int, least: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    top, left = int(rng.integers(0, h)), int(rng.integers(0, w))
    box = Box(top, left, int(rng.integers(1, h - top + 1)), int(rng.integers(1, w - left + 1)))
    for window in (around(box, least, (h, w)), square_around(box, least, (h, w))):
        assert 0 <= window.top <= box.top
        assert 0 <= window.left <= box.left
        assert box.top + box.height <= window.top + window.height <= h
        assert box.left + box.width <= window.left + window.width <= w
