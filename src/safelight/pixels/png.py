"""PNG of 8 or 16 bits with its metadata. Source: W3C Portable Network Graphics, third edition."""

import struct
import zlib
from typing import BinaryIO

import numpy as np

from safelight.pixels.photo import Photo

_HEADER = 8 + 25  # the signature and the IHDR chunk, which comes first
_PERCEPTUAL = b"\0"


def write(file: BinaryIO, photo: Photo) -> None:
    """The photo as PNG, in sRGB: OpenCV packs the pixels, the other chunks are put in after the header."""
    import cv2

    if photo.alpha is None:
        swapped = cv2.cvtColor(photo.pixels, cv2.COLOR_RGB2BGR)
    else:
        swapped = np.dstack([photo.pixels[..., ::-1], photo.alpha])
    done, packed = cv2.imencode(".png", swapped)
    if not done:
        raise ValueError("the pixels cannot be packed")
    file.write(packed[:_HEADER].data)
    file.write(chunk(b"sRGB", _PERCEPTUAL))
    if photo.dpi:
        x, y = (round(per_inch / 0.0254) for per_inch in photo.dpi)
        file.write(chunk(b"pHYs", struct.pack(">LLB", x, y, 1)))  # pixels a meter
    if photo.exif:
        file.write(chunk(b"eXIf", photo.exif))
    if photo.xmp:
        file.write(chunk(b"iTXt", b"XML:com.adobe.xmp" + bytes(5) + photo.xmp))
    file.write(packed[_HEADER:].data)


def chunk(kind: bytes, data: bytes) -> bytes:
    """One chunk: length, kind, data, checksum."""
    return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))
