"""What callers give for a photo: a path, a Photo, a picture of Pillow's, or an array; checked, and made one of two."""

import os
from pathlib import Path
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageOps

from safelight.arrays import Pixels, Srgb
from safelight.errors import PhotoError
from safelight.pixels import exif
from safelight.pixels.exif import as_srgb
from safelight.pixels.files import read_photo
from safelight.pixels.native import to_srgb
from safelight.pixels.photo import Photo
from safelight.pixels.space import Alpha, Mode, Numbers
from safelight.pixels.which_rgb import said_by_pillow, which_space
from safelight.shaped import Shaped

_DEEP = ("I;16", "I;16L", "I;16B", "I;16N", "I")
_GREY = ("1", "L", "LA", "La")
_COLOR = ("P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "YCbCr", "HSV")
_OTHERS: dict[str, Mode] = {"CMYK": "CMYK", "LAB": "LAB"}


def photo_of_pillow(image: Image.Image) -> Photo:
    """A Photo of a picture of Pillow's: its orientation and color profile are applied, its EXIF and alpha kept.

    Of a file's color Pillow's pictures know the profile, EXIF and a PNG's sRGB, gAMA and cHRM; `read_photo` knows
    all that a file says.
    Raises PhotoError for kinds of pixels that have no one meaning, and where the picture's file is damaged.
    """
    try:
        turned = ImageOps.exif_transpose(image)
        numbers, mode, alpha = _numbers(turned)
        block = exif.strip_prefix(turned.getexif().tobytes()) if turned.getexif() else None
        space, remarks = which_space(said_by_pillow(turned.info), mode, 8 * numbers.itemsize, block)
        pixels = to_srgb(numbers, mode, space)
    except (OSError, ValueError, SyntaxError) as error:  # what Pillow raises for damaged and closed files
        raise PhotoError(f"the picture of Pillow's cannot be used ({' '.join(str(error).split())})") from None
    if block and (space.profile or mode in _OTHERS):
        block = as_srgb(block)
    return Photo(
        np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels,
        alpha,
        exif=exif.upright(block, (pixels.shape[0], pixels.shape[1])) if block else None,
        remarks=remarks,
    )


def _numbers(image: Image.Image) -> tuple[Numbers, Mode, Alpha | None]:
    """Numbers (h, w, c), what they are, and alpha."""
    if image.mode in _DEEP:
        deep = np.asarray(image)
        if deep.min() < 0 or deep.max() > 65535:
            raise ValueError(f"its values go from {deep.min()} to {deep.max()}; expected 0 to 65535")
        return deep.astype(np.uint16)[..., None], "L", None
    mode: Mode | None = (
        "L" if image.mode in _GREY else "RGB" if image.mode in _COLOR else _OTHERS.get(image.mode)
    )
    if mode is None:
        raise ValueError(f"its pixels are of the kind {image.mode}; convert it to RGB or L")
    alpha = None
    if image.has_transparency_data:
        image = image.convert("LA" if mode == "L" else "RGBA")
        alpha = np.array(image.getchannel("A"))
    numbers = np.array(image if image.mode == mode else image.convert(mode))
    if mode == "LAB":
        numbers[..., 1:] ^= 128  # a and b with signs outside of Pillow
    return (numbers[..., None] if numbers.ndim == 2 else numbers), mode, alpha


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
