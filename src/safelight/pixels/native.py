"""A picture's own numbers, as its file holds them, to sRGB; and the pictures that are filled in place of them.

What repairs a photo works on these numbers, so that what is not repaired stays the same bit by bit in every color
space and mode. A method that fills sees RGB pictures 0..1: grey three times, RGB as it is (linear light under
sRGB's curve), inks as a picture of cyan, magenta and yellow and one of black, Lab as a wide RGB.

HDR (PQ and HLG): what is brighter than paper white is cut off. CIE Lab as TIFF holds it: numbers here are without
signs, L 0..full, a and b around the middle (128 or 32768).
Sources: ITU-R BT.2100, BT.2408 (HDR); TIFF 6.0, section 23; TIFF-FX (RFC 3949).
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from PIL import Image

from safelight.arrays import Pixels, Srgb
from safelight.pixels import color, profiles
from safelight.pixels.icc import LEVELS, SRGB_PRIMARIES, Primaries, to_d50, to_xyz
from safelight.pixels.space import SRGB, Encoding, Hdr, Mode, Numbers, Space, narrow_levels
from safelight.shaped import Float32, Shaped

PAPER_WHITE = 203.0  # cd/m², BT.2408, 2.2
HLG_PEAK = 1000.0  # cd/m² of the display for which the system gamma of HLG is 1.2
_FLOAT_STRIP = 1 << 17  # pixels at a time


def convert_hdr(pixels: Shaped[np.ndarray, "*h w c"], hdr: Hdr) -> Shaped[np.ndarray, "*h w c"]:
    """uint8 or uint16 of PQ or HLG, RGB or grey (one channel), as sRGB of the same depth."""
    table, mixing = _table(hdr, 8 * pixels.itemsize), _mixing(hdr)
    channels, white = pixels.shape[-1], np.iinfo(pixels.dtype).max
    flat = pixels.reshape(-1, channels)
    result = np.empty_like(flat)
    for start in range(0, len(flat), _FLOAT_STRIP):
        strip = flat[start : start + _FLOAT_STRIP].astype(np.uint16) * np.uint16(65535 // white)
        light = table[strip]
        if channels == 3:
            light = color.mixed(_displayed(light, hdr), mixing)
        elif hdr.transfer == "HLG":
            light = light**1.2 * np.float32(HLG_PEAK / PAPER_WHITE)
        result[start : start + _FLOAT_STRIP] = color.encode(light) * np.float32(white) + np.float32(0.5)
    return result.reshape(pixels.shape)


def _table(hdr: Hdr, depth: int) -> Float32[np.ndarray, " levels"]:
    """Of each of 65536 levels: PQ, light in paper whites (BT.2100, table 4); HLG, light of the scene (table 5)."""
    level = np.linspace(0, 1, LEVELS)
    if hdr.transfer == "PQ":
        m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
        root = level ** (1 / m2)
        light = 10000 * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1) / PAPER_WHITE
    else:
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        light = np.where(level <= 0.5, level**2 / 3, (np.exp((level - c) / a) + b) / 12)
    return np.asarray(light[narrow_levels(depth)] if hdr.narrow else light, np.float32)


def _displayed(light: Float32[np.ndarray, "n 3"], hdr: Hdr) -> Float32[np.ndarray, "n 3"]:
    """Light of the display, in paper whites (of HLG: BT.2100, table 5, the OOTF)."""
    if hdr.transfer == "PQ":
        return light
    scene = light @ to_xyz(hdr.primaries)[1].astype(np.float32)
    return np.asarray(light * scene[:, None] ** np.float32(0.2) * np.float32(HLG_PEAK / PAPER_WHITE))


def _mixing(hdr: Hdr) -> Float32[np.ndarray, "3 3"]:
    ours, theirs = (to_d50(each[3]) @ to_xyz(each) for each in (SRGB_PRIMARIES, hdr.primaries))
    return np.linalg.solve(ours, theirs).astype(np.float32)


# ROMM (ISO 22028-2), primaries so wide that all colors of surfaces lie inside.
_ROMM: Primaries = ((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001), (0.3457, 0.3585))


def lab_to_srgb(pixels: Shaped[np.ndarray, "*h w 3"], encoding: Encoding) -> Shaped[np.ndarray, "*h w 3"]:
    """sRGB of the same depth."""
    white = np.float32(np.iinfo(pixels.dtype).max)
    flat = pixels.reshape(-1, 3)
    result = np.empty_like(flat)
    for start in range(0, len(flat), _FLOAT_STRIP):
        light = color.mixed(
            _xyz_of_lab(flat[start : start + _FLOAT_STRIP], encoding), _to_linear(encoding, SRGB_PRIMARIES)
        )
        result[start : start + _FLOAT_STRIP] = color.encode(light) * white + np.float32(0.5)
    return result.reshape(pixels.shape)


def lab_to_wide(pixels: Shaped[np.ndarray, "*h w 3"], encoding: Encoding) -> Float32[np.ndarray, "*h w 3"]:
    """ROMM's primaries under sRGB's curve, 0..1."""
    return color.encode(_xyz_of_lab(pixels, encoding) @ _to_linear(encoding, _ROMM).T)


def lab_from_wide(
    wide: Float32[np.ndarray, "*h w 3"], encoding: Encoding, depth: "np.dtype[Any]"
) -> Shaped[np.ndarray, "*h w 3"]:
    """The inverse of `to_wide`, rounded to the numbers of a depth."""
    f = color.compress(color.linearize(wide) @ np.linalg.inv(_to_linear(encoding, _ROMM)).T)
    fx, fy, fz = np.moveaxis(f, -1, 0)
    lab = np.stack([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)], axis=-1)
    step, middle = _steps(encoding, depth)
    return np.asarray((lab * step + middle + np.float32(0.5)).clip(0, np.iinfo(depth).max), depth)


def _xyz_of_lab(pixels: Shaped[np.ndarray, "*h w 3"], encoding: Encoding) -> Float32[np.ndarray, "*h w 3"]:
    """XYZ, each divided by that of the white."""
    step, middle = _steps(encoding, pixels.dtype)
    L, a, b = np.moveaxis((pixels.astype(np.float32) - middle) / step, -1, 0)
    f = (L + 16) / 116
    return color.expand(np.stack([f + a / 500, f, f - b / 200], axis=-1))


def _steps(
    encoding: Encoding, depth: "np.dtype[Any]"
) -> tuple[Float32[np.ndarray, "3"], Float32[np.ndarray, "3"]]:
    """How many numbers one of L, a and b is, and which number is 0 of each."""
    full, byte = np.iinfo(depth).max, 256 if depth == np.uint16 else 1
    if encoding == "ITULab":  # L 0..100, a -85..85, b -75..125 (RFC 3949, 5.2.3)
        return _three(full / 100, full / 170, full / 200), _three(0, 128 * byte, 96 * byte)
    white = 65280 if encoding == "ICCLab" and depth == np.uint16 else full  # as ICC.1:2001 writes 16 bits
    return _three(white / 100, byte, byte), _three(0, 128 * byte, 128 * byte)


def _three(*values: float) -> Float32[np.ndarray, "3"]:
    return np.array(values, np.float32)


@cache
def _to_linear(encoding: Encoding, primaries: Primaries) -> Float32[np.ndarray, "3 3"]:
    """XYZ, each divided by that of the white, to linear RGB.

    The white of CIELab is D65 (TIFF 6.0, section 23: "generally"; libvips and ImageMagick read it so), that of
    the others D50.
    """
    columns = to_xyz(primaries) if encoding == "CIELab" else to_d50(primaries[3]) @ to_xyz(primaries)
    return np.linalg.inv(columns / columns.sum(axis=1, keepdims=True)).astype(np.float32)


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
        return lab_to_srgb(numbers, space.lab or "CIELab")
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
        return [lab_to_wide(numbers, space.lab or "CIELab")]
    if numbers.dtype.kind == "f":
        return [np.asarray(numbers, np.float32)]
    floats = np.divide(numbers, np.float32(np.iinfo(numbers.dtype).max), dtype=np.float32)
    if mode == "CMYK":
        return [1 - floats[..., :3], np.repeat(1 - floats[..., 3:], 3, axis=2)]
    if profiles.is_linear(space.profile):
        floats = color.encode(floats)
    return [np.repeat(floats, 3, axis=2) if mode == "L" else floats]


def numbers_of(filled: list[Srgb], mode: Mode, space: Space, depth: "np.dtype[Any]") -> Numbers:
    """The inverse of `pictures`, rounded to own numbers of a depth."""
    first = filled[0]
    if mode == "LAB":
        return lab_from_wide(first, space.lab or "CIELab", depth)
    if mode == "CMYK":
        return _rounded(1 - np.concatenate([first, filled[1].mean(axis=2, keepdims=True)], axis=2), depth)
    floats = first.mean(axis=2, keepdims=True) if mode == "L" else first
    return _rounded(color.linearize(floats) if profiles.is_linear(space.profile) else floats, depth)


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
