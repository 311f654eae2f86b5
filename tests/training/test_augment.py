"""Crops, mirrors and aging: in range, of the right size, and the same for the same generator."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.errors import RecipeError
from safelight.pixels.color import srgb_to_lab
from safelight.pixels.geometry import resize
from safelight.tasks.colorize.recipe import ColorizeRecipe
from safelight.tasks.colorize.training import ColorizeTraining
from safelight.training.augment import Augmentation, Jitter, age, augment, draw_view, jitter
from safelight.training.batches import training_batches
from safelight.training.overrides import override

from .conftest import Album, soft_picture

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


@given(sides, sides, st.sampled_from([32, 64]), seeds)
@settings(max_examples=40)
def test_a_native_view_shows_the_pictures_own_pixels_mirrored_beyond_its_edges(
    h: int, w: int, size: int, seed: int
) -> None:
    how = Augmentation(size=size, flip=False, native=1.0)
    view = augment(ramp(h, w), how, np.random.default_rng(seed)).astype(int)
    assert view.shape == (size, size, 3)
    for axis, channel, side in ((1, 0, w), (0, 1, h)):
        walk = view.take(0, axis=1 - axis)[:, channel]
        assert (view[..., channel] == np.expand_dims(walk, 1 - axis)).all()
        steps = np.diff(walk)
        assert set(steps) <= {-1, 0, 1}  # pixel for pixel, there or back
        turns = walk[:-1][steps == 0]
        if side >= size:  # nothing is missing
            assert (steps == 1).all()
        else:  # mirrored at the edges alone, and all of the picture is there
            assert set(turns) <= {0, side - 1}
            assert set(walk) == set(range(side))


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
        ({"prints": 1.1}, "shares, 0 to 1"),
        ({"native": -0.1}, "shares, 0 to 1"),
        ({"rotate": 181}, r"augment\.rotate is 181; expected 0 \(off\) to 180"),
        ({"hue": -1}, "augment.hue is -1"),
        ({"coarse": 1}, "augment.coarse is 1"),
    ],
)
def test_impossible_settings_are_refused(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        Augmentation(**wrong)  # type: ignore[arg-type]


EVERYTHING = Augmentation(
    size=32, rotate=20, stretch=0.3, coarse=0.5, brightness=0.3, contrast=0.3, saturation=0.5, hue=20
)


@given(sides, sides, seeds)
@settings(max_examples=30)
def test_what_is_off_draws_nothing(h: int, w: int, seed: int) -> None:
    """The crops of runs from before there were other settings, written out again."""
    rng, again = np.random.default_rng(seed), np.random.default_rng(seed)
    crop = augment(ramp(h, w), Augmentation(size=32), rng)
    side = max(1, round(min(h, w) * again.uniform(0.6, 1.0)))
    top, left = again.integers(0, h - side + 1), again.integers(0, w - side + 1)
    old = ramp(h, w)[top : top + side, left : left + side]
    old = old[:, ::-1] if again.random() < 0.5 else old
    assert np.array_equal(crop, resize(np.ascontiguousarray(old), (32, 32)))
    assert rng.random() == again.random()


@given(sides, sides, st.floats(0, 180), st.floats(0, 1), seeds)
@settings(max_examples=60)
def test_a_turned_crop_shows_nothing_from_outside(
    h: int, w: int, rotate: float, stretch: float, seed: int
) -> None:
    how = Augmentation(size=32, rotate=rotate, stretch=stretch, flip=False)
    crop = augment(ramp(h, w), how, np.random.default_rng(seed)).astype(int)
    assert crop.shape == (32, 32, 3)
    assert (crop[..., 2] == 7).all()
    # A turned ramp is a ramp still: where the edge was repeated, steps would be missing.
    steps = np.diff(crop[2:-2, 2:-2, 0], axis=1).mean(axis=1)
    assert np.ptp(steps) <= 0.35


def test_a_right_angle_turns_the_picture_exactly() -> None:
    from safelight.training.augment import _sample

    picture = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    for quarter in range(4):
        turned = _sample(picture, (8, 8), (16, 16), quarter * np.pi / 2)
        assert np.abs(turned.astype(int) - np.rot90(picture, quarter)).max() <= 1


@given(seeds, st.floats(0.2, 0.8), st.floats(0.2, 0.8), st.sampled_from([0.0, 25.0]))
@settings(max_examples=30)
def test_a_crop_is_centred_on_the_subject(seed: int, x: float, y: float, rotate: float) -> None:
    picture = ramp(80, 80)
    how = Augmentation(size=32, smallest=0.25, flip=False, subject=1.0, rotate=rotate)
    side = 80 * 1.0
    crop = augment(picture, how, np.random.default_rng(seed), (x, y))
    column, row = crop[14:18, 14:18, 0].mean(), crop[14:18, 14:18, 1].mean()
    reach = min(x, y, 1 - x, 1 - y) * side  # how far the nearest edge is: a larger crop is pushed aside
    half = max(np.ptp(crop[..., channel].astype(int)) for channel in (0, 1)) / 2
    if half < reach - 2:
        assert column == pytest.approx(80 * x - 0.5, abs=2)
        assert row == pytest.approx(80 * y - 0.5, abs=2)
    loose = augment(picture, Augmentation(size=32, subject=1.0), np.random.default_rng(seed))
    assert np.array_equal(loose, augment(picture, Augmentation(size=32), np.random.default_rng(seed)))


def test_subjects_are_asked_of_the_pictures_only_when_wanted() -> None:
    class Portraits(Album):
        asked = 0

        def subject(self, i: int) -> tuple[float, float] | None:
            self.asked += 1
            return (0.0, 0.0)

    portraits = Portraits([ramp(64, 64)], ["people"])
    draw_view(portraits, 0, Augmentation(size=32), np.random.default_rng(0))
    assert portraits.asked == 0
    how = Augmentation(size=32, smallest=0.5, flip=False, subject=1.0)
    corner = draw_view(portraits, 0, how, np.random.default_rng(0))
    assert portraits.asked == 1
    assert corner[0, 0, :2].max() <= 1


def test_jitter_by_hand() -> None:
    picture = soft_picture(1)
    for name in ("brightness", "contrast", "saturation", "hue"):
        changed = jitter(picture, Jitter(**{name: 0.5 if name != "hue" else 40}), np.random.default_rng(3))
        assert changed.shape == picture.shape
        assert not np.array_equal(changed, picture)
    assert np.array_equal(jitter(picture, Jitter(), np.random.default_rng(0)), picture)
    mean = picture.astype(float).mean()
    bright = jitter(picture // 2, Jitter(brightness=0.5), np.random.default_rng(5)).astype(float).mean()
    factor = np.random.default_rng(5).uniform(0.5, 1.5)
    assert bright == pytest.approx(mean / 2 * factor, rel=0.02)


def test_hue_keeps_the_lightness_and_saturation_the_grey() -> None:
    pale = (100 + soft_picture(2) // 5).astype(np.uint8)
    turned = jitter(pale, Jitter(hue=90), np.random.default_rng(1))
    L, turned_L = srgb_to_lab(pale)[..., 0], srgb_to_lab(turned)[..., 0]
    np.testing.assert_allclose(turned_L, L, atol=0.6)
    grey = np.repeat(pale[..., :1], 3, axis=2)
    assert np.abs(jitter(grey, Jitter(saturation=1), np.random.default_rng(1)).astype(int) - grey).max() <= 1


def seen(album: Album, recipe: ColorizeRecipe, workers: int, passes: int) -> list[bytes]:
    """The truths of every sample of some passes over the album, as a loader with so many workers gives them."""
    steps = passes * len(album) // recipe.data.batch
    plan = override(recipe, {"train.steps": str(steps), "data.workers": str(workers)})
    training = ColorizeTraining()
    loader = training_batches(training.dataset(album, plan), training.collate, plan)
    return [truth.numpy().tobytes() for _, truths in loader for truth in truths]


def test_every_picture_epoch_and_worker_draws_anew(album: Album, tiny: ColorizeRecipe) -> None:
    changes = {f"augment.{name}": "0.3" for name in ("brightness", "contrast", "saturation", "stretch")}
    recipe = override(tiny, {**changes, "augment.rotate": "15", "augment.size": "32", "data.batch": "4"})
    one = Album([album[0]] * 12, ["fields"] * 12)  # one picture twelve times: only the draws can differ
    alone = seen(one, recipe, workers=0, passes=2)
    assert len(set(alone)) == len(alone) == 24  # no two alike, in one epoch or across epochs
    assert seen(one, recipe, workers=2, passes=2) == alone  # two workers draw what one would, each its own
    other = seen(one, override(recipe, {"train.seed": "1"}), workers=0, passes=2)
    assert not set(other) & set(alone)


@given(seeds)
@settings(max_examples=15)
def test_everything_at_once_is_still_a_picture(seed: int) -> None:
    one, again = (augment(soft_picture(3), EVERYTHING, np.random.default_rng(seed)) for _ in range(2))
    assert (one.shape, one.dtype) == ((32, 32, 3), np.uint8)
    assert np.array_equal(one, again)


@pytest.mark.parametrize(("scale", "mend"), [(1 / 255, "multiply by 255 and round"), (1.0, "round")])
def test_pictures_of_floats_are_refused_with_the_mend(scale: float, mend: str) -> None:
    picture = soft_picture(1).astype(np.float32) * np.float32(scale)
    with pytest.raises(RecipeError, match=f"is float32 up to .* expected uint8 0..255: {mend}"):
        augment(picture, Augmentation(size=32), np.random.default_rng(0))
