"""Photoshop's image resources ("8BIM"), where captions (IPTC) lie in a JPEG.

Source: Adobe Photoshop File Formats Specification, Image Resource Blocks; IPTC-NAA IIM 4.2.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass

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


def read(data: bytes) -> list[Resource]:
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


def block(resources: Iterable[Resource]) -> bytes:
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


def sorted_out(resources: Iterable[Resource], turn: int) -> tuple[tuple[Resource, ...], list[str]]:
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
