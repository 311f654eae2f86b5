"""A picture that is held in Pillow's hands as a Photo: upright, in sRGB, alpha apart."""

import numpy as np
from PIL import Image, ImageOps

from safelight.errors import PhotoError
from safelight.pixels import exif
from safelight.pixels.exif_color import as_srgb
from safelight.pixels.native import to_srgb
from safelight.pixels.photo import Photo
from safelight.pixels.space import Mode
from safelight.pixels.stored import Alpha, Numbers
from safelight.pixels.which_rgb import said_by_pillow, which_space

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
