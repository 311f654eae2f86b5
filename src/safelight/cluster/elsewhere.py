"""The ledger of results that lie elsewhere: a local file while the batch runs, put in its place again and again."""

import contextlib
import json
import os
import tempfile
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from safelight.cluster.mounts import Mount, is_url, opened, url_of
from safelight.ledger.rows import LEDGER

EVERY = 60.0  # seconds between two copies
MOST_SHARE = 0.05  # of the time, for copies
Item = TypeVar("Item")


def published(outcomes: Generator[Item], out: Path, mounts: Sequence[Mount]) -> Generator[Item]:
    """The same outcomes; meanwhile and at the end the ledger is copied to the folder that `out` stands for.

    Nothing is copied where `out` is a local folder. Raises whatever the file system there does, at the end.
    """
    try:
        with contextlib.closing(outcomes):
            yield from _published(outcomes, out, mounts)
    finally:
        put_ledger(out, mounts)


def _published(outcomes: Iterable[Item], out: Path, mounts: Sequence[Mount]) -> Iterator[Item]:
    due = time.monotonic() + EVERY
    for outcome in outcomes:
        yield outcome
        began = time.monotonic()
        if began > due:
            with contextlib.suppress(Exception):  # each file system has its own; the copy at the end says it
                put_ledger(out, mounts)
            took = time.monotonic() - began
            due = time.monotonic() + max(EVERY, took / MOST_SHARE)  # a million rows take half a minute


def put_ledger(out: Path, mounts: Sequence[Mount]) -> None:
    """Copy the ledger, with the URLs of photos in place of their stand-ins."""
    url, ledger = url_of(out, mounts), out / LEDGER
    if url is None or not ledger.is_file():
        return
    system, path = opened(f"{url}/{LEDGER}")
    system.makedirs(path.rpartition("/")[0], exist_ok=True)
    with tempfile.TemporaryFile(dir=out) as copy:
        with ledger.open("rb") as file:
            copy.writelines(_with_url(line, out, mounts) for line in file)
        copy.seek(0)
        system.pipe_file(path, copy.read())


def _with_url(line: bytes, out: Path, mounts: Sequence[Mount]) -> bytes:
    """A row of the ledger whose photo is named by its URL."""
    try:
        row = json.loads(line)
        if is_url(row["source"]):  # of an earlier run
            return line
        source = Path(os.path.normpath(out / row["source"]))
    except (ValueError, KeyError, AttributeError, TypeError):  # a header, or a line that was cut off
        return line
    url = url_of(source, mounts)
    if url is None:
        return line
    return json.dumps({**row, "source": url}, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
