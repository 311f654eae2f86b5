"""A picture file as pixels: upright, in sRGB, 8 or 16 bits, alpha apart."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import ImageFile, PngImagePlugin

from safelight.arrays import Pixels
from safelight.errors import PhotoError, in_short
from safelight.pixels import box_formats, geometry, png_chunks, read_metadata, tiff_samples
from safelight.pixels.exif import ORIENTATION, as_srgb
from safelight.pixels.native import Native, lost_in_srgb, to_srgb
from safelight.pixels.opening import Opened, open_picture, without_words
from safelight.pixels.photo import Photo
from safelight.pixels.space import Alpha, Mode, Stored, on_white, to_array, upright, with_alpha_believed
from safelight.pixels.which_rgb import Said, what_is_said, which_space
from safelight.shaped import UInt8, UInt16

_MODES: dict[str, Mode] = {  # Pillow's mode: what it is a kind of
    **dict.fromkeys(("1", "L", "LA", "La"), "L"),
    **dict.fromkeys(("P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "YCbCr"), "RGB"),
    "CMYK": "CMYK",
    "LAB": "LAB",
}
_GREY, _GREY_ALPHA = 0, 4  # PNG's color types
_LONGEST_SIDE = 1_000_000  # of the PNGs that OpenCV reads
_FEW_BITS = {2: 85, 4: 17}  # of a PNG's grey: 255 over its highest number


def read_photo(
    path: str | Path,
    limit_megapixels: float | None = None,
    native: bool = False,
    page: int | None = None,
) -> Photo:
    """The photo in a file of one of the kinds in docs/formats.md, whatever its name ends in.

    Grey, palette, bilevel, CMYK and Lab pictures become RGB, deeper ones than 8 bits stay at 16; the
    orientation that the file states is applied and the color space that it names (which_rgb.py) converted to
    sRGB; of an animation the first picture is taken, of many pages the largest that is no reduced copy.
    native: keep the file's own numbers too. page: which of a TIFF's (pages.py counts them), from 1. Raises
    PhotoError, one line, if it cannot be read or is larger than the limit (200 megapixels).
    """
    if not isinstance(path, (str, os.PathLike)):
        raise PhotoError(f"the photo to read is {in_short(path)}; expected the path of a picture file")
    path = Path(path)
    with open_picture(path, limit_megapixels, page) as opened:
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
            metadata=replace(found.metadata, subfile=opened.subfile),
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
    said = what_is_said(opened.image)  # before it is decoded: Pillow then forgets some of it
    return own_numbers(opened, with_alpha_believed(_read_stored(opened)), block, said)


def own_numbers(
    opened: Opened, stored: Stored, block: bytes | None, said: Said
) -> tuple[Native, Alpha | None, tuple[str, ...]]:
    """What was stored with the space that the file (`said`), or its EXIF block, says; alpha; and remarks."""
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
    """A remark on an animation (not on the second views that phones put into a JPEG; tiff_pages.py tells of pages)."""
    try:
        many = image.format not in ("MPO", "TIFF") and getattr(image, "is_animated", False)
    except Exception:  # what follows the first picture may be damaged
        many = True
    return ("it holds more than one picture; the first was taken",) if many else ()


def _three_channels(pixels: Pixels) -> Pixels:
    if pixels.shape[2] == 3:
        return pixels
    import cv2

    return np.asarray(cv2.merge([pixels] * 3))  # several times faster than NumPy repeats


def _read_stored(opened: Opened) -> Stored:
    """What the picture holds; of a TIFF already upright, as Pillow does it. Raises nearly anything if damaged."""
    if opened.layout:
        stored = tiff_samples.read(opened.layout)
        stated = opened.image.getexif().get(ORIENTATION, 1)
        turn = int(stated) if stated in range(2, 9) else 1
        alpha = None if stored.alpha is None else upright(stored.alpha, turn)
        return replace(stored, pixels=upright(stored.pixels, turn), alpha=alpha)
    if isinstance(opened.image, PngImagePlugin.PngImageFile):
        return _of_png(opened.image)
    if opened.depth > 8 and opened.image.fp:
        stored_deep = box_formats.read_deep(opened.image, opened.image.fp, opened.depth)
        if stored_deep is None and opened.image.format == "JPEG2000":  # Pillow's upper byte of white is 0
            raise ValueError(
                f"its {opened.depth} bits of {opened.image.mode} are not read; save it as TIFF or PNG"
            )
        return stored_deep or replace(_of_pillow(opened.image), remarks=(box_formats.shallow(opened.depth),))
    return _of_pillow(opened.image)


def _of_pillow(image: ImageFile.ImageFile) -> Stored:
    """A picture of 8 bits as L, RGB, CMYK or LAB, its alpha apart."""
    image.load()
    if image.mode not in _MODES:
        raise ValueError(f"its pixels are of the kind {image.mode}, which has no one meaning as a photo")
    mode, alpha = _MODES[image.mode], None
    if image.has_transparency_data:
        both = image.convert("LA" if mode == "L" else "RGBA")
        plain, alpha = both.convert(mode), to_array(both.getchannel("A"))
    else:
        plain = image if image.mode == mode else image.convert(mode)  # converting alike would copy
    pixels = to_array(plain)
    if mode == "LAB":
        pixels[..., 1:] ^= np.uint8(128)  # a and b with signs outside of Pillow
    return Stored(mode, pixels[..., None] if pixels.ndim == 2 else pixels, alpha)


def _of_png(image: PngImagePlugin.PngImageFile) -> Stored:
    """A PNG, of 16 bits where it has them.

    Of these Pillow keeps grey alone. It decodes them all the same, and refuses what is damaged, of which OpenCV would
    print a line; then OpenCV decodes what it keeps the upper bytes of.
    """
    file = image.fp
    assert file is not None
    depth, color_type = png_chunks.header(file)[8:10]
    image.load()
    without_words(image)  # those behind the pixels
    key = image.info.get("transparency")
    if depth < 16:
        if color_type == _GREY and isinstance(key, int):  # Pillow makes the pixels 0 to 255, not their key
            image.info["transparency"] = key * _FEW_BITS.get(depth, 1)
        return _of_pillow(image)
    if color_type == _GREY:
        whole = np.asarray(image).astype(np.uint16)[..., None]
    else:
        if max(image.size) > _LONGEST_SIDE:
            raise ValueError(
                f"at 16 bits a channel a side has at most {_LONGEST_SIDE:,} pixels; make it smaller"
            )
        found = box_formats.by_opencv(png_chunks.pixels_only(file))
        if found is None:
            raise ValueError("its packed pixels are damaged")
        whole = found[..., ::3] if color_type == _GREY_ALPHA else found
    if whole.shape[2] in (2, 4):
        return Stored("RGB" if whole.shape[2] == 4 else "L", whole[..., :-1], whole[..., -1])
    alpha = None if key is None else np.where((whole == key).all(axis=2), 0, 65535).astype(np.uint16)
    return Stored("RGB" if whole.shape[2] == 3 else "L", whole, alpha)
