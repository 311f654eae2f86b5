"""Probes: the same each time, in color, and scored in dB over grey."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from safelight.arrays import Ab, Lightness
from safelight.pixels.color import colorfulness
from safelight.tasks.colorize.hints import Points
from safelight.tasks.colorize.recipe import ColorizeRecipe
from safelight.tasks.colorize.validation import (
    COUNTS,
    HintedPicture,
    NetworkPredict,
    choose,
    contact_sheet,
    gain_over_grey,
    join,
    psnr,
)
from safelight.tasks.inpaint.validation import hole_psnr
from safelight.training.guard.answers import FailureCheck
from safelight.training.guard.callback import Guard
from safelight.training.guard.diagnosis import advice_for
from safelight.training.guard.events import RollbackRequested, words
from safelight.training.guard.settings import GuardSettings
from safelight.training.task import training_task
from tests.training.conftest import Album, soft_picture


@pytest.fixture(scope="module")
def probes(album: Album) -> list[HintedPicture]:
    return choose(album, 32)


def test_probes_are_the_same_each_time(album: Album, probes: list[HintedPicture]) -> None:
    again = choose(album, 32)
    for one, two in zip(probes, again, strict=True):
        assert np.array_equal(one.ab, two.ab)
        assert np.array_equal(one.points.ab, two.points.ab)


def test_probes_have_hints_enough_and_true(probes: list[HintedPicture]) -> None:
    for probe in probes:
        assert probe.L.shape == (32, 32)
        assert probe.ab.shape == (32, 32, 2)
        assert len(probe.points) == max(COUNTS)
        there = probe.ab[probe.points.y, probe.points.x]
        assert np.abs(probe.points.ab - there).mean() < 8  # means of 3 x 3


def test_grey_pictures_are_no_probes(album: Album) -> None:
    grey = np.repeat(album[0].mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)
    mixed = Album([grey, *album.pictures[:3], grey], ["any"] * 5)
    assert len(choose(mixed, 32)) == 3
    assert len(choose(mixed, 32, count=2)) == 2
    assert choose(Album([grey], ["any"]), 32) == []


def test_psnr_is_that_of_a_known_error() -> None:
    grey = np.full((8, 8, 3), 0.5, np.float32)
    assert psnr(grey + np.float32(0.1), grey) == pytest.approx(20, abs=1e-3)
    assert psnr(grey, grey) == 50
    assert np.isnan(psnr(np.full_like(grey, np.nan), grey))
    assert np.isnan(hole_psnr(np.full_like(grey, np.nan), grey, np.ones((8, 8), np.float32)))


def test_the_truth_gains_all_and_grey_nothing(probes: list[HintedPicture]) -> None:
    probe = probes[0]
    truth = join(probe.L, probe.ab)
    grey = psnr(join(probe.L, np.zeros_like(probe.ab)), truth)
    assert gain_over_grey(probe, lambda L, points: probe.ab, 10) == pytest.approx(50 - grey)
    assert gain_over_grey(probe, lambda L, points: np.zeros_like(probe.ab), 10) == 0


def test_a_sheet_has_a_row_a_probe_and_the_truth_at_its_end(probes: list[HintedPicture]) -> None:
    asked = []

    def predict(L: Lightness, points: Points) -> Ab:
        asked.append(len(points))
        return np.zeros((*L.shape, 2), np.float32)

    sheet = contact_sheet(probes[:3], predict)
    assert sheet.shape == (3 * 32, 5 * 32, 3)
    assert sheet.dtype == np.uint8
    assert asked == [0, 5] * 3
    truth = np.round(join(probes[0].L, probes[0].ab) * 255).astype(np.uint8)
    assert np.array_equal(sheet[:32, -32:], truth)
    assert np.array_equal(sheet[:32, :32], sheet[:32, 64:96])  # grey, and the grey answer


def test_answers_that_are_no_numbers_are_drawn_black(probes: list[HintedPicture]) -> None:
    def broken(L: Lightness, points: Points) -> Ab:
        return np.full((*L.shape, 2), np.nan, np.float32)

    sheet = contact_sheet(probes[:1], broken)  # a warning would be an error here
    assert (sheet[:, 64:128] == 0).all()
    assert sheet[:, -32:].any()


def test_the_gain_of_vivid_colors_is_measured_on_more_pictures_than_are_scored(
    tiny: ColorizeRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pictures are more colorful behind the first 64: those alone would ask for too little."""
    order = np.random.default_rng(0).permutation(80)
    bright = [soft_picture(number) for number in range(80)]
    pictures = [(128 + (picture / 1.0 - 128) / 4).astype(np.uint8) for picture in bright]
    for number in order[64:]:
        pictures[number] = bright[number]
    album = Album(pictures, ["fields"] * 80)
    flat = np.ones((1, 32, 32), np.float32)
    monkeypatch.setattr(
        NetworkPredict, "reply", lambda self, planes: (np.vstack([0.25 * flat, 0.1 * flat]), 0.3 * flat)
    )
    validation = training_task(tiny).validation(album, replace(tiny, augment=replace(tiny.augment, size=32)))
    assert len(validation) == 64
    network = training_task(tiny).network(tiny)
    measured = validation.metadata(network)["vivid_gain"]

    def reached(gain: float) -> float:
        """Mean colorfulness of all 80 at vivid 1."""
        predict = NetworkPredict(network, replace(tiny.preparation, vivid_gain=gain), vivid=1.0)
        answers = [join(each.L, predict(each.L, Points.none())) for each in choose(album, 32, count=80)]
        return float(np.mean([colorfulness(answer) for answer in answers]))

    true = np.mean([colorfulness(join(each.L, each.ab)) for each in choose(album, 32, count=80)])
    assert reached(0.97 * measured) < true < reached(1.03 * measured)


def trainer_at(step: int) -> Any:
    return SimpleNamespace(global_step=step, max_steps=100, is_global_zero=True, world_size=1, callbacks=[])


def test_colors_out_of_range_trip_the_guard(album: Album, tiny: ColorizeRecipe) -> None:
    """A few pixels of 3,300 units of ab, which a clipped picture hardly shows and no average of it tells."""
    torch.manual_seed(0)
    training = training_task(tiny)
    probes, network = training.validation(album, tiny), training.network(tiny)
    assert isinstance(probes, FailureCheck)
    assert probes.failure(network) is None
    usual = NetworkPredict.reply

    def with_a_patch(self: NetworkPredict, planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        ab, chroma = usual(self, planes)
        ab = ab.copy()
        ab[1, :2, :2] = -30
        return ab, chroma

    guard = Guard(None, GuardSettings(), probes, 8)
    module: Any = SimpleNamespace(
        training=False, network=network, get_submodule=lambda name: network, train=lambda mode: None
    )
    guard._check_answers(trainer_at(8), module)
    assert not guard.failing
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(NetworkPredict, "reply", with_a_patch)
        with pytest.raises(RollbackRequested) as tripped:
            guard._check_answers(trainer_at(16), module)
    (sign,) = tripped.value.signs
    assert sign.measure == "range"
    assert sign.seen == pytest.approx(30 * 110, rel=0.02)
    assert words(sign).startswith(
        "the answers to the validation samples have colors that no picture can show: a chroma of 3.3e+03"
    )
    assert tripped.value.blame == "network"
    assert "--loss.diversity 0" in advice_for("range", "", "network", "colorize").attempt
    assert isinstance(network, nn.Module)
    guard._check_answers(trainer_at(24), module)  # what is well again does not trip
