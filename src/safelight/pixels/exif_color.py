"""What an EXIF block says of color, and the same of a picture that was converted to sRGB.

Source: CIPA DC-008 (Exif 2.32), 4.6.4 to 4.6.7: ColorSpace, Gamma, WhitePoint, PrimaryChromaticities; DCF 2.0:
InteropIndex.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from safelight.pixels import icc_made
from safelight.pixels.exif import EXIF_DIRECTORY, Entry, byte_order, entries, is_sound
from safelight.pixels.icc_made import Primaries

COLOR_SPACE, INTEROPERABILITY = 0xA001, 0xA005
_GAMMA, _WHITE, _PRIMARIES = 0xA500, 318, 319
_INDEX = 1  # of the interoperability directory
_ASCII, _SHORT, _LONG, _RATIONAL = 2, 3, 4, 5


@dataclass(frozen=True)
class ColorSaid:
    """ColorSpace (1 sRGB, 2 Adobe RGB, 65535 uncalibrated; 0 none), InteropIndex (b"R98", b"R03"; b"" none),
    Gamma, and primaries with their white."""

    space: int = 0
    index: bytes = b""
    gamma: float | None = None
    primaries: Primaries | None = None

    @property
    def adobe_rgb(self) -> bool:
        """Whether it is Adobe RGB: by ColorSpace 2, or by DCF's option file R03 where ColorSpace does not say sRGB."""
        return self.space == 2 or (self.index == b"R03" and self.space != 1)


def read_color(block: bytes | None) -> ColorSaid:
    """What the block says; of a damaged block what can be read."""
    found: dict[int, tuple[float, ...]] = {}
    space, index = 0, b""
    for entry in _entries(block or b""):
        if entry.tag == COLOR_SPACE:
            space = _whole(block or b"", entry)
        elif entry.tag == _INDEX:
            index = (block or b"")[entry.at + 8 : entry.at + 11]
        else:
            found[entry.tag] = _ratios(block or b"", entry)
    gamma, white, corners = (found.get(tag, ()) for tag in (_GAMMA, _WHITE, _PRIMARIES))
    primaries = None
    if len(corners) == 6 and len(white) in (0, 2) and all(0 < value < 1 for value in (*corners, *white)):
        x, y = white or icc_made.D65
        primaries = ((corners[0], corners[1]), (corners[2], corners[3]), (corners[4], corners[5]), (x, y))
    return ColorSaid(space, index, gamma[0] if len(gamma) == 1 and gamma[0] > 0 else None, primaries)


def as_srgb(block: bytes) -> bytes:
    """The block of a picture that was converted to sRGB: what it says of color is sRGB's, all else as it was."""
    changed, order = bytearray(block), byte_order(block)
    corners = [value for pair in icc_made.SRGB[:3] for value in pair]
    meant = {_WHITE: list(icc_made.SRGB[3]), _PRIMARIES: corners, _GAMMA: [2.2]}
    for entry in _entries(block):
        if entry.tag == COLOR_SPACE:
            struct.pack_into(order + ("H" if entry.kind == _SHORT else "L"), changed, entry.at + 8, 1)
        elif entry.tag == _INDEX:
            changed[entry.at + 8 : entry.at + 11] = b"R98"
        elif len(meant[entry.tag]) == entry.count:
            (place,) = struct.unpack_from(order + "L", block, entry.at + 8)
            numbers = [number for value in meant[entry.tag] for number in (round(value * 10000), 10000)]
            struct.pack_into(f"{order}{len(numbers)}L", changed, place, *numbers)
    return bytes(changed)


def _entries(block: bytes) -> Iterator[Entry]:
    """The sound entries that are about color."""
    for entry in entries(block):
        if entry.tag in (_WHITE, _PRIMARIES) and entry.kind == _RATIONAL and is_sound(block, entry):
            yield entry
        if entry.tag != EXIF_DIRECTORY:
            continue
        for inner in entries(block, _whole(block, entry)):
            if inner.tag == COLOR_SPACE and inner.kind in (_SHORT, _LONG) and inner.count == 1:
                yield inner
            if inner.tag == _GAMMA and inner.kind == _RATIONAL and is_sound(block, inner):
                yield inner
            if inner.tag == INTEROPERABILITY:
                for deepest in entries(block, _whole(block, inner)):
                    if deepest.tag == _INDEX and deepest.kind == _ASCII and deepest.count == 4:
                        yield deepest


def _whole(block: bytes, entry: Entry) -> int:
    letter = {_SHORT: "H", _LONG: "L"}.get(entry.kind)
    return int(struct.unpack_from(byte_order(block) + letter, block, entry.at + 8)[0]) if letter else 0


def _ratios(block: bytes, entry: Entry) -> tuple[float, ...]:
    """The numbers of rationals; none where one has no meaning."""
    (place,) = struct.unpack_from(byte_order(block) + "L", block, entry.at + 8)
    numbers = struct.unpack_from(f"{byte_order(block)}{2 * entry.count}L", block, place)
    if not all(numbers[1::2]):
        return ()
    return tuple(top / bottom for top, bottom in zip(numbers[::2], numbers[1::2], strict=True))
