"""Hypothesis strategies for hints, and small pictures for them to lie on."""

import numpy as np
from hypothesis import strategies as st

from safelight.tasks.colorize.hints import Hint, HintSet, Points

fractions = st.floats(0, 1)
hex_colors = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")
float_colors = st.tuples(fractions, fractions, fractions)
regions = st.lists(st.tuples(fractions, fractions), min_size=3, max_size=6).map(tuple)
hints = st.builds(
    Hint,
    x=fractions,
    y=fractions,
    color=hex_colors | float_colors,
    radius=st.floats(0, 0.5),
    region=st.none() | regions,
)
hint_sets = st.lists(hints, max_size=5).map(tuple).map(HintSet)
seeds = st.integers(0, 2**32 - 1)


def photo(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Lightness (h, w) of soft blobs with a little grain, 0..100."""
    import cv2

    blobs = rng.uniform(5, 95, (5, 6)).astype(np.float32)
    smooth = cv2.resize(blobs, size[::-1], interpolation=cv2.INTER_LINEAR)
    return np.clip(smooth + rng.normal(0, 1, size), 0, 100).astype(np.float32)


def random_points(rng: np.random.Generator, count: int, size: tuple[int, int]) -> Points:
    """Hints of random colors at different pixels."""
    place = rng.choice(size[0] * size[1], count, replace=False)
    y, x = (axis.astype(np.int32) for axis in np.unravel_index(place, size))
    ab = rng.uniform(-60, 60, (count, 2)).astype(np.float32)
    return Points(y, x, ab, np.ones(count, np.float32))


def points_at(
    places: list[tuple[int, int]], colors: list[tuple[float, float]], radius: float = 1.0
) -> Points:
    """Hints at these (row, column) of these (a, b)."""
    y, x = np.array(places, np.int32).reshape(-1, 2).T
    return Points(y, x, np.array(colors, np.float32), np.full(len(places), radius, np.float32))
