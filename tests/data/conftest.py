"""Small painted photos: smooth, colorful, each unlike the others, and the same for the same number."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

Painter = Callable[[int], Image.Image]
FolderMaker = Callable[[str, Sequence[int]], Path]


def paint(number: int, size: tuple[int, int] = (96, 120)) -> Image.Image:
    """A picture (h, w) of soft colored blobs."""
    blobs = np.random.default_rng(number).integers(0, 256, (7, 9, 3), np.uint8)
    return Image.fromarray(blobs).resize(size[::-1], Image.Resampling.BICUBIC)


@pytest.fixture
def painted(tmp_path: Path) -> FolderMaker:
    """painted("photos", range(5)): a folder of five pictures 000.png to 004.png; more can be added."""

    def make(name: str, numbers: Sequence[int]) -> Path:
        folder = tmp_path / name
        folder.mkdir(parents=True, exist_ok=True)
        for number in numbers:
            paint(number).save(folder / f"{number:03}.png")
        return folder

    return make
