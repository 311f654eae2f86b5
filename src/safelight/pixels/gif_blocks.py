"""What a GIF says beside its pixels: comments, and XMP, which Pillow passes over.

Source: GIF89a, sections 24 and 26; XMP Specification part 3, 1.1.2 (the packet lies between the sub-blocks'
lengths as if it were lengths itself, and a trailer of 258 bytes leads readers out of it).
"""

from collections.abc import Iterator
from typing import IO

LARGEST = 1 << 24  # bytes of all comments, and of the packet
_MOST_BLOCKS = 1_000_000  # sub-blocks of at most 255 bytes
_EXTENSION, _PICTURE, _COMMENT, _APPLICATION = 0x21, 0x2C, 0xFE, 0xFF
_XMP = b"XMP DataXMP"
_TRAILER = b"\x01\xff\xfe\xfd"


def read(file: IO[bytes]) -> tuple[tuple[bytes, ...], bytes | None]:
    """Comments, and the XMP packet; fewer where the file is damaged."""
    comments: list[bytes] = []
    packet = b""
    for label in _extensions(file):
        if label == _COMMENT:
            comments.append(_blocks(file, LARGEST - sum(map(len, comments))))
        elif label == _APPLICATION and not packet and file.read(1 + len(_XMP))[1:] == _XMP:
            start = file.tell()
            _skip_blocks(file, _MOST_BLOCKS)
            length = min(file.tell() - start, LARGEST)
            file.seek(start)
            packet = file.read(length).partition(_TRAILER)[0]
    return tuple(comment for comment in comments if comment), packet or None


def _extensions(file: IO[bytes]) -> Iterator[int]:
    """The label of each extension, the file at its first sub-block."""
    file.seek(0)
    head = file.read(13)
    if len(head) < 13:
        return
    _skip_palette(file, head[10])
    left = _MOST_BLOCKS
    while left > 0 and (kind := file.read(1)) and kind[0] in (_EXTENSION, _PICTURE):
        if kind[0] == _EXTENSION:
            label = file.read(1)
            start = file.tell()
            if label:
                yield label[0]
            file.seek(start)
        else:
            described = file.read(9)
            _skip_palette(file, described[8] if len(described) == 9 else 0)
            file.seek(1, 1)
        left -= _skip_blocks(file, left)


def _skip_palette(file: IO[bytes], flags: int) -> None:
    if flags & 0x80:
        file.seek(3 * 2 ** (flags % 8 + 1), 1)


def _skip_blocks(file: IO[bytes], most: int) -> int:
    """Go behind the sub-blocks, up to the empty one; how many there were."""
    for number in range(most):
        length = file.read(1)
        if not length or not length[0]:
            return number + 1
        file.seek(length[0], 1)
    return most


def _blocks(file: IO[bytes], most: int) -> bytes:
    """What the sub-blocks hold, one after the other, as far as it is not too much."""
    held = bytearray()
    while (length := file.read(1)) and length[0]:
        data = file.read(length[0])
        held += data if len(held) + len(data) <= most else b""
        if len(data) < length[0]:
            break
    return bytes(held)
