"""PNG of 8 or 16 bits with its metadata. Source: W3C Portable Network Graphics, third edition."""

import struct
import zlib
from typing import BinaryIO

import numpy as np

from safelight.pixels import placed
from safelight.pixels.photo import Photo

_HEADER = 8 + 25  # the signature and the IHDR chunk, which comes first
_PERCEPTUAL = b"\0"


def write(file: BinaryIO, photo: Photo) -> tuple[str, ...]:
    """The photo as PNG, in sRGB: OpenCV packs the pixels, the other chunks are put in after the header.

    Returns remarks on what a PNG has no place for.
    """
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
    chunks, remarks = placed.in_png(photo)
    for each in chunks:
        file.write(chunk(each.kind, each.data))
    file.write(packed[_HEADER:].data)
    return remarks


def chunk(kind: bytes, data: bytes) -> bytes:
    """One chunk: length, kind, data, checksum."""
    return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))
