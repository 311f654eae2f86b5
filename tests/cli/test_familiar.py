"""safelight colorize says which photos are unlike those that its model was trained on."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from safelight.pixels.files import write_photo
from safelight.tasks.colorize.familiarity import Unfamiliarity, features
from tests.cli.shell import safelight
from tests.nn.small import export_colorizer, make_network, random_planes
from tests.runtime.tiny import CARD


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It knows flat grey pictures, and nothing else."""
    network = make_network().eval()
    grey = [np.full((64, 64, 3), level, np.uint8) for level in range(40, 240, 4)]
    kept = torch.nn.functional.normalize(torch.from_numpy(features(network, grey, range(50))), dim=1)
    path = tmp_path_factory.mktemp("model") / "grey.onnx"
    export_colorizer(
        network, replace(CARD, name="grey"), path, [random_planes(1)[0].numpy()], Unfamiliarity(kept, 1, 0.1)
    )
    return path


def photos(folder: Path) -> None:
    write_photo(folder / "flat.png", np.full((64, 64, 3), 130, np.uint8))
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 1), np.uint8).repeat(3, 2)
    write_photo(folder / "noise.png", noise)


def test_of_several_photos_the_unfamiliar_ones_are_named_and_all_are_counted(
    tmp_path: Path, model: Path
) -> None:
    photos(tmp_path)
    done = safelight("colorize", ".", "--model", model, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("2 photos colored (1 unlike the training photos), ")
    assert done.stdout.count("\n") == 1
    (warned,) = done.stderr.splitlines()
    assert warned.startswith("noise.png: is unlike the photos that the model was trained on")


def test_of_one_photo_nothing_is_said_where_it_is_familiar(tmp_path: Path, model: Path) -> None:
    photos(tmp_path)
    done = safelight("colorize", "flat.png", "--model", model, cwd=tmp_path)
    assert done.stdout.startswith("colored flat-color.png, ")
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""
    warned = safelight("colorize", "noise.png", "--model", model, cwd=tmp_path)
    assert warned.stdout.startswith("colored noise-color.png, ")
    assert warned.stderr.count("\n") == 1
