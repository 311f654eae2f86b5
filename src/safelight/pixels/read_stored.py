"""An opened picture decoded: its own numbers, of 8 or 16 bits."""

from dataclasses import replace

import numpy as np
from PIL import ImageFile, PngImagePlugin

from safelight.pixels import box_formats, samples
from safelight.pixels.deep import deep_pixels, rawmode
from safelight.pixels.exif import ORIENTATION
from safelight.pixels.opening import Opened, without_words
from safelight.pixels.space import Mode, Stored, to_array, upright

_MODES: dict[str, Mode] = {  # Pillow's mode: what it is a kind of
    **dict.fromkeys(("1", "L", "LA", "La"), "L"),
    **dict.fromkeys(("P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "YCbCr"), "RGB"),
    "CMYK": "CMYK",
    "LAB": "LAB",
}
_FEW_BITS = {"L;2": 85, "L;4": 17}  # of a PNG's grey


def read_stored(opened: Opened) -> Stored:
    """What the picture holds; of a TIFF already upright, as Pillow does it. Raises nearly anything if damaged."""
    if opened.layout:
        stored = samples.read(opened.layout)
        stated = opened.image.getexif().get(ORIENTATION, 1)
        turn = int(stated) if stated in range(2, 9) else 1
        alpha = None if stored.alpha is None else upright(stored.alpha, turn)
        return replace(stored, pixels=upright(stored.pixels, turn), alpha=alpha)
    if isinstance(opened.image, PngImagePlugin.PngImageFile):
        deep = deep_pixels(opened.image)
        if deep:
            pixels, alpha = deep
            return Stored("L", pixels[..., None], alpha) if pixels.ndim == 2 else Stored("RGB", pixels, alpha)
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
    step = _FEW_BITS.get(rawmode(image), 1) if isinstance(image, PngImagePlugin.PngImageFile) else 1
    image.load()
    without_words(image)  # those behind the pixels
    if isinstance(image.info.get("transparency"), int):  # Pillow makes the pixels 0 to 255, not their key
        image.info["transparency"] *= step
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
