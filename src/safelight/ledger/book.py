"""The ledger of a batch that is under way: what is written into it, by threads at once, and what could not be."""

import contextlib
import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safelight.ledger import lines
from safelight.ledger.facts import now
from safelight.ledger.index import Index
from safelight.ledger.rows import LEDGER, Header, Row

SYNC = 1.0  # seconds: a machine that loses its power loses the rows of so long a time, and no result
MOST_WAITING = 10_000  # rows that are kept for a disk that is full


class Book:
    """The ledger of a folder of results, for rows of one order. Use it in a `with`; threads may share it.

    index: the rows that are there. settings, order: SHA-256 of the order, and all of it. The file is made with the
    first row, once its folder is there: photos of which nothing is made leave no folder. trouble: why rows are
    missing, if any are; they are written as soon as there is room again.
    """

    def __init__(self, folder: Path, settings: str, order: Mapping[str, Any], version: str = "") -> None:
        self.folder = folder
        self.index = Index(folder)
        self.settings, self.order = settings, order
        self.trouble = ""
        self._header = Header(settings, order, version, now())
        self._has_header = settings in self.index.headers
        self._lock = threading.Lock()
        self._waiting: list[Row] = []
        self._lost = 0
        self._synced, self._is_unsynced = 0.0, False

    @property
    def path(self) -> Path:
        """The ledger."""
        return self.folder / LEDGER

    @property
    def missing(self) -> int:
        """How many rows could not be written."""
        return (len(self._waiting) if self.trouble else 0) + self._lost

    def write(self, row: Row) -> None:
        """Add a row. One that cannot be written waits for the next try, and is counted; no error is raised."""
        with self._lock:
            if len(self._waiting) < MOST_WAITING:
                self._waiting.append(row)
            else:
                self._lost += 1
            self._put(sync=time.monotonic() - self._synced > SYNC)

    def name(self, path: Path) -> str:
        """How a path is written in the ledger: relative to its folder, or whole on another drive."""
        return relative(path, self.folder)

    def result_name(self, path: Path) -> str:
        """How a result is written, and what lies with it: by its place below the folder, links as they are."""
        whole, folder = Path(os.path.abspath(path)), Path(os.path.abspath(self.folder))  # noqa: PTH100
        return whole.relative_to(folder).as_posix() if whole.is_relative_to(folder) else self.name(path)

    def __enter__(self) -> "Book":
        return self

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._put(sync=True)

    def _put(self, sync: bool) -> None:
        if not self._waiting and not (sync and self._is_unsynced):
            return
        if len(self._waiting) < MOST_WAITING and not self.folder.is_dir():
            return
        header = [] if self._has_header or not self._waiting else [self._header.line()]
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lines.append(self.path, [*header, *(row.line() for row in self._waiting)], sync)
        except OSError as error:
            self.trouble = error.strerror or str(error)
            return
        self._has_header = self._has_header or bool(header)
        self._waiting.clear()
        self._is_unsynced = not sync
        if sync:
            self._synced = time.monotonic()
        if not self._lost:
            self.trouble = ""


def relative(path: Path, folder: Path) -> str:
    """A path as seen from a folder, links in their folders followed; whole where no way leads there."""
    there = os.path.join(os.path.realpath(path.parent), path.name)  # noqa: PTH118
    with contextlib.suppress(ValueError):  # another drive
        there = os.path.relpath(there, os.path.realpath(folder))
    return there.replace(os.sep, "/")
