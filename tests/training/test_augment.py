"""Crops, mirrors and aging: in range, of the right size, and the same for the same generator."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.errors import RecipeError
from safelight.training.augment import Augmentation, age, augment

sides = st.integers(20, 90)
seeds = st.integers(0, 2**32)


def ramp(h: int, w: int) -> np.ndarray:
    """Column in the first channel, row in the second: a crop shows where it was cut."""
    rows, columns = np.mgrid[:h, :w]
    return np.dstack([columns, rows, np.full((h, w), 7)]).astype(np.uint8)


@given(sides, sides, st.sampled_from([32, 64]), st.floats(0.1, 1), seeds)
@settings(max_examples=40)
def test_a_crop_is_a_square_of_the_picture_of_at_least_the_smallest_side(
    h: int, w: int, size: int, smallest: float, seed: int
) -> None:
    how = Augmentation(size=size, smallest=smallest)
    crop = augment(ramp(h, w), how, np.random.default_rng(seed))
    assert crop.shape == (size, size, 3)
    assert crop.dtype == np.uint8
    assert (crop[..., 2] == 7).all()
    side = np.array([np.ptp(crop[..., channel].astype(int)) for channel in (0, 1)])
    pixel = min(h, w) / size + 2  # what shrinking may average away at the ends
    assert (side >= smallest * min(h, w) - 2 * pixel).all()
    assert (side <= min(h, w)).all()


def test_the_whole_picture_at_its_own_size_is_left_as_it_is() -> None:
    picture = ramp(64, 64)
    how = Augmentation(size=64, smallest=1.0, flip=False)
    assert np.array_equal(augment(picture, how, np.random.default_rng(0)), picture)


def test_half_of_the_pictures_are_mirrored() -> None:
    picture, how = ramp(32, 32), Augmentation(size=32, smallest=1.0)
    rng = np.random.default_rng(0)
    crops = [augment(picture, how, rng) for _ in range(400)]
    mirrored = sum(np.array_equal(crop, picture[:, ::-1]) for crop in crops)
    assert mirrored + sum(np.array_equal(crop, picture) for crop in crops) == 400
    assert 150 < mirrored < 250


@given(seeds)
@settings(max_examples=20)
def test_the_same_generator_draws_the_same(seed: int) -> None:
    picture, how = ramp(50, 70), Augmentation(size=32)
    one, two, other = (augment(picture, how, np.random.default_rng(s)) for s in (seed, seed, seed + 1))
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)
    L = ramp(24, 24)[..., 0].astype(np.float32)
    assert np.array_equal(age(L, np.random.default_rng(seed)), age(L, np.random.default_rng(seed)))
    assert not np.array_equal(age(L, np.random.default_rng(seed)), age(L, np.random.default_rng(seed + 1)))


@given(seeds)
@settings(max_examples=40)
def test_an_aged_lightness_is_still_one(seed: int) -> None:
    L = np.random.default_rng(1).uniform(0, 100, (24, 30)).astype(np.float32)
    aged = age(L, np.random.default_rng(seed))
    assert aged.shape == L.shape
    assert aged.dtype == np.float32
    assert aged.min() >= 0
    assert aged.max() <= 100
    assert np.corrcoef(aged.ravel(), L.ravel())[0, 1] > 0.3  # it still shows the picture


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"size": 100}, "augment.size is 100; expected a multiple of 32"),
        ({"size": 0}, "multiple of 32"),
        ({"smallest": 0.0}, "shares, 0 to 1"),
        ({"smallest": 1.1}, "shares, 0 to 1"),
        ({"aging": -0.1}, "shares, 0 to 1"),
    ],
)
def test_impossible_settings_are_refused(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        Augmentation(**wrong)  # type: ignore[arg-type]
