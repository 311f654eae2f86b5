"""The doctor at a run's side: measures in metrics.csv, dead channels counted, one line for each symptom."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from safelight.data.cache import open_dataset
from safelight.journal.run import Run
from safelight.tasks.colorize.recipe import ColorizeRecipe
from safelight.tasks.colorize.validation import ColorizeValidation
from safelight.training.callbacks import LiveDoctor, ReportsEvidence, some_pictures, trained_activations
from safelight.training.guard.answers import silent_channels
from safelight.training.task import training_task
from tests.journal.made import SICK, healthy, write_run
from tests.training.conftest import Album


def test_dead_channels_are_counted_where_something_is_trained() -> None:
    net = nn.Sequential(
        nn.Sequential(nn.Conv2d(1, 8, 1), nn.ReLU()), nn.Sequential(nn.Conv2d(8, 8, 1), nn.SiLU())
    )
    with torch.no_grad():
        net[0][0].weight.fill_(1.0)
        net[0][0].bias.copy_(torch.tensor([0.0, 0, 0, 0, 0, -9, -9, -9]))  # three never fire
        nn.init.eye_(net[1][0].weight[:, :, 0, 0])
        net[1][0].bias.zero_()
    with silent_channels(trained_activations(net)) as dead:
        net(torch.rand(2, 1, 4, 4))
        net(torch.rand(1, 1, 6, 6))
    assert dead() == pytest.approx((3 + 3) / 16)
    net[0].requires_grad_(False)
    with silent_channels(trained_activations(net)) as dead:
        net(torch.rand(2, 1, 4, 4))
    assert dead() == pytest.approx(3 / 8)
    assert not net[0][1]._forward_hooks
    with silent_channels(trained_activations(nn.Identity())) as dead:
        pass
    assert dead() == 0


def test_a_new_network_obeys_and_is_pale(album: Album, tiny: ColorizeRecipe) -> None:
    torch.manual_seed(0)
    training = training_task(tiny)
    probes = training.validation(album, tiny)
    assert isinstance(probes, ColorizeValidation)
    assert isinstance(probes, ReportsEvidence)
    told = probes.evidence(training.network(tiny))
    assert all(np.isfinite(value) for value in told.values())
    assert told["chroma"] < 0.1  # it begins with almost no color
    assert 0.4 < told["obeyed"] <= 1  # and passes the kriged hints on


def test_training_pictures_are_the_same_each_time(dataset: Path) -> None:
    pictures = open_dataset(dataset, "train")
    few = some_pictures(pictures, 5)
    assert len(few) == 5
    assert np.array_equal(few.numbers, some_pictures(pictures, 5).numbers)
    assert set(few.numbers) <= set(pictures.numbers)
    assert len(some_pictures(pictures, 500)) == len(pictures)


def test_a_symptom_is_told_once_when_it_appears(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    well = healthy(rng)
    lines: list[str] = []
    folder = write_run(tmp_path, "run", well, state="running")
    doctor = LiveDoctor(Run(folder), lines.append)
    doctor._look()
    assert lines == []  # nothing new was measured
    doctor._due = True
    doctor._look()
    assert lines == []
    sick = SICK["a leap that stays"][1](well, rng)
    write_run(tmp_path, "sick", sick)
    (tmp_path / "sick" / "metrics.csv").replace(folder / "metrics.csv")
    for _ in range(3):
        doctor._due = True
        doctor._look()
    (line,) = lines
    assert line.startswith(f"step {sick.step}: unstable: the loss rose from")
    assert "; try --optimizer.lr 0.0006" in line
    assert "\n" not in line
