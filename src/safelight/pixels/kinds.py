"""What a file is, by its first bytes and, of a TIFF, by its directories; and whether a JPEG or PNG is whole.

Raw files of cameras and scanners hold no finished picture, only what one is developed from, beside small previews
that must not be taken for it; many of them begin like a TIFF. Sources: TIFF 6.0, TIFF/EP (ISO 12234-2), DNG 1.7,
ISO 14496-12 (ftyp), the formats' own specifications, exiftool's tables for the makers' compressions.

Copying that was broken off, and cameras whose battery went, leave files that lack nothing but their end; every row
is in them. A file that ends within its pixels is told apart by what follows: if whatever bits come next change no
pixel, none were missing. Sources: ITU-T T.81, B.1.1 and B.2.3 (markers, scans), G.1.1.1 (progressive scans); PNG,
third edition, 5.3.
"""

import hashlib
import io
import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from safelight.pixels.tiff_pages import Page

READ = "JPEG, PNG, TIFF, WebP, GIF, BMP, AVIF, JPEG 2000 or HEIC"
START = 64  # bytes that decide
_PICTURES = (  # first bytes, name
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
)
_RAW = (  # where, bytes, name
    (0, b"FUJIFILMCCD-RAW", "RAF"),
    (0, b"IIRO", "ORF"),
    (0, b"IIRS", "ORF"),
    (0, b"MMOR", "ORF"),
    (0, b"IIU\x00", "RW2"),
    (0, b"FOVb", "X3F"),
    (0, b"\x00MRM", "MRW"),
    (0, b"ARRI", "ARI"),
    (6, b"HEAPCCDR", "CRW"),
    (8, b"CR\x02\x00", "CR2"),
    (8, b"IIII", "IIQ"),
    (4, b"ftypcrx ", "CR3"),
)
_OTHERS = (  # what people take for a picture, or save in place of one
    (b"%PDF", "a PDF"),
    (b"8BPS", "a Photoshop document"),
    (b"gimp xcf", "a GIMP document"),
    (b"<svg", "an SVG drawing"),
    (b"<?xml", "an XML text"),
    (b"<!DOCTYPE html", "a web page"),
    (b"<!doctype html", "a web page"),
    (b"<html", "a web page"),
    (b"%!PS", "a PostScript file"),
    (b"\xc5\xd0\xd3\xc6", "a PostScript file"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x76\x2f\x31\x01", "an OpenEXR"),
    (b"#?RADIANCE", "a Radiance HDR"),
    (b"#?RGBE", "a Radiance HDR"),
    (b"DDS ", "a DDS texture"),
    (b"qoif", "a QOI"),
    (b"SIMPLE  =", "a FITS"),
    (b"AT&TFORM", "a DjVu"),
    (b"II\xbc", "a JPEG XR"),
    (b"\x00\x05\x16\x07", "what a Mac keeps beside a file (AppleDouble)"),
    (b"\x00\x05\x16\x00", "what a Mac keeps beside a file (AppleSingle)"),
    (b"icns", "an icon (ICNS)"),
    (b"\x1aE\xdf\xa3", "a video"),
    (b"RIFF", "a sound or a video"),
    (b"OggS", "a sound or a video"),
    *(
        (b"P%d%b" % (kind, space), "a PPM, PGM or PBM")
        for kind in range(1, 8)
        for space in (b"\n", b" ", b"\r", b"\t")
    ),
    *((b"P%b%b" % (kind, space), "a PFM") for kind in (b"f", b"F") for space in (b"\n", b" ")),
)
_RAW_PIXELS = (32803, 34892)  # photometric: color filter array, linear raw
_RAW_PACKED = {  # compression: the maker's file
    34713: "NEF",
    32767: "ARW",
    32770: "SRW",
    32769: "",
    32772: "SRW",
    65000: "DCR",
    262: "KDC",
    65535: "PEF",
    34892: "DNG",
}
_MAKERS = {  # the beginning of Make: how its raw files are called
    "canon": "CR2",
    "nikon": "NEF",
    "sony": "ARW",
    "pentax": "PEF",
    "ricoh": "PEF",
    "samsung": "SRW",
    "hasselblad": "3FR",
    "leaf": "MOS",
    "phase one": "IIQ",
    "kodak": "DCR",
    "eastman kodak": "DCR",
    "epson": "ERF",
    "mamiya": "MEF",
    "panasonic": "RW2",
    "leica": "RWL",
}
RAW_SUFFIXES = frozenset((
    ".3fr", ".ari", ".arw", ".cap", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".gpr", ".iiq", ".k25",
    ".kdc", ".mef", ".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".ptx", ".raf", ".raw", ".rw2", ".rwl", ".sr2",
    ".srf", ".srw", ".x3f",
))  # fmt: skip
_DNG_VERSION, _COMPRESSION, _PHOTOMETRIC, _MAKE = 50706, 259, 262, 271


class RawFileError(ValueError):
    """What a camera or scanner recorded, not yet a picture; the message is the kind's name, such as NEF."""


def kind_of(start: bytes, whole: int, end: bytes = b"") -> str:
    """The name of the picture format by the first bytes of a file.

    whole: the file's length in bytes. end: its last bytes (a TGA is known by them). Raises ValueError with what
    the file is instead, RawFileError if that is a raw file.
    """
    for at, signature, name in _RAW:
        if start[at : at + len(signature)] == signature:
            raise RawFileError(name)
    for signature, name in _PICTURES:
        if start.startswith(signature):
            return name
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "WEBP"
    if not whole:
        raise ValueError("found an empty file")
    if start[4:8] == b"ftyp":
        return _boxed(start)
    if start.startswith((b"\xff\x0a", b"\x00\x00\x00\x0cJXL ")):
        raise ValueError("found a JPEG XL, which is not read yet; convert it to PNG or TIFF")
    if start.startswith((b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP")):
        return "JPEG2000"
    raise ValueError(f"found {_other(start, end)}")


def _boxed(start: bytes) -> str:
    """HEIC, AVIF or neither, by the brands of ISO 14496-12: the major one, then those that it is compatible with."""
    brands = {start[8:12], *(start[at : at + 4] for at in range(16, len(start) - 3, 4))}
    if brands & {b"avif", b"avis"}:
        return "AVIF"
    if brands & {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}:
        return "HEIC"
    raise ValueError("found a video")


def _other(start: bytes, end: bytes) -> str:
    """What the file is, in words."""
    found = [
        name for signature, name in _OTHERS if start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(signature)
    ]
    if found:
        return found[0]
    if start[4:8] in (b"moov", b"mdat", b"wide", b"free"):
        return "a video"
    if start[:4] in (b"\0\0\x01\0", b"\0\0\x02\0") and any(start[4:6]):
        return "an icon or a cursor (ICO, CUR)"
    if end.endswith(b"TRUEVISION-XFILE.\0") or _like_tga(start):
        return "a TGA"
    return "no picture format that is known here" if any(start) else "nothing but noughts at its beginning"


def _like_tga(start: bytes) -> bool:
    """Whether a header of 18 bytes makes sense as that of a TGA, which has no signature."""
    kinds, depths = (1, 2, 3, 9, 10, 11), (8, 15, 16, 24, 32)
    return len(start) > 18 and start[1] < 2 and start[2] in kinds and start[16] in depths


def refuse_raw(found: Sequence[Page], name: Path) -> None:
    """Raises RawFileError if these are the directories of a raw file."""
    first, suffix = found[0], name.suffix.lower()
    if _DNG_VERSION in first.entries:
        raise RawFileError("DNG")
    maker = first.text(_MAKE).lower()
    called = next((kind for start, kind in _MAKERS.items() if maker.startswith(start)), "")
    if suffix in RAW_SUFFIXES:
        called = suffix[1:].upper()
    for page in found:
        packed = page.number(_COMPRESSION)
        if page.number(_PHOTOMETRIC) in _RAW_PIXELS or (packed in _RAW_PACKED and maker):
            raise RawFileError(called or _RAW_PACKED.get(packed, ""))
    if suffix in RAW_SUFFIXES and all(page.is_reduced for page in found):
        raise RawFileError(called)


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


def png_is_complete(data: bytes | bytearray) -> bool:
    """Whether what there is of a PNG's IDAT chunks holds all its pixels: their stream has come to its end."""
    unpacker = zlib.decompressobj()
    try:
        while data and not unpacker.eof:
            unpacker.decompress(data, 1 << 20)
            data = unpacker.unconsumed_tail
    except zlib.error:
        return False
    return unpacker.eof
