"""The samples of the evaluation of inpainting: pictures, and twelve masks for each: six bins of area, with and
without a border.

A mask is a pure function of the picture's pixels, the cell, the size and the seed, so that everybody who evaluates
the same pictures fills the same holes; their hash proves it.
"""

import hashlib
from dataclasses import dataclass

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
from safelight.prints.simulation import old_print
from safelight.tasks.inpaint.mask_sampling import BINS, Bin, draw_in_bin

SIZE = 128  # side of the squares that are evaluated, in pixels
PRINT = "-print"  # how the name of the protocol ends for simulated old prints
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
class HoleSample:
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


def draw_samples(
    pictures: Pictures, size: int = SIZE, seed: int = 0, limit: int | None = None, prints: bool = False
) -> Samples[HoleSample]:
    """The samples of these pictures, each squashed to a square of this side.

    limit: of a fixed sample of so many pictures. prints: of simulated old prints of them, with the same holes. Raises
    DatasetError for no pictures, or a size under 32.
    """
    if size < SMALLEST:
        raise DatasetError(f"holes cannot be judged at {size} pixels; expected at least {SMALLEST}")
    if not len(pictures):
        raise DatasetError("no picture to judge; give others")
    items = tuple(draw_sample(pictures, index, size, seed, prints) for index in fixed_sample(pictures, limit))
    masks = np.stack([np.stack(sample.masks) for sample in items])
    return Samples(
        protocol=f"holes-{size}{PRINT if prints else ''}",
        size=size,
        seed=seed,
        items=items,
        sha256=hash_lines(sorted(sample.sha256 for sample in items)),
        enlarged=count_enlarged(pictures, (sample.index for sample in items), size),
        arrays={
            "cells": np.array([cell.name for cell in CELLS]),
            "masks": np.packbits(masks, axis=-1),
            "size": np.array(size),
        },
    )


def draw_sample(pictures: Pictures, index: int, size: int, seed: int, prints: bool = False) -> HoleSample:
    """The sample of one picture, or of a simulated old print of it, with the holes of the picture."""
    pixels = square(pictures, index, size)
    number = seed_from_pixels(pixels)
    masks = tuple(
        draw_in_bin((size, size), cell.area, cell.border, np.random.default_rng([seed, place, number])) > 0
        for place, cell in enumerate(CELLS)
    )
    if prints:
        pixels = old_print(pixels, np.random.default_rng([seed, len(CELLS), number]))
    return HoleSample(index, pixels, masks)
