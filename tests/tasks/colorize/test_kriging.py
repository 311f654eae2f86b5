"""Kriging against dense linear algebra in float64, and what a good guess must do."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import linalg, ndimage

from safelight.tasks.colorize import kriging
from safelight.tasks.colorize.hints import Points
from safelight.tasks.colorize.kriging import COLORS, RESIDUALS, Covariance, describe, krige, posterior_mean
from tests.tasks.strategies import photo, points_at, random_points, seeds

SIZE = (24, 36)


def kernel(a: np.ndarray, b: np.ndarray, covariance: Covariance) -> np.ndarray:
    """A constant plus squared exponentials with a length scale a feature (Rasmussen & Williams 2006, eq. 5.2)."""
    difference = a[:, None].astype(float) - b[None].astype(float)
    terms = [
        variance * np.exp(-0.5 * ((difference / np.array(scales)) ** 2).sum(-1))
        for variance, scales in zip(covariance.variances, covariance.scales, strict=True)
    ]
    return covariance.constant + np.sum(terms, 0)


def by_the_book(
    features: np.ndarray, points: Points, covariance: Covariance
) -> tuple[np.ndarray, np.ndarray]:
    """Posterior mean (eq. 2.25) and the explained share of the prior variance (from eq. 2.26)."""
    everywhere, hinted = features.reshape(-1, 6), features[points.y, points.x]
    noisy = kernel(hinted, hinted, covariance) + covariance.noise * np.eye(len(points))
    cross = kernel(everywhere, hinted, covariance)
    mean = cross @ linalg.solve(noisy, points.ab.astype(float))
    explained = np.einsum("ij,ji->i", cross, linalg.solve(noisy, cross.T))
    prior = covariance.constant + sum(covariance.variances)
    h, w = features.shape[:2]
    return mean.reshape(h, w, 2), (explained / prior).reshape(h, w)


@pytest.fixture(scope="module")
def features() -> np.ndarray:
    return describe(photo(np.random.default_rng(3), SIZE))


@settings(max_examples=15)
@given(seeds, st.integers(1, 40), st.sampled_from([COLORS, RESIDUALS]))
def test_krige_by_the_book(seed: int, count: int, covariance: Covariance) -> None:
    rng = np.random.default_rng(seed)
    features, points = describe(photo(rng, SIZE)), random_points(rng, count, SIZE)
    mean, confidence = krige(features, points, covariance)
    wanted, sure = by_the_book(features, points, covariance)
    np.testing.assert_allclose(mean, wanted, atol=0.05)
    np.testing.assert_allclose(confidence, sure, atol=2e-3)
    assert mean.dtype == confidence.dtype == np.float32
    assert (confidence >= 0).all()
    assert (confidence <= 1).all()


@pytest.mark.parametrize("count", [300, 500])
def test_many_hints_by_the_book(features: np.ndarray, count: int) -> None:
    """So many that the work is divided, and triangular matrices are taken apart."""
    points = random_points(np.random.default_rng(count), count, SIZE)
    mean, confidence = krige(features, points)
    wanted, sure = by_the_book(features, points, COLORS)
    np.testing.assert_allclose(mean, wanted, atol=0.2)
    np.testing.assert_allclose(confidence, sure, atol=2e-3)


@pytest.mark.parametrize("cached", [kriging.CACHED, 0])
def test_the_same_places_with_other_colors(
    features: np.ndarray, cached: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kriging, "CACHED", cached)
    monkeypatch.setattr(kriging, "CHUNK", 7 * 100)
    points = random_points(np.random.default_rng(2), 7, SIZE)
    carry = posterior_mean(features, points, RESIDUALS)
    for times in (1, -2, 0):
        other = Points(points.y, points.x, points.ab * times, points.radius)
        np.testing.assert_allclose(carry(other.ab), by_the_book(features, other, RESIDUALS)[0], atol=0.05)


def test_covariance_of_a_place_with_itself_is_the_total(features: np.ndarray) -> None:
    some = features.reshape(-1, 6)[::50]
    covariance = COLORS(some, some)
    np.testing.assert_allclose(np.diag(covariance), COLORS.total, rtol=1e-5)
    np.testing.assert_allclose(covariance, covariance.T, atol=1e-5)
    assert (covariance <= COLORS.total * (1 + 1e-6)).all()
    assert np.linalg.eigvalsh(covariance.astype(float)).min() > -1e-4


def test_with_little_noise_the_hints_are_kept(features: np.ndarray) -> None:
    points = random_points(np.random.default_rng(1), 12, SIZE)
    exact = Covariance(COLORS.constant, COLORS.variances, COLORS.scales, noise=1e-4)
    mean, confidence = krige(features, points, exact)
    np.testing.assert_allclose(mean[points.y, points.x], points.ab, atol=0.3)
    np.testing.assert_allclose(confidence[points.y, points.x], 1, atol=1e-3)


def test_one_hint_is_shrunk_by_its_noise_alone(features: np.ndarray) -> None:
    points = points_at([(12, 18)], [(50, -40)])
    mean, confidence = krige(features, points)
    share = COLORS.total / (COLORS.total + COLORS.noise)
    np.testing.assert_allclose(mean[12, 18], np.float32((50, -40)) * share, rtol=1e-4)
    assert confidence[12, 18] == pytest.approx(share, rel=1e-4)
    assert confidence.max() == confidence[12, 18]


def test_confidence_is_lost_far_away() -> None:
    L = np.full((32, 320), 20, np.float32)
    L[:, 160:] = 90  # far, and of another lightness
    _, confidence = krige(describe(L), points_at([(16, 10)], [(40, 40)]))
    assert confidence[16, 10] > 0.97
    assert confidence[16, 310] < 0.06
    assert (np.diff(confidence[16, 10:150]) <= 1e-5).all()


def test_repeated_hints_count_once(features: np.ndarray) -> None:
    """Fifty reds at one place against one blue: a mean of hints turns red, a guess by kriging hardly moves."""
    once = points_at([(12, 10), (12, 26)], [(60, 30), (-20, -60)])
    often = points_at([(12, 10)] * 50 + [(12, 26)], [(60, 30)] * 50 + [(-20, -60)])
    (one, sure), (many, surer) = krige(features, once), krige(features, often)
    assert np.abs(one - many).max() < 4
    assert np.abs(sure - surer).max() < 0.03
    np.testing.assert_allclose(one[12, 26], many[12, 26], atol=1.5)


def test_the_same_twice_is_one_hint_with_half_the_noise(features: np.ndarray) -> None:
    twice = krige(features, points_at([(5, 5)] * 2, [(40, 0)] * 2))
    half = Covariance(COLORS.constant, COLORS.variances, COLORS.scales, COLORS.noise / 2)
    for found, wanted in zip(twice, krige(features, points_at([(5, 5)], [(40, 0)]), half), strict=True):
        np.testing.assert_allclose(found, wanted, atol=2e-3)


@settings(max_examples=15)
@given(seeds)
def test_the_order_of_hints_does_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    features, points = describe(photo(rng, (12, 16))), random_points(rng, 20, (12, 16))
    order = rng.permutation(20)
    shuffled = Points(points.y[order], points.x[order], points.ab[order], points.radius[order])
    for one, two in zip(krige(features, points), krige(features, shuffled), strict=True):
        np.testing.assert_allclose(one, two, atol=5e-3)


@settings(max_examples=15)
@given(seeds, st.floats(-2, 2))
def test_the_guess_is_linear_in_the_colors(seed: int, times: float) -> None:
    rng = np.random.default_rng(seed)
    features, one = describe(photo(rng, (12, 16))), random_points(rng, 8, (12, 16))
    other = Points(one.y, one.x, rng.uniform(-60, 60, (8, 2)).astype(np.float32), one.radius)
    both = Points(one.y, one.x, (one.ab + times * other.ab).astype(np.float32), one.radius)
    wanted = krige(features, one)[0] + times * krige(features, other)[0]
    np.testing.assert_allclose(krige(features, both)[0], wanted, atol=0.05)


def test_another_hint_never_makes_it_less_sure(features: np.ndarray) -> None:
    points = random_points(np.random.default_rng(5), 30, SIZE)
    sure = [krige(features, points.first(count))[1] for count in (1, 2, 5, 10, 30)]
    for fewer, more in pairwise(sure):
        assert (more - fewer).min() > -2e-3


def test_no_hints(features: np.ndarray) -> None:
    mean, confidence = krige(features, Points.none())
    assert mean.shape == (*SIZE, 2)
    assert confidence.shape == SIZE
    assert not mean.any()
    assert not confidence.any()


def test_chunks_do_not_show(features: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    points = random_points(np.random.default_rng(4), 9, SIZE)
    whole = krige(features, points)
    for numbers in (1, 9 * 100, 9 * 101):  # a pixel at a time; pieces that fit and that do not
        monkeypatch.setattr(kriging, "CHUNK", numbers)
        for one, two in zip(whole, krige(features, points), strict=True):
            np.testing.assert_allclose(one, two, atol=2e-3)


def test_features_of_a_picture() -> None:
    L = photo(np.random.default_rng(0), (30, 48))
    features = describe(L)
    side = np.sqrt(30 * 48)
    assert features.shape == (30, 48, 6)
    assert features.dtype == np.float32
    np.testing.assert_allclose(features[:, 7, 0], np.arange(30) / side, rtol=1e-5)
    np.testing.assert_allclose(features[7, :, 1], np.arange(48) / side, rtol=1e-5)
    np.testing.assert_allclose(features[..., 2], L / 100)
    blurred = ndimage.gaussian_filter(L, 0.06 * side, mode="mirror", truncate=4)
    np.testing.assert_allclose(features[..., 4] * 100, blurred, atol=1.0)


def test_a_flat_picture_has_no_texture_and_a_pixel_is_a_picture() -> None:
    flat = describe(np.full((8, 8), 60, np.float32))
    np.testing.assert_allclose(flat[..., 2:5], 0.6, atol=1e-5)
    np.testing.assert_allclose(flat[..., 5], 0, atol=0.02)
    mean, confidence = krige(describe(np.full((1, 1), 60, np.float32)), points_at([(0, 0)], [(10, 20)]))
    assert mean.shape == (1, 1, 2)
    assert confidence[0, 0] > 0.97


def test_a_hint_reaches_as_far_in_a_panorama_as_in_a_part_of_it() -> None:
    rng = np.random.default_rng(5)
    strip = np.asarray(rng.uniform(20, 80, (1, 960)), np.float32).repeat(60, 0)
    part = strip[:, 420:540]
    whole, alone = describe(strip)[:, 420:540], describe(part)
    inner = np.s_[:, 30:90]  # farther from the ends than a blur sees
    np.testing.assert_allclose(whole[..., 2:][inner], alone[..., 2:][inner], atol=2e-4)
    steps = np.diff(whole[..., 1], axis=1), np.diff(alone[..., 1], axis=1)
    np.testing.assert_allclose(*steps, atol=1e-5)
