"""A picture's own numbers, as its file holds them, and the pictures that are filled in place of them.

What mends a photo works on these numbers, so that what is not mended stays the same bit by bit in every color
space and mode. A method that fills sees RGB pictures 0..1: grey three times, RGB as it is (linear light under
sRGB's curve), inks as a picture of cyan, magenta and yellow and one of black, Lab as a wide RGB.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from safelight.arrays import Pixels, Srgb
from safelight.pixels import curves, lab, profiles
from safelight.pixels.hdr import convert_hdr
from safelight.pixels.space import SRGB, Mode, Space
from safelight.pixels.stored import Numbers

_STRIP = 1 << 20  # pixels converted at a time


@dataclass(frozen=True, eq=False)
class Native:
    """Own numbers (h, w, c) uint8 or uint16, upright: grey (c = 1), RGB, inks (0 = none) or Lab; and their space."""

    pixels: Numbers
    mode: Mode
    space: Space = SRGB
    associated: bool = False  # whether the file holds them multiplied by alpha (TIFF); here they are not

    @property
    def converted(self) -> bool:
        """Whether sRGB of these numbers is not the same numbers."""
        if self.mode in ("CMYK", "LAB") or self.space.hdr:
            return True
        return self.space.profile is not None and not profiles.is_srgb(self.space.profile, self.mode)


def to_srgb(numbers: Numbers, mode: Mode, space: Space) -> Pixels:
    """sRGB of own numbers, of the same depth: one channel of grey, else three. Raises ProfileError."""
    if space.hdr:
        return convert_hdr(numbers, space.hdr)
    if mode == "LAB":
        return lab.to_srgb(numbers, space.lab or "CIELab")
    if space.profile is None:
        return _without_inks(numbers) if mode == "CMYK" else numbers
    if mode == "L":
        return profiles.convert_grey(numbers, space.profile)
    if numbers.dtype == np.uint16:
        return profiles.convert_deep(numbers, space.profile)
    return _by_littlecms(numbers, mode, space.profile)


def lost_in_srgb(space: Space) -> tuple[str, ...]:
    """A remark on what may be lost where numbers of this space become sRGB."""
    if space.hdr:
        return (
            f"it is HDR ({space.hdr.transfer}): what is brighter than paper white (203 cd/m²) was cut off, "
            "the result is in sRGB",
        )
    return (f"its colors are in {space.name}, the result is in sRGB",) if space.wide else ()


def _by_littlecms(numbers: Numbers, mode: Mode, profile: bytes) -> Pixels:
    """8 bits of RGB or inks as sRGB, in strips."""
    if mode == "RGB" and profiles.is_srgb(profile, mode):
        return numbers
    rows = numbers if numbers.ndim == 3 else numbers.reshape(1, -1, numbers.shape[-1])
    result = np.empty((*rows.shape[:2], 3), np.uint8)
    step = max(1, _STRIP // rows.shape[1])
    for top in range(0, len(rows), step):
        strip = np.ascontiguousarray(rows[top : top + step])
        image = Image.frombytes(mode, (strip.shape[1], strip.shape[0]), strip.tobytes())
        result[top : top + step] = np.asarray(profiles.convert(image, profile))
    return result.reshape(*numbers.shape[:-1], 3)


def pictures(numbers: Numbers, mode: Mode, space: Space) -> list[Srgb]:
    """The pictures (h, w, 3) float32 0..1 that stand for own numbers (h, w, c)."""
    if mode == "LAB":
        return [lab.to_wide(numbers, space.lab or "CIELab")]
    if numbers.dtype.kind == "f":
        return [np.asarray(numbers, np.float32)]
    floats = np.divide(numbers, np.float32(np.iinfo(numbers.dtype).max), dtype=np.float32)
    if mode == "CMYK":
        return [1 - floats[..., :3], np.repeat(1 - floats[..., 3:], 3, axis=2)]
    if profiles.is_linear(space.profile):
        floats = curves.encode(floats)
    return [np.repeat(floats, 3, axis=2) if mode == "L" else floats]


def numbers_of(filled: list[Srgb], mode: Mode, space: Space, depth: "np.dtype[Any]") -> Numbers:
    """The inverse of `pictures`, rounded to own numbers of a depth."""
    first = filled[0]
    if mode == "LAB":
        return lab.from_wide(first, space.lab or "CIELab", depth)
    if mode == "CMYK":
        return _rounded(1 - np.concatenate([first, filled[1].mean(axis=2, keepdims=True)], axis=2), depth)
    floats = first.mean(axis=2, keepdims=True) if mode == "L" else first
    return _rounded(curves.linearize(floats) if profiles.is_linear(space.profile) else floats, depth)


def _rounded(floats: Srgb, depth: "np.dtype[Any]") -> Numbers:
    if depth.kind == "f":
        return np.asarray(floats, depth)
    white = np.iinfo(depth).max
    return np.asarray((floats * np.float32(white) + np.float32(0.5)).clip(0, white), depth)


def _without_inks(numbers: Numbers) -> Pixels:
    """Inks without a profile: (1 - C)(1 - K) and so on, as PostScript has it."""
    white = np.iinfo(numbers.dtype).max
    light: np.ndarray = white - numbers.astype(np.uint32 if white > 255 else np.uint16)
    return np.asarray((light[..., :3] * light[..., 3:] + white // 2) // white, numbers.dtype)
