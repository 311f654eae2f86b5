"""safelight suggest: what it prints, draws and writes is what colorize takes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from safelight.pixels.files import read_photo, write_photo
from safelight.tasks.colorize.hints import Hint, HintSet
from tests.cli.shell import safelight
from tests.nn.small import export_colorizer, make_network, random_planes
from tests.runtime.tiny import CARD, make_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "small.onnx"
    network = make_network(head="bins")
    torch.nn.init.normal_(network.out.weight, std=0.05)
    card = replace(CARD, name="small")
    export_colorizer(network, card, path, [random_planes(1, (64, 96))[0].numpy()])
    return path


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 256, (60, 90, 1), np.uint8).repeat(3, 2)
    return write_photo(tmp_path / "dress.png", pixels)


def test_places_are_told_drawn_and_written(photo: Path, model: Path) -> None:
    here = photo.parent
    HintSet([Hint(0.1, 0.2, "#aa3322")]).save(here / "mine.json")
    asked = ("suggest", "dress.png", "-n", "2", "--hints", "mine.json", "--model", model)
    done = safelight(*asked, "-o", "dress.hints.json", "--picture", "places.png", cwd=here)
    assert done.returncode == 0, done.stderr
    first, second, *_ = done.stdout.splitlines()
    assert (first[0], second[0]) == ("1", "2")
    assert "a hint here removes" in first
    assert "of the uncertainty; guesses: " in first
    hints = HintSet.load(here / "dress.hints.json")
    assert len(hints) == 3
    assert f"{hints.hints[1].x:.3f},{hints.hints[1].y:.3f}" in first
    drawn = read_photo(here / "places.png").pixels
    assert np.ptp(drawn.astype(int), axis=2).max() > 0
    colored = safelight("colorize", "dress.png", "--model", model, cwd=here)
    assert colored.returncode == 0, colored.stderr


@pytest.mark.parametrize("option", ["-o", "--picture"])
def test_the_photo_is_never_replaced(photo: Path, model: Path, option: str) -> None:
    before = photo.read_bytes()
    done = safelight("suggest", photo, "--model", model, option, photo, "--overwrite")
    assert done.returncode == 2
    assert "would be replaced by its own result" in done.stderr
    assert photo.read_bytes() == before


def test_hints_are_json(photo: Path, model: Path) -> None:
    done = safelight("suggest", photo, "--model", model, "-o", photo.with_name("s.csv"))
    assert (done.returncode, "a hint file is JSON" in done.stderr) == (2, True)


def test_nothing_is_written_over(photo: Path, model: Path) -> None:
    there = photo.parent / "dress.hints.json"
    there.write_text("mine")
    done = safelight("suggest", photo, "--model", model, "-o", there)
    assert done.returncode == 2
    assert "is there already" in done.stderr
    assert there.read_text() == "mine"


def test_a_model_that_cannot_tell_says_so_in_a_line(photo: Path) -> None:
    done = safelight("suggest", photo, "--model", make_model(photo.parent))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "model.head bins" in done.stderr


def test_the_next_command_is_one_that_takes_the_file(photo: Path, model: Path) -> None:
    """A file beside the photo that is called by it is found by itself; others are named."""
    own, other = photo.with_name(f"{photo.stem}.hints.json"), photo.with_name("some hints.json")
    done = safelight("suggest", photo, "--model", model, "-o", own)
    assert done.stdout.splitlines()[-1].endswith(f"then safelight colorize {photo}")
    done = safelight("suggest", photo, "--model", model, "-o", other)
    assert done.stdout.splitlines()[-1].endswith(f"then safelight colorize {photo} --hints '{other}'")
