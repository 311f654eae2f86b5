"""What callers give for a photo, checked: a path, a Photo, or floats."""

from pathlib import Path

import numpy as np

from safelight.arrays import Pixels, Srgb
from safelight.errors import PhotoError
from safelight.pixels.files import Photo, read_photo


def pixels_of(photo: str | Path | Photo | Srgb) -> Pixels | Srgb:
    """The pixels (h, w, 3) of a file or a Photo, of its own depth, or the floats 0..1 themselves.

    Raises PhotoError if the file cannot be read, or the array is not floats 0..1.
    """
    if isinstance(photo, (str, Path)):
        photo = read_photo(photo)
    return photo.pixels if isinstance(photo, Photo) else check_floats(photo)


def check_floats(picture: Srgb) -> Srgb:
    """The picture as float32. Raises PhotoError unless it is (h, w, 3) floats 0..1."""
    if not isinstance(picture, np.ndarray) or picture.ndim != 3 or picture.shape[2] != 3 or not picture.size:
        found = getattr(picture, "shape", type(picture).__name__)
        raise PhotoError(
            f"the picture is {found}; expected an array (h, w, 3) of sRGB floats 0..1, or a path"
        )
    if picture.dtype.kind != "f":
        raise PhotoError(
            f"the picture is of {picture.dtype}; expected floats 0..1: divide it by {_white(picture.dtype)}"
        )
    low, high = float(picture.min()), float(picture.max())
    if not (low >= -1e-3 and high <= 1.001):  # NaN fails this too
        advice = "divide it by 255" if 1.001 < high <= 255 and low >= 0 else "scale it to 0..1"
        raise PhotoError(f"the picture has values from {low:.4g} to {high:.4g}; expected 0..1: {advice}")
    return np.ascontiguousarray(picture.clip(0, 1), np.float32)


def _white(depth: np.dtype) -> int:
    return int(np.iinfo(depth).max) if depth.kind in "iu" else 1
