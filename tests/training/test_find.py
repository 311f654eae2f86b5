"""The range test and the table of batches: known curves, and the real thing on a tiny network."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from safelight.errors import RecipeError
from safelight.tasks.colorize.recipe import ColorizeRecipe
from safelight.training import find_batch as batches
from safelight.training import find_lr as rates
from safelight.training import memory
from safelight.training.find_batch import Found, Tried, find_batch
from safelight.training.find_lr import RangeTest, draw, find_lr, smoothed
from safelight.training.memory import Need, check_memory
from safelight.training.overrides import override

from .conftest import Album


def known_curve() -> RangeTest:
    """Flat, then down around 1e-3, lowest at 1e-2, then up."""
    lr = np.geomspace(1e-6, 1, 121)
    x = np.log10(lr)
    losses = 1 - 0.8 / (1 + np.exp(-6 * (x + 3))) + np.where(x > -2, 0.5 * (x + 2) ** 2, 0)
    return RangeTest(lr, losses, losses)


def test_the_steepest_place_of_a_known_curve_is_suggested() -> None:
    test = known_curve()
    assert test.steepest == pytest.approx(1e-3, rel=0.15)
    assert 2e-3 < test.lowest < 3e-2
    assert test.suggestion == pytest.approx(test.steepest, rel=0.06)


def test_batches_that_differ_are_not_taken_for_progress(
    album: Album, tiny: ColorizeRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Losses from 1 to 8 by the batch alone, and at rates about 1e-3 a fifth less of all of them."""
    order: dict[int, float] = {}

    def step(self: object, batch: object, lr: float) -> float:
        own = order.setdefault(id(batch), 1.0 + len(order))
        return own - 0.9 / (1 + np.exp(-6 * (np.log10(max(lr, 1e-9)) + 3))) + (10 * own if lr > 0.1 else 0)

    monkeypatch.setattr(rates.DryRun, "step", step)
    test = find_lr(override(tiny, {"augment.size": "32", "data.batch": "1", "data.weights": ""}), album)
    assert 3e-4 < test.suggestion < 6e-3
    assert test.falls
    flat = RangeTest(test.rates, np.ones(len(test.rates)), np.ones(len(test.rates)))
    assert not flat.falls


def test_smoothing_is_that_of_adam() -> None:
    np.testing.assert_allclose(smoothed(np.full(5, 3.0)), 3.0)
    assert smoothed(np.array([1.0, 2.0]))[1] == pytest.approx((0.9 * 0.1 * 1 + 0.1 * 2) / (1 - 0.9**2))


def test_a_range_test_runs_draws_and_leaves_nothing_else(
    album: Album, tiny: ColorizeRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    recipe = override(tiny, {"augment.size": "64", "data.batch": "2", "data.weights": ""})
    told: list[tuple[int, int]] = []
    test = find_lr(recipe, album, steps=8, progress=lambda done, total: told.append((done, total)))
    assert told[0] == (1, 8)
    assert len(test.rates) == len(test.losses) == len(test.smooth) <= 8
    assert rates.LOWEST <= test.suggestion <= rates.HIGHEST
    draw(test, tmp_path / "plots" / "lr.png")
    with Image.open(tmp_path / "plots" / "lr.png") as plot:
        assert plot.size[0] > 400
    assert [path.name for path in tmp_path.iterdir()] == ["plots"]


def test_a_loss_that_is_never_finite_is_told(
    album: Album, tiny: ColorizeRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rates.DryRun, "step", lambda self, batch, lr: float("nan"))
    with pytest.raises(RecipeError, match="not finite before anything is learned"):
        find_lr(override(tiny, {"augment.size": "32", "data.batch": "1", "data.weights": ""}), album, 5)


def test_batches_are_tried_until_memory_ends(
    album: Album, tiny: ColorizeRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = override(tiny, {"augment.size": "64", "data.weights": ""})
    known = batches.estimate(recipe)
    monkeypatch.setattr(batches, "estimate", lambda recipe: known)
    left = known.fixed.total + 5.5 * (known.activations + known.batches)
    monkeypatch.setattr(batches, "room", lambda device: left)
    found = find_batch(recipe, album)
    assert [one.batch for one in found.tried] == [2, 4]
    assert found.largest == 5
    assert all(one.speed > 0 for one in found.tried)
    assert "largest that fits" in str(found)
    assert f"--data.batch {found.suggestion}" in str(found)


def test_the_largest_batch_that_is_found_is_one_that_may_be_trained(
    album: Album, tiny: ColorizeRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = override(tiny, {"augment.size": "64", "data.weights": ""})
    known = memory.estimate(recipe)
    left = known.fixed.total + 5.5 * (known.activations + known.batches)
    for module in (memory, batches):
        monkeypatch.setattr(module, "estimate", lambda recipe: known)
    monkeypatch.setattr(memory, "_resident", lambda: 0.0)
    monkeypatch.setattr(memory, "free_memory", lambda device: left / memory.ROOM)
    largest = find_batch(recipe, album).largest
    check_memory(override(recipe, {"data.batch": str(largest)}))
    with pytest.raises(RecipeError, match=f"--data.batch {largest} would fit"):
        check_memory(override(recipe, {"data.batch": str(largest + 1)}))


def test_the_search_ends_where_larger_batches_are_no_faster() -> None:
    need = Need(1, 1, 1, 1, 1, 1, 1)

    def tried(*speeds: float) -> list[Tried]:
        return [Tried(2**n, need, speed) for n, speed in enumerate(speeds, 1)]

    assert not batches._is_flat(tried(10, 11))
    assert not batches._is_flat(tried(10, 15, 19, 23))
    assert batches._is_flat(tried(10, 20, 20.5, 18))


def test_the_smallest_batch_that_is_nearly_as_fast_is_suggested() -> None:
    need = Need(1, 1, 1, 1, 1, 1, 1)
    speeds = {1: 4.0, 2: 7.0, 4: 9.5, 8: 10.0, 16: 9.0}
    tried = tuple(Tried(batch, need, speed) for batch, speed in speeds.items())
    assert Found(tried, 100, 1e9, 50.0).suggestion == 4
