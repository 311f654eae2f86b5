"""What a page shows of a photo: a small copy of all or a part of it, as a picture or as its lightness alone."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from safelight.arrays import Pixels
from safelight.pixels.color import srgb_to_lightness
from safelight.pixels.geometry import Box, Size, resize
from safelight.service.limits import PREVIEW_PIXELS
from safelight.service.problems import ProblemError
from safelight.shaped import UInt8, UInt16

QUALITY = 92  # of JPEG
Format = Literal["jpeg", "png"]
Depth = Literal["u8", "u16"]
MEDIA_TYPES = {"jpeg": "image/jpeg", "png": "image/png"}


@dataclass(frozen=True)
class View:
    """A part of a photo, and the size (h, w) at which it is shown."""

    box: Box
    size: Size


def view_of(
    size: Size,
    left: int | None = None,
    top: int | None = None,
    width: int | None = None,
    height: int | None = None,
    pixels: int = PREVIEW_PIXELS,
) -> View:
    """The view of a photo of this size (h, w): all of it, or the part, with at most so many pixels, not enlarged.

    Raises ProblemError for a part that does not lie in the photo, or of which not all four numbers are given.
    """
    part = (left, top, width, height)
    if all(each is None for each in part):
        box = Box(0, 0, *size)
    elif left is None or top is None or width is None or height is None:
        raise ProblemError(422, "left, top, width and height: give all four of them, or none")
    else:
        box = Box(top, left, height, width)
        if left + width > size[1] or top + height > size[0]:
            raise ProblemError(
                422, f"the part ends at {left + width}, {top + height}; the photo is {size[1]} × {size[0]}"
            )
    return View(box, shown_size((box.height, box.width), pixels))


def shown_size(size: Size, pixels: int = PREVIEW_PIXELS) -> Size:
    """The size (h, w) at which so much of a photo is shown."""
    scale = min(1.0, math.sqrt(pixels / (size[0] * size[1])))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def small_copy(pixels: Pixels, view: View) -> Pixels:
    """The pixels of a view, of the photo's own depth."""
    return np.asarray(resize(pixels[view.box.slices], view.size))


def picture(pixels: Pixels, view: View, format: Format) -> bytes:
    """The view as a picture file of sRGB, 8 bits."""
    import cv2

    small = small_copy(pixels, view)
    if small.dtype == np.uint16:
        small = np.asarray((small.astype(np.uint32) * 255 + 32767) // 65535, np.uint8)
    options = [cv2.IMWRITE_JPEG_QUALITY, QUALITY, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, 0x111111]
    done, packed = cv2.imencode(
        f".{format}", small[..., ::-1], options if format == "jpeg" else [cv2.IMWRITE_PNG_COMPRESSION, 1]
    )
    if not done:
        raise ValueError("the view cannot be packed")
    return packed.tobytes()


def lightness(
    pixels: Pixels, view: View, depth: Depth
) -> UInt8[np.ndarray, "h w"] | UInt16[np.ndarray, "h w"]:
    """L of Lab of the view, 0..100 as 0..255 or 0..65535, little-endian."""
    L = srgb_to_lightness(small_copy(pixels, view)).clip(0, 100)
    white, kind = (255, np.dtype("u1")) if depth == "u8" else (65535, np.dtype("<u2"))
    return np.asarray(L * np.float32(white / 100) + np.float32(0.5), kind)
