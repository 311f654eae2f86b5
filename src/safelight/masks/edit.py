"""Masks made larger, smaller, softer, and brought to other sizes without leaking damage. 1 = missing."""

import math

import numpy as np

from safelight.arrays import Mask
from safelight.masks.shapes import Hole, Size
from safelight.pixels.geometry import resize
from safelight.shaped import UInt8

_STRIP = 512  # rows worked on at a time
_LARGEST_DISC = 8  # pixels: from here on a distance transform is faster than a brush


def is_missing(mask: Mask) -> Hole:
    """Whatever is missing in part is missing."""
    return mask if mask.dtype == bool else np.asarray(mask > 0)


def grow(mask: Mask, pixels: float) -> Hole:
    """Everything within this many pixels of the hole is missing too (a disc; 1 takes the four neighbors)."""
    return _morph(is_missing(mask), pixels, larger=True)


def shrink(mask: Mask, pixels: float) -> Hole:
    """Everything within this many pixels of what is known is known too. The picture's edge is not known."""
    return _morph(is_missing(mask), pixels, larger=False)


def feather(mask: Mask, pixels: float) -> Mask:
    """Weight of the fill, float32: 1 in the hole, falling to 0 over this many pixels around it."""
    import cv2

    hole = is_missing(mask)
    if pixels <= 0 or not hole.any():
        return hole.astype(np.float32)
    distance = cv2.distanceTransform((~hole).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(np.clip(1 - distance / np.float32(pixels + 1), 0, 1), np.float32)


def resize_mask(mask: Mask, size: Size) -> Hole:
    """The hole at another size: a pixel that is damaged in part is missing, and one more around it.

    A mask shrunk by its nearest pixels leaks: damage between them is then taken for picture. Here the mask
    is averaged over areas (linearly where it grows), whatever is touched counts, and is dilated by a pixel,
    as far as an interpolated picture carries damage.
    """
    hole = is_missing(mask)
    if hole.shape == tuple(size):
        return hole
    soft = resize(hole.astype(np.float32), size)
    return _morph(soft > 0, math.sqrt(2), larger=True)


def thickness(mask: Mask) -> float:
    """Width, in pixels, of the widest place of the hole: twice the radius of the largest disc inside it.

    A hole at the picture's edge counts twice its depth: nothing is known on the other side.
    """
    import cv2

    hole = is_missing(mask)
    if hole.all():
        return float(max(mask.shape))
    distance = cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return max(2 * float(distance.max()) - 1, 0.0)


def _morph(hole: Hole, pixels: float, larger: bool) -> Hole:
    """Dilate or erode with a disc. Strips without an edge are left alone: the time is that of the holes."""
    import cv2

    if pixels <= 0:
        return hole
    kernel, reach = _disc(min(pixels, _LARGEST_DISC)), math.ceil(pixels)
    result = hole.copy()
    for top in range(0, len(hole), _STRIP):
        rows = slice(max(top - reach, 0), min(top + _STRIP + reach, len(hole)))
        strip = np.ascontiguousarray(hole[rows])
        if strip.any() and not strip.all():
            if pixels <= _LARGEST_DISC:
                work = cv2.dilate if larger else cv2.erode  # beyond the edge, both take what changes nothing
                changed = work(strip.view(np.uint8), kernel).view(bool)
            else:
                changed = _by_distance(strip, pixels, larger)
            result[top : top + _STRIP] = changed[top - rows.start :][:_STRIP]
    return result


def _by_distance(hole: Hole, pixels: float, larger: bool) -> Hole:
    """The same by a distance transform, whose time does not rise with the radius."""
    import cv2

    inside = (~hole if larger else hole).astype(np.uint8)
    distance = cv2.distanceTransform(inside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(distance <= pixels + 1e-4 if larger else distance > pixels + 1e-4)


def _disc(radius: float) -> UInt8[np.ndarray, "side side"]:
    reach = math.ceil(radius)
    step = np.arange(-reach, reach + 1)
    return (np.hypot(step[:, None], step[None]) <= radius + 1e-6).astype(np.uint8)
