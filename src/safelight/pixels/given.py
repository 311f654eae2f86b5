"""What callers give for a photo: a path, a Photo, a picture of Pillow's, or an array; checked, and made one of two."""

import os
from pathlib import Path
from typing import TypeAlias

import numpy as np
from jaxtyping import Shaped
from PIL import Image

from safelight.arrays import Pixels, Srgb
from safelight.errors import PhotoError
from safelight.pixels.files import Photo, read_photo
from safelight.pixels.pillow import photo_of_pillow

Array: TypeAlias = Shaped[np.ndarray, "h w *c"]  # grey (h, w) or (h, w, 1), or sRGB (h, w, 3)
Given: TypeAlias = str | Path | Photo | Image.Image | Array

EXPECTED = (
    "a path, a Photo, a picture of Pillow's, or an array (h, w, 3) or (h, w): floats 0..1, uint8 or uint16"
)


def photo_of(given: Given) -> Photo | Srgb:
    """A Photo, or float32 (h, w, 3), sRGB 0..1, where floats were given.

    given: a path, a Photo, a picture of Pillow's, or an array (h, w, 3) of sRGB or (h, w) of grey: floats 0..1,
    uint8 or uint16. Raises PhotoError if a file cannot be read, or for anything else.
    """
    if isinstance(given, (str, os.PathLike)):
        return read_photo(Path(given))
    if isinstance(given, Photo):
        return given
    if isinstance(given, Image.Image):
        return photo_of_pillow(given)
    pixels = _three_channels(given)
    return Photo(pixels) if pixels.dtype.kind == "u" else pixels


def pixels_of(given: Given) -> Pixels | Srgb:
    """The pixels (h, w, 3) of what was given, uint8, uint16 or float32, as `photo_of` takes it. Raises PhotoError."""
    photo = photo_of(given)
    return photo.pixels if isinstance(photo, Photo) else photo


def whole_photo(given: Given) -> Photo:
    """As `photo_of`, for what must have a depth of its own. Raises PhotoError for floats."""
    photo = photo_of(given)
    if not isinstance(photo, Photo):
        raise PhotoError("floats have no bit depth of their own; give a path, a Photo, uint8 or uint16")
    return photo


def _three_channels(array: object) -> Pixels:
    """uint8, uint16 or float32 (h, w, 3). Raises PhotoError for other types, shapes and values."""
    if not isinstance(array, np.ndarray):
        raise PhotoError(f"the photo is of the type {type(array).__name__}; expected {EXPECTED}")
    if array.ndim == 3 and array.shape[2] in (2, 4) and array.size:
        raise PhotoError(
            f"the array is {array.shape}, with alpha as it seems; expected (h, w, 3) or grey (h, w): leave alpha "
            f"out, picture[..., :{array.shape[2] - 1}]"
        )
    grey = array.ndim == 2 or (array.ndim == 3 and array.shape[2] == 1)
    if not (grey or (array.ndim == 3 and array.shape[2] == 3)) or not array.size:
        raise PhotoError(f"the array is {array.shape}; expected sRGB (h, w, 3), or grey (h, w)")
    values = _checked(array.reshape(*array.shape[:2], -1))
    return np.ascontiguousarray(np.repeat(values, 3, axis=2) if grey else values)


def _checked(values: Array) -> Array:
    """The same as uint8, uint16 or float32 0..1, in this machine's byte order. Raises PhotoError."""
    if values.dtype.kind == "u" and values.dtype.itemsize <= 2:
        return values.astype(np.uint8 if values.dtype.itemsize == 1 else np.uint16, copy=False)
    if values.dtype.kind != "f":
        raise PhotoError(f"the array is of {values.dtype}; expected floats 0..1, uint8 or uint16")
    low, high = float(values.min()), float(values.max())
    if not (low >= -1e-3 and high <= 1.001):  # NaN fails this too
        advice = "divide it by 255" if 1.001 < high <= 255 and low >= 0 else "scale it to 0..1"
        raise PhotoError(f"the array has values from {low:.4g} to {high:.4g}; expected 0..1: {advice}")
    return np.asarray(values.clip(0, 1), np.float32)
