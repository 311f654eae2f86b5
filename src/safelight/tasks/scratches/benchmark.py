"""The questions about damage: each picture as a print, whole, and damaged by each kind at each width.

A scan is a pure function of the picture's pixels, the cell, the size and the seed, so that everybody who judges
the same pictures looks at the same damage; their hash proves it.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from safelight.arrays import Mask, Pixels, Srgb
from safelight.errors import DatasetError
from safelight.tasks.colorize.benchmark import Pictures, count_enlarged, fit, fixed_sample, number_of
from safelight.tasks.scratches.damage import DamageSettings, damage
from safelight.tasks.scratches.print_simulation import PrintSettings, as_print, as_scan

SIZE = 256  # side of the squares that are judged, in pixels: a part of a photo
SMALLEST = 64
NUMBERS = {"scratches": 4, "cracks": 2, "dust": 25, "folds": 1}  # most of each on a square
WIDTHS = ((0.7, 1.5), (1.5, 4.0), (4.0, 8.0))  # pixels
VISIBLE = 0.06  # of black to white: what a smaller change hides is not asked for
PRINTS = PrintSettings()
VERSION = (
    1  # raise it when prints or scans come out otherwise: their verdicts cannot be compared with older ones
)


@dataclass(frozen=True)
class Cell:
    """One kind of damage at one range of widths, in pixels; none of either is a whole print."""

    kind: str = ""
    widths: tuple[float, float] = (0.0, 0.0)

    @property
    def name(self) -> str:
        """ "cracks 1.5-4", "whole" """
        return f"{self.kind} {self.widths[0]:g}-{self.widths[1]:g}" if self.kind else "whole"

    @property
    def settings(self) -> DamageSettings:
        """This kind alone."""
        numbers = dict.fromkeys(DamageSettings().most, 0) | {self.kind: NUMBERS[self.kind]}
        return DamageSettings(**numbers, widths=self.widths, visible=VISIBLE)


WHOLE = Cell()
CELLS: tuple[Cell, ...] = (*(Cell(kind, widths) for kind in NUMBERS for widths in WIDTHS), WHOLE)


class Print(NamedTuple):
    """A scan, sRGB 0..1 in 256 steps, and where it is damaged (bool)."""

    scan: Srgb
    mask: Mask


@dataclass(frozen=True)
class ScratchQuestion:
    """One picture; its prints are drawn when they are looked at. index: its number among those given."""

    index: int
    pixels: Pixels
    seed: int

    def print(self, cell: int) -> Print:
        """The print of that cell, the same each time."""
        rng = np.random.default_rng([self.seed, cell, number_of(self.pixels)])
        printed = as_print((self.pixels / np.float32(255)).astype(np.float32), rng, PRINTS)
        mask = np.zeros(printed.shape[:2], np.float32)
        if CELLS[cell] != WHOLE:
            printed, mask = damage(printed, rng, CELLS[cell].settings)
        levels = np.round(as_scan(printed, rng, PRINTS) * 255)
        return Print((levels / np.float32(255)).astype(np.float32), mask > 0)

    @property
    def sha256(self) -> str:
        """Hash of the picture and how it is drawn upon: prints follow from both."""
        return hashlib.sha256(self.pixels.tobytes() + str(self.seed).encode()).hexdigest()


@dataclass(frozen=True)
class ScratchQuestions:
    """All questions of a sitting. enlarged: how many pictures were smaller than the size."""

    size: int
    seed: int
    asked: tuple[ScratchQuestion, ...]
    enlarged: int

    def __len__(self) -> int:
        return len(self.asked)

    def __iter__(self) -> Iterator[ScratchQuestion]:
        return iter(self.asked)

    @property
    def sha256(self) -> str:
        """Hash of all questions, whatever their order, and of where the first picture's prints are damaged.

        Scans go through JPEG, whose last bits differ between machines: VERSION stands for what they look like.
        """
        drawn = [self.asked[0].print(cell) for cell in range(len(CELLS))]
        look = hashlib.sha256(b"".join(np.packbits(each.mask).tobytes() for each in drawn)).hexdigest()
        together = sorted(question.sha256 for question in self.asked)
        return hashlib.sha256("\n".join([*together, look, f"prints {VERSION}"]).encode()).hexdigest()


def ask(pictures: Pictures, size: int = SIZE, seed: int = 0, limit: int | None = None) -> ScratchQuestions:
    """The questions for these pictures, each squashed to a square of this side.

    limit: a fixed sample: the pictures whose hash is smallest. Raises DatasetError for no pictures, or a size
    under 64.
    """
    if size < SMALLEST:
        raise DatasetError(f"damage cannot be judged at {size} pixels; expected at least {SMALLEST}")
    if not len(pictures):
        raise DatasetError("no picture to judge; give others")
    chosen = fixed_sample(pictures, limit)
    asked = (ScratchQuestion(i, fit(pictures[i], pictures.rows(i), size), seed) for i in chosen)
    return ScratchQuestions(size, seed, tuple(asked), count_enlarged(pictures, chosen, size))
