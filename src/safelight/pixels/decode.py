"""A picture file as pixels: upright, in sRGB, 8 or 16 bits, alpha apart."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import UInt8, UInt16
from PIL import ImageFile

from safelight.arrays import Pixels
from safelight.errors import PhotoError, in_short
from safelight.pixels import geometry, read_metadata
from safelight.pixels.exif import as_srgb
from safelight.pixels.native import Native, lost_in_srgb, to_srgb
from safelight.pixels.opening import Opened, open_picture
from safelight.pixels.photo import Photo
from safelight.pixels.read_stored import read_stored
from safelight.pixels.space import Alpha, on_white, upright, with_alpha_believed
from safelight.pixels.which_rgb import what_is_said, which_space


def read_photo(path: str | Path, limit_megapixels: float | None = None, native: bool = False) -> Photo:
    """The photo in a file of one of the kinds in docs/formats.md, whatever its name ends in.

    Grey, palette, bilevel, CMYK and Lab pictures become RGB, deeper ones than 8 bits stay at 16; the
    orientation that the file states is applied and the color space that it names (which_rgb.py) converted to
    sRGB; of an animation the first picture is taken, of many pages the largest that is no reduced copy.
    native: keep the file's own numbers too. Raises PhotoError, one line, if it cannot be read or is larger than
    the limit (200 megapixels).
    """
    if not isinstance(path, (str, os.PathLike)):
        raise PhotoError(f"the photo to read is {in_short(path)}; expected the path of a picture file")
    path = Path(path)
    with open_picture(path, limit_megapixels) as opened:
        image = opened.image
        found = read_metadata.read_metadata(image)
        own, alpha, remarks = _decode(opened, found.exif)
        own = replace(own, pixels=upright(own.pixels, found.pending))
        found = read_metadata.made_upright(found, (own.pixels.shape[0], own.pixels.shape[1]))
        block = found.exif
        if not native:
            remarks += lost_in_srgb(own.space)
            block = as_srgb(block) if block and own.converted else block
        pixels = _three_channels(to_srgb(own.pixels, own.mode, own.space))
        return Photo(
            pixels=pixels,
            alpha=None if alpha is None else upright(alpha, found.pending),
            format=opened.format or ("JPEG" if image.format == "MPO" else str(image.format)),
            exif=block,
            xmp=found.xmp,
            dpi=found.dpi,
            metadata=found.metadata,
            remarks=(*remarks, *_first_of_many(image), *found.remarks),
            native=own if native else None,
        )


def read_small(
    path: str | Path, short_side: int, limit_megapixels: float | None = None
) -> UInt8[np.ndarray, "h w 3"]:
    """The photo in sRGB, its shorter side this long (or less: nothing is enlarged), what is transparent on white.

    A JPEG is decoded at a fraction of its size where it can be, several times faster. Raises PhotoError.
    """
    path = Path(path)
    with open_picture(path, limit_megapixels) as opened:
        width, height = opened.size
        fitted = geometry.fit_size((height, width), min(short_side, height, width))
        found = read_metadata.read_block(opened.image)
        opened.image.draft(None, (fitted[1], fitted[0]))
        own, alpha, _ = _decode(opened, found.exif)
    pixels = to_srgb(own.pixels, own.mode, own.space)
    pixels = pixels if alpha is None else on_white(pixels, alpha)
    pixels = upright(_shallow(pixels) if pixels.dtype == np.uint16 else pixels, found.pending)
    size = pixels.shape[0], pixels.shape[1]
    return _three_channels(geometry.resize(pixels, geometry.fit_size(size, min(short_side, *size))))


def _decode(opened: Opened, block: bytes | None) -> tuple[Native, Alpha | None, tuple[str, ...]]:
    """Own numbers and their space, which the EXIF block may name, not yet turned; alpha; and remarks."""
    said = what_is_said(opened.image)
    stored = with_alpha_believed(read_stored(opened))
    space, remarks = which_space(said, stored.mode, 8 * stored.pixels.itemsize, block)
    space = replace(space, lab=stored.lab) if space.lab else space
    return (
        Native(stored.pixels, stored.mode, space, stored.associated and stored.alpha is not None),
        stored.alpha,
        (*opened.remarks, *stored.remarks, *remarks),
    )


def _shallow(deep: UInt16[np.ndarray, "..."]) -> UInt8[np.ndarray, "..."]:
    """8 bits of 16; 65535 is 257 times 255, and the upper byte is never more than a level off."""
    return (deep >> 8).astype(np.uint8)


def _first_of_many(image: ImageFile.ImageFile) -> tuple[str, ...]:
    """A remark on an animation (not on the second views that phones put into a JPEG; pages.py tells of pages)."""
    try:
        many = image.format not in ("MPO", "TIFF") and getattr(image, "is_animated", False)
    except Exception:  # what follows the first picture may be damaged
        many = True
    return ("it holds more than one picture; the first was taken",) if many else ()


def _three_channels(pixels: Pixels) -> Pixels:
    return pixels if pixels.shape[2] == 3 else np.repeat(pixels, 3, axis=2)
