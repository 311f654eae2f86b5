"""sRGB to CIE Lab and back (D65, L 0..100), how colorful a picture is, and a photo's own L with new color.

Everything is float32. White is (1, 1, 1) exactly: the matrices are divided by the white point, so that a grey pixel
has the same X, Y and Z and no a or b. `replace_ab` is the last step of colorization, at the photo's full size.
Sources: IEC 61966-2-1 (sRGB), CIE 15:2004 (Lab), Hasler & Süsstrunk 2003 (colorfulness).
"""

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Float32, Int32, Shaped, UInt8

from safelight.arrays import Ab, Lightness, Pixels
from safelight.pixels.geometry import Box

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


Plane: TypeAlias = Float32[np.ndarray, "h w"]

_STRIP = 1 << 15  # pixels worked on at a time: what a thread holds stays in the processor's cache
_TO_F = np.array([1 / 500, -1 / 200], np.float32)  # a = 500 (fx - fy), b = 200 (fy - fz)
_FINE = (1 << 16) - 1  # levels of linear light in the tables for 8 bits: 20 to the smallest step of sRGB


def replace_ab(pixels: Pixels, ab: Ab, threads: int | None = None, box: Box | None = None) -> Pixels:
    """The picture with each pixel's own L and the color of ab (any smaller size), enlarged bilinearly.

    box: only this part of the picture, the same as it is in the whole.

    pixels are uint8, uint16 or floats 0..1; the result has the same type and shape. Where no sRGB color has
    that L and that ab, the chroma is reduced until one has: the L stays. With ab = 0 the result is grey,
    and a grey photo comes back bit by bit. Memory beyond the result: ab at the photo's width, and a strip.
    """
    import cv2

    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype not in (np.uint8, np.uint16, np.float32):
        raise ValueError(
            f"pixels are {pixels.dtype} {pixels.shape}; expected uint8, uint16 or float32 (h, w, 3)"
        )
    height, width = pixels.shape[:2]
    box = box or Box(0, 0, height, width)
    first, end, across = box.top, box.top + box.height, box.slices[1]
    offsets = cv2.split(_fit_width(ab, height, width)[:, across] * _TO_F)
    result = np.empty((box.height, box.width, 3), pixels.dtype)
    rows = max(1, _STRIP // box.width)

    def recolor(top: int) -> None:
        bottom = min(top + rows, end)
        to_fx, to_fz = (_interpolate_rows(plane, top, bottom, height) for plane in offsets)
        _join(pixels[top:bottom, across], to_fx, to_fz, out=result[top - first : bottom - first])

    with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        list(pool.map(recolor, range(first, end, rows)))
    return result


def _fit_width(ab: Ab, height: int, width: int) -> Ab:
    """ab at the photo's width, and not higher than the photo."""
    import cv2

    ab = np.ascontiguousarray(ab, np.float32)
    if ab.shape[0] > height or ab.shape[1] > width:
        smaller = (min(ab.shape[1], width), min(ab.shape[0], height))
        ab = cv2.resize(ab, smaller, interpolation=cv2.INTER_AREA)
    if ab.shape[1] < width:
        ab = cv2.resize(ab, (width, ab.shape[0]), interpolation=cv2.INTER_LINEAR)
    return ab


def _interpolate_rows(plane: Plane, top: int, bottom: int, height: int) -> Plane:
    """Rows top..bottom of a plane enlarged linearly to the height."""
    if len(plane) == height:
        return plane[top:bottom]
    place = (np.arange(top, bottom) + 0.5) * (len(plane) / height) - 0.5
    place = np.clip(place, 0, len(plane) - 1)
    above = np.minimum(place.astype(np.intp), max(len(plane) - 2, 0))
    below = np.minimum(above + 1, len(plane) - 1)
    share = (place - above).astype(np.float32)[:, None]
    return np.asarray(plane[above] * (1 - share) + plane[below] * share)


def _join(pixels: Pixels, to_fx: Plane, to_fz: Plane, out: Pixels) -> None:
    """One strip: L from the pixels, color from fx - fy = a / 500 and fz - fy = -b / 200.

    Linear R, G and B are Y plus parts of X - Y and Z - Y (the matrix rows sum to 1), so that ab = 0 gives
    three equal channels, whatever the rounding.
    """
    import cv2

    light = luminance(pixels)
    fy = _compress_finely(light) if pixels.dtype == np.uint8 else compress(light)
    Y = expand(fy)
    X = expand(fy + to_fx) - Y
    Z = expand(fy + to_fz) - Y
    offsets = [row[0] * X + row[2] * Z for row in TO_LINEAR]
    reach = _reach(Y, offsets)
    cv2.merge([_encode(step * reach + Y, pixels.dtype) for step in offsets], out)


def _reach(Y: Plane, offsets: list[Plane]) -> Plane:
    """How far, 0..1, one can go from the grey Y (linear light) in the direction `offsets` inside 0..1."""
    tiny = np.float32(1e-9)
    over, under = np.maximum(1 - Y, tiny), np.minimum(-Y, -tiny)
    up = np.maximum(np.maximum(offsets[0], offsets[1]), offsets[2])
    down = np.minimum(np.minimum(offsets[0], offsets[1]), offsets[2])
    return np.asarray(np.minimum(over / np.maximum(up, over), under / np.minimum(down, under)))


def _encode(linear: Plane, depth: np.dtype) -> Shaped[np.ndarray, "h w"]:
    if depth == np.uint8:
        return _encoded_table().take(_fine(linear), mode="clip")
    encoded = encode(linear)
    return encoded if depth == np.float32 else (encoded * np.iinfo(depth).max + np.float32(0.5)).astype(depth)


def _compress_finely(linear: Plane) -> Plane:
    return _compressed_table().take(_fine(linear), mode="clip")


def _fine(linear: Plane) -> Int32[np.ndarray, "h w"]:
    """Places in the tables for 8 bits."""
    return np.asarray((linear * np.float32(_FINE) + np.float32(0.5)).astype(np.int32))


@cache
def _encoded_table() -> UInt8[np.ndarray, " levels"]:
    encoded = encode(np.arange(_FINE + 1, dtype=np.float32) / _FINE)
    return (encoded * 255 + 0.5).astype(np.uint8)


@cache
def _compressed_table() -> Float32[np.ndarray, " levels"]:
    return compress(np.arange(_FINE + 1, dtype=np.float32) / _FINE)


__all__ = [
    "chroma",
    "colorfulness",
    "eight_bits",
    "lab_to_srgb",
    "replace_ab",
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
