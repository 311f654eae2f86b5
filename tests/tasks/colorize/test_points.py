"""Hints on a grid: which pixel, which color, which radius; and lassos."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.color import rgb2lab
from skimage.draw import polygon2mask

from safelight.pixels.geometry import Box
from safelight.tasks.colorize.hints import Hint, HintSet, Points, to_points
from safelight.tasks.colorize.lassos import (
    box_of,
    by_region,
    largest,
    region_box,
    region_mask,
    topmost,
    visible,
)
from tests.tasks.strategies import fractions, hint_sets, seeds

sizes = st.tuples(st.integers(1, 70), st.integers(1, 70))
TRIANGLE = ((0.1, 0.1), (0.9, 0.1), (0.5, 0.9))


@given(hint_sets, sizes)
def test_every_point_is_on_the_grid(hints: HintSet, size: tuple[int, int]) -> None:
    points = to_points(hints, size)
    assert points.y.dtype == points.x.dtype == np.int32
    assert points.ab.dtype == points.radius.dtype == np.float32
    assert points.ab.shape == (len(points), 2)
    assert len(points) <= len(hints)
    assert ((points.y >= 0) & (points.y < size[0]) & (points.x >= 0) & (points.x < size[1])).all()
    assert len(set(zip(points.y.tolist(), points.x.tolist(), strict=True))) == len(points)


@given(st.integers(1, 60), st.integers(1, 60), st.data())
def test_the_middle_of_a_pixel_is_that_pixel(h: int, w: int, data: st.DataObject) -> None:
    y, x = data.draw(st.integers(0, h - 1)), data.draw(st.integers(0, w - 1))
    points = to_points(HintSet([Hint((x + 0.5) / w, (y + 0.5) / h, "#123456")]), (h, w))
    assert (points.y[0], points.x[0]) == (y, x)


@given(fractions, fractions, st.integers(1, 60), st.integers(2, 5))
def test_the_same_place_at_every_size(x: float, y: float, side: int, times: int) -> None:
    hints = HintSet([Hint(x, y, "#808080", radius=0.25)])
    small, large = to_points(hints, (side, side)), to_points(hints, (side * times, side * times))
    assert abs(int(large.y[0]) // times - int(small.y[0])) <= 1  # rounding of x * side, at a border
    assert large.radius[0] == np.float32(0.25 * side * times)


def test_the_right_and_lower_edges_are_the_last_pixels() -> None:
    points = to_points(HintSet([Hint(1, 1, "#000000"), Hint(0, 0, "#000000")]), (7, 9))
    assert points.y.tolist() == [6, 0]
    assert points.x.tolist() == [8, 0]


def test_radius_is_of_the_shorter_side() -> None:
    hints = HintSet([Hint(0.5, 0.5, "#000000", radius=0.1)])
    assert to_points(hints, (40, 90)).radius.tolist() == to_points(hints, (90, 40)).radius.tolist() == [4.0]


def test_colors_are_those_of_scikit_image() -> None:
    names = ["#c04030", "#204080", "#f0e010", "#808080"]
    points = to_points(HintSet([Hint(i / 4, 0.5, name) for i, name in enumerate(names)]), (8, 8))
    srgb = np.array([[int(name[i : i + 2], 16) for i in (1, 3, 5)] for name in names]) / 255
    np.testing.assert_allclose(points.ab, rgb2lab(srgb[None])[0, :, 1:], atol=0.02)


def test_of_two_hints_on_one_pixel_the_later_counts() -> None:
    first, other, later = Hint(0.1, 0.1, "#ff0000"), Hint(0.9, 0.9, "#00ff00"), Hint(0.11, 0.11, "#0000ff")
    points = to_points(HintSet([first, other, later]), (8, 8))
    alone = to_points(HintSet([other, later]), (8, 8))
    assert len(points) == 2
    assert (points.ab == alone.ab).all()
    assert (points.y == alone.y).all()


def test_no_hints_are_no_points() -> None:
    for nothing in (to_points(HintSet(), (5, 6)), Points.none()):
        assert len(nothing) == 0
        assert nothing.ab.shape == (0, 2)


def test_the_first_few() -> None:
    points = to_points(HintSet([Hint(i / 10, 0, "#102030") for i in range(9)]), (20, 20))
    assert points.first(4).x.tolist() == [0, 2, 4, 6]
    assert len(points.first(0)) == 0
    assert len(points.first(99)) == 9


def test_a_lasso_gets_the_free_hints_and_its_own() -> None:
    square = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    free, inside = Hint(0, 0, "#000000"), Hint(0.5, 0.5, "#ff0000", region=TRIANGLE)
    also, other = Hint(0.4, 0.4, "#00ff00", region=TRIANGLE), Hint(0.2, 0.2, "#0000ff", region=square)
    without, lassos = by_region(HintSet([inside, free, other, also]))
    assert without == HintSet([free])
    assert lassos == [(TRIANGLE, HintSet([free, inside, also])), (square, HintSet([free, other]))]


def test_without_a_lasso_all_are_free() -> None:
    hints = HintSet([Hint(0, 0, "#000000"), Hint(1, 1, "#ffffff")])
    assert by_region(hints) == (hints, [])
    assert by_region(HintSet()) == (HintSet(), [])


def away_from(corners: np.ndarray, size: tuple[int, int], distance: float) -> np.ndarray:
    """Pixels (h, w) whose centres are farther than this from every edge of the polygon of (x, y) pixels."""
    y, x = np.mgrid[: size[0], : size[1]] + 0.5
    place = np.stack([x, y], -1)
    far = np.ones(size, bool)
    for start, stop in zip(corners, np.roll(corners, -1, 0), strict=True):
        along = stop - start
        share = np.clip((place - start) @ along / max(along @ along, 1e-9), 0, 1)
        far &= np.linalg.norm(place - start - share[..., None] * along, axis=-1) > distance
    return far


@settings(max_examples=40)
@given(seeds, st.integers(3, 9), st.integers(8, 60), st.integers(8, 60))
def test_a_lasso_is_the_polygon_of_scikit_image(seed: int, count: int, h: int, w: int) -> None:
    rng = np.random.default_rng(seed)
    angle, reach = np.sort(rng.uniform(0, 2 * np.pi, count)), rng.uniform(0.1, 0.5, count)
    region = tuple(zip(0.5 + reach * np.cos(angle), 0.5 + reach * np.sin(angle), strict=True))
    mask = region_mask(region, (h, w))
    corners = np.array(region) * (w, h)
    wanted = polygon2mask(
        (h, w), corners[:, ::-1] - 0.5
    )  # scikit-image's pixels have their centres at whole numbers
    sure = away_from(corners, (h, w), 1.25)  # OpenCV counts what its outline touches, too
    assert mask.dtype == np.float32
    assert set(np.unique(mask)) <= {0.0, 1.0}
    assert (mask[sure] == wanted[sure]).all()


def test_a_lasso_around_everything_and_around_nothing() -> None:
    assert region_mask(((0, 0), (1, 0), (1, 1), (0, 1)), (6, 9)).all()
    assert region_mask(((0.5, 0.5),) * 3, (6, 9)).sum() <= 4


def test_a_part_of_a_lasso_is_cut_from_the_whole() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        size = tuple(rng.integers(1, 60, 2).tolist())
        corners = np.clip(rng.random((rng.integers(3, 8), 2)) * rng.random() + 0.5 * rng.random(), 0, 1)
        region = tuple(map(tuple, corners.tolist()))
        box = region_box(region, size)
        whole = np.zeros(size, np.float32)
        whole[box.slices] = region_mask(region, size, box)
        np.testing.assert_array_equal(whole, region_mask(region, size))


def test_an_outline_of_thousands_of_corners_is_the_circle_that_was_drawn() -> None:
    turn = np.linspace(0, 2 * np.pi, 9000, endpoint=False)
    region = tuple(zip(0.5 + 0.3 * np.cos(turn), 0.5 + 0.3 * np.sin(turn), strict=True))
    mask = region_mask(region, (400, 400))
    y, x = np.mgrid[:400, :400] + 0.5
    away = np.hypot(y - 200, x - 200) - 120
    assert (mask == (away < 0))[np.abs(away) > 0.01].all()


def test_a_scribble_of_thousands_of_corners_is_that_of_scikit_image() -> None:
    """Lines that cross each other 1,200 times a row: even and odd, and no time to speak of."""
    corners = np.random.default_rng(0).random((3600, 2))
    mask = region_mask(tuple(map(tuple, corners.tolist())), (40, 50))
    wanted = polygon2mask((40, 50), corners[:, ::-1] * (40, 50) - 0.5)
    assert (mask == wanted).mean() > 0.999


def test_the_largest_regions_come_first() -> None:
    square = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    small, again = ((0.5, 0.5), (0.6, 0.5), (0.6, 0.6)), ((0.5, 0.5), (0.6, 0.6), (0.6, 0.5))
    assert largest([small, TRIANGLE, square], 2) == {TRIANGLE, square}
    assert largest([small, again], 1) == {small}
    assert largest([], 3) == frozenset()


def test_of_regions_that_overlap_the_last_is_on_top() -> None:
    regions = [
        TRIANGLE,
        ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)),
        ((0.3, 0.3), (0.6, 0.3), (0.6, 0.6)),
    ]
    wanted = np.full((40, 60), -1)
    for number, region in enumerate(regions):
        wanted[region_mask(region, (40, 60)) > 0] = number
    found = topmost(regions, (40, 60))
    np.testing.assert_array_equal(found, wanted)
    whole = Box(0, 0, 40, 60)
    row, column = np.nonzero(wanted == 1)
    box = box_of(found == 1, whole)
    assert box == Box(row.min(), column.min(), np.ptp(row) + 1, np.ptp(column) + 1)
    assert box_of(found == 7, whole) is None


def test_a_lasso_under_a_later_one_is_not_visible() -> None:
    whole = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9))
    assert visible([TRIANGLE, whole], (40, 60)) == [whole]
    assert visible([whole, TRIANGLE], (40, 60)) == [whole, TRIANGLE]
    assert visible([], (40, 60)) == []
