"""A run folder is trained by one process at a time.

The lock is the system's own, on the file `lock` in the folder: it ends with the process that holds it, however
that ends, so that a lock is never left behind. Loading processes, forked off the training, do not inherit it.
"""

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from safelight.errors import RunError

LOCK = "lock"


@contextlib.contextmanager
def locked(folder: Path, first: bool = True) -> Iterator[None]:
    """Keep other processes from training in this folder. Raises RunError if one does.

    Of the processes that share a run, only the first one takes the lock.
    """
    if not first:
        yield
        return
    path = folder / LOCK
    with _held(path) as file:
        with contextlib.suppress(OSError):  # a full disk: the folder is held without a name too
            file.truncate(0)
            os.write(file.fileno(), f"process {os.getpid()} on {socket.gethostname()}\n".encode())
        try:
            yield
        finally:
            with contextlib.suppress(PermissionError):  # Windows keeps the name of an open file
                path.unlink(missing_ok=True)


def _held(path: Path) -> IO[str]:
    """The open file with its lock taken. Raises RunError with the name of the process that has it."""
    while True:
        file = path.open("a+", encoding="utf-8")
        if not _take(file):
            file.seek(0)
            holder = file.read().strip() or "another process"
            file.close()
            raise RunError(f"{path.parent} is being trained by {holder}; wait for it, or stop it first")
        try:
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return file
        except FileNotFoundError:
            pass
        file.close()  # its last holder took it away between our opening and locking it


def _take(file: IO[str]) -> bool:
    """Take the lock of an open file, without waiting."""
    try:
        import fcntl
    except ImportError:  # Windows
        return _take_on_windows(file)
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _take_on_windows(file: IO[str]) -> bool:
    import msvcrt

    file.seek(1 << 30)  # a byte far beyond what is read
    try:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    except OSError:
        return False
    return True
