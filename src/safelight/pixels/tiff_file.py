"""A TIFF or BigTIFF that is being written: data, then directories, each of which the one before is made to point to.

Sources: TIFF 6.0, section 2; BigTIFF (Aldus/Adobe, libtiff).
"""

import os
import struct
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import BinaryIO

from safelight.pixels.tiff_directories import KINDS, Field, swapped

LARGEST = (1 << 32) - 1  # bytes of a TIFF; a BigTIFF may have more
BYTE, SHORT, LONG, RATIONAL, BYTES, LONG8, IFD8 = 1, 3, 4, 5, 7, 16, 18
_LETTERS = {SHORT: "H", LONG: "L", RATIONAL: "L", LONG8: "Q", IFD8: "Q"}


class TiffFile:
    """A TIFF that grows. order: '<' or '>'. big: BigTIFF, with places of 8 bytes.

    start: what the file begins with, in place of a bare header: an EXIF block of this order, whose places hold.
    """

    def __init__(self, file: BinaryIO, order: str, big: bool = False, start: bytes = b"") -> None:
        self.file, self.order, self.big = file, order, big
        self._width = 8 if big else 4
        mark = b"II" if order == "<" else b"MM"
        if big:
            file.write(mark + struct.pack(order + "HHHQ", 43, 8, 0, 0))
            self._link = 8  # where the place of the next directory is to be written
        else:
            file.write(start or mark + struct.pack(order + "HL", 42, 0))
            self._link = 4
        self.even()

    def even(self) -> None:
        """Go on at an even place."""
        self.file.write(bytes(self.file.tell() % 2))

    def put(self, data: bytes) -> int:
        """Write data at an even place; where they are. Raises ValueError beyond the 4 GB of a plain TIFF."""
        place = self.file.tell()
        if not self.big and place + len(data) > LARGEST:
            raise ValueError("it would be larger than the 4 GB that a TIFF can have")
        self.file.write(data)
        self.even()
        return place

    def numbers(self, tag: int, kind: int, values: Sequence[int]) -> Field:
        """A field of whole numbers, or of rationals as pairs of them."""
        return Field(tag, kind, struct.pack(f"{self.order}{len(values)}{_LETTERS[kind]}", *values))

    def places(self, tag: int, values: Sequence[int]) -> Field:
        """A field of places in the file, or lengths of what lies there."""
        return self.numbers(tag, LONG8 if self.big else LONG, values)

    def directory(self, fields: Iterable[Field], kept: Sequence[bytes] = ()) -> int:
        """Write values and inner directories, then the sorted entries; where the directory begins.

        kept: entries of 12 bytes that are written as they are, since their places hold.
        """
        rows = [(struct.unpack(self.order + "H", row[:2])[0], row) for row in kept]
        for field in fields:
            count, data = field.count, field.data
            if field.inner is not None:
                field = self._pointer(field)  # noqa: PLW2901
                data = field.data
            if len(data) > self._width:
                data = self._place(self.put(data))
            head = struct.pack(self.order + ("HHQ" if self.big else "HHL"), field.tag, field.kind, count)
            rows.append((field.tag, head + data.ljust(self._width, b"\0")))
        entries = b"".join(row for _, row in sorted(rows))
        count_ = struct.pack(self.order + ("Q" if self.big else "H"), len(rows))
        return self.put(count_ + entries + bytes(self._width))

    def _pointer(self, field: Field) -> Field:
        """The field with the place of its inner directory, which is written."""
        assert field.inner is not None
        place = self.directory(field.inner)
        return replace(field, kind=IFD8 if self.big else field.kind, data=self._place(place))

    def _place(self, place: int) -> bytes:
        return struct.pack(self.order + ("Q" if self.big else "L"), place)

    def append(self, start: int) -> None:
        """Make the directory that begins here the file's next page."""
        self.replace_last(start)
        count = self._count_at(start)
        self._link = start + (8 + 20 * count if self.big else 2 + 12 * count)

    def replace_last(self, start: int) -> None:
        """Make the last link lead to the directory that begins here; pages are added behind it by `append`."""
        self.file.seek(self._link)
        self.file.write(self._place(start))
        self.file.seek(0, os.SEEK_END)

    def fill_in(self, start: int, field: Field) -> None:
        """Write the value of a field of a directory, where noughts of as many bytes were written before."""
        for row in range(self._count_at(start)):
            place = start + (8 + 20 * row if self.big else 2 + 12 * row)
            self.file.seek(place)
            if struct.unpack(self.order + "H", self.file.read(2))[0] == field.tag:
                value_at = place + (12 if self.big else 8)
                if len(field.data) > self._width:
                    self.file.seek(value_at)
                    form = self.order + ("Q" if self.big else "L")
                    (value_at,) = struct.unpack(form, self.file.read(self._width))
                self.file.seek(value_at)
                self.file.write(field.data)
        self.file.seek(0, os.SEEK_END)

    def _count_at(self, start: int) -> int:
        self.file.seek(start)
        form = self.order + ("Q" if self.big else "H")
        (count,) = struct.unpack(form, self.file.read(struct.calcsize(form)))
        self.file.seek(0, os.SEEK_END)
        return int(count)


def in_order(fields: Iterable[Field], before: str, after: str) -> tuple[Field, ...]:
    """The fields of a file of one byte order as they are in one of another."""
    if before == after:
        return tuple(fields)
    return tuple(
        replace(
            field,
            data=swapped(field.data, field.kind),
            inner=None if field.inner is None else in_order(field.inner, before, after),
        )
        for field in fields
    )


__all__ = ["BYTE", "BYTES", "KINDS", "LONG", "RATIONAL", "SHORT", "TiffFile", "in_order"]
