"""Synthetic damage: its mask is true, its kinds are seen, and the finder finds what is plain."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.errors import RecipeError
from safelight.masks.edit import grow
from safelight.prints.damage import KINDS, VISIBLE, DamageSettings, damage
from safelight.tasks.scratches.ridge_filter import ScratchSettings, find_scratches, ridge_response
from tests.tasks.strategies import seeds

NONE = dict.fromkeys(KINDS, 0)


@given(seeds, st.integers(32, 90), st.integers(32, 90))
@settings(max_examples=25)
def test_the_mask_holds_all_that_is_seen(seed: int, h: int, w: int) -> None:
    rng = np.random.default_rng(seed)
    picture = rng.random((h, w, 3), dtype=np.float32)
    damaged, mask = damage(picture, rng)
    assert damaged.shape == picture.shape
    assert damaged.dtype == mask.dtype == np.float32
    assert damaged.min() >= 0
    assert damaged.max() <= 1
    assert abs(damaged - picture)[mask == 0].max(initial=0) <= VISIBLE + 1e-6


@pytest.mark.parametrize("kind", list(KINDS))
def test_each_kind_changes_a_part_of_the_picture(kind: str) -> None:
    picture = np.full((128, 128, 3), 0.45, np.float32)
    shares = [
        damage(picture, np.random.default_rng(seed), DamageSettings(**{**NONE, kind: 1}))[1].mean()
        for seed in range(12)
    ]
    assert max(shares) > 0
    assert max(shares) < 0.5


def test_a_tramline_is_straight_even_and_without_gaps() -> None:
    """Of the places that it changed, a straight line explains all; along it, its tone hardly varies."""
    picture = np.full((128, 128, 3), 0.45, np.float32)
    alone = DamageSettings(**{**NONE, "tramlines": 1}, widths=(3, 3))
    straight = 0
    for seed in range(20):
        damaged, mask = damage(picture, np.random.default_rng(seed), alone)
        places = np.argwhere(mask > 0).astype(float)
        if len(places) < 100:  # at a corner
            continue
        away = places - places.mean(axis=0)
        along, across = np.linalg.svd(away, full_matrices=False)[2]
        if np.ptp(away @ across) > 9:  # several side by side
            continue
        straight += 1
        assert np.diff(np.sort(away @ along)).max() < 1.6  # pixels: no gap
        core = damaged[mask > 0].mean(axis=1)[abs(away @ across) < 0.8]
        assert core.std() < 0.06  # its grain, at most 0.03, and its edges
    assert straight >= 14


def test_pictures_without_tramlines_are_damaged_as_before_there_were_any() -> None:
    """A judge's stored questions: by their sums, from the version before."""
    picture = np.random.default_rng(1).random((64, 80, 3), np.float32)
    damaged, mask = damage(picture, np.random.default_rng(4), DamageSettings(flakes=2))
    assert (float(damaged.sum(dtype=np.float64)), float(mask.sum())) == (
        pytest.approx(7861.329560938175),
        1674,
    )


def test_the_same_generator_gives_the_same_damage() -> None:
    picture = np.full((64, 64, 3), 0.5, np.float32)
    one, two = (damage(picture, np.random.default_rng(4)) for _ in range(2))
    np.testing.assert_array_equal(one[0], two[0])
    np.testing.assert_array_equal(one[1], two[1])


@pytest.mark.parametrize("wrong", [NONE, {"dust": -1}])
def test_refused_damage(wrong: dict) -> None:
    with pytest.raises(RecipeError, match="damage is"):
        DamageSettings(**wrong)


def scratched(level: float, vertical: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """A grey picture with grain and one straight scratch of three pixels."""
    picture = np.full((160, 140, 3), 0.45, np.float32)
    picture += np.random.default_rng(0).normal(0, 0.01, (160, 140, 1)).astype(np.float32)
    mask = np.zeros((160, 140), bool)
    mask[10:150, 60:63] = True
    picture[mask] = level
    return (picture, mask) if vertical else (picture.swapaxes(0, 1).copy(), mask.T)


@pytest.mark.parametrize("vertical", [True, False])
@pytest.mark.parametrize(("level", "dark"), [(0.9, False), (0.05, True)])
def test_a_plain_scratch_is_found_and_nothing_else(level: float, dark: bool, vertical: bool) -> None:
    picture, mask = scratched(level, vertical)
    found = find_scratches(picture, ScratchSettings(dark=dark)) > 0
    assert found.shape == mask.shape
    assert found[mask].mean() > 0.95
    assert not found[~grow(mask, 6)].any()
    white = (picture.clip(0, 1) * 255).astype(np.uint8)
    assert (find_scratches(white, ScratchSettings(dark=dark)) > 0)[mask].mean() > 0.95


def test_dark_scratches_are_left_unless_asked_for() -> None:
    picture, _ = scratched(0.05)
    assert not find_scratches(picture).any()


def test_an_edge_is_no_scratch_and_a_bar_is_one() -> None:
    edge = np.zeros((60, 60), np.float32)
    edge[:, 30:] = 50
    assert ridge_response(edge).max() < 1
    bar = np.zeros((60, 60), np.float32)
    bar[:, 29:32] = 50
    assert ridge_response(bar)[30, 30] > 20


def test_dust_is_found_unless_left_out() -> None:
    picture = scratched(0.45)[0]
    picture[40:43, 40:43] = 1
    assert find_scratches(picture)[41, 41] == 1
    assert find_scratches(picture, ScratchSettings(dust=False))[41, 41] == 0


def test_a_plain_picture_has_no_scratches() -> None:
    assert not find_scratches(np.full((50, 70, 3), 130, np.uint8)).any()


@pytest.mark.parametrize(
    "wrong", [{"sensitivity": 2}, {"bright": False}, {"shortest": -1}, {"elongation": 0.5}, {"margin": -1}]
)
def test_refused_settings(wrong: dict) -> None:
    with pytest.raises(RecipeError):
        ScratchSettings(**wrong)
