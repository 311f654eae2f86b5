"""A photo's own lightness with new color: the last step of colorization, at the photo's full size."""

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeAlias

import numpy as np
from jaxtyping import Float32, Int32, Shaped, UInt8

from safelight.arrays import Ab, Pixels
from safelight.pixels import curves
from safelight.pixels.geometry import Box

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

    light = curves.luminance(pixels)
    fy = _compress_finely(light) if pixels.dtype == np.uint8 else curves.compress(light)
    Y = curves.expand(fy)
    X = curves.expand(fy + to_fx) - Y
    Z = curves.expand(fy + to_fz) - Y
    away = [row[0] * X + row[2] * Z for row in curves.TO_LINEAR]
    reach = _reach(Y, away)
    cv2.merge([_encode(step * reach + Y, pixels.dtype) for step in away], out)


def _reach(Y: Plane, away: list[Plane]) -> Plane:
    """How far, 0..1, one can go from the grey Y (linear light) in the direction `away` inside 0..1."""
    tiny = np.float32(1e-9)
    over, under = np.maximum(1 - Y, tiny), np.minimum(-Y, -tiny)
    up = np.maximum(np.maximum(away[0], away[1]), away[2])
    down = np.minimum(np.minimum(away[0], away[1]), away[2])
    return np.asarray(np.minimum(over / np.maximum(up, over), under / np.minimum(down, under)))


def _encode(linear: Plane, depth: np.dtype) -> Shaped[np.ndarray, "h w"]:
    if depth == np.uint8:
        return _encoded_table().take(_fine(linear), mode="clip")
    encoded = curves.encode(linear)
    return encoded if depth == np.float32 else (encoded * np.iinfo(depth).max + np.float32(0.5)).astype(depth)


def _compress_finely(linear: Plane) -> Plane:
    return _compressed_table().take(_fine(linear), mode="clip")


def _fine(linear: Plane) -> Int32[np.ndarray, "h w"]:
    """Places in the tables for 8 bits."""
    return np.asarray((linear * np.float32(_FINE) + np.float32(0.5)).astype(np.int32))


@cache
def _encoded_table() -> UInt8[np.ndarray, " levels"]:
    encoded = curves.encode(np.arange(_FINE + 1, dtype=np.float32) / _FINE)
    return (encoded * 255 + 0.5).astype(np.uint8)


@cache
def _compressed_table() -> Float32[np.ndarray, " levels"]:
    return curves.compress(np.arange(_FINE + 1, dtype=np.float32) / _FINE)
