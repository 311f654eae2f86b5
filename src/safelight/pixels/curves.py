"""The curves and matrices of sRGB and CIE Lab: gamma, cube root, primaries, luminance.

Sources: IEC 61966-2-1 (sRGB), CIE 15:2004 (Lab). Everything is float32. White is (1, 1, 1) exactly: the
matrices are divided by the white point, so that a grey pixel has the same X, Y and Z and no a or b.
"""

from functools import cache
from typing import Any

import numpy as np
from jaxtyping import Float32, Shaped

# Linear sRGB to XYZ from the primaries and D65 of IEC 61966-2-1, in full precision (brucelindbloom.com).
_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
_FROM_LINEAR = _XYZ / _XYZ.sum(axis=1, keepdims=True)
TO_XYZ = _FROM_LINEAR.astype(np.float32)  # rows X/Xn, Y/Yn, Z/Zn, each summing to 1
TO_LINEAR = np.linalg.inv(_FROM_LINEAR).astype(np.float32)  # rows R, G, B, each summing to 1
_EDGE = 6 / 29  # where the cube root of Lab becomes a straight line


def linearize(srgb: Shaped[np.ndarray, "..."]) -> Float32[np.ndarray, "..."]:
    """Linear light 0..1 of gamma-encoded sRGB: uint8, uint16 (through a table) or floats 0..1."""
    if srgb.dtype in (np.uint8, np.uint16):
        return np.asarray(_linear_table(srgb.dtype)[srgb])
    encoded = np.maximum(srgb, 0, dtype=np.float32)
    power = ((encoded + np.float32(0.055)) / np.float32(1.055)) ** np.float32(2.4)
    return np.asarray(np.where(encoded <= 0.04045, encoded / np.float32(12.92), power))


def encode(linear: Float32[np.ndarray, "..."]) -> Float32[np.ndarray, "..."]:
    """Gamma-encoded sRGB 0..1 of linear light, which is clipped to 0..1."""
    light = np.clip(linear, 0, 1, dtype=np.float32)
    power = np.float32(1.055) * light ** np.float32(1 / 2.4) - np.float32(0.055)
    return np.asarray(np.where(light <= 0.0031308, light * np.float32(12.92), power))


def compress(xyz: Float32[np.ndarray, "..."]) -> Float32[np.ndarray, "..."]:
    """The f of Lab: the cube root of X/Xn (or Y, or Z), a straight line near black.

    The line is the root's tangent at the edge. So root(max(x, edge)) and the line from the edge down add up
    to both, without np.where, which costs more than all the rest.
    """
    above = np.maximum(xyz, np.float32(_EDGE**3))
    return np.asarray(np.cbrt(above) + (xyz - above) * np.float32(1 / (3 * _EDGE**2)))


def expand(f: Float32[np.ndarray, "..."]) -> Float32[np.ndarray, "..."]:
    """X/Xn (or Y, or Z) from the f of Lab: the inverse of `compress`, put together in the same way."""
    above = np.maximum(f, np.float32(_EDGE))
    return np.asarray(above * above * above + (f - above) * np.float32(3 * _EDGE**2))


def mixed(
    light: Float32[np.ndarray, "n 3"], mixing: Float32[np.ndarray, "3 3"]
) -> Float32[np.ndarray, "n 3"]:
    """light @ mixing.T by OpenCV: NumPy's product waits for threads that small matrices do not need."""
    import cv2

    return np.asarray(cv2.transform(light[None], mixing)[0])


def luminance(pixels: Shaped[np.ndarray, "h w *rgb"]) -> Float32[np.ndarray, "h w"]:
    """Relative luminance Y 0..1 of sRGB (h, w, 3) or grey (h, w): uint8, uint16 or floats 0..1."""
    if pixels.ndim == 2:
        return linearize(pixels)
    if pixels.dtype == np.uint8:
        import cv2

        light = cv2.LUT(pixels, _linear_table(pixels.dtype)[:, None])
        return np.asarray(cv2.transform(light, TO_XYZ[1:2]))  # 5× faster than NumPy's product
    return np.asarray(linearize(pixels) @ TO_XYZ[1])


@cache
def _linear_table(depth: "np.dtype[Any]") -> Float32[np.ndarray, " levels"]:
    levels = np.iinfo(depth).max
    return linearize(np.arange(levels + 1, dtype=np.float64) / levels)
