"""What a file is told apart by: size and time first, which cost nothing, and else the SHA-256 of its bytes."""

import errno
import hashlib
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class FileFacts:
    """size: bytes. mtime: when it was last written, in UTC with nanoseconds, ISO 8601. sha256: of its bytes."""

    size: int
    mtime: str
    sha256: str

    def to_json(self) -> Mapping[str, Any]:
        """All three, by name."""
        return {"size": self.size, "mtime": self.mtime, "sha256": self.sha256}


def facts_of(path: Path, sha256: str = "") -> FileFacts:
    """The facts of a file. sha256: of its bytes, if somebody has computed it already. Raises OSError.

    A pipe or device, which may never end, is no file.
    """
    if not path.is_file():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        digest = sha256 or hashlib.file_digest(file, "sha256").hexdigest()
    return FileFacts(status.st_size, moment(status.st_mtime_ns), digest)


def is_same(path: Path, facts: FileFacts, sure: bool = False) -> bool:
    """Whether a file is there and has these bytes.

    sure: its bytes are looked at in any case; otherwise only where size or time say that it may be another.
    """
    try:
        status = path.stat()
        if status.st_size != facts.size:
            return False
        if not sure and moment(status.st_mtime_ns) == facts.mtime:
            return True
        return facts_of(path).sha256 == facts.sha256
    except OSError:
        return False


def moment(nanoseconds: int) -> str:
    """A time of the system, nanoseconds since 1970, as ISO 8601 in UTC: 2026-11-29T18:30:00.123456789Z."""
    seconds, rest = divmod(nanoseconds, 10**9)
    try:
        whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    except (OverflowError, ValueError, OSError):  # a date that no calendar has
        return f"{nanoseconds} ns"
    return f"{whole}.{rest:09}Z"


def now() -> str:
    """This moment, to the second, as ISO 8601 in UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
