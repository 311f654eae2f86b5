"""A photo in memory, upright and in sRGB, with what its file said beside the pixels, as bytes that nobody recoded.

Captions (IPTC) lie in Photoshop's image resources ("8BIM"). Sources: Adobe Photoshop File Formats Specification,
Image Resource Blocks; IPTC-NAA IIM 4.2.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from safelight.arrays import Pixels, Srgb
from safelight.pixels.exif import as_srgb
from safelight.pixels.native import Native
from safelight.pixels.space import Alpha, Numbers

CAPTIONS, EXIF, XMP = 1028, 1058, 1060
_RESOLUTION, _PROFILE = 1005, 1039
_THUMBNAILS = (1033, 1036)
_SIGNATURES = (b"8BIM", b"MeSa", b"PHUT", b"AgHg", b"DCSR")
# What speaks of layers and channels, which every file of Photoshop has and no result.
_LAYERS = frozenset({1006, 1007, 1024, 1026, 1045, 1053, 1057, 1065, 1066, 1067, 1069, 1072, 1075, 1077})
_TURNED = frozenset({1032, 1050, *range(2000, 2999)})  # guides, slices, paths: places in the picture


@dataclass(frozen=True)
class Resource:
    """One resource: its number, its name (mostly empty) and its data, as they stood."""

    number: int
    data: bytes
    name: bytes = b""
    signature: bytes = b"8BIM"


def read_resources(data: bytes) -> list[Resource]:
    """The resources one after the other; fewer where the data are damaged."""
    found: list[Resource] = []
    at = 0
    while data[at : at + 4] in _SIGNATURES and at + 12 <= len(data):
        (number,) = struct.unpack_from(">H", data, at + 4)
        length = data[at + 6]
        name_end = at + 7 + length + (length + 1) % 2
        if name_end + 4 > len(data):
            break
        (size,) = struct.unpack_from(">L", data, name_end)
        start = name_end + 4
        if start + size > len(data):
            break
        name = data[at + 7 : at + 7 + length]
        found.append(Resource(number, data[start : start + size], name, data[at : at + 4]))
        at = start + size + size % 2
    return found


def resource_block(resources: Iterable[Resource]) -> bytes:
    """The resources one after the other."""
    return b"".join(
        each.signature
        + struct.pack(">HB", each.number, len(each.name))
        + each.name
        + bytes((len(each.name) + 1) % 2)
        + struct.pack(">L", len(each.data))
        + each.data
        + bytes(len(each.data) % 2)
        for each in resources
    )


def sort_resources(resources: Iterable[Resource], turn: int) -> tuple[tuple[Resource, ...], list[str]]:
    """The resources that are true of the result, and in words those that belong to the photo as it was.

    turn: the orientation that was applied. Captions, EXIF and XMP are taken out before.
    """
    kept: list[Resource] = []
    left_out: list[str] = []
    for each in resources:
        if each.number in (*_THUMBNAILS, *_LAYERS):
            continue  # no loss: the small copy of each photo, and words on layers, which are not in here
        if each.number in _TURNED and turn != 1:
            left_out.append("its paths and guides (Photoshop)")
        elif each.number == _RESOLUTION and turn >= 5 and len(each.data) == 16:
            half = each.data[:8], each.data[8:]
            kept.append(Resource(each.number, half[1] + half[0], each.name, each.signature))
        elif each.number != _PROFILE:  # the result has its own
            kept.append(each)
    return tuple(kept), left_out


@dataclass(frozen=True)
class Chunk:
    """One chunk of a PNG, or one segment of a JPEG (kind: its marker's second byte), as it stood."""

    kind: bytes
    data: bytes


@dataclass(frozen=True)
class Metadata:
    """Captions (IPTC-IIM), Photoshop's other resources, comments, and what one format alone has.

    `chunks` are a PNG's texts and times, `segments` a JPEG's private ones: both only for a file of the same kind.
    `aspect` is (x, y) pixels a length that is not said, of pixels that are not square. `subfile` is what a page of
    a TIFF of several says it is (NewSubfileType).
    """

    iptc: bytes | None = None
    resources: tuple[Resource, ...] = ()
    comments: tuple[bytes, ...] = ()
    chunks: tuple[Chunk, ...] = ()
    segments: tuple[Chunk, ...] = ()
    aspect: tuple[float, float] | None = None
    subfile: int | None = None


@dataclass(frozen=True, eq=False)
class Photo:
    """Pixels (h, w, 3) uint8 or uint16, upright and in sRGB, whatever the file's own color and place.

    `exif` is the bare block ("II*…" or "MM…*"), its orientation 1; `xmp` is the packet; `dpi` is (x, y).
    `metadata` is all else that the file said beside its pixels: captions, comments, texts.
    `remarks` say, a sentence each, what could not be kept or believed. `native` are the file's own numbers and
    their color space, where they were asked for (read_photo(native=True)): write_photo writes these where the
    format can hold them. Without them EXIF says sRGB, with them what the file said. `beside` are samples beside colors
    and alpha, such as infrared, of the type of the pixels; only a TIFF has a place for them.
    """

    pixels: Pixels
    alpha: Alpha | None = None
    format: str = "PNG"
    exif: bytes | None = None
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None
    metadata: Metadata = field(default_factory=Metadata)
    remarks: tuple[str, ...] = ()
    native: Native | None = None
    beside: Numbers | None = None

    @property
    def size(self) -> tuple[int, int]:
        """(h, w) in pixels."""
        return self.pixels.shape[0], self.pixels.shape[1]

    def in_srgb(self) -> "Photo":
        """The photo without its own numbers: `pixels` are what counts, and its EXIF says so."""
        if self.native is None:
            return self
        block = as_srgb(self.exif) if self.exif and self.native.converted else self.exif
        return replace(self, native=None, exif=block)

    @property
    def srgb(self) -> Srgb:
        """The pixels as float32, 0..1: a new array, 4 times (of uint16: twice) the size."""
        white = np.float32(np.iinfo(self.pixels.dtype).max)
        return np.asarray(np.divide(self.pixels, white, dtype=np.float32))
