"""sRGB to CIE Lab and back (D65, L 0..100), and how colorful a picture is.

Everything is float32. White is (1, 1, 1) exactly: the matrices are divided by the white point, so that a grey pixel
has the same X, Y and Z and no a or b. recolor.py gives a photo's own L new color.
Sources: IEC 61966-2-1 (sRGB), CIE 15:2004 (Lab), Hasler & Süsstrunk 2003 (colorfulness).
"""

from functools import cache
from typing import Any, TypeAlias

import numpy as np

from safelight.arrays import Lightness
from safelight.shaped import Float32, Shaped, UInt8

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
EDGE = 6 / 29  # the f where the cube root of Lab becomes a straight line


def linearize(srgb: Shaped[np.ndarray, "..."]) -> Float32[np.ndarray, "..."]:
    """Linear light 0..1 of gamma-encoded sRGB: uint8, uint16 (through a table) or floats 0..1."""
    if srgb.dtype in (np.uint8, np.uint16):
        return np.asarray(linear_table(srgb.dtype)[srgb])
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
    above = np.maximum(xyz, np.float32(EDGE**3))
    return np.asarray(np.cbrt(above) + (xyz - above) * np.float32(1 / (3 * EDGE**2)))


def expand(f: Float32[np.ndarray, "..."]) -> Float32[np.ndarray, "..."]:
    """X/Xn (or Y, or Z) from the f of Lab: the inverse of `compress`, put together in the same way."""
    above = np.maximum(f, np.float32(EDGE))
    return np.asarray(above * above * above + (f - above) * np.float32(3 * EDGE**2))


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

        light = cv2.LUT(pixels, linear_table(pixels.dtype)[:, None])
        return np.asarray(cv2.transform(light, TO_XYZ[1:2]))  # 5× faster than NumPy's product
    return np.asarray(linearize(pixels) @ TO_XYZ[1])


@cache
def linear_table(depth: "np.dtype[Any]") -> Float32[np.ndarray, " levels"]:
    """Linear light of each level of a depth, uint8 or uint16."""
    levels = np.iinfo(depth).max
    return linearize(np.arange(levels + 1, dtype=np.float64) / levels)


__all__ = [
    "chroma",
    "colorfulness",
    "eight_bits",
    "lab_to_srgb",
    "srgb_to_lab",
    "srgb_to_lightness",
]

Colors: TypeAlias = Float32[np.ndarray, "*any 3"]


def srgb_to_lab(srgb: Shaped[np.ndarray, "*any 3"]) -> Colors:
    """Lab (D65, L 0..100) of sRGB: floats 0..1, uint8 or uint16."""
    fx, fy, fz = np.moveaxis(compress(linearize(srgb) @ TO_XYZ.T), -1, 0)
    return np.stack([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)], axis=-1)


def lab_to_srgb(lab: Float32[np.ndarray, "*any 3"]) -> Colors:
    """sRGB 0..1 of Lab (D65). Colors outside sRGB are clipped channel by channel, which moves their L."""
    L, a, b = np.moveaxis(np.asarray(lab, np.float32), -1, 0)
    fy = (L + 16) / 116
    xyz = expand(np.stack([fy + a / 500, fy, fy - b / 200], axis=-1))
    return encode(xyz @ TO_LINEAR.T)


def srgb_to_lightness(pixels: Shaped[np.ndarray, "h w *rgb"]) -> Lightness:
    """L of Lab, 0..100, of sRGB (h, w, 3) or grey (h, w): uint8, uint16 or floats 0..1."""
    return 116 * compress(luminance(pixels)) - 16


def eight_bits(picture: Float32[np.ndarray, "*any"]) -> UInt8[np.ndarray, "*any"]:
    """Floats 0..1 as uint8, the nearest; what lies outside is clipped."""
    return np.asarray(np.round(np.clip(picture, 0, 1) * 255).astype(np.uint8))


def chroma(ab: Float32[np.ndarray, "*any 2"]) -> Float32[np.ndarray, "*any"]:
    """Distance from grey in the ab plane, 0 for grey and up to 134 for sRGB's purest blue."""
    return np.asarray(np.hypot(ab[..., 0], ab[..., 1]))


def colorfulness(pixels: Shaped[np.ndarray, "h w 3"]) -> float:
    """Hasler & Süsstrunk 2003, equation 4, on sRGB 0..255: 0 for grey, 33 "moderately", 109 "extremely"."""
    white = np.iinfo(pixels.dtype).max if pixels.dtype.kind == "u" else 1
    red, green, blue = np.moveaxis(pixels * np.float32(255 / white), -1, 0)
    opponents = np.stack([red - green, (red + green) / 2 - blue]).reshape(2, -1)
    spread = np.linalg.norm(opponents.std(axis=1, dtype=np.float64))
    return float(spread + 0.3 * np.linalg.norm(opponents.mean(axis=1, dtype=np.float64)))
