"""EXIF blocks whose directories are laid anew: with a resolution, or small enough for a JPEG."""

import io
import struct
from dataclasses import replace
from fractions import Fraction

from safelight.pixels import directories
from safelight.pixels.directories import Field
from safelight.pixels.exif import UNIT, X_RESOLUTION, Y_RESOLUTION, byte_order, entries

_RATIONAL = 5
_MOST_LEFT_OUT = 16  # fields of a block that is made smaller


def with_dpi(block: bytes | None, per_inch: tuple[float, float]) -> bytes:
    """The block with a resolution, all else where it was: its first directory is laid anew at the end."""
    block = block or b"II*\0" + bytes(4)
    order = byte_order(block)
    old = [entry for entry in entries(block) if entry.tag not in (X_RESOLUTION, Y_RESOLUTION, UNIT)]
    rows = [(entry.tag, block[entry.at : entry.at + 12]) for entry in old]
    end = len(block) + len(block) % 2
    data = b"".join(struct.pack(order + "LL", *ratio(number)) for number in per_inch)
    for tag, place in ((X_RESOLUTION, end), (Y_RESOLUTION, end + 8)):
        rows.append((tag, struct.pack(order + "HHLL", tag, _RATIONAL, 1, place)))
    rows.append((UNIT, struct.pack(order + "HHLHH", UNIT, 3, 1, 2, 0)))
    directory = struct.pack(order + "H", len(rows)) + b"".join(row for _, row in sorted(rows)) + bytes(4)
    return block[:4] + struct.pack(order + "L", end + 16) + block[8:].ljust(end - 8, b"\0") + data + directory


def within(block: bytes, largest: int) -> tuple[bytes | None, tuple[int, ...]]:
    """The block made no longer than this, and the tags of the longest values, which it was made smaller by.

    Damaged fields go first, without a word. None if it cannot be.
    """
    if len(block) <= largest:
        return block, ()
    try:
        at = struct.unpack(byte_order(block) + "L", block[4:8])[0]
        order, fields, _ = directories.read(io.BytesIO(block), at)
    except (ValueError, struct.error):
        return None, ()
    left_out: list[int] = []
    while len(smaller := directories.block(order, fields)) > largest:
        longest = max(directories.flat(fields), key=lambda field: len(field.data), default=None)
        if longest is None or len(left_out) == _MOST_LEFT_OUT:
            return None, ()
        fields = _without(fields, longest)
        left_out.append(longest.tag)
    return smaller, tuple(left_out)


def ratio(number: float) -> tuple[int, int]:
    """A positive number as numerator and denominator of 32 bits each."""
    fraction = Fraction(number).limit_denominator(10000)
    return min(fraction.numerator, 0xFFFFFFFF), fraction.denominator


def _without(fields: tuple[Field, ...], one: Field) -> tuple[Field, ...]:
    return tuple(
        replace(field, inner=_without(field.inner, one)) if field.inner is not None else field
        for field in fields
        if field is not one
    )
