"""A file of lines to which several processes append at once. A line is there whole, or is passed over by every reader.

Each append is one write under a lock of the system. What a kill, or a machine that lost its power, left of a last
line is ended by the next append, so that it never runs into a good one; a write that found no room is taken back.
"""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

LONGEST = 1 << 20  # bytes: of a line that is read; longer ones are not ours
FAR = 1 << 40
FLAGS = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)


def append(path: Path, lines: Sequence[bytes], sync: bool = True) -> None:
    """Add lines, each with its line break, all or none. sync: they are on the disk when this returns.

    Raises OSError, after which the file is as it was (but where the system has no locks: a part of a line may be left).
    """
    number = os.open(path, FLAGS, 0o666)
    try:
        with _locked(number) as is_locked:
            end = os.lseek(number, 0, os.SEEK_END)
            text = b"".join(lines) if _ends_well(number, end) else b"\n" + b"".join(lines)
            try:
                while text:
                    text = text[os.write(number, text) :]
            except OSError:
                if is_locked:
                    os.ftruncate(number, end)
                raise
        if sync:
            os.fsync(number)
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise
    finally:
        os.close(number)


def read(path: Path, start: int = 0) -> Iterator[tuple[int, bytes]]:
    """Each line from this byte on, with its break, and where it begins; lines that are too long are left out.

    Memory does not grow with the file. The last line may be without its break: it was cut off, or somebody is
    writing it; reading ends there, since what comes after is the rest of it. Nothing where there is no file.
    """
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(path.open("rb"))
        except FileNotFoundError:
            return
        file.seek(start)
        while line := file.readline(LONGEST):
            begin, is_whole = start, line.endswith(b"\n")
            start += len(line)
            if not is_whole and len(line) == LONGEST:
                start += _skip_line(file.readline)
            else:
                yield begin, line
                if not is_whole:
                    return


def read_at(path: Path, start: int) -> bytes:
    """The line that begins at this byte. Raises OSError."""
    with path.open("rb") as file:
        file.seek(start)
        return file.readline(LONGEST)


def _skip_line(readline: Callable[[int], bytes]) -> int:
    """Read on to the end of the line; how many bytes that were."""
    skipped = 0
    while rest := readline(LONGEST):
        skipped += len(rest)
        if rest.endswith(b"\n"):
            break
    return skipped


def _ends_well(number: int, end: int) -> bool:
    """Whether the open file is empty, or ends with a line break."""
    if end == 0:
        return True
    os.lseek(number, end - 1, os.SEEK_SET)
    return os.read(number, 1) == b"\n"


@contextlib.contextmanager
def _locked(number: int) -> Iterator[bool]:
    """Hold the open file against other appends while the block lasts; False where the system has no locks."""
    try:
        _lock(number, True)
    except (ImportError, OSError):
        yield False
        return
    try:
        yield True
    finally:
        with contextlib.suppress(OSError):
            _lock(number, False)


def _lock(number: int, hold: bool) -> None:
    """Wait for the lock of an open file, or release it. Raises OSError where there are none."""
    if sys.platform == "win32":
        import msvcrt

        os.lseek(
            number, FAR, os.SEEK_SET
        )  # a byte that no line will ever lie on: locks there forbid reading too
        msvcrt.locking(number, msvcrt.LK_LOCK if hold else msvcrt.LK_UNLCK, 1)
    else:
        import fcntl

        fcntl.flock(number, fcntl.LOCK_EX if hold else fcntl.LOCK_UN)
