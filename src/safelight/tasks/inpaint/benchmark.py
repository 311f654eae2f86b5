"""The questions about holes: pictures, and twelve masks for each: six bins of area, with and without a border.

A mask is a pure function of the picture's pixels, the cell, the size and the seed, so that everybody who
judges the same pictures fills the same holes; their hash proves it.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from safelight.arrays import Mask, Pixels, Srgb
from safelight.errors import DatasetError
from safelight.files import new_file
from safelight.tasks.colorize.benchmark import Pictures, count_enlarged, fit, fixed_sample, number_of
from safelight.tasks.inpaint.mask_sampling import BINS, Bin, draw_in_bin

SIZE = 128  # side of the squares that are judged, in pixels
SMALLEST = 32  # EfficientNet-Lite0's last stage is 32 times smaller


@dataclass(frozen=True)
class Cell:
    """One kind of hole. border: whether it may touch the picture's edge."""

    area: Bin
    border: bool

    @property
    def name(self) -> str:
        """ "10-20 %", "10-20 % b" """
        return f"{self.area[0] * 100:.0f}-{self.area[1] * 100:.0f} %{' b' if self.border else ''}"


CELLS: tuple[Cell, ...] = tuple(Cell(area, border) for border in (False, True) for area in BINS)


@dataclass(frozen=True)
class HoleQuestion:
    """One picture and its masks.

    index: number of the picture among those given. pixels: uint8 (size, size, 3). masks: bool, one a cell.
    """

    index: int
    pixels: Pixels
    masks: tuple[Mask, ...]

    @property
    def truth(self) -> Srgb:
        """The whole picture, sRGB 0..1."""
        return (self.pixels / np.float32(255)).astype(np.float32)

    def shown(self, cell: int) -> Srgb:
        """What a method is given: the picture with 0 in its hole."""
        return np.where(self.masks[cell][..., None], np.float32(0), self.truth)

    @property
    def sha256(self) -> str:
        """Hash of picture and masks."""
        digest = hashlib.sha256(self.pixels.tobytes())
        for mask in self.masks:
            digest.update(np.packbits(mask).tobytes())
        return digest.hexdigest()


@dataclass(frozen=True)
class HoleQuestions:
    """All questions of a sitting. enlarged: how many pictures were smaller than the size."""

    size: int
    seed: int
    asked: tuple[HoleQuestion, ...]
    enlarged: int

    def __len__(self) -> int:
        return len(self.asked)

    def __iter__(self) -> Iterator[HoleQuestion]:
        return iter(self.asked)

    @property
    def sha256(self) -> str:
        """Hash of all questions, whatever their order."""
        together = sorted(question.sha256 for question in self.asked)
        return hashlib.sha256("\n".join(together).encode()).hexdigest()

    def save(self, folder: Path) -> Path:
        """Write the masks as an npz whose name carries the hash; returns its path."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"holes-{self.size}-{self.sha256[:12]}.npz"
        if not path.exists():
            masks = np.stack([np.stack(question.masks) for question in self.asked])
            with new_file(path, overwrite=True) as file:
                np.savez_compressed(
                    file,
                    sha256=np.array([question.sha256 for question in self.asked]),
                    cells=np.array([cell.name for cell in CELLS]),
                    masks=np.packbits(masks, axis=-1),
                    size=np.array(self.size),
                )
        return path


def ask(pictures: Pictures, size: int = SIZE, seed: int = 0, limit: int | None = None) -> HoleQuestions:
    """The questions for these pictures, each squashed to a square of this side.

    limit: a fixed sample: the pictures whose hash is smallest. Raises DatasetError for no pictures, or a size
    under 32.
    """
    if size < SMALLEST:
        raise DatasetError(f"holes cannot be judged at {size} pixels; expected at least {SMALLEST}")
    if not len(pictures):
        raise DatasetError("no picture to judge; give others")
    asked = tuple(_about(pictures, index, size, seed) for index in fixed_sample(pictures, limit))
    return HoleQuestions(size, seed, asked, count_enlarged(pictures, (q.index for q in asked), size))


def _about(pictures: Pictures, index: int, size: int, seed: int) -> HoleQuestion:
    pixels = fit(pictures[index], pictures.rows(index), size)
    number = number_of(pixels)
    masks = tuple(
        draw_in_bin((size, size), cell.area, cell.border, np.random.default_rng([seed, place, number])) > 0
        for place, cell in enumerate(CELLS)
    )
    return HoleQuestion(index, pixels, masks)
