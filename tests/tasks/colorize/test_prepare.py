"""The question's seven planes, and an answer that obeys."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates

from safelight.pixels.geometry import resize
from safelight.tasks.colorize.hints import Points
from safelight.tasks.colorize.kriging import describe, krige
from safelight.tasks.colorize.prepare import (
    AB_SCALE,
    MOST_GAIN,
    PLANES,
    ColorizePreparation,
    boost_chroma,
    enforce_hints,
    limit_reach,
    normalize_lightness,
    postprocess,
    preprocess,
)
from safelight.tasks.colorize.propagation import Propagator, paint, shrink_points
from tests.tasks.strategies import photo, points_at, random_points, seeds

SIZE = (64, 96)
sizes = st.tuples(st.integers(2, 40), st.integers(2, 40))


def scattered(rng: np.random.Generator, size: tuple[int, int], radius: float = 1.0) -> Points:
    """Up to six hints of any color, each at least a sixth of the picture from the others."""
    h, w = size
    places = [(h // 4 + i * h // 2, w // 6 + j * w // 3) for i in range(2) for j in range(3)]
    moved = [
        (int(y + rng.integers(-h // 8, h // 8)), int(x + rng.integers(-w // 12, w // 12))) for y, x in places
    ]
    count = int(rng.integers(1, 7))
    chosen = [moved[k] for k in rng.permutation(6)[:count]]
    return points_at(chosen, rng.uniform(-80, 80, (count, 2)).tolist(), radius)


@settings(max_examples=40)
@given(seeds, sizes, st.integers(0, 4), st.booleans(), st.booleans())
def test_ranges_of_a_question(
    seed: int, size: tuple[int, int], count: int, soft: bool, propagate: bool
) -> None:
    rng = np.random.default_rng(seed)
    L, points = photo(rng, size), random_points(rng, count, size)
    planes = preprocess(L, points, ColorizePreparation(soft, propagate))
    assert planes.shape == (PLANES, *size)
    assert planes.dtype == np.float32
    assert np.isfinite(planes).all()
    assert np.abs(planes[0]).max() <= 0.5
    assert np.abs(planes[1:3]).max() <= 1
    assert np.abs(planes[4:6]).max() <= 1.2
    for share in (planes[3], planes[6]):
        assert share.min() >= 0
        assert share.max() <= 1
    assert not planes[1:3, planes[3] == 0].any()
    if not soft:
        assert set(np.unique(planes[3])) <= {0.0, 1.0}
    if not propagate or not count:
        assert not planes[4:].any()


def test_each_plane_means_what_the_card_says() -> None:
    rng = np.random.default_rng(0)
    L, points = photo(rng, SIZE), random_points(rng, 5, SIZE)
    planes = preprocess(L, points)
    np.testing.assert_allclose(planes[0] * 100 + 50, L, atol=1e-4)
    ab, mask = paint(points, SIZE)
    np.testing.assert_allclose(np.moveaxis(planes[1:3], 0, 2) * 110, ab, atol=1e-4)
    np.testing.assert_array_equal(planes[3], mask)
    carried = Propagator(L).spread(points)
    np.testing.assert_allclose(np.moveaxis(planes[4:6], 0, 2) * 110, carried[..., :2], atol=1e-4)
    np.testing.assert_array_equal(planes[6], carried[..., 2])


def test_without_hints_only_lightness_is_asked() -> None:
    L = photo(np.random.default_rng(0), SIZE)
    planes = preprocess(L, Points.none())
    np.testing.assert_array_equal(planes[0], normalize_lightness(L))
    assert not planes[1:].any()
    assert not Propagator(L).spread(Points.none()).any()


def test_lightness_is_centred() -> None:
    assert normalize_lightness(np.float32([[0, 50, 100]])).tolist() == [[-0.5, 0, 0.5]]


def test_a_soft_mask_is_soft() -> None:
    L = photo(np.random.default_rng(0), SIZE)
    points = points_at([(20, 30)], [(40, 40)], radius=3)
    hard, soft = preprocess(L, points), preprocess(L, points, ColorizePreparation(soft_mask=True))
    assert soft[3, 20, 30] == 1
    assert 0 < soft[3, 20, 33] < 1
    np.testing.assert_array_equal(hard[3] > 0, soft[3] > 0)
    np.testing.assert_array_equal(hard[[0, 1, 2, 4, 5, 6]], soft[[0, 1, 2, 4, 5, 6]])


def test_hints_are_carried_at_half_the_size_and_stay_in_place() -> None:
    """The half-size answer, enlarged by scipy: a pixel's middle is at (i + 0.5) / 2 - 0.5 there."""
    rng = np.random.default_rng(1)
    L, points = photo(rng, SIZE), random_points(rng, 6, SIZE)
    half = (SIZE[0] // 2, SIZE[1] // 2)
    small = Points(points.y // 2, points.x // 2, points.ab, points.radius)
    ab, sure = krige(describe(resize(L, half)), small)
    place = [(axis + 0.5) / 2 - 0.5 for axis in np.mgrid[: SIZE[0], : SIZE[1]]]
    wanted = [
        map_coordinates(plane, place, order=1, mode="nearest") for plane in (ab[..., 0], ab[..., 1], sure)
    ]
    np.testing.assert_allclose(Propagator(L).spread(points), np.stack(wanted, -1), atol=2e-2)


@settings(max_examples=60)
@given(seeds, sizes)
def test_shrunk_points_are_on_the_small_grid(seed: int, size: tuple[int, int]) -> None:
    rng = np.random.default_rng(seed)
    points, small = random_points(rng, 3, size), (size[0] // 2, size[1] // 2)
    shrunk = shrink_points(points, small, 2)
    assert ((shrunk.y >= 0) & (shrunk.y < small[0]) & (shrunk.x >= 0) & (shrunk.x < small[1])).all()
    assert (np.abs(shrunk.y - points.y / 2) <= 1).all()
    assert (shrunk.radius == points.radius / 2).all()
    assert (shrunk.ab == points.ab).all()


def test_propagated_hints_are_sure_and_right_at_the_hints() -> None:
    rng = np.random.default_rng(3)
    L, points = photo(rng, SIZE), scattered(rng, SIZE)
    planes = preprocess(L, points)
    assert planes[6, points.y, points.x].min() > 0.8
    np.testing.assert_allclose(planes[4:6, points.y, points.x].T * 110, points.ab, atol=12)


def network(rng: np.random.Generator, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """An answer (2, h, w) and expected chroma (1, h, w), both / 110, of a network that knows nothing."""
    ab = resize(rng.uniform(-0.5, 0.5, (4, 5, 2)).astype(np.float32), size)
    return np.moveaxis(ab, 2, 0).copy(), rng.uniform(0, 0.6, (1, *size)).astype(np.float32)


def test_the_cautious_answer_without_hints_is_the_networks_own() -> None:
    rng = np.random.default_rng(0)
    ab, expected = network(rng, SIZE)
    planes = preprocess(photo(rng, SIZE), Points.none())
    found = postprocess(ab, expected, planes, Points.none())
    assert found.shape == (*SIZE, 2)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, np.moveaxis(ab, 0, 2) * np.float32(AB_SCALE))


def test_a_true_answer_stays_true() -> None:
    rng = np.random.default_rng(0)
    ab, expected = network(rng, SIZE)
    truth = np.moveaxis(ab, 0, 2) * np.float32(110)
    points = scattered(rng, SIZE)
    right = Points(points.y, points.x, truth[points.y, points.x], points.radius)
    found = postprocess(ab, expected, preprocess(photo(rng, SIZE), right), right)
    np.testing.assert_allclose(found, truth, atol=1e-4)


@settings(max_examples=40)
@given(seeds, st.floats(0, 1))
def test_hints_are_obeyed_whatever_the_network_says(seed: int, vivid: float) -> None:
    rng = np.random.default_rng(seed)
    L, points = photo(rng, SIZE), scattered(rng, SIZE)
    ab, expected = network(rng, SIZE)
    planes = preprocess(L, points)
    said = boost_chroma(np.moveaxis(ab, 0, 2) * 110, expected[0] * 110, vivid * (1 - planes[6]))
    found = postprocess(ab, expected, planes, points, vivid)
    wrong, left = (
        np.linalg.norm(each[points.y, points.x] - points.ab, axis=1).max() for each in (said, found)
    )
    assert left < max(2, 0.04 * wrong)  # in units of ab


def test_what_is_far_and_unlike_is_left_alone() -> None:
    L = np.full(SIZE, 20, np.float32)
    L[:, 48:] = 90
    ab = np.zeros((*SIZE, 2), np.float32)
    points = points_at([(32, 5)], [(70, -70)])
    found = enforce_hints(ab, preprocess(L, points), points)
    assert np.abs(found[:, 60:]).max() < 0.1
    np.testing.assert_allclose(found[32, 5], (70, -70), atol=2)


def test_hints_that_contradict_each_other_stay_within_bounds() -> None:
    """Neighbours of opposite colors cannot both be obeyed at half the size: no swinging to impossible colors."""
    L = photo(np.random.default_rng(0), SIZE)
    points = points_at([(30, 40), (30, 41), (31, 40), (31, 41)], [(60, 0), (-60, 0), (-60, 0), (60, 0)])
    found = enforce_hints(np.zeros((*SIZE, 2), np.float32), preprocess(L, points), points)
    assert np.abs(found).max() < 80


def test_no_hints_nothing_to_obey() -> None:
    ab = np.random.default_rng(0).uniform(-60, 60, (*SIZE, 2)).astype(np.float32)
    planes = preprocess(photo(np.random.default_rng(1), SIZE), Points.none())
    np.testing.assert_array_equal(enforce_hints(ab, planes, Points.none()), ab)


@settings(max_examples=40)
@given(seeds)
def test_enlivened_colors_keep_their_hue(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ab = rng.uniform(-60, 60, (8, 9, 2)).astype(np.float32)
    expected, share = (
        rng.uniform(0, 90, (8, 9)).astype(np.float32),
        rng.uniform(0, 1, (8, 9)).astype(np.float32),
    )
    lively = boost_chroma(ab, expected, share)
    before, after = np.linalg.norm(ab, axis=2), np.linalg.norm(lively, axis=2)
    cross = ab[..., 0] * lively[..., 1] - ab[..., 1] * lively[..., 0]
    assert np.abs(cross / (before * after + 1e-6)).max() < 1e-4
    assert ((ab * lively).sum(2) >= 0).all()
    assert (after >= before * (1 - 1e-5)).all()
    assert (after <= before * MOST_GAIN * (1 + 1e-5)).all()
    assert (after <= np.maximum(before, expected) * (1 + 1e-5)).all()


def test_enlivened_wholly_has_the_expected_chroma() -> None:
    ab = np.float32([[[3, 4], [0, 0], [30, 40], [1, 0]]])
    expected = np.float32([[10, 10, 10, 10]])
    found = np.linalg.norm(boost_chroma(ab, expected, np.ones((1, 4), np.float32)), axis=2)
    np.testing.assert_allclose(
        found, [[10, 0, 50, MOST_GAIN]], rtol=1e-5
    )  # raised; grey; no less; at most so much


@pytest.mark.parametrize("vivid", [0.0, 0.5, 1.0])
def test_vivid_is_between_caution_and_expectation(vivid: float) -> None:
    ab, expected = np.zeros((2, *SIZE), np.float32), np.full((1, *SIZE), 0.3, np.float32)
    ab[0] = 0.1
    planes = preprocess(photo(np.random.default_rng(0), SIZE), Points.none())
    found = postprocess(ab, expected, planes, Points.none(), vivid)
    np.testing.assert_allclose(found[..., 0], 110 * (0.1 + vivid * 0.2), rtol=1e-5)
    assert not found[..., 1].any()


def test_where_hints_decide_vivid_changes_nothing() -> None:
    ab, expected = np.full((2, *SIZE), 0.1, np.float32), np.full((1, *SIZE), 0.5, np.float32)
    planes = np.zeros((PLANES, *SIZE), np.float32)
    planes[6, :, :40] = 1
    found = postprocess(ab, expected, planes, Points.none(), 1.0)
    np.testing.assert_allclose(found[:, :40], 11, rtol=1e-5)
    assert (found[:, 40:] > 30).all()


def test_vivid_gain_multiplies_what_is_expected() -> None:
    ab, expected = np.full((2, *SIZE), 0.1, np.float32), np.full((1, *SIZE), 0.2, np.float32)
    planes = preprocess(photo(np.random.default_rng(0), SIZE), Points.none())
    found = postprocess(ab, expected, planes, Points.none(), vivid=1.0, vivid_gain=1.5)
    np.testing.assert_allclose(np.linalg.norm(found, axis=2), 110 * 0.3, rtol=1e-5)


def two_halves() -> tuple[np.ndarray, Points]:
    """Dark left, light right, and a hint in the left."""
    L = np.full((48, 64), 80, np.float32)
    L[:, :32] = 20
    return L, Points(
        *(np.array([v], np.int32) for v in (24, 8)), np.array([[40, 20]], np.float32), np.ones(1)
    )


@pytest.mark.parametrize(("far", "stays"), [(0.2, True), (0.7, False)])
def test_a_small_change_far_from_the_hints_is_a_by_effect(far: float, stays: bool) -> None:
    L, points = two_halves()
    automatic = np.zeros((*L.shape, 2), np.float32)
    hinted = np.where(L[..., None] == 20, [40, 20], [40 * far, 20 * far]).astype(np.float32)
    found = limit_reach(hinted, automatic, Propagator(L), points, 0.0)
    np.testing.assert_allclose(found[24, 8], (40, 20), atol=1e-4)
    np.testing.assert_allclose(found[24, 60], 0 if stays else hinted[24, 60], atol=0.1)
    half = limit_reach(hinted, automatic, Propagator(L), points, 0.5)
    np.testing.assert_allclose(half, (found + hinted) / 2, atol=1e-4)
    np.testing.assert_array_equal(limit_reach(hinted, automatic, Propagator(L), points, 1.0), hinted)


def test_hints_that_change_nothing_leave_the_automatic_answer() -> None:
    L, points = two_halves()
    same = np.full((*L.shape, 2), 12, np.float32)
    np.testing.assert_array_equal(limit_reach(same, same, Propagator(L), points, 0.0), same)


@pytest.mark.parametrize(
    ("asked", "far", "kept"),
    [
        ((80, 20), (80, 20), 1.0),  # the same dress, all of it
        ((80, 20), (40, -40), 0.0),  # a wall that turns purple for a red dress
        (
            (25, 5),
            (10, -15),
            1.0,
        ),  # the color of a thing, as a photo may well have it, says something of others
    ],
)
def test_far_places_take_a_wished_color_or_none(
    asked: tuple[float, float], far: tuple[float, float], kept: float
) -> None:
    L, points = two_halves()
    points = Points(points.y, points.x, np.array([asked], np.float32), points.radius)
    hinted, automatic = np.zeros((*L.shape, 2), np.float32), np.zeros((*L.shape, 2), np.float32)
    hinted[:, :32], hinted[:, 32:] = asked, far
    found = limit_reach(hinted, automatic, Propagator(L), points, 0.0)
    np.testing.assert_allclose(found[24, 8], asked, atol=1e-4)
    np.testing.assert_allclose(found[24, 60], np.multiply(far, kept), atol=0.1)
