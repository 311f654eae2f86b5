"""A photo as PNG: 8 or 16 bits, grey or RGB, with its metadata. Source: W3C PNG, third edition."""

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from safelight.pixels import write_metadata
from safelight.pixels.photo import Photo
from safelight.pixels.png_chunks import SIGNATURE, chunk_bytes
from safelight.pixels.space import SRGB, Alpha, Numbers

_HEADER = 8 + 25  # the signature and the IHDR chunk, which comes first
_LEVEL = 6  # of deflate
_PERCEPTUAL = b"\0"


def write(file: BinaryIO, photo: Photo) -> tuple[str, ...]:
    """The photo as PNG, in its own numbers or in sRGB; the chunks on color and the rest come after the header.

    Returns remarks on what a PNG has no place for.
    """
    pixels = photo.native.pixels if photo.native else photo.pixels
    if photo.alpha is not None and pixels.shape[2] == 1:
        packed = _grey_with_alpha(np.dstack([pixels, photo.alpha]))
    else:
        packed = _packed(pixels, photo.alpha)
    file.write(packed[:_HEADER])
    for kind, data in _color(photo):
        file.write(chunk_bytes(kind, data))
    chunks, remarks = write_metadata.in_png(photo)
    for each in chunks:
        file.write(chunk_bytes(each.kind, each.data))
    file.write(packed[_HEADER:])
    return remarks


def _packed(pixels: Numbers, alpha: Alpha | None) -> memoryview:
    """A PNG of grey, RGB or RGBA, by OpenCV."""
    import cv2

    if alpha is not None:
        pixels = np.dstack([pixels[..., ::-1], alpha])
    elif pixels.shape[2] == 3:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    done, packed = cv2.imencode(".png", pixels)
    if not done:
        raise ValueError("the pixels cannot be packed")
    return packed.data


def _grey_with_alpha(pixels: Numbers) -> memoryview:
    """A PNG of two channels, which OpenCV does not know: each row less the one above (filter 2), deflated."""
    height, width = pixels.shape[:2]
    rows = np.frombuffer(pixels.astype(">u2" if pixels.itemsize == 2 else np.uint8).tobytes(), np.uint8)
    rows = rows.reshape(height, -1)
    filtered = np.full((height, rows.shape[1] + 1), 2, np.uint8)
    filtered[0, 1:] = rows[0]
    filtered[1:, 1:] = rows[1:] - rows[:-1]  # modulo 256
    header = struct.pack(">2L5B", width, height, 8 * pixels.itemsize, 4, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(filtered.tobytes(), _LEVEL)), (b"IEND", b""))
    return memoryview(SIGNATURE + b"".join(chunk_bytes(kind, data) for kind, data in chunks))


def _color(photo: Photo) -> Iterator[tuple[bytes, bytes]]:
    """What color the numbers are: as the file that was read said it, and as a profile; or sRGB."""
    space = photo.native.space if photo.native else SRGB
    yield from space.chunks
    if space.profile is not None:
        yield b"iCCP", b"ICC profile\0\0" + zlib.compress(space.profile, _LEVEL)
    elif not space.chunks:
        yield b"sRGB", _PERCEPTUAL
