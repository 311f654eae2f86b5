"""The segments of a JPEG before its pixels, read and written: EXIF, XMP of any length, captions, comments.

Source: ITU-T T.81, annex B; JFIF 1.02; CIPA DC-008 (Exif), DC-007 (MPF); XMP Specification part 3, 1.1.3.
"""

import contextlib
import hashlib
import mmap
import re
import struct
from collections.abc import Iterable, Iterator
from typing import IO

from safelight.pixels.photo import Chunk

APP0, APP1, APP2, APP8, APP11, APP12, APP13, APP14, APP15 = (
    bytes([0xE0 + number]) for number in (0, 1, 2, 8, 11, 12, 13, 14, 15)
)
COMMENT = b"\xfe"
EXIF, XMP, MORE_XMP = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0", b"http://ns.adobe.com/xmp/extension/\0"
PHOTOSHOP = b"Photoshop 3.0\0"
LARGEST = 65533  # bytes in a segment, which has 16 bits for its length and that
LONGEST_SIDE = 65500  # pixels: what libjpeg writes
PROFILE = b"ICC_PROFILE\0"
LARGEST_TOTAL = 1 << 25  # bytes of all segments; a photo has some hundred thousand
_MOST_MARKERS = 10_000  # in a file; those of a progressive photo are some dozen
_SCAN, _END = 0xDA, 0xD9
_ALONE = (0x01, *range(0xD0, 0xD9))  # markers without a length
_NEXT = re.compile(rb"\xff+[^\xff\x00\xd0-\xd7]")  # a marker that ends a scan
SECOND = "its second picture"
_COPIES = (0x010001, 0x010002)  # in an MPF index: large thumbnails (VGA, full HD)
_LAYOUT = (  # segments of the coding and the colors, which the result has of its own
    (APP0, b"JFIF\0"),
    (APP2, PROFILE),
    (APP8, b"SPIFF\0"),
    (APP12, b"Ducky"),
    (APP13, b"Adobe_CM"),
    (APP14, b"Adobe"),
    (APP15, b"Q "),
)
_BELONG = (  # what belongs to the photo as it was, in words
    (APP0, b"JFXX\0", ""),  # a thumbnail
    (APP0, b"AVI1", ""),
    (APP1, b"FLIR\0", "its heat picture (FLIR)"),
    (APP2, b"urn:iso:std:iso:ts:21496", "its gain map (HDR)"),
    (APP2, b"FPXR\0", "its second picture (FlashPix)"),
    (APP11, b"JP", "its signed origin (C2PA)"),
    (APP11, b"HDR_RI", "its gain map (HDR)"),
)


def read(file: IO[bytes]) -> list[Chunk]:
    """The segments up to the pixels that have no part in the coding; fewer where the file is damaged."""
    file.seek(2)
    found: list[Chunk] = []
    total = 0
    while total < LARGEST_TOTAL:
        head = file.read(4)
        while head[:2] == b"\xff\xff":  # fill bytes
            head = head[1:] + file.read(1)
        if len(head) < 4 or head[0] != 0xFF or head[1] in (_SCAN, _END):
            break
        if head[1] in _ALONE:
            file.seek(-2, 1)
            continue
        (length,) = struct.unpack(">H", head[2:])
        data = file.read(max(0, length - 2))
        if head[1:2] == COMMENT or 0xE0 <= head[1] <= 0xEF:
            found.append(Chunk(head[1:2], data))
            total += len(data) + 100  # of memory
    return found


def xmp_of(segments: Iterable[Chunk], name: str | None) -> tuple[bytes | None, bytes | None]:
    """The XMP packet, and its extension of this name if it is there whole."""
    packets = [each.data[len(XMP) :] for each in _with(segments, APP1, XMP)]
    pieces: dict[int, bytes] = {}
    whole = 0
    for each in _with(segments, APP1, MORE_XMP):
        start = len(MORE_XMP)
        if len(each.data) < start + 40 or each.data[start : start + 32] != (name or "").encode():
            continue
        whole, at = struct.unpack_from(">LL", each.data, start + 32)
        pieces.setdefault(at, each.data[start + 40 :])
    extension = b"".join(pieces[at] for at in sorted(pieces))
    sound = (
        len(extension) == whole and hashlib.md5(extension, usedforsecurity=False).hexdigest().upper() == name
    )
    return packets[0] if packets else None, extension if extension and sound else None


def exif_of(segments: Iterable[Chunk]) -> bytes | None:
    """The EXIF block, of as many segments as it was cut into."""
    blocks = [each.data[len(EXIF) :] for each in _with(segments, APP1, EXIF)]
    whole = blocks[:1]
    for block in blocks[1:]:
        if block[:4] in (b"II*\0", b"MM\0*"):
            break
        whole.append(block)
    return b"".join(whole) or None


def joined(segments: Iterable[Chunk], marker: bytes, start: bytes) -> bytes:
    """What segments of a kind hold, one after the other."""
    return b"".join(each.data[len(start) :] for each in _with(segments, marker, start))


def sorted_out(segments: Iterable[Chunk]) -> tuple[tuple[Chunk, ...], list[str]]:
    """Segments of a kind of their own, and in words those that belong to the photo as it was."""
    kept: list[Chunk] = []
    left_out: list[str] = []
    known = (*_LAYOUT, (APP1, EXIF), (APP1, XMP), (APP1, MORE_XMP), (APP13, PHOTOSHOP), (COMMENT, b""))
    for each in segments:
        words = [word for kind, start, word in _BELONG if _is(each, kind, start)]
        if words:
            left_out += [word for word in words if word]
        elif _is(each, APP2, b"MPF\0"):
            left_out += [SECOND] if _views(each.data[4:]) else []
        elif not any(_is(each, kind, start) for kind, start in known):
            kept.append(each)
    return tuple(kept), left_out


def behind(file: IO[bytes]) -> str | None:
    """What follows the picture in its file, in words; None if nothing but padding does."""
    file.seek(0, 2)
    size = file.tell()
    with _in_memory(file, size) as whole:
        end = _end(whole)
        rest = whole[end : end + (1 << 16)].strip(b"\0\xff") if end else b""
    if not rest:
        return None
    if b"ftyp" in rest or b"MotionPhoto" in rest:
        return "its film (motion photo)"
    if rest.endswith(b"SEFT") and b"SEFH" in rest and b"\xff\xd8\xff" not in rest:
        return None  # what Samsung's cameras note for themselves: the time again, the country
    if b"\xd8\xff" in rest[:3]:
        return None if _is_copy(read(file)) else SECOND
    return f"what follows it in its file ({size - end} bytes)"


def _is_copy(segments: Iterable[Chunk]) -> bool:
    """Whether what follows the picture is a smaller copy of it, for the camera's display."""
    indexes = [each.data[4:] for each in _with(segments, APP2, b"MPF\0")]
    return bool(indexes) and not any(_views(index) for index in indexes)


@contextlib.contextmanager
def _in_memory(file: IO[bytes], size: int) -> Iterator[mmap.mmap | bytes]:
    """The file's bytes: mapped, or read where it is no file of the system's own."""
    try:
        number = file.fileno()
    except (OSError, AttributeError):
        file.seek(0)
        yield file.read()
        return
    with mmap.mmap(number, size, access=mmap.ACCESS_READ) as whole:
        yield whole


def _end(whole: mmap.mmap | bytes) -> int:
    """Where the picture ends, behind its last marker; 0 if it has none."""
    at = 2
    for _ in range(_MOST_MARKERS):
        match = _NEXT.search(whole, at)
        if match is None:
            break
        at, marker = match.end(), whole[match.end() - 1]
        if marker == _END:
            return at
        if marker == _SCAN and (last := _last_bytes(whole, at)):
            return last
        if marker not in _ALONE and at + 2 <= len(whole):
            at += int(struct.unpack(">H", whole[at : at + 2])[0])
    return 0


def _last_bytes(whole: mmap.mmap | bytes, at: int) -> int:
    """Where the picture ends if the first end mark of its scans is the file's last word: most files; else 0.

    Looked for at once, as a mark within coded data is rare, and one within a table ends in the slower search.
    """
    end = whole.find(b"\xff\xd9", at) + 2
    return end if end >= 2 and not whole[end : end + (1 << 16)].strip(b"\0\xff") else 0


def segment(marker: bytes, *data: bytes) -> bytes:
    """One segment. Raises ValueError if it would be too long."""
    content = b"".join(data)
    if len(content) > LARGEST:
        raise ValueError("a segment is too long for a JPEG")
    return b"\xff" + marker + struct.pack(">H", len(content) + 2) + content


def cut(marker: bytes, start: bytes, data: bytes) -> Iterator[bytes]:
    """As many segments as the data need, each beginning alike."""
    step = LARGEST - len(start)
    for at in range(0, len(data), step):
        yield segment(marker, start, data[at : at + step])


def profile_segments(profile: bytes) -> Iterator[bytes]:
    """The segments of an ICC profile, numbered from 1 (ICC.1:2022, B.4); none of an empty one."""
    room = LARGEST - len(PROFILE) - 2
    pieces = [profile[at : at + room] for at in range(0, len(profile), room)]
    for number, piece in enumerate(pieces, 1):
        yield segment(APP2, PROFILE, bytes((number, len(pieces))), piece)


def more_xmp(extension: bytes, name: bytes) -> Iterator[bytes]:
    """The segments of extended XMP."""
    step = 65400
    for at in range(0, len(extension), step):
        where = struct.pack(">LL", len(extension), at)
        yield segment(APP1, MORE_XMP, name, where, extension[at : at + step])


def is_profile(each: Chunk) -> bool:
    """Whether it is a part of an ICC profile."""
    return _is(each, APP2, PROFILE)


def _is(each: Chunk, marker: bytes, start: bytes) -> bool:
    return each.kind == marker and each.data.startswith(start)


def _with(segments: Iterable[Chunk], marker: bytes, start: bytes) -> Iterator[Chunk]:
    return (each for each in segments if _is(each, marker, start))


def _views(index: bytes) -> int:
    """How many pictures beside the first an MPF index has (CIPA DC-007, 5.2.3), but for smaller copies of it."""
    from safelight.pixels import exif

    order = exif.byte_order(index)
    count, kinds = 0, list[int]()
    for entry in exif.entries(index):
        value = struct.unpack_from(order + "L", index, entry.at + 8)[0]
        if entry.tag == 0xB001 and entry.kind == 4:
            count = int(value)
        if entry.tag == 0xB002 and value + entry.count <= len(index):
            rows = range(value, value + entry.count - 15, 16)
            kinds = [struct.unpack_from(order + "L", index, at)[0] & 0xFFFFFF for at in rows]
    return count - 1 - sum(kind in _COPIES for kind in kinds[1:count]) if count > 1 else 0
