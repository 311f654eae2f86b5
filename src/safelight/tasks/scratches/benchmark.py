"""The samples of the evaluation of scratch detection: each picture as a print, whole, and damaged in every way.

A scan is a pure function of the picture's pixels, the cell, the size and the seed, so that everybody who
evaluates the same pictures looks at the same damage; their hash proves it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from safelight.arrays import Mask, Pixels, Srgb
from safelight.errors import DatasetError
from safelight.evaluation.samples import (
    Pictures,
    Samples,
    count_enlarged,
    fixed_sample,
    hash_lines,
    seed_from_pixels,
    square,
)
from safelight.prints.damage import DamageSettings, damage
from safelight.prints.simulation import PrintSettings, as_print, as_scan

SIZE = 256  # side of the squares that are evaluated, in pixels: a part of a photo
SMALLEST = 64
NUMBERS = {"scratches": 4, "cracks": 2, "dust": 25, "folds": 1}  # most of each on a square
WIDTHS = ((0.7, 1.5), (1.5, 4.0), (4.0, 8.0))  # pixels
VISIBLE = 0.06  # of black to white: what a smaller change hides does not count as damage
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
class PrintSample:
    """One picture; its prints are drawn when they are looked at. index: its number among those given.

    clean: whether the damage of these prints is drawn on the picture itself, neither printed nor scanned.
    """

    index: int
    pixels: Pixels
    seed: int
    clean: bool = False

    def print(self, cell: int) -> Print:
        """The print of that cell, the same each time."""
        rng = np.random.default_rng([self.seed, cell, seed_from_pixels(self.pixels)])
        picture = (self.pixels / np.float32(255)).astype(np.float32)
        printed = as_print(picture, rng, PRINTS)
        if self.clean:
            printed = picture
        mask = np.zeros(printed.shape[:2], np.float32)
        if CELLS[cell] != WHOLE:
            printed, mask = damage(printed, rng, CELLS[cell].settings)
        levels = np.round((printed if self.clean else as_scan(printed, rng, PRINTS)) * 255)
        return Print((levels / np.float32(255)).astype(np.float32), mask > 0)

    @property
    def sha256(self) -> str:
        """Hash of the picture and how it is drawn upon: prints follow from both."""
        drawn = f"{self.seed}{' clean' if self.clean else ''}"
        return hashlib.sha256(self.pixels.tobytes() + drawn.encode()).hexdigest()


def draw_samples(
    pictures: Pictures, size: int = SIZE, seed: int = 0, limit: int | None = None, clean: bool = False
) -> Samples[PrintSample]:
    """The samples of these pictures, each squashed to a square of this side.

    limit: of a fixed sample of so many pictures. clean: damage on the pictures themselves. Raises DatasetError for
    no pictures, or a size under 64.
    """
    if size < SMALLEST:
        raise DatasetError(f"damage cannot be judged at {size} pixels; expected at least {SMALLEST}")
    if not len(pictures):
        raise DatasetError("no picture to judge; give others")
    numbers = fixed_sample(pictures, limit)
    items = tuple(draw_sample(pictures, index, size, seed, clean) for index in numbers)
    return Samples(
        protocol=f"scratches-{size}",
        size=size,
        seed=seed,
        items=items,
        sha256=_hash(items),
        enlarged=count_enlarged(pictures, numbers, size),
    )


def draw_sample(pictures: Pictures, index: int, size: int, seed: int, clean: bool = False) -> PrintSample:
    """The sample of one picture."""
    return PrintSample(index, square(pictures, index, size), seed, clean)


def _hash(items: Sequence[PrintSample]) -> str:
    """Hash of all samples, whatever their order, and of where the first picture's prints are damaged.

    Scans go through JPEG, whose last bits differ between machines: VERSION stands for what they look like.
    """
    masks = [np.packbits(items[0].print(cell).mask).tobytes() for cell in range(len(CELLS))]
    damaged = hashlib.sha256(b"".join(masks)).hexdigest()
    return hash_lines([*sorted(sample.sha256 for sample in items), damaged, f"prints {VERSION}"])
