"""A picture file as pixels: upright, in sRGB, 8 or 16 bits, alpha apart."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import UInt8, UInt16
from PIL import Image, ImageFile

from safelight.arrays import Pixels
from safelight.pixels import beside, exif, geometry
from safelight.pixels.deep import deep_pixels, to_array
from safelight.pixels.formats import open_picture
from safelight.pixels.native import Native, Numbers, lost_in_srgb, to_srgb
from safelight.pixels.photo import Alpha, Photo
from safelight.pixels.space import Mode
from safelight.pixels.which_rgb import what_is_said, which_space

_MODES = {  # Pillow's mode: what it is a kind of
    **dict.fromkeys(("1", "L", "LA", "La"), "L"),
    **dict.fromkeys(("P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "YCbCr"), "RGB"),
    "CMYK": "CMYK",
    "LAB": "LAB",
}
_KINDS: dict[str, Mode] = {"L": "L", "RGB": "RGB", "CMYK": "CMYK", "LAB": "LAB"}


def read_photo(path: str | Path, limit_megapixels: float = 200, native: bool = False) -> Photo:
    """The photo in a JPEG, PNG, TIFF, WebP, GIF or BMP file, whatever its name ends in.

    Grey, palette, bilevel, CMYK and Lab pictures become RGB, deeper ones than 8 bits stay at 16; the
    orientation that the file states is applied and the color space that it names (which_rgb.py) converted to
    sRGB; of an animation or of many pages the first is taken. native: keep the file's own numbers too. Raises
    PhotoError, one line, if it cannot be read or is larger than the limit.
    """
    path = Path(path)
    with open_picture(path, limit_megapixels) as image:
        found = beside.read(image)
        own, alpha, remarks = _decode(image, found.exif)
        own = replace(own, pixels=_upright(own.pixels, found.pending))
        found = beside.upright(found, (own.pixels.shape[0], own.pixels.shape[1]))
        block = found.exif
        if not native:
            remarks += lost_in_srgb(own.space)
            block = exif.as_srgb(block) if block and own.converted else block
        pixels = _three_channels(to_srgb(own.pixels, own.mode, own.space))
        return Photo(
            pixels=pixels,
            alpha=None if alpha is None else _upright(alpha, found.pending),
            format="JPEG" if image.format == "MPO" else str(image.format),
            exif=block,
            xmp=found.xmp,
            dpi=found.dpi,
            metadata=found.metadata,
            remarks=(*remarks, *_first_of_many(image), *found.remarks),
            native=own if native else None,
        )


def read_small(
    path: str | Path, short_side: int, limit_megapixels: float = 200
) -> UInt8[np.ndarray, "h w 3"]:
    """The photo in sRGB, its shorter side this long (or less: nothing is enlarged), alpha left out.

    A JPEG is decoded at a fraction of its size where it can be, several times faster. Raises PhotoError.
    """
    path = Path(path)
    with open_picture(path, limit_megapixels) as image:
        width, height = image.size
        fitted = geometry.fit_size((height, width), min(short_side, height, width))
        found = beside.read_block(image)
        image.draft(None, (fitted[1], fitted[0]))
        own, _, _ = _decode(image, found.exif)
    pixels = to_srgb(own.pixels, own.mode, own.space)
    pixels = _upright(_shallow(pixels) if pixels.dtype == np.uint16 else pixels, found.pending)
    size = pixels.shape[0], pixels.shape[1]
    return _three_channels(geometry.resize(pixels, geometry.fit_size(size, min(short_side, *size))))


def _decode(image: ImageFile.ImageFile, block: bytes | None) -> tuple[Native, Alpha | None, tuple[str, ...]]:
    """Own numbers and their space, which the EXIF block may name, not yet turned; alpha; and remarks."""
    said = what_is_said(image)
    numbers, mode, alpha = _numbers(image)
    space, remarks = which_space(said, mode, 8 * numbers.itemsize, block)
    return Native(numbers, mode, space), alpha, remarks


def _numbers(image: ImageFile.ImageFile) -> tuple[Numbers, Mode, Alpha | None]:
    """The picture's numbers (h, w, c), what they are, and alpha."""
    deep = deep_pixels(image)
    if deep is not None:
        pixels, alpha = deep
        return (pixels[..., None], "L", alpha) if pixels.ndim == 2 else (pixels, "RGB", alpha)
    picture, alpha = _split(image)
    pixels = to_array(picture)
    if picture.mode == "LAB":
        pixels[..., 1:] ^= 128  # a and b with signs outside of Pillow
    return (pixels[..., None] if pixels.ndim == 2 else pixels), _KINDS[picture.mode], alpha


def _shallow(deep: UInt16[np.ndarray, "..."]) -> UInt8[np.ndarray, "..."]:
    """8 bits of 16; 65535 is 257 times 255, and the upper byte is never more than a level off."""
    return (deep >> 8).astype(np.uint8)


def _split(image: ImageFile.ImageFile) -> tuple[Image.Image, Alpha | None]:
    """The picture as L, RGB, CMYK or LAB, 8 bits, and its alpha apart."""
    image.load()
    if image.mode not in _MODES:
        raise ValueError(f"its pixels are of the kind {image.mode}, which has no one meaning as a photo")
    plain = _MODES[image.mode]
    if not image.has_transparency_data:
        return image if image.mode == plain else image.convert(plain), None  # converting alike would copy
    both = image.convert("LA" if plain == "L" else "RGBA")
    return both.convert(plain), to_array(both.getchannel("A"))


def _first_of_many(image: ImageFile.ImageFile) -> tuple[str, ...]:
    """A remark on an animation or on pages (not on the second views that phones put into a JPEG)."""
    try:
        many = image.format != "MPO" and getattr(image, "is_animated", False)
    except Exception:  # what follows the first picture may be damaged
        many = True
    return ("it holds more than one picture; the first was taken",) if many else ()


def _upright(array: Pixels, turn: int) -> Pixels:
    """The array turned and mirrored as an EXIF orientation asks for."""
    if turn >= 5:
        array = array.swapaxes(0, 1)
    if turn in (2, 3, 6, 7):
        array = array[:, ::-1]
    if turn in (3, 4, 7, 8):
        array = array[::-1]
    return np.ascontiguousarray(array)


def _three_channels(pixels: Pixels) -> Pixels:
    return pixels if pixels.shape[2] == 3 else np.repeat(pixels, 3, axis=2)
