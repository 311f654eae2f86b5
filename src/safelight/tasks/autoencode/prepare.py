"""Autoencoding as a question and its answer: a photo in the network's square, and a picture out of it.

The question is sRGB 0..1, channels first, and a mask of the padding: 1 = padding, which belongs to no photo.
Padding is mid grey, whatever lies beside the photo, so that the same photo always asks the same question; the
loss and the judge leave it out.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from safelight.arrays import Pixels, Planes, Srgb
from safelight.errors import PhotoError, RecipeError
from safelight.pixels.geometry import Box, fit_size, letterbox, resize, square_of_dataset, unletterbox
from safelight.shaped import Float32

FitName = Literal["pad", "crop", "stretch"]
GREY = np.float32(0.5)


@dataclass(frozen=True)
class AutoencodePreparation:
    """How a photo becomes the network's square. In the card, so that a model is used as it was trained.

    fit: "pad" keeps the whole photo inside a border, "crop" cuts the ends of the longer side off, "stretch"
      squeezes it.
    aspect: height over width of the typical photo it was trained on, measured (training/code): pictures that
      come from no photo are cut to it.
    """

    fit: FitName = "pad"
    aspect: float = 1.0

    def __post_init__(self) -> None:
        if not 0.05 <= self.aspect <= 20:
            raise RecipeError(f"preparation.aspect is {self.aspect:g}; expected 0.05 to 20")

    def typical_box(self, size: int) -> Box:
        """Where a photo of the typical aspect lies in the square; the whole of it unless padded."""
        if self.fit != "pad":
            return Box(0, 0, size, size)
        height = min(size, max(1, round(size * self.aspect)))
        width = min(size, max(1, round(size / self.aspect)))
        return Box((size - height) // 2, (size - width) // 2, height, width)


class Framed(NamedTuple):
    """A question: planes (3, s, s) 0..1, padding (1, s, s) 1 = padding, and the box that the photo fills."""

    planes: Planes
    padding: Float32[np.ndarray, "1 s s"]
    box: Box


def frame(pixels: Pixels, side: int, preparation: AutoencodePreparation = AutoencodePreparation()) -> Framed:
    """The photo (h, w, 3), uint8, uint16 or floats 0..1, in the network's square. Raises PhotoError."""
    check_pixels(pixels)
    size = (side, side)
    if preparation.fit == "pad":
        square, box = letterbox(pixels, size)
    else:
        square = _crop(pixels, side) if preparation.fit == "crop" else resize(pixels, size)
        box = Box(0, 0, side, side)
    white = np.float32(np.iinfo(square.dtype).max if square.dtype.kind == "u" else 1)
    padding = np.ones((1, *size), np.float32)
    padding[0][box.slices] = 0
    planes = np.moveaxis(square.astype(np.float32) / white, 2, 0)
    return Framed(np.where(padding > 0, GREY, planes), padding, box)


def unframe(planes: Planes, box: Box, size: tuple[int, int] | None = None) -> Srgb:
    """The answer (3, s, s) as a picture (h, w, 3), 0..1: what is in the box, resized to `size` if one is given."""
    return np.clip(unletterbox(np.moveaxis(planes, 0, 2), box, size), 0, 1)


def check_pixels(pixels: Pixels) -> None:
    """Raises PhotoError unless the array is (h, w, 3) of uint8, uint16, or floats 0..1."""
    found = getattr(pixels, "shape", type(pixels).__name__)
    if not isinstance(pixels, np.ndarray) or pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
        raise PhotoError(f"the picture is {found}; expected an array (h, w, 3) of sRGB values")
    if pixels.dtype.kind == "f":
        low, high = float(pixels.min()), float(pixels.max())
        if not (low >= -1e-3 and high <= 1.001):  # NaN fails this too
            mend = "divide it by 255" if low >= 0 and 1 < high <= 255 else "scale it to 0..1"
            raise PhotoError(f"the picture has floats from {low:.4g} to {high:.4g}; expected 0..1: {mend}")
    elif pixels.dtype not in (np.uint8, np.uint16):
        raise PhotoError(f"the picture is of {pixels.dtype}; expected uint8, uint16, or floats 0..1")


def _crop(pixels: Pixels, side: int) -> Pixels:
    """The square that a dataset built with fit "crop" has of the photo."""
    height, width = fit_size((pixels.shape[0], pixels.shape[1]), side)
    top, left = square_of_dataset(height, width, side)
    return resize(pixels, (height, width))[top : top + side, left : left + side]
