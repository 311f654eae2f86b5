"""A run folder is trained by one process at a time."""

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from safelight.errors import RunError
from safelight.files import HeldError, held

LOCK = "lock"


@contextlib.contextmanager
def locked(folder: Path, first: bool = True) -> Iterator[None]:
    """Keep other processes from training in this folder. Raises RunError if one does.

    Of the processes that share a run, only the first one takes the lock.
    """
    if not first:
        yield
        return
    try:
        with held(folder / LOCK, f"process {os.getpid()} on {socket.gethostname()}"):
            yield
    except HeldError as error:
        raise RunError(f"{folder} is being trained by {error}; wait for it, or stop it first") from None
