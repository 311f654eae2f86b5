"""A picture file as pixels: upright, in sRGB, 8 or 16 bits, alpha apart."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import UInt8, UInt16
from PIL import Image, ImageFile, TiffImagePlugin

from safelight.arrays import Pixels
from safelight.pixels import exif, geometry
from safelight.pixels.deep import deep_pixels, to_array
from safelight.pixels.formats import open_picture
from safelight.pixels.native import Native, Numbers, lost_in_srgb, to_srgb
from safelight.pixels.photo import Alpha, Photo
from safelight.pixels.space import Mode
from safelight.pixels.which_rgb import what_is_said, which_space

_TIFF_TEXT = (270, 271, 272, 305, 306, 315, 316, 33432)  # description, camera, date, artist, copyright…
_MODES = {  # Pillow's mode: what it is a kind of
    **dict.fromkeys(("1", "L", "LA", "La"), "L"),
    **dict.fromkeys(("P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "YCbCr"), "RGB"),
    "CMYK": "CMYK",
    "LAB": "LAB",
}
_KINDS: dict[str, Mode] = {"L": "L", "RGB": "RGB", "CMYK": "CMYK", "LAB": "LAB"}
_TIFF_XMP = 700
_EXIF_GROUPS = (0x8769, 0x8825)  # the EXIF and GPS directories


def read_photo(path: str | Path, limit_megapixels: float = 200, native: bool = False) -> Photo:
    """The photo in a JPEG, PNG, TIFF, WebP, GIF or BMP file, whatever its name ends in.

    Grey, palette, bilevel, CMYK and Lab pictures become RGB, deeper ones than 8 bits stay at 16; the EXIF
    orientation is applied and the color space that the file names (which_rgb.py) converted to sRGB; of an
    animation or of many pages the first is taken. native: keep the file's own numbers too. Raises PhotoError,
    one line, if it cannot be read or is larger than the limit.
    """
    path = Path(path)
    with open_picture(path, limit_megapixels) as image:
        own, alpha, block, turn, remarks = _decode(image)
        own = replace(own, pixels=_upright(own.pixels, turn))
        if not native:
            remarks += lost_in_srgb(own.space)
            block = exif.as_srgb(block) if block and own.converted else block
        pixels = _three_channels(to_srgb(own.pixels, own.mode, own.space))
        return Photo(
            pixels=pixels,
            alpha=None if alpha is None else _upright(alpha, turn),
            format="JPEG" if image.format == "MPO" else str(image.format),
            exif=exif.upright(block, (pixels.shape[0], pixels.shape[1])) if block else None,
            xmp=_xmp(image, turn),
            dpi=_dpi(image),
            remarks=(*remarks, *_first_of_many(image)),
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
        image.draft(None, (fitted[1], fitted[0]))
        own, _, _, turn, _ = _decode(image)
    pixels = to_srgb(own.pixels, own.mode, own.space)
    pixels = _upright(_shallow(pixels) if pixels.dtype == np.uint16 else pixels, turn)
    size = pixels.shape[0], pixels.shape[1]
    return _three_channels(geometry.resize(pixels, geometry.fit_size(size, min(short_side, *size))))


def _decode(
    image: ImageFile.ImageFile,
) -> tuple[Native, Alpha | None, bytes | None, int, tuple[str, ...]]:
    """Own numbers and their space, not yet turned; alpha, the EXIF block, the orientation; and remarks."""
    said = what_is_said(image)
    numbers, mode, alpha = _numbers(image)
    block, turn = _exif(image)
    space, remarks = which_space(said, mode, 8 * numbers.itemsize, block)
    return Native(numbers, mode, space), alpha, block, turn, remarks


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


def _exif(image: ImageFile.ImageFile) -> tuple[bytes | None, int]:
    """The EXIF block, and the orientation 1 to 8 that is still to be applied, once the pixels are loaded."""
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        return _tiff_exif(image), image.tag_v2.get(exif.ORIENTATION, 1)  # Pillow turns a TIFF by itself
    block = exif.strip_prefix(image.info.get("exif"))
    return block, exif.orientation(block)


def _tiff_exif(image: TiffImagePlugin.TiffImageFile) -> bytes | None:
    """What a TIFF says of its making, as an EXIF block; None if nothing, or nothing that can be read."""
    block = Image.Exif()
    try:
        block.update({tag: image.tag_v2[tag] for tag in _TIFF_TEXT if tag in image.tag_v2})
        groups = {group: image.getexif().get_ifd(group) for group in _EXIF_GROUPS}
        block.update({group: dict(inner) for group, inner in groups.items() if inner})
        return exif.strip_prefix(block.tobytes()) if len(block) else None
    except Exception:  # tags of any type and length, from files of any age
        return None


def _first_of_many(image: ImageFile.ImageFile) -> tuple[str, ...]:
    """A remark on an animation or on pages (not on the second views that phones put into a JPEG)."""
    try:
        many = image.format != "MPO" and getattr(image, "is_animated", False)
    except Exception:  # what follows the first picture may be damaged
        many = True
    return ("it holds more than one picture; the first was taken",) if many else ()


def _xmp(image: ImageFile.ImageFile, turn: int) -> bytes | None:
    """The XMP packet, upright if the pixels were turned."""
    packet = image.info.get("xmp")
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        packet = image.tag_v2.get(_TIFF_XMP)
        packet = packet[0] if isinstance(packet, tuple) and packet else packet
    if not isinstance(packet, bytes) or not packet:
        return None
    return packet if turn == 1 else re.sub(rb"(tiff:Orientation(?:=[\"']|>))[2-8]", rb"\g<1>1", packet)


def _dpi(image: ImageFile.ImageFile) -> tuple[float, float] | None:
    """Pixels an inch, (x, y); None where the file has none, or one that cannot be meant."""
    try:
        x, y = (float(value) for value in image.info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    return (x, y) if 1 < x < 1e5 and 1 < y < 1e5 else None


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
