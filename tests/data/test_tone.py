"""Toned pictures and casts: known answers, and pictures made toned or given a cast."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.pixels.color import chroma, lab_to_srgb, srgb_to_lab, srgb_to_lightness
from safelight.pixels.tone import agreed, balance, hue_agreement, spread_at_lightness, tone_of

from .conftest import paint

LEAST = 1.8


def picture(number: int) -> np.ndarray:
    return np.asarray(paint(number, (64, 80)))


def from_lab(L: np.ndarray, ab: np.ndarray) -> np.ndarray:
    lab = np.concatenate([L[..., None], np.broadcast_to(ab, (*L.shape, 2))], axis=-1).astype(np.float32)
    return np.round(lab_to_srgb(lab) * 255).astype(np.uint8)


def sepia(number: int) -> np.ndarray:
    """A grey print toned brown: most in the middle tones, with a little grain."""
    L = 12 + 0.8 * srgb_to_lightness(picture(number))
    strength = 4 * (L / 100) * (1 - L / 100)
    toned = from_lab(L, np.stack([9 * strength, 22 * strength], axis=-1))
    grain = np.random.default_rng(number).normal(0, 2, toned.shape)
    return np.clip(toned + grain, 0, 255).astype(np.uint8)


def is_toned(pixels: np.ndarray, least: float = LEAST) -> bool:
    return tone_of(pixels).is_toned(least, float(chroma(srgb_to_lab(pixels)[..., 1:]).mean()))


def test_a_sepia_print_is_toned_and_a_photo_is_not() -> None:
    assert all(is_toned(sepia(number)) for number in range(6))
    assert not any(is_toned(picture(number)) for number in range(6))
    assert not is_toned(sepia(1), least=0.0)


def test_a_sky_and_a_red_rose_have_one_hue_but_no_toner() -> None:
    L = np.tile(np.linspace(30, 80, 64, dtype=np.float32), (64, 1))
    assert not is_toned(from_lab(L, np.array([-4, -25])))
    assert not is_toned(from_lab(np.full_like(L, 45), np.array([62, 48])))


def test_a_cast_is_found_with_its_direction_and_strength() -> None:
    grey = np.random.default_rng(0).uniform(5, 90, (48, 48)).astype(np.float32)
    own = np.random.default_rng(1).normal(0, 12, (48, 48, 2))
    tone = tone_of(from_lab(grey, own + np.array([3, 18])))
    assert tone.cast == pytest.approx((3, 18), abs=4)
    assert tone_of(from_lab(grey, own)).shift < 5


def test_a_meadow_under_white_clouds_has_no_cast() -> None:
    L = np.full((60, 60), 50, np.float32)
    ab = np.tile(np.array([-35.0, 40.0]), (60, 60, 1))
    L[:10], ab[:10] = 92, 0
    tone = tone_of(from_lab(L, ab))
    assert tone.shift < 2
    assert tone.hue == pytest.approx(131, abs=2)


def test_measures_by_hand() -> None:
    opposite = np.array([[10.0, 0.0], [-10.0, 0.0]])
    assert hue_agreement(opposite) == 0
    assert hue_agreement(np.array([[3.0, 4.0], [6.0, 8.0]])) == pytest.approx(1)
    assert hue_agreement(np.array([[10.0, 0.0], [0.0, 10.0]])) == pytest.approx(np.sqrt(0.5))
    assert hue_agreement(np.zeros((4, 2))) == 1
    assert balance(opposite + np.array([30, 0])) == pytest.approx((30 - 10) / 10)
    assert balance(opposite) == -1
    L = np.repeat(np.arange(12.0), 2)
    assert spread_at_lightness(L, np.tile(opposite, (12, 1))) == pytest.approx(10)
    assert spread_at_lightness(L, np.repeat(np.arange(24.0).reshape(12, 2), 2, axis=0)) == 0


vectors = st.tuples(st.floats(-40, 40), st.floats(-40, 40)).map(np.array)


@given(vectors, vectors)
@settings(max_examples=60)
def test_what_is_agreed_on_is_no_longer_than_either_and_between_opposites_nothing(
    one: np.ndarray, other: np.ndarray
) -> None:
    both = np.hypot(*agreed(one, other))
    assert both <= min(np.hypot(*one), np.hypot(*other)) + 1e-9
    assert both == pytest.approx(np.hypot(*agreed(other, one)), abs=1e-6)
    assert np.hypot(*agreed(one, -one)) == 0
    np.testing.assert_allclose(agreed(one, one), one, atol=2e-6)
