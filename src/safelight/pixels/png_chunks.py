"""A PNG's chunks: what they say beside its pixels, its pixels alone, and new chunks.

Sources: W3C PNG, third edition; ImageMagick's raw profiles ("Raw profile type exif": the length, then hexadecimal
numbers), which others read and write too.
"""

import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import IO

from safelight.pixels.photo import Chunk

SIGNATURE = b"\x89PNG\r\n\x1a\n"
LARGEST = 1 << 24  # bytes of all texts, packed, and of one that is unpacked
_EACH = 100  # bytes of memory for a chunk beside its data
_TEXTS = (b"tEXt", b"zTXt", b"iTXt")
_KEPT = (*_TEXTS, b"eXIf", b"tIME", b"sCAL", b"oFFs", b"pCAL", b"sTER")
_CODING = (  # pixels, colors and animations
    *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"sBIT", b"bKGD", b"hIST", b"sPLT", b"pHYs", b"iDOT"),
    *(b"cHRM", b"gAMA", b"iCCP", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"mDCv", b"cLLi"),
    *(b"acTL", b"fcTL", b"fdAT", b"vpAg", b"caNv"),
)
_PASSES = (  # of interlaced pixels (Adam7): first row and column, steps down and across
    *((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)),
)
_XMP = b"XML:com.adobe.xmp"
_PROFILE = b"Raw profile type "
_BELONG = {b"caBX": "its signed origin (C2PA)", b"gdAT": "its gain map (HDR)"}
_PROFILE_HEAD = re.compile(rb"\s*[^\n]*\n\s*(\d{1,9})\n")
_ORIENTATION = re.compile(rb"(?i)(exif|tiff):orientation\Z")


def read(file: IO[bytes]) -> tuple[list[Chunk], list[str], list[bytes]]:
    """The chunks that say something of the photo; in words what belongs to the photo as it was; names not known."""
    file.seek(8)
    found: list[Chunk] = []
    left_out: list[str] = []
    unknown: list[bytes] = []
    total = 0
    while len(head := file.read(8)) == 8:
        length, kind = struct.unpack(">L4s", head)
        if kind in _KEPT and total + length <= LARGEST:
            found.append(Chunk(kind, file.read(length)))
            total += length + _EACH
            length = 0
        elif kind in _BELONG:
            left_out.append(_BELONG[kind])
        elif kind not in _CODING:
            unknown.append(kind)
        file.seek(length + 4, 1)
        if kind == b"IEND":
            break
    return found, left_out, unknown


def keyword(chunk: Chunk) -> bytes:
    """The keyword of a text."""
    return chunk.data.partition(b"\0")[0] if chunk.kind in _TEXTS else b""


def text(chunk: Chunk) -> tuple[bytes, bool] | None:
    """What a text says, and whether it is UTF-8 (Latin-1 otherwise); None if it cannot be unpacked."""
    rest = chunk.data.partition(b"\0")[2]
    if chunk.kind == b"tEXt":
        return rest, False
    if chunk.kind == b"zTXt":
        said, packed = rest[1:], True
    else:
        words = rest[2:].split(b"\0", 2)  # language, translated keyword, text
        if len(words) < 3:
            return None
        said, packed = words[2], rest[:1] == b"\1"
    unpacked = _unpacked(said) if packed else said
    return None if unpacked is None else (unpacked, chunk.kind == b"iTXt")


def blocks(chunks: Iterable[Chunk]) -> tuple[dict[str, bytes], list[Chunk]]:
    """EXIF ("exif"), XMP ("xmp"), captions ("iptc") and resources ("8bim"), wherever they stand; the other chunks."""
    found: dict[str, bytes] = {}
    profiles: dict[str, bytes] = {}
    others: list[Chunk] = []
    for each in chunks:
        name = keyword(each)
        if each.kind == b"eXIf":
            found.setdefault("exif", each.data)
        elif name == _XMP and each.kind == b"iTXt":
            said = text(each)
            if said:
                found.setdefault("xmp", said[0])
        elif name.lower().startswith(_PROFILE.lower()):
            kind = name[len(_PROFILE) :].decode("latin-1").lower()
            data = _profile(each)
            if data is not None and kind in ("exif", "app1", "xmp", "iptc", "8bim", "icc", "icm"):
                profiles.setdefault(_kind(kind, data), data.removeprefix(_XMP_START))
            else:
                others.append(each)
        else:
            others.append(each)
    return {**profiles, **found}, others


def turned(chunks: Iterable[Chunk]) -> tuple[Chunk, ...]:
    """The chunks, where a text states the orientation: 1."""
    return tuple(
        Chunk(b"tEXt", keyword(each) + b"\0" + b"1") if _ORIENTATION.match(keyword(each)) else each
        for each in chunks
    )


def profile(kind: bytes, data: bytes) -> Chunk:
    """Data as ImageMagick writes them into a text."""
    lines = b"\n".join(data[at : at + 36].hex().encode() for at in range(0, len(data), 36))
    said = b"\n%b\n%8d\n%b\n" % (kind, len(data), lines)
    return Chunk(b"zTXt", _PROFILE + kind + b"\0\0" + zlib.compress(said))


def comment(said: bytes) -> Chunk:
    """A comment as a text: bytes of UTF-8 as such, others as Latin-1."""
    try:
        plain = said.decode().isascii()
    except UnicodeDecodeError:
        plain = True
    if plain:
        return Chunk(b"tEXt", b"Comment\0" + said.replace(b"\0", b""))
    return Chunk(b"iTXt", b"Comment" + bytes(5) + said.replace(b"\0", b""))


def comments(chunks: Iterable[Chunk]) -> tuple[tuple[bytes, ...], tuple[Chunk, ...]]:
    """What the texts called Comment say, in UTF-8, and the other chunks."""
    said: list[bytes] = []
    others: list[Chunk] = []
    for each in chunks:
        words = text(each) if keyword(each).lower() == b"comment" else None
        if words is None:
            others.append(each)
        else:
            said.append(words[0] if words[1] else words[0].decode("latin-1").encode())
    return tuple(said), tuple(others)


_XMP_START = b"http://ns.adobe.com/xap/1.0/\0"


def _kind(kind: str, data: bytes) -> str:
    """Which of the blocks a raw profile is; that called APP1 may be EXIF or XMP."""
    if kind in ("app1", "exif", "xmp"):
        return "xmp" if data.startswith((_XMP_START, b"<")) else "exif"
    return kind


def _profile(chunk: Chunk) -> bytes | None:
    """The data of a raw profile; None if they are not what they say to be."""
    said = text(chunk)
    match = _PROFILE_HEAD.match(said[0][:200]) if said else None
    if said is None or match is None:
        return None
    try:
        data = bytes.fromhex(said[0][match.end() :].decode("ascii"))
    except ValueError:
        return None
    return data if len(data) == int(match[1]) else None


def _unpacked(data: bytes) -> bytes | None:
    """What was deflated; None if it is damaged or longer than can be meant."""
    unpacker = zlib.decompressobj()
    try:
        said = unpacker.decompress(data, LARGEST)
    except zlib.error:
        return None
    return None if unpacker.unconsumed_tail else said


def header(file: IO[bytes]) -> bytes:
    """The data of the IHDR chunk; the file stays where it is."""
    place = file.tell()
    data = next(data for kind, data in _of_pixels(file) if kind == b"IHDR")
    file.seek(place)
    return data


def pixels_only(file: IO[bytes]) -> bytes:
    """A PNG with nothing but header and pixels, not packed: what decoders apply, mind or print lines of is left out.

    That is profile, orientation, animation, texts, and whatever follows the pixels in their stream.
    """
    (_, head), *chunks = _of_pixels(file)
    unpacked = zlib.decompressobj().decompress(b"".join(data for _, data in chunks), _unpacked_length(head))
    parts = (
        (b"IHDR", head[:10] + bytes((0, 0, head[12] > 0))),
        (b"IDAT", zlib.compress(unpacked, 0)),
        (b"IEND", b""),
    )
    return SIGNATURE + b"".join(chunk_bytes(kind, data) for kind, data in parts)


def _unpacked_length(head: bytes) -> int:
    """Bytes of all rows of a PNG that is no palette's, each with its filter's number."""
    width, height, depth, color_type = struct.unpack_from(">LLBB", head)
    bits = depth * {0: 1, 2: 3, 4: 2, 6: 4}[color_type]
    passes = _PASSES if head[12] else ((0, 0, 1, 1),)
    sizes = [(len(range(y, height, down)), len(range(x, width, across))) for y, x, down, across in passes]
    return sum(h * (1 + -(-w * bits // 8)) for h, w in sizes if w)


def _of_pixels(file: IO[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Kind and data of the header and of the chunks of pixels."""
    file.seek(8)
    while len(head := file.read(8)) == 8:
        length, kind = struct.unpack(">L4s", head)
        if kind in (b"IHDR", b"IDAT"):
            yield kind, file.read(length)
            length = 0
        file.seek(length + 4, 1)


def chunk_bytes(kind: bytes, data: bytes) -> bytes:
    """One chunk: length, kind, data, checksum."""
    return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))
