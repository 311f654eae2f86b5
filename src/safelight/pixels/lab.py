"""CIE Lab as TIFF holds it, to sRGB and to a wide RGB and back. Sources: TIFF 6.0, section 23; TIFF-FX (RFC 3949).

Numbers here are without signs: L 0..full, a and b around the middle (128 or 32768).
"""

from functools import cache
from typing import Any

import numpy as np
from jaxtyping import Float32, Shaped

from safelight.pixels import curves
from safelight.pixels.icc_made import SRGB, Primaries, to_d50, to_xyz
from safelight.pixels.space import Encoding

_STRIP = 1 << 17  # pixels at a time
# ROMM (ISO 22028-2), primaries so wide that all colors of surfaces lie inside.
_ROMM: Primaries = ((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001), (0.3457, 0.3585))


def to_srgb(pixels: Shaped[np.ndarray, "*h w 3"], encoding: Encoding) -> Shaped[np.ndarray, "*h w 3"]:
    """sRGB of the same depth."""
    white = np.float32(np.iinfo(pixels.dtype).max)
    flat = pixels.reshape(-1, 3)
    result = np.empty_like(flat)
    for start in range(0, len(flat), _STRIP):
        light = curves.mixed(_xyz(flat[start : start + _STRIP], encoding), _to_linear(encoding, SRGB))
        result[start : start + _STRIP] = curves.encode(light) * white + np.float32(0.5)
    return result.reshape(pixels.shape)


def to_wide(pixels: Shaped[np.ndarray, "*h w 3"], encoding: Encoding) -> Float32[np.ndarray, "*h w 3"]:
    """ROMM's primaries under sRGB's curve, 0..1."""
    return curves.encode(_xyz(pixels, encoding) @ _to_linear(encoding, _ROMM).T)


def from_wide(
    wide: Float32[np.ndarray, "*h w 3"], encoding: Encoding, depth: "np.dtype[Any]"
) -> Shaped[np.ndarray, "*h w 3"]:
    """The inverse of `to_wide`, rounded to the numbers of a depth."""
    f = curves.compress(curves.linearize(wide) @ np.linalg.inv(_to_linear(encoding, _ROMM)).T)
    fx, fy, fz = np.moveaxis(f, -1, 0)
    lab = np.stack([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)], axis=-1)
    step, middle = _steps(encoding, depth)
    return np.asarray((lab * step + middle + np.float32(0.5)).clip(0, np.iinfo(depth).max), depth)


def _xyz(pixels: Shaped[np.ndarray, "*h w 3"], encoding: Encoding) -> Float32[np.ndarray, "*h w 3"]:
    """XYZ, each divided by that of the white."""
    step, middle = _steps(encoding, pixels.dtype)
    L, a, b = np.moveaxis((pixels.astype(np.float32) - middle) / step, -1, 0)
    f = (L + 16) / 116
    return curves.expand(np.stack([f + a / 500, f, f - b / 200], axis=-1))


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
