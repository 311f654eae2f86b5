"""Samples by number: the same whoever loads them, none twice, from anywhere on."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from safelight.errors import RecipeError
from safelight.tasks.colorize.dataset import ColorizeDataset, collate
from safelight.tasks.colorize.hint_sampling import HintSampling
from safelight.tasks.colorize.prepare import AB_SCALE
from safelight.tasks.colorize.recipe import ColorizeRecipe
from safelight.training import batches
from safelight.training.augment import Augmentation
from safelight.training.batches import sampling_cdf, training_batches
from safelight.training.recipe import DataSettings, TrainSettings
from tests.training.conftest import Album

STEPS, BATCH = 6, 4


def recipe(workers: int = 0, seed: int = 0, weights: tuple[tuple[str, float], ...] = ()) -> ColorizeRecipe:
    return ColorizeRecipe(
        "small",
        augment=Augmentation(size=32, aging=0.5),
        hints=HintSampling(most=20),
        data=DataSettings(batch=BATCH, workers=workers, weights=weights),
        train=TrainSettings(steps=STEPS, seed=seed),
    )


def drawn(album: Album, how: ColorizeRecipe, first_step: int = 0) -> list[tuple[Tensor, Tensor]]:
    return [
        (planes, truth)
        for planes, truth in training_batches(ColorizeDataset(album, how), collate, how, first_step)
    ]


def assert_same(one: list[tuple[Tensor, Tensor]], two: list[tuple[Tensor, Tensor]]) -> None:
    assert len(one) == len(two)
    for (planes, truth), (other_planes, other_truth) in zip(one, two, strict=True):
        assert torch.equal(planes, other_planes)
        assert torch.equal(truth, other_truth)


def test_a_sample_depends_on_seed_and_number_alone(album: Album) -> None:
    samples = ColorizeDataset(album, recipe())
    forward = [samples[k] for k in range(20)]
    fresh = ColorizeDataset(album, recipe(workers=2))
    for k in (19, 3, 13, 0, 3):
        assert np.array_equal(fresh[k].planes, forward[k].planes)
        assert np.array_equal(fresh[k].truth, forward[k].truth)
    other = ColorizeDataset(album, recipe(seed=1))
    assert not any(np.array_equal(other[k].truth, forward[k].truth) for k in range(20))


def test_a_sample_is_a_question_with_its_answer(album: Album) -> None:
    sample = ColorizeDataset(album, replace(recipe(), augment=Augmentation(size=32, aging=0)))[5]
    assert sample.planes.shape == (7, 32, 32)
    assert sample.truth.shape == (2, 32, 32)
    assert sample.planes.dtype == sample.truth.dtype == np.float32
    assert np.abs(sample.truth).max() < 1.2
    one_pixel = HintSampling(count="fixed", most=40, automatic=0, patch=(1, 1))
    sample = ColorizeDataset(
        album, replace(recipe(), hints=one_pixel, augment=Augmentation(size=32, aging=0))
    )[5]
    mask = sample.planes[3] == 1
    assert 30 < mask.sum() <= 40
    assert np.allclose(sample.planes[1:3, mask], sample.truth[:, mask], atol=1e-4)
    assert AB_SCALE == 110


@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
def test_two_workers_load_what_none_loads_in_the_same_order_and_nothing_twice(album: Album) -> None:
    alone, together = drawn(album, recipe(workers=0)), drawn(album, recipe(workers=2))
    assert_same(alone, together)
    seen = {truth.numpy().tobytes() for _, batch in together for truth in batch}
    assert len(seen) == STEPS * BATCH


@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
def test_workers_start_after_opencv_has_used_its_threads(album: Album) -> None:
    """Its pool does not survive a fork: workers that touched it waited for ever."""
    import cv2

    before = cv2.getNumThreads()
    cv2.setNumThreads(2)
    cv2.GaussianBlur(np.zeros((2000, 2000, 3), np.float32), (0, 0), 5)
    assert len(drawn(album, recipe(workers=2))) == STEPS
    cv2.setNumThreads(before)


def test_a_run_that_goes_on_gets_the_batches_it_would_have_had(album: Album) -> None:
    assert_same(drawn(album, recipe(), first_step=2), drawn(album, recipe())[2:])
    assert (
        len(training_batches(ColorizeDataset(album, recipe()), collate, recipe(), first_step=2)) == STEPS
    )  # of the whole run


def test_a_pass_covers_the_set_and_the_next_is_in_another_order(album: Album) -> None:
    samples, n = ColorizeDataset(album, recipe()), len(album)
    passes = [[samples.order.picture_number(k) for k in range(turn * n, turn * n + n)] for turn in range(3)]
    assert all(sorted(order) == list(range(n)) for order in passes)
    assert passes[0] != passes[1] != passes[2]


def test_weights_change_how_often_a_source_is_drawn(album: Album) -> None:
    samples, passes = ColorizeDataset(album, recipe(weights=(("rooms", 4.0),))), 50
    numbers = [samples.order.picture_number(k) for k in range(passes * len(album))]
    counts = Counter(album.sources[number] for number in numbers)
    assert counts["rooms"] / counts["fields"] == pytest.approx(4 * 4 / 8, rel=0.05)
    assert set(numbers) == set(range(len(album)))


def test_a_source_of_weight_zero_is_never_drawn(album: Album) -> None:
    for unwanted in ("fields", "rooms"):
        samples = ColorizeDataset(album, recipe(weights=((unwanted, 0.0),)))
        drawn_sources = {album.sources[samples.order.picture_number(k)] for k in range(100)}
        assert drawn_sources == {"fields", "rooms"} - {unwanted}


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ((("feilds", 1.0),), "data.weights names 'feilds'; this dataset has fields, rooms"),
        ((("fields", -1.0),), "0 or more"),
        ((("fields", 0.0), ("rooms", 0.0)), "not all 0"),
    ],
)
def test_impossible_weights_are_refused(
    album: Album, weights: tuple[tuple[str, float], ...], message: str
) -> None:
    with pytest.raises(RecipeError, match=message):
        sampling_cdf(album.sources, weights)


@pytest.mark.filterwarnings("error")
def test_one_processor_gets_one_loading_process(album: Album, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "processors", lambda: 1)
    assert training_batches(ColorizeDataset(album, recipe()), collate, recipe(workers=2)).num_workers == 1
    assert training_batches(ColorizeDataset(album, recipe()), collate, recipe(workers=0)).num_workers == 0


def test_old_prints_change_the_lightness_and_no_color(album: Album) -> None:
    """Off they draw nothing: samples of shipped recipes stay what they were."""
    plain, printed = (
        ColorizeDataset(album, replace(recipe(), augment=Augmentation(size=32, prints=share)))
        for share in (0, 1)
    )
    for k in range(4):
        np.testing.assert_array_equal(plain[k].truth, printed[k].truth)
        assert np.abs(plain[k].planes[0] - printed[k].planes[0]).max() > 0.02
        np.testing.assert_array_equal(printed[k].planes, printed[k].planes)
