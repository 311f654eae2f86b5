"""PNG of 16 bits a channel out of Pillow, which keeps 16 bits of grey only.

Pillow knows how to take the upper byte of each 16-bit color, of either byte order. Decoding twice, once
in each order, gives both bytes, with Pillow's own care for damaged files.
"""

import numpy as np
from jaxtyping import UInt16
from PIL import ImageFile, PngImagePlugin

from safelight.pixels.space import Alpha, to_array


def deep_pixels(
    image: PngImagePlugin.PngImageFile,
) -> tuple[UInt16[np.ndarray, "h w *rgb"], Alpha | None] | None:
    """Pixels and alpha of a PNG, not yet loaded, that has 16 bits a channel; None if it has fewer."""
    deep = _png(image)
    if deep is None or deep.ndim == 2:
        return None if deep is None else (deep, _key(deep, image))
    if deep.shape[2] == 2:
        return deep[..., 0], deep[..., 1]
    return deep[..., :3], deep[..., 3] if deep.shape[2] == 4 else _key(deep, image)


def _key(pixels: UInt16[np.ndarray, "h w *rgb"], image: ImageFile.ImageFile) -> Alpha | None:
    """Alpha of a picture in which one color means transparent."""
    key = image.info.get("transparency")
    if key is None or isinstance(key, str):  # a text of that name, behind the pixels
        return None
    same = pixels == np.array(key, np.uint16)
    return np.where(same if pixels.ndim == 2 else same.all(axis=2), 0, 65535).astype(np.uint16)


def _png(image: PngImagePlugin.PngImageFile) -> UInt16[np.ndarray, "h w *c"] | None:
    raw = rawmode(image)
    if raw == "I;16B":
        return _grey(image)
    if raw == "LA;16B":  # as many bytes a pixel as RGBA, taken apart here
        image._mode = "RGBA"
        _unpack_as(image, "RGBA")
        image.load()
        return to_array(image).view(">u2").astype(np.uint16)
    return _both(image) if raw in ("RGB;16B", "RGBA;16B") else None


def rawmode(image: ImageFile.ImageFile) -> str:
    """What Pillow is going to unpack, such as "RGB;16B"; nothing once it has."""
    if not image.tile:
        return ""
    arguments = image.tile[0].args
    return str(arguments if isinstance(arguments, str) else (arguments or [""])[0])


def _unpack_as(image: ImageFile.ImageFile, rawmode: str) -> None:
    """Have Pillow take the decoded bytes for something else."""
    image.tile = [
        tile._replace(args=(rawmode, *tile.args[1:]) if isinstance(tile.args, tuple) else rawmode)
        for tile in image.tile
    ]


def _both(image: ImageFile.ImageFile) -> UInt16[np.ndarray, "h w c"]:
    """Upper bytes in the picture's own byte order, lower bytes in the other."""
    kind, order = rawmode(image).split(";16")
    file = image.fp
    assert file is not None
    _unpack_as(image, f"{kind};16{order}")
    image.load()
    deep = to_array(image).astype(np.uint16)
    deep <<= 8
    file.seek(0)
    again = type(image)(file)
    _unpack_as(again, f"{kind};16{'L' if order == 'B' else 'B'}")
    again.load()
    deep |= to_array(again)
    return deep


def _grey(image: ImageFile.ImageFile) -> UInt16[np.ndarray, "h w"]:
    image.load()
    return np.asarray(image).astype(np.uint16)
