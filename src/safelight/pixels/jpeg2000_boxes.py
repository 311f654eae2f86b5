"""What a JPEG 2000 says beside its pixels, in boxes of its file, which Pillow passes over.

Sources: ISO 15444-1, annex I (boxes); XMP Specification part 3, 1.1.4; exiftool's JPEG 2000 tags (which UUID is what).
"""

import struct
from collections.abc import Iterator
from typing import IO

LARGEST = 1 << 24  # bytes of one box, and of all that are kept
_MOST = 1000  # boxes
_UUIDS = {
    bytes.fromhex("be7acfcb97a942e89c71999491e3afac"): "xmp",
    bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38"): "iptc",
    bytes.fromhex("2c4c0100850440b9a03e562148d6dfeb"): "8bim",
    b"JpgTiffExif->JP2": "exif",
    bytes.fromhex("0537cdab9d0c4431a72afa561f2a113e"): "exif",  # Photoshop's
}
_MAP = bytes.fromhex("b14bf8bd083d4b43a5ae8cd7d5a6ce03")
_LAYOUT = (  # pixels, colors, readers, room
    *(
        b"jP  ",
        b"jP\x1a\x1a",
        b"ftyp",
        b"jp2h",
        b"jp2c",
        b"rreq",
        b"jpch",
        b"jplh",
        b"free",
        b"mdat",
        b"jp2i",
    ),
    *(b"dtbl", b"ftbl", b"flst", b"cref"),
)


def read(file: IO[bytes]) -> tuple[dict[str, bytes], list[str], list[bytes]]:
    """EXIF ("exif"), XMP ("xmp"), captions ("iptc") and resources ("8bim"); in words what belongs to the photo as
    it was; names of boxes not known. Of a bare codestream nothing."""
    found: dict[str, bytes] = {}
    belongs: list[str] = []
    unknown: list[bytes] = []
    left = LARGEST
    for kind, length in _boxes(file):
        if kind in (b"uuid", b"Exif") and 16 <= length <= left:
            data = file.read(length)
            left -= length
            name = "exif" if kind == b"Exif" else _UUIDS.get(data[:16])
            if name:
                found.setdefault(name, data[4:] if kind == b"Exif" else data[16:])
            else:
                belongs += ["its place on the map (GeoTIFF)"] if data[:16] == _MAP else []
                unknown += [kind] if data[:16] != _MAP else []
        elif kind == b"jumb":
            belongs.append("its signed origin (C2PA)")
        elif kind not in _LAYOUT:
            unknown.append(kind)
    return found, belongs, unknown


def _boxes(file: IO[bytes]) -> Iterator[tuple[bytes, int]]:
    """The kind of each box and how many bytes it holds, the file at the first of them."""
    end = file.seek(0, 2)
    at = 0
    for _ in range(_MOST):
        file.seek(at)
        head = file.read(16)
        if len(head) < 8 or (at == 0 and head[4:6] != b"jP"):
            return
        length, kind = struct.unpack_from(">L4s", head)
        start = at + (16 if length == 1 else 8)
        if length == 1 and len(head) == 16:
            (length,) = struct.unpack_from(">Q", head, 8)
        stop = end if length == 0 else at + length
        if stop < start or stop > end:
            return
        file.seek(start)
        yield kind, stop - start
        at = stop
