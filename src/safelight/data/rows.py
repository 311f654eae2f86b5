"""JSON Lines in constant memory: write once, read as a stream or row by row through byte offsets."""

import json
import os
import weakref
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from safelight.errors import DatasetError

Row = dict[str, Any]
BLOCK = 1 << 16  # bytes that are read at once


def to_line(row: Row) -> bytes:
    """One row as a line. Escaped to ASCII, so that file names that are no valid text survive too."""
    return json.dumps(row, allow_nan=False).encode() + b"\n"


def write_rows(path: Path, rows: Iterable[Row]) -> int:
    """Write the rows; returns how many there were."""
    count = 0
    with path.open("wb") as file:
        for row in rows:
            file.write(to_line(row))
            count += 1
    return count


def read_rows(path: Path) -> Iterator[Row]:
    """The rows one after the other. Raises DatasetError that names the line which is not a JSON object."""
    return (row for _, row in read_rows_at(path))


def read_rows_at(path: Path) -> Iterator[tuple[int, Row]]:
    """(byte offset, row), one after the other; empty lines are skipped."""
    offset = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield offset, _parse(line, path, number)
            offset += len(line)


def read_row(path: Path, offset: int) -> Row:
    """The row that starts at the byte offset."""
    with path.open("rb") as file:
        file.seek(offset)
        return _parse(file.readline(), path, None)


class RowFile:
    """A file of rows, held open: it is read as it was when it was opened, though another takes its name.

    Processes that are forked and threads may read at once.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        weakref.finalize(self, os.close, self._file)

    def row(self, offset: int) -> Row:
        """The row that starts at the byte offset. Raises DatasetError."""
        if not hasattr(os, "pread"):  # Windows, where an open file cannot be replaced
            return read_row(self.path, offset)
        line = b""
        while b"\n" not in line:
            block = os.pread(self._file, BLOCK, offset + len(line))
            line += block
            if not block:
                break
        return _parse(line.partition(b"\n")[0], self.path, None)


def _parse(line: bytes, path: Path, number: int | None) -> Row:
    """A line's object; NaN and the infinities, which some programs write though JSON has none, are null."""
    try:
        row = json.loads(line, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict):
        place = f"line {number}" if number else "a row"
        raise DatasetError(f"{path}, {place} is not a JSON object; repair or remove it")
    return row
