"""Strips of a TIFF packed: as they are, by LZW, deflate or Zstandard. Sources: TIFF 6.0, sections 13 and 14; libtiff.

LZW and Zstandard are those of the libtiff within Pillow, which writes a strip as a TIFF of its own, whose packed
bytes are taken out.
"""

import io
import sys
import zlib
from typing import Literal, TypeAlias, get_args

import numpy as np
from PIL import Image, TiffImagePlugin, features

from safelight.errors import PhotoError, in_short
from safelight.shaped import Shaped

Packing: TypeAlias = Literal["none", "lzw", "deflate", "zstd"]
PACKINGS: tuple[Packing, ...] = get_args(Packing)
USUAL: Packing = "deflate"
NUMBERS: dict[Packing, int] = {"none": 1, "lzw": 5, "deflate": 8, "zstd": 50000}  # of Compression (259)
_BY_PILLOW: dict[Packing, str] = {"lzw": "tiff_lzw", "zstd": "zstd"}
_LEVEL = 4  # of deflate: 6 takes three times as long to save two hundredths
_OFFSETS, _LENGTHS = 273, 279


def check_packing(packing: object) -> Packing:
    """The packing, if it is one that can be written. Raises PhotoError."""
    if packing not in PACKINGS:
        raise PhotoError(
            f"a TIFF cannot be packed by {in_short(packing)}; choose one of {', '.join(PACKINGS)}"
        )
    if packing in _BY_PILLOW and not features.check("libtiff"):
        raise PhotoError(f"this Pillow has no libtiff, which packs by {packing}; choose none or deflate")
    return packing


def packed(strip: Shaped[np.ndarray, "h w c"], packing: Packing, order: str) -> bytes:
    """The bytes of a strip of uint8 or uint16 in the byte order ('<' or '>') of its file.

    Where they are packed, each number is written less its left neighbor (Predictor 2).
    """
    steps = strip
    if packing != "none":
        steps = strip.copy()
        steps[:, 1:] -= strip[:, :-1]  # modulo 256 or 65536, as the predictor wants it
    foreign = (order == ">") != (sys.byteorder == "big")
    data = (steps.byteswap() if foreign else steps).tobytes()
    if packing == "none":
        return data
    return zlib.compress(data, _LEVEL) if packing == "deflate" else _by_pillow(data, len(strip), packing)


def _by_pillow(data: bytes, rows: int, packing: Packing) -> bytes:
    """The bytes packed as the one strip of a grey picture."""
    file = io.BytesIO()
    grey = Image.frombuffer("L", (len(data) // rows, rows), data)
    grey.save(file, "TIFF", compression=_BY_PILLOW[packing], strip_size=len(data))
    file.seek(0)
    tags = TiffImagePlugin.TiffImageFile(file).tag_v2
    if len(tags[_OFFSETS]) != 1:
        raise ValueError("a strip was cut into several")
    file.seek(tags[_OFFSETS][0])
    return file.read(tags[_LENGTHS][0])
