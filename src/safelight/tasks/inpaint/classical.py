"""Filling without learning: methods (picture, mask) -> picture, for use on thin damage and as baselines.

Each keeps what is known bit by bit, takes floats 0..1 and gives float32. Sources: Telea 2004; Bertalmio et al.
2001 (Navier-Stokes); Damelin & Hoang 2018 (biharmonic); Barnes et al. 2009 (PatchMatch).
"""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import TypeAlias

import numpy as np

from safelight.arrays import Mask, Srgb
from safelight.masks.edit import is_missing
from safelight.masks.shapes import Hole
from safelight.tasks.inpaint.biharmonic import biharmonic, exact_biharmonic

Fill: TypeAlias = Callable[[Srgb, Mask], Srgb]

RADIUS = 3  # pixels: how far OpenCV's two methods look around a pixel
DEEP = 65535


def mean_color(srgb: Srgb, mask: Mask) -> Srgb:
    """The mean of what is known, everywhere in the hole."""
    hole = is_missing(mask)
    if hole.all():
        return np.asarray(srgb, np.float32)
    return _composite(srgb, srgb[~hole].mean(0, dtype=np.float64), hole)


def telea(srgb: Srgb, mask: Mask) -> Srgb:
    """Fast marching inward, each pixel a weighted mean of those before it (Telea 2004)."""
    import cv2

    return _opencv(srgb, mask, cv2.INPAINT_TELEA)


def navier_stokes(srgb: Srgb, mask: Mask) -> Srgb:
    """Lines of equal brightness are continued into the hole (Bertalmio et al. 2001)."""
    import cv2

    return _opencv(srgb, mask, cv2.INPAINT_NS)


def patch_match(srgb: Srgb, mask: Mask) -> Srgb:
    """Patches of the known picture, found at random and passed on (Barnes et al. 2009); needs `pypatchmatch`."""
    package = import_module("patchmatch.patch_match")
    hole = is_missing(mask)
    found = package.inpaint(_levels(srgb, 255, np.uint8), hole.astype(np.uint8) * np.uint8(255), patch_size=7)
    return _composite(srgb, np.asarray(found) / np.float32(255), hole)


CLASSICAL: dict[str, Fill] = {
    "mean color": mean_color,
    "telea": telea,
    "navier-stokes": navier_stokes,
    "biharmonic": biharmonic,
    **({"patchmatch": patch_match} if find_spec("patchmatch") else {}),
}
# What fillers are judged against: as in use, but that no large hole is solved at half its size.
BASELINES: dict[str, Fill] = {**CLASSICAL, "biharmonic": exact_biharmonic}
VERSION = (
    2  # raise it when an answer of a baseline changes: stored scores of older versions are not used again
)


def _opencv(srgb: Srgb, mask: Mask, method: int) -> Srgb:
    """OpenCV's inpaint, channel by channel at 16 bits: its way with floats overflows by more than their range."""
    import cv2

    hole = is_missing(mask)
    if hole.all():
        return np.asarray(srgb, np.float32)
    # Emptied first: OpenCV lets what is in the hole have a little effect on the result.
    deep, missing = _levels(mean_color(srgb, mask), DEEP, np.uint16), hole.astype(np.uint8)
    planes = [
        cv2.inpaint(np.ascontiguousarray(deep[..., channel]), missing, RADIUS, method) for channel in range(3)
    ]
    return _composite(srgb, np.dstack(planes) / np.float32(DEEP), hole)


def _levels(srgb: Srgb, white: int, depth: type) -> np.ndarray:
    return (srgb * white + 0.5).clip(0, white).astype(depth)


def _composite(srgb: Srgb, fill: np.ndarray, hole: Hole) -> Srgb:
    return np.where(hole[..., None], fill, srgb).astype(np.float32)
