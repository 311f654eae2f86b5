"""Prints and lookalikes: ranges, sameness, what each setting does, and that lookalikes stay in the picture."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.errors import RecipeError
from safelight.prints.damage import DamageSettings, damage
from safelight.prints.simulation import (
    KINDS,
    PrintSettings,
    add_lookalikes,
    as_print,
    as_scan,
    old_print,
)
from tests.tasks.strategies import seeds

PLAIN = PrintSettings(
    grey=0, toned=0, rescanned=0, lookalikes=0, stained=0, softest=0, grain=0, faded=0, jpeg=0
)


@given(seeds, st.integers(16, 70), st.integers(16, 70))
@settings(max_examples=25)
def test_prints_and_scans_are_pictures_and_the_same_for_the_same_draw(seed: int, h: int, w: int) -> None:
    picture = np.random.default_rng(seed).random((h, w, 3), dtype=np.float32)
    scans = [as_scan(as_print(picture, rng), rng) for rng in (np.random.default_rng(seed) for _ in range(2))]
    assert scans[0].shape == picture.shape
    assert scans[0].dtype == np.float32
    assert scans[0].min() >= 0
    assert scans[0].max() <= 1
    np.testing.assert_array_equal(*scans)


@pytest.mark.parametrize("kind", range(len(KINDS)))
def test_each_lookalike_covers_a_part(kind: int) -> None:
    covers = [KINDS[kind]((64, 80), np.random.default_rng(seed)) for seed in range(10)]
    assert all(cover.shape == (64, 80) and cover.min() >= 0 and cover.max() <= 1 for cover in covers)
    means = [float(cover.mean()) for cover in covers]
    assert max(means) > 0
    assert np.median(means) < 0.5


def test_lookalikes_change_the_picture_unless_there_are_none() -> None:
    picture = np.random.default_rng(0).random((48, 48, 3), dtype=np.float32)
    assert np.array_equal(add_lookalikes(picture, np.random.default_rng(0), most=0), picture)
    changed = [abs(add_lookalikes(picture, np.random.default_rng(s)) - picture).max() for s in range(8)]
    assert max(changed) > 0.2


def test_a_print_with_everything_off_is_the_picture_and_grey_is_grey() -> None:
    picture = np.random.default_rng(1).random((32, 32, 3), dtype=np.float32)
    rng = np.random.default_rng(2)
    np.testing.assert_array_equal(as_print(picture, rng, PLAIN), picture)
    grey = as_print(picture, rng, PrintSettings(grey=1, toned=0, lookalikes=0, stained=0))
    assert np.ptp(grey, axis=2).max() < 1e-6
    toned = as_print(picture, rng, PrintSettings(grey=0, toned=1, lookalikes=0, stained=0))
    assert np.ptp(toned, axis=2).mean() > 0


def test_a_backdrop_is_plain_and_of_the_pictures_own_tone() -> None:
    picture = np.random.default_rng(1).random((64, 64, 3), dtype=np.float32)
    cloth = as_print(picture, np.random.default_rng(2), replace(PLAIN, backdrops=1))
    assert abs(cloth.mean(axis=(0, 1)) - picture.mean(axis=(0, 1))).max() < 0.02
    assert cloth.std(axis=(0, 1)).max() < 0.1 * picture.std(axis=(0, 1)).min()
    kept = [as_print(picture, np.random.default_rng(k), replace(PLAIN, backdrops=0.5)) for k in range(40)]
    assert 10 <= sum(np.array_equal(each, picture) for each in kept) <= 30


@pytest.mark.parametrize("softest", [0.01, 0.1, 0.2])
def test_a_lens_may_be_sharper_than_the_softness_that_is_seen(softest: float) -> None:
    picture = np.random.default_rng(1).random((16, 16, 3), dtype=np.float32)
    sharp = replace(PLAIN, softest=softest)
    for seed in range(4):
        printed = as_print(picture, np.random.default_rng(seed), sharp)
        np.testing.assert_allclose(printed, picture, atol=1e-4)  # a blur of 0.2 pixels is none


@pytest.mark.parametrize(
    "wrong",
    [
        {"grey": 0.9, "toned": 0.2},
        {"jpeg": 2},
        {"backdrops": -0.1},
        {"lookalikes": -1},
        {"softest": -1},
        {"grain": 1},
        {"worst": 0},
    ],
)
def test_refused_prints(wrong: dict) -> None:
    with pytest.raises(RecipeError, match=r"prints\."):
        PrintSettings(**wrong)


def test_widths_in_pixels_hold_whatever_the_size() -> None:
    """A straight scratch of four pixels covers about four pixels across, in a small and in a large picture."""
    alone = DamageSettings(scratches=1, cracks=0, dust=0, stains=0, folds=0, widths=(4, 4), visible=0.06)
    for side in (96, 300):
        picture = np.full((side, side, 3), 0.1, np.float32)
        across = []
        for seed in range(30):
            mask = damage(picture, np.random.default_rng(seed), alone)[1]
            y, x = np.nonzero(mask)
            length = np.hypot(np.ptp(y), np.ptp(x)) if len(y) else 0
            if length > 40:
                across.append(mask.sum() / length)
        assert 2.5 < np.median(across) < 9


@pytest.mark.parametrize("wrong", [{"widths": (3, 1)}, {"widths": (-1, 1)}, {"visible": 0}])
def test_refused_widths(wrong: dict) -> None:
    with pytest.raises(RecipeError, match=r"damage\."):
        DamageSettings(**wrong)


def test_an_old_print_is_the_same_for_the_same_draw_and_has_one_hue() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (48, 40, 3)).astype(np.uint8)
    once, again = (old_print(pixels, np.random.default_rng(5)) for _ in range(2))
    assert once.dtype == np.uint8
    assert once.shape == pixels.shape
    np.testing.assert_array_equal(once, again)
    assert not np.array_equal(once, old_print(pixels, np.random.default_rng(6)))
    spread = np.array([np.ptp(old_print(pixels, np.random.default_rng(k)).mean((0, 1))) for k in range(12)])
    assert (spread < 1).any()  # black and white
    assert (spread > 5).any()  # toned


@pytest.mark.parametrize("setting", ["halftone", "paper"])
def test_halftone_and_paper_are_seen_and_keep_the_tone(setting: str) -> None:
    ramp = np.linspace(0.2, 0.8, 96, dtype=np.float32)[None, :, None].repeat(96, 0).repeat(3, 2)
    for seed in range(5):
        plain = as_print(ramp, np.random.default_rng(seed), PLAIN)
        printed = as_print(ramp, np.random.default_rng(seed), replace(PLAIN, **{setting: 1.0}))
        np.testing.assert_array_equal(plain, ramp)
        assert np.abs(printed - ramp).max() > 0.02
        for part in (slice(0, 32), slice(32, 64), slice(64, 96)):
            assert printed[:, part].mean() == pytest.approx(ramp[:, part].mean(), abs=0.04)


def test_settings_that_are_off_draw_nothing() -> None:
    """So that samples of recipes from before they were there stay the same."""
    rng, other = np.random.default_rng(3), np.random.default_rng(3)
    as_print(np.full((16, 16, 3), 0.5, np.float32), rng, PLAIN)
    as_print(np.full((16, 16, 3), 0.5, np.float32), other, replace(PLAIN, halftone=0.0, paper=0.0))
    assert rng.random() == other.random()
    with pytest.raises(RecipeError, match="halftone and paper are shares"):
        PrintSettings(halftone=1.5)
