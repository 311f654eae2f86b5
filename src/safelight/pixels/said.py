"""What a file says of its color in places of its own: PNG chunks, BMP headers, GIF extensions, TIFF tags."""

import struct
import zlib
from dataclasses import dataclass
from typing import IO

import numpy as np
from PIL import TiffImagePlugin

from safelight.pixels import icc_made, jpeg_segments, png_chunks
from safelight.pixels.icc_made import Primaries, Xy
from safelight.pixels.metadata import Chunk

OF_GAMMA, OF_HDR = (b"gAMA", b"cHRM"), (b"mDCV", b"cLLI")
_KEPT = (*OF_GAMMA, *OF_HDR)  # written back with the numbers that they describe
_COLOR_CHUNKS = (b"cICP", b"sRGB", *_KEPT)
_RAW_PROFILE = b"raw profile type ic"  # icc or icm
_NUMBERED = 14  # bytes before a part of a JPEG's profile
_LONGEST = 4096  # chunks looked through
_LARGEST = 1 << 24  # bytes of a profile
_BITS, _TRANSFER, _WHITE, _PRIMARIES = 258, 301, 318, 319  # TIFF tags


@dataclass(frozen=True)
class Said:
    """What a file says of its color, but for its EXIF. `curves`: to linear light, one or three, as ICC has them.

    damage: why a profile that is there could not be taken out of the file.
    """

    points: bytes | None = None
    profile: bytes | None = None
    damage: str = ""
    srgb: bool = False
    gamma: float | None = None
    primaries: Primaries | None = None
    curves: tuple[bytes, ...] = ()
    chunks: tuple[tuple[bytes, bytes], ...] = ()


def read_png(file: IO[bytes]) -> Said:
    """The color chunks, which come before the pixels; the first of each kind counts.

    Without iCCP a profile in a text counts, as ImageMagick wrote it ("Raw profile type icc").
    """
    found: dict[bytes, bytes] = {}
    texts: list[Chunk] = []
    own, damage = b"", ""
    file.seek(8)
    for _ in range(_LONGEST):
        length, kind = struct.unpack(">L4s", file.read(8))
        if kind in (b"IDAT", b"IEND"):
            break
        if kind in _COLOR_CHUNKS and length <= 32:
            found.setdefault(kind, file.read(length))
            file.seek(4, 1)
        elif kind == b"iCCP":
            data = file.read(min(length, _LARGEST))
            file.seek(length - len(data) + 4, 1)
            if not own and not damage:
                own = _unpacked(data)
                damage = "" if own else "it is damaged"
        elif kind in (b"tEXt", b"zTXt") and length <= _LARGEST:
            data = file.read(length)
            file.seek(4, 1)
            if not texts and data[: len(_RAW_PROFILE)].lower() == _RAW_PROFILE:
                texts.append(Chunk(kind, data))
        else:
            file.seek(length + 4, 1)
    gamma = struct.unpack(">L", found[b"gAMA"])[0] / 100_000 if b"gAMA" in found else None
    white, red, green, blue = _pairs(found.get(b"cHRM", bytes(32)))
    raw, _ = png_chunks.blocks(texts)
    return Said(
        points=found.get(b"cICP"),
        profile=own or raw.get("icc") or raw.get("icm"),
        damage=damage,
        srgb=b"sRGB" in found,
        gamma=gamma,
        primaries=(red, green, blue, white) if b"cHRM" in found else None,
        chunks=tuple((kind, found[kind]) for kind in _KEPT if kind in found),
    )


def _unpacked(chunk: bytes) -> bytes:
    """The profile in an iCCP chunk; nothing if it is damaged."""
    unpacker = zlib.decompressobj()
    try:
        profile = unpacker.decompress(chunk.partition(b"\0")[2][1:], _LARGEST)
    except zlib.error:
        return b""
    return profile if unpacker.eof else b""


def read_jpeg(file: IO[bytes]) -> Said:
    """A profile in APP2 segments, of which each says its number and how many there are (ICC.1:2022, B.4).

    Pillow takes none where a segment is there twice, or behind the frame header.
    """
    numbered: dict[int, bytes] = {}
    parts = [each.data for each in jpeg_segments.read(file) if jpeg_segments.is_profile(each)]
    for each in parts:
        if len(each) < _NUMBERED or numbered.setdefault(each[12], each[_NUMBERED:]) != each[_NUMBERED:]:
            return Said(damage="two of its parts have one number")
    if not parts:
        return Said()
    if len(numbered) != parts[0][13]:
        return Said(damage="a part of it is missing")
    return Said(profile=b"".join(numbered[number] for number in sorted(numbered)))


def _pairs(chunk: bytes) -> list[Xy]:
    """The four chromaticities of a cHRM chunk."""
    numbers = struct.unpack(">8L", chunk)
    return [(x / 100_000, y / 100_000) for x, y in zip(numbers[::2], numbers[1::2], strict=True)]


def read_tiff(image: TiffImagePlugin.TiffImageFile) -> Said:
    """White point, primaries and transfer function (TIFF 6.0, section 20)."""
    tags = image.tag_v2
    try:
        white = tuple(float(value) for value in tags.get(_WHITE, ()))
        corners = tuple(float(value) for value in tags.get(_PRIMARIES, ()))
        table = np.asarray(tags.get(_TRANSFER, ()), np.float64)
    except (TypeError, ValueError, ZeroDivisionError):
        return Said()
    primaries = None
    if len(corners) == 6 and all(0 < value < 1 for value in (*corners, *white)):
        place = (white[0], white[1]) if len(white) == 2 else icc_made.D65
        primaries = (corners[0:2], corners[2:4], corners[4:6], place)
    levels = 1 << min(max(tags.get(_BITS, (1,))), 16)
    curves: tuple[bytes, ...] = ()
    if len(table) in (levels, 3 * levels) and table.max() <= 65535:
        curves = tuple(icc_made.sampled(each / 65535) for each in table.reshape(-1, levels))
    return Said(primaries=primaries, curves=curves)


def read_gif(file: IO[bytes]) -> Said:
    """A profile in the application extension ICCRGBG1012, before the first picture."""
    file.seek(0)
    head = file.read(13)
    if head[10] & 0x80:
        file.seek(3 << (head[10] & 7) + 1, 1)
    for _ in range(_LONGEST):
        if file.read(1) != b"!":
            break
        label, name = file.read(1), file.read(file.read(1)[0])
        blocks = []
        while size := file.read(1)[0]:
            blocks.append(file.read(size))
        if label == b"\xff" and name == b"ICCRGBG1012":
            return Said(profile=b"".join(blocks))
    return Said()


def read_bmp(file: IO[bytes]) -> Said:
    """End points and gammas of a version 4 header, sRGB, or a profile of version 5 (MS-WMF 2.2.2.1)."""
    file.seek(14)
    (length,) = struct.unpack("<L", file.read(4))
    if length < 108:
        return Said()
    header = file.read(length - 4)
    kind = header[52:56][::-1]
    if kind in (b"sRGB", b"Win "):
        return Said(srgb=True)
    if kind == b"MBED" and length >= 124:
        start, size = struct.unpack_from("<2L", header, 108)
        file.seek(14 + start)
        return Said(profile=file.read(min(size, _LARGEST)))
    if kind != bytes(4):
        return Said()
    ends = np.array(struct.unpack_from("<9L", header, 56)).reshape(3, 3) / (1 << 30)
    gammas = [value / 65536 for value in struct.unpack_from("<3L", header, 92)]
    if not (ends.sum(axis=1) > 0).all():
        return Said()  # nothing was filled in
    white = ends.sum(axis=0)
    points = [(float(x / (x + y + z)), float(y / (x + y + z))) for x, y, z in (*ends, white)]
    curves = tuple(icc_made.power(gamma) for gamma in gammas) if all(0.3 <= g <= 10 for g in gammas) else ()
    return Said(primaries=(points[0], points[1], points[2], points[3]), curves=curves)
