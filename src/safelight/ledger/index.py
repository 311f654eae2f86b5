"""Where the row of each result lies in a ledger, in 24 bytes a row: a million rows are looked up in 24 MB."""

import hashlib
import threading
from array import array
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from safelight.ledger import lines
from safelight.ledger.rows import LEDGER, Header, Row, key_of, read_line, read_place

FEW = 1 << 16  # rows that wait until they are sorted in


class Index:
    """The rows of the ledger of a folder, the last one of each result; none where there is no ledger.

    Threads may share it. headers: by the settings' hash. damaged: how many lines could not be read.
    """

    headers: dict[str, Header]
    damaged: int
    _end: int  # everything before it was read
    _recent: dict[int, int]

    def __init__(self, folder: Path) -> None:
        self.path = folder / LEDGER
        self._lock = threading.RLock()
        self._start_over()
        self.refresh()

    def __len__(self) -> int:
        with self._lock:
            self._sort_in()
            return len(self._keys)

    def refresh(self) -> None:
        """Read what has been added since. Raises OSError for a ledger that cannot be read."""
        with self._lock:
            self._refresh()

    def _refresh(self) -> None:
        if self._end and (not self.path.is_file() or self.path.stat().st_size < self._end):
            self._start_over()  # it was taken away, or cut
        for begin, line in lines.read(self.path, self._end):
            self._end = begin + len(line) if line.endswith(b"\n") else begin
            found = read_place(line)
            if isinstance(found, tuple):
                self._add(*found, begin)
            elif isinstance(found, Header):
                self.headers.setdefault(found.settings, found)
            elif line.strip() and line.endswith(b"\n"):
                self.damaged += 1

    def find(self, result: str, source: str = "") -> Row | None:
        """The last row of a result (or of a source that no result was planned for)."""
        key = key_of(result, source)
        with self._lock:
            offset = self._offset_of(_hash(key))
        row = None if offset is None else self._row_at(offset)
        return row if row is not None and row.key == key else None

    def _offset_of(self, number: int) -> int | None:
        """Where the row lies whose key has this hash."""
        if number in self._recent:
            return self._recent[number]
        place = int(np.searchsorted(self._keys, np.uint64(number)))
        if place == len(self._keys) or int(self._keys[place]) != number:
            return None
        return int(self._offsets[place])

    def rows(self) -> Iterator[Row]:
        """The last row of each result, by the photo's number in its run. Raises OSError."""
        with self._lock:
            self._sort_in()
            offsets = self._offsets[np.lexsort((self._offsets, self._numbers))]
        if not len(offsets):
            return
        with self.path.open("rb") as file:
            for offset in offsets:
                file.seek(int(offset))
                row = read_line(file.readline(lines.LONGEST))
                if isinstance(row, Row):
                    yield row

    def states(self) -> Counter[str]:
        """How many rows there are of each state."""
        return Counter(row.state for row in self.rows())

    def _row_at(self, offset: int) -> Row | None:
        try:
            row = read_line(lines.read_at(self.path, offset))
        except OSError:
            return None
        return row if isinstance(row, Row) else None

    def _start_over(self) -> None:
        self.headers, self.damaged, self._end = {}, 0, 0
        self._keys = np.empty(0, np.uint64)  # sorted, each once
        self._offsets = np.empty(0, np.uint64)
        self._numbers = np.empty(0, np.int64)
        self._clear()

    def _clear(self) -> None:
        self._recent = {}
        self._waiting = array("Q"), array("Q"), array("q")  # keys, offsets, numbers

    def _add(self, key: str, number: int, offset: int) -> None:
        place = _hash(key)
        self._recent[place] = offset
        for values, value in zip(self._waiting, (place, offset, number), strict=True):
            values.append(value)
        if len(self._waiting[0]) >= FEW:
            self._sort_in()

    def _sort_in(self) -> None:
        """Put what waits among the others; of one key the last row stays."""
        if not self._recent:
            return
        keys, offsets, numbers = (np.frombuffer(values, values.typecode) for values in self._waiting)
        keys = np.concatenate([self._keys, keys])
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        is_last = np.append(keys[1:] != keys[:-1], True)
        chosen = order[is_last]
        self._keys = keys[is_last]
        self._offsets = np.concatenate([self._offsets, offsets])[chosen]
        self._numbers = np.concatenate([self._numbers, numbers])[chosen]
        self._clear()


def source_of(result: Path, indexes: dict[Path, Index] | None = None) -> Path | None:
    """The photo that a result was made of, as the ledger of its folder, or of one above it, says; None if none does.

    indexes: those that are open, by folder, and where what is opened is kept.
    """
    indexes = {} if indexes is None else indexes
    whole = result.absolute()
    for folder in (whole.parent, *whole.parent.parents):
        if (folder / LEDGER).is_file():
            if folder not in indexes:
                indexes[folder] = Index(folder)
            row = indexes[folder].find(whole.relative_to(folder).as_posix())
            return None if row is None else folder / row.source
    return None


def _hash(key: str) -> int:
    """64 bits of a key; a row that is found by them is compared with the whole key."""
    return int.from_bytes(hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest())
