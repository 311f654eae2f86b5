"""The numbers that a picture file holds, before any color is understood: grey, RGB, inks, CIE Lab, and alpha."""

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from jaxtyping import Shaped, UInt8
from PIL import Image

from safelight.arrays import Pixels
from safelight.pixels.space import Encoding, Mode

Alpha: TypeAlias = Shaped[np.ndarray, "h w"]  # 0 = transparent, the type's highest number = opaque
Numbers: TypeAlias = Shaped[np.ndarray, "*h w c"]  # uint8 or uint16; c = 1 grey, 3 RGB or Lab, 4 inks
NO_ALPHA = "its alpha is nought everywhere, which would hide all of it; it was taken for opaque"
_PIECE = 1 << 20  # pixels that are worked on at a time


@dataclass(frozen=True, eq=False)
class Stored:
    """What a file holds: own numbers (h, w, c), alpha (h, w), and remarks.

    Inks are 0 where there is none; a and b of Lab lie around the middle number, `lab` says in which encoding.
    associated: whether the file holds colors multiplied by alpha; here they are not.
    """

    mode: Mode
    pixels: Numbers
    alpha: Alpha | None = None
    remarks: tuple[str, ...] = ()
    lab: Encoding = "CIELab"
    associated: bool = False


def with_alpha_believed(stored: Stored) -> Stored:
    """Without an alpha that is nought everywhere: files of programs that fill that byte with nothing."""
    if stored.alpha is None or stored.alpha.any():
        return stored
    return replace(stored, alpha=None, remarks=(*stored.remarks, NO_ALPHA))


def on_white(pixels: Pixels, alpha: Alpha, paper: int | None = None) -> Pixels:
    """The picture (h, w, channels) laid on white paper; both of one depth. paper: white's number."""
    most = int(np.iinfo(pixels.dtype).max)
    paper = most if paper is None else paper
    result = np.empty_like(pixels)
    rows = max(1, _PIECE // pixels.shape[1])
    for top in range(0, len(pixels), rows):
        cover = alpha[top : top + rows, :, None].astype(np.uint64)
        mixed = pixels[top : top + rows] * cover + paper * (most - cover)
        result[top : top + rows] = (mixed + most // 2) // most
    return result


def to_array(image: Image.Image) -> UInt8[np.ndarray, "h w *c"]:
    """The pixels of a loaded picture of 8 bits, without a second copy of it on the way."""
    channels = len(image.getbands())
    array = np.empty((image.height, image.width, channels)[: 3 if channels > 1 else 2], np.uint8)
    rows = max(1, _PIECE // image.width)
    for top in range(0, image.height, rows):
        bottom = min(top + rows, image.height)
        array[top:bottom] = np.asarray(image.crop((0, top, image.width, bottom)))
    return array


def upright(array: Shaped[np.ndarray, "h w *c"], turn: int) -> Shaped[np.ndarray, "h2 w2 *c"]:
    """The array turned and mirrored as an EXIF orientation, 1 to 8, asks for."""
    if turn >= 5:
        array = array.swapaxes(0, 1)
    if turn in (2, 3, 6, 7):
        array = array[:, ::-1]
    if turn in (3, 4, 7, 8):
        array = array[::-1]
    return np.ascontiguousarray(array)


def multiplied(pixels: Pixels, alpha: Alpha) -> Pixels:
    """Colors (h, w, c) times alpha, but where it is 0: the inverse of dividing, for colors that are not above it."""
    most = int(np.iinfo(pixels.dtype).max)
    cover = np.where(alpha == 0, most, alpha)[..., None].astype(np.uint64)
    return np.asarray((pixels * cover + most // 2) // most, pixels.dtype)
