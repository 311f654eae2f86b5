"""Small colored pictures: in memory for what draws samples, as a dataset for what trains."""

import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from safelight.data.build import build_dataset
from safelight.data.settings import BuildSettings
from safelight.pixels.files import write_photo
from safelight.tasks.colorize.recipe import ColorizeRecipe
from safelight.tasks.colorize.validation import ColorizeValidation, choose
from safelight.training.overrides import override
from safelight.training.recipe import recipe_named


class Album:
    """Pictures and their sources, as training wants them."""

    def __init__(self, pictures: list[np.ndarray], sources: list[str]) -> None:
        self.pictures, self.sources = pictures, sources

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> np.ndarray:
        return self.pictures[index]


def soft_picture(number: int, size: tuple[int, int] = (64, 64)) -> np.ndarray:
    """Blobs of color, sRGB uint8 (h, w, 3), the same for the same number."""
    coarse = np.random.default_rng(number).integers(0, 256, (5, 5, 3), dtype=np.uint8)
    return cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_CUBIC)


@pytest.fixture(scope="session")
def album() -> Album:
    return Album([soft_picture(number) for number in range(12)], ["fields"] * 8 + ["rooms"] * 4)


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty-four photos whose names, not their files, decide the split."""
    folder = tmp_path_factory.mktemp("photos")
    rows = []
    for number in range(24):
        write_photo(folder / f"{number:02}.png", soft_picture(number, (72, 96)))
        rows.append({"file_name": f"{number:02}.png", "origin_path": f"album/{number}", "source": "album"})
    (folder / "metadata.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


@pytest.fixture(scope="session")
def dataset(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The photos as a dataset of which a quarter is held out."""
    folder = tmp_path_factory.mktemp("datasets") / "album"
    build_dataset(photos, folder, BuildSettings(size=64, val=0.25, test=0.1))
    return folder


@pytest.fixture(scope="session")
def tiny() -> ColorizeRecipe:
    """The smallest recipe, of twelve steps."""
    changes = {"train.steps": "12", "train.checkpoint_every": "5", "train.validate_every": "8"}
    return override(recipe_named("quick"), changes)


@pytest.fixture(scope="module")
def two_probes() -> Iterator[None]:
    """Two pictures of those held out are scored, and two of those learned from: all of them cost more than a run."""
    with pytest.MonkeyPatch.context() as patch:
        two = classmethod(lambda cls, found, size, how: cls(choose(found, size, 2), how))
        patch.setattr(ColorizeValidation, "choose", two)
        yield


@pytest.fixture(scope="session", autouse=True)
def one_thread_from_the_beginning() -> None:
    """Runs that are compared bit by bit have as many threads, those that fixtures make too."""
    torch.set_num_threads(1)


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Sums in one order, so that equal runs are equal to the last bit."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
