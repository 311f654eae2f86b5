"""What a TIFF says beside its pixels. Source: TIFF 6.0; Adobe Photoshop TIFF Technical Notes (34377, 37724)."""

import struct
from dataclasses import dataclass
from typing import IO

from safelight.pixels import directories
from safelight.pixels.directories import Field
from safelight.pixels.pages import first_place

XMP, IPTC, RESOURCES = 700, 33723, 34377
_LAYERS, _SIGNED = 37724, 52545
_BELONG = {_LAYERS: "its layers (Photoshop)", _SIGNED: "its signed origin (C2PA)"}

# How the pixels were stored and which colors they were, which the result says for itself.
LAYOUT = frozenset(
    {
        *(254, 255, 256, 257, 258, 259, 262, 263, 264, 265, 266),  # size, bits, compression, dither cells
        *(273, 274, 277, 278, 279, 280, 281, 284, 288, 289),  # strips, orientation, channels, free space
        *(290, 291, 301, 318, 319, 320, 321, 342),  # curves, primaries, palette, halftone
        *(292, 293, 317, 322, 323, 324, 325, 326, 327, 328, 347, 559),  # fax, predictor, tiles, tables
        *(330, 332, 333, 334, 336, 338, 339, 340, 341, 343, 344, 345, 346),  # inks, alpha, ranges, clip path
        *(400, 401, 402, 403, 404, 433, 434, 435),  # fax profiles
        *(512, 513, 514, 515, 517, 518, 519, 520, 521, 529, 530, 531, 532),  # JPEG in TIFF, YCbCr
        *(32995, 32996, 32997, 32998, 33421, 33422, 37439),  # SGI's and sensors' layouts
        *range(34016, 34037),  # TIFF/IT
        34675,  # ICC profile
        *range(50674, 50686),  # LERC and others
        *range(50706, 50838),  # a raw file's sensor and colors (DNG)
        *range(50879, 51200),
        *range(52525, 52545),
    }
)


@dataclass(frozen=True)
class Tags:
    """The EXIF block of all that is kept; the data of XMP, IPTC and RESOURCES; in words what belongs to the photo
    as it was; how many fields were damaged; whether a MakerNote had to be moved."""

    block: bytes | None
    apart: dict[int, bytes]
    belongs: tuple[str, ...]
    damaged: int
    moved: bool


def read(file: IO[bytes], at: int) -> Tags:
    """What the directory at an offset says. Raises ValueError where there is none.

    A page that follows its own preview takes what the preview's directory says and its own does not.
    """
    order, fields, damaged = directories.read(file, at, LAYOUT)
    first = first_place(file)
    if first != at:
        fields = (*fields, *_of_preview(file, first, {field.tag for field in fields}))
    apart = {field.tag: field.data for field in fields if field.tag in (XMP, IPTC, RESOURCES)}
    belongs = tuple(_BELONG[field.tag] for field in fields if field.tag in _BELONG)
    kept = [field for field in fields if field.tag not in apart and field.tag not in _BELONG]
    block = directories.block(order, sorted(kept, key=lambda field: field.tag)) if kept else None
    if IPTC in apart:
        apart[IPTC] = _in_order(apart[IPTC])
    return Tags(block, apart, belongs, damaged, bool(directories.moved(kept)))


def _of_preview(file: IO[bytes], at: int, known: set[int]) -> tuple[Field, ...]:
    """The fields of the first directory that are not known yet, if it is of a preview (254, bit 0)."""
    order, kinds, _ = directories.read(file, at, LAYOUT - {254})
    kind = next((field.data for field in kinds if field.tag == 254 and len(field.data) == 4), bytes(4))
    if not struct.unpack(order + "L", kind)[0] & 1:
        return ()
    return tuple(field for field in kinds if field.tag not in known and field.tag != 254)


def _in_order(iptc: bytes) -> bytes:
    """IPTC begins with 28; where it was written as words of the other byte order, the bytes are turned."""
    if iptc[:1] != b"\x1c" and iptc[3:4] == b"\x1c":
        whole = iptc[: len(iptc) // 4 * 4]
        return struct.pack(f">{len(whole) // 4}L", *struct.unpack(f"<{len(whole) // 4}L", whole))
    return iptc
