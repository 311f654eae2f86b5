"""Files that lack nothing but their end: a JPEG without its last marker, a PNG without its last chunk.

Copying that was broken off, and cameras whose battery went, leave such files; every row is in them. A file that ends
within its pixels is told apart by what follows: if whatever bits come next change no pixel, none were missing.
Sources: ITU-T T.81, B.1.1 and B.2.3 (markers, scans), G.1.1.1 (progressive scans); PNG, third edition, 5.3.
"""

import hashlib
import io
import re
import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")  # in coded data, FF 00 and restart markers are none
_END = b"\xff\xd9"
_SOS, _EOI = 0xDA, 0xD9
_FRAMES = (*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0))
_NEAR = 4096  # bytes of padding behind the end
_TAILS = tuple(bytes([value]) * 600 + _END for value in (0x00, 0x55, 0xAA, 0xFE))
PNG_END = b"\0\0\0\0IEND\xaeB`\x82"
NO_END = "its last bytes are missing, but no row of the picture is"


def jpeg_tail(file: BinaryIO, limit_megapixels: float) -> bytes | None:
    """What a JPEG lacks at its end, though all its pixels are there; None if it has an end, or no picture at all.

    Raises ValueError if pixels are missing.
    """
    length = file.seek(0, io.SEEK_END)
    file.seek(max(0, length - _NEAR))
    if file.read().rstrip(b"\0").endswith(_END):
        return None
    file.seek(0)
    data = file.read()
    scans, ended = _scans(data)
    if ended or not scans:
        return None
    data = data.rstrip(b"\0")  # a file that was cut off may have been filled up
    data += b"\0" if data.endswith(b"\xff") else b""
    looks = (
        {_decoded(data + tail, limit_megapixels) for tail in (_END, *_TAILS)}
        if _complete(data, scans)
        else ()
    )
    if len(looks) != 1:
        raise ValueError("image file is truncated")
    return None if None in looks else _END


def _scans(data: bytes) -> tuple[list[tuple[int, int]], bool]:
    """(offset of the header, of the coded data) of each scan, and whether the picture's end marker follows them."""
    at = 2
    scans: list[tuple[int, int]] = []
    while True:
        found = _MARKER.search(data, at)
        if found is None:
            return scans, False
        kind, at = found.group(1)[0], found.end()
        if kind == _EOI:
            return scans, True
        if kind == 0x01 or at + 2 > len(data):
            continue
        length = struct.unpack_from(">H", data, at)[0]
        if kind == _SOS:
            scans.append((at, at + length))
        at += length


def _complete(data: bytes, scans: list[tuple[int, int]]) -> bool:
    """Whether the scans there are hold every coefficient of every channel to its last bit."""
    frame = next(
        (at for kind, at in _segments(data, scans[0][0]) if kind in _FRAMES and at + 8 <= len(data)), None
    )
    if frame is None:
        return False
    channels = {data[frame + 8 + 3 * number] for number in range(data[frame + 7])}
    open_ = {(channel, coefficient) for channel in channels for coefficient in range(64)}
    for start, _ in scans:
        count = data[start + 2]
        among = [data[start + 3 + 2 * number] for number in range(count)]
        first, last, bits = struct.unpack_from("BBB", data, start + 3 + 2 * count)
        if bits & 15 == 0:
            open_ -= {(channel, number) for channel in among for number in range(first, last + 1)}
    return not open_


def _segments(data: bytes, end: int) -> Iterator[tuple[int, int]]:
    """(marker, offset of its length) of the segments before the first scan."""
    at = 2
    while at + 4 <= end:
        if data[at] != 0xFF:
            at += 1
            continue
        kind = data[at + 1]
        if kind in (0xFF, 0x00, 0x01):
            at += 1
            continue
        yield kind, at + 2
        at += 2 + struct.unpack_from(">H", data, at + 2)[0]


def _decoded(data: bytes, limit_megapixels: float) -> bytes | None:
    """A digest of the pixels; None if they cannot be decoded."""
    from PIL.JpegImagePlugin import JpegImageFile

    try:
        with JpegImageFile(io.BytesIO(data)) as image:
            if image.width * image.height > limit_megapixels * 1e6:
                return None
            image.load()
            return hashlib.sha256(image.tobytes()).digest()
    except Exception:  # damaged in some other way, too
        return None


def png_is_complete(data: bytes) -> bool:
    """Whether what there is of a PNG's IDAT chunks holds all its pixels: their stream has come to its end."""
    unpacker = zlib.decompressobj()
    try:
        while data and not unpacker.eof:
            unpacker.decompress(data, 1 << 20)
            data = unpacker.unconsumed_tail
    except zlib.error:
        return False
    return unpacker.eof
