"""Metrics against published data, scikit-image, and numbers worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.color import deltaE_ciede2000
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from safelight.errors import SafelightError
from safelight.evaluation.metrics import (
    ciede2000,
    psnr,
    ssim,
    ssim_map,
)
from safelight.pixels.color import lab_to_srgb, srgb_to_lab
from safelight.tasks.colorize.benchmark import ab_range
from safelight.tasks.colorize.hints import Points
from safelight.tasks.colorize.scores import ab_squared_error, hint_error

# Sharma, Wu and Dalal 2005, table 1: L1 a1 b1, L2 a2 b2, ΔE00
SHARMA = np.array([
    (50.0000, 2.6772, -79.7751, 50.0000, 0.0000, -82.7485, 2.0425),
    (50.0000, 3.1571, -77.2803, 50.0000, 0.0000, -82.7485, 2.8615),
    (50.0000, 2.8361, -74.0200, 50.0000, 0.0000, -82.7485, 3.4412),
    (50.0000, -1.3802, -84.2814, 50.0000, 0.0000, -82.7485, 1.0000),
    (50.0000, -1.1848, -84.8006, 50.0000, 0.0000, -82.7485, 1.0000),
    (50.0000, -0.9009, -85.5211, 50.0000, 0.0000, -82.7485, 1.0000),
    (50.0000, 0.0000, 0.0000, 50.0000, -1.0000, 2.0000, 2.3669),
    (50.0000, -1.0000, 2.0000, 50.0000, 0.0000, 0.0000, 2.3669),
    (50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0009, 7.1792),
    (50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0010, 7.1792),
    (50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0011, 7.2195),
    (50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0012, 7.2195),
    (50.0000, -0.0010, 2.4900, 50.0000, 0.0009, -2.4900, 4.8045),
    (50.0000, -0.0010, 2.4900, 50.0000, 0.0010, -2.4900, 4.8045),
    (50.0000, -0.0010, 2.4900, 50.0000, 0.0011, -2.4900, 4.7461),
    (50.0000, 2.5000, 0.0000, 50.0000, 0.0000, -2.5000, 4.3065),
    (50.0000, 2.5000, 0.0000, 73.0000, 25.0000, -18.0000, 27.1492),
    (50.0000, 2.5000, 0.0000, 61.0000, -5.0000, 29.0000, 22.8977),
    (50.0000, 2.5000, 0.0000, 56.0000, -27.0000, -3.0000, 31.9030),
    (50.0000, 2.5000, 0.0000, 58.0000, 24.0000, 15.0000, 19.4535),
    (50.0000, 2.5000, 0.0000, 50.0000, 3.1736, 0.5854, 1.0000),
    (50.0000, 2.5000, 0.0000, 50.0000, 3.2972, 0.0000, 1.0000),
    (50.0000, 2.5000, 0.0000, 50.0000, 1.8634, 0.5757, 1.0000),
    (50.0000, 2.5000, 0.0000, 50.0000, 3.2592, 0.3350, 1.0000),
    (60.2574, -34.0099, 36.2677, 60.4626, -34.1751, 39.4387, 1.2644),
    (63.0109, -31.0961, -5.8663, 62.8187, -29.7946, -4.0864, 1.2630),
    (61.2901, 3.7196, -5.3901, 61.4292, 2.2480, -4.9620, 1.8731),
    (35.0831, -44.1164, 3.7933, 35.0232, -40.0716, 1.5901, 1.8645),
    (22.7233, 20.0904, -46.6940, 23.0331, 14.9730, -42.5619, 2.0373),
    (36.4612, 47.8580, 18.3852, 36.2715, 50.5065, 21.2231, 1.4146),
    (90.8027, -2.0831, 1.4410, 91.1528, -1.6435, 0.0447, 1.4441),
    (90.9257, -0.5406, -0.9208, 88.6381, -0.8985, -0.7239, 1.5381),
    (6.7747, -0.2908, -2.4247, 5.8714, -0.0985, -2.2286, 0.6377),
    (2.0776, 0.0795, -1.1350, 0.9033, -0.0636, -0.5514, 0.9082),
])  # fmt: skip

labs = arrays(np.float64, (5, 3), elements=st.floats(-100, 100)).map(lambda x: x * (0.5, 1, 1) + (50, 0, 0))


def test_ciede2000_of_the_published_pairs() -> None:
    assert len(SHARMA) == 34
    np.testing.assert_allclose(ciede2000(SHARMA[:, :3], SHARMA[:, 3:6]), SHARMA[:, 6], atol=1e-4)


def test_ciede2000_in_single_precision_and_the_other_way_round() -> None:
    first, second = SHARMA[:, :3].astype(np.float32), SHARMA[:, 3:6].astype(np.float32)
    # Without the five pairs of opposite hues, which are there to catch the choice of a side.
    ordinary = np.r_[:8, 15:34]
    found = ciede2000(second[ordinary], first[ordinary])
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, SHARMA[ordinary, 6], atol=1e-3)


@given(labs, labs)
def test_ciede2000_is_a_symmetric_difference_and_agrees_with_scikit_image(
    a: np.ndarray, b: np.ndarray
) -> None:
    found = ciede2000(a, b)
    assert (found >= 0).all()
    np.testing.assert_allclose(ciede2000(a, a), 0, atol=1e-9)
    opposite = np.abs(np.abs(_hue_step(a, b)) - np.pi) < 1e-6  # either way round is as short: both are right
    np.testing.assert_allclose(found[~opposite], ciede2000(b, a)[~opposite], atol=1e-8)
    np.testing.assert_allclose(found[~opposite], deltaE_ciede2000(a, b)[~opposite], atol=1e-6)


def _hue_step(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    mean = (np.hypot(a[:, 1], a[:, 2]) + np.hypot(b[:, 1], b[:, 2])) / 2
    stretch = 1.5 - 0.5 * np.sqrt(mean**7 / (mean**7 + 25.0**7))
    return np.arctan2(a[:, 2], a[:, 1] * stretch) - np.arctan2(b[:, 2], b[:, 1] * stretch)


def test_psnr_of_a_known_error() -> None:
    truth = np.full((4, 4, 3), 0.5, np.float32)
    assert psnr(truth + np.float32(0.1), truth) == pytest.approx(20, abs=1e-4)


def test_psnr_is_capped() -> None:
    truth = np.full((4, 4, 3), 0.5, np.float32)
    assert psnr(truth, truth) == 50
    assert psnr(truth + np.float32(1e-4), truth) == 50
    assert psnr(truth + np.float32(1e-4), truth, cap=100) == pytest.approx(80, abs=1e-2)


def test_psnr_and_ssim_agree_with_scikit_image() -> None:
    rng = np.random.default_rng(0)
    truth = rng.random((37, 29, 3)).astype(np.float32)
    result = np.clip(truth + rng.normal(0, 0.1, truth.shape), 0, 1).astype(np.float32)
    assert psnr(result, truth) == pytest.approx(
        peak_signal_noise_ratio(truth, result, data_range=1), abs=1e-4
    )
    theirs = structural_similarity(
        truth,
        result,
        channel_axis=-1,
        data_range=1,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    assert ssim(result, truth) == pytest.approx(theirs, abs=1e-5)


def test_ssim_of_equal_pictures_is_one() -> None:
    picture = np.random.default_rng(1).random((16, 16, 3))
    assert ssim(picture, picture) == pytest.approx(1)
    assert ssim_map(picture, picture).shape == (16, 16, 3)


def test_shapes_that_do_not_fit_are_refused() -> None:
    small, large = np.zeros((8, 8, 3), np.float32), np.zeros((12, 12, 3), np.float32)
    for metric in (psnr, ssim):
        with pytest.raises(SafelightError, match="expected one shape"):
            metric(small, large)
    with pytest.raises(SafelightError, match="at least 11 px"):
        ssim(small, small)


def test_ab_error_and_range() -> None:
    truth = np.zeros((2, 2, 2), np.float32)
    result = truth.copy()
    result[0, 0] = (3, 4)
    assert ab_squared_error(result, truth) == pytest.approx(25 / 4)
    assert ab_range(result) == pytest.approx(7)
    assert ab_range(truth + 40) == 0  # a sepia picture has no range, however warm


def _points(y: int, x: int, ab: tuple[float, float]) -> Points:
    return Points(
        np.array([y], np.int32), np.array([x], np.int32), np.array([ab], np.float32), np.zeros(1, np.float32)
    )


def test_an_obeyed_hint_differs_by_nothing() -> None:
    lab = np.full((5, 5, 3), (60, 20, -10), np.float32)
    assert hint_error(lab, _points(2, 3, (20, -10))) < 0.05
    assert hint_error(lab, _points(2, 3, (-20, 10))) > 10


def test_a_color_that_cannot_be_shown_is_obeyed_as_well_as_can_be() -> None:
    shown = srgb_to_lab(lab_to_srgb(np.full((5, 5, 3), (50, 120, -120), np.float32)))
    assert hint_error(shown, _points(0, 0, (120, -120))) < 4  # clipping moves L a little


def test_without_hints_there_is_nothing_to_obey() -> None:
    assert np.isnan(hint_error(np.zeros((3, 3, 3), np.float32), Points.none()))


def test_what_is_not_a_number_is_no_perfect_picture() -> None:
    grey = np.full((8, 8, 3), 0.5, np.float32)
    assert np.isnan(psnr(np.full_like(grey, np.nan), grey))
