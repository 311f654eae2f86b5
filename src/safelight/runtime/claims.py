"""Work shared between processes: what one is at, another leaves to it.

A claim is a lock of the system on a small file in the temporary folder of this machine and user. It ends with the
process that holds it, however that ends; nothing is left beside the photos. Processes on two machines do not see
each other's claims: there the result that is there first stays.
"""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def claimed(result: Path) -> Iterator[bool]:
    """Claim the making of a result while the block lasts; False if another process has it.

    True, without a claim, where the system has no locks or no temporary folder.
    """
    try:
        path = _folder() / hashlib.sha256(os.fsencode(os.path.realpath(result))).hexdigest()[:40]
        held = _held(path)
    except OSError:
        yield True
        return
    if held is None:
        yield False
        return
    try:
        yield True
    finally:
        with contextlib.suppress(OSError):  # Windows keeps the name of an open file
            path.unlink()
        os.close(held)


def _folder() -> Path:
    """A folder of this user's own. Raises OSError where it cannot be, or is somebody else's."""
    user = os.getuid() if hasattr(os, "getuid") else None
    folder = Path(tempfile.gettempdir(), "safelight-claims" if user is None else f"safelight-claims-{user}")
    folder.mkdir(mode=0o700, exist_ok=True)
    if user is not None and (folder.is_symlink() or folder.stat().st_uid != user):
        raise PermissionError(f"{folder} belongs to somebody else")
    return folder


def _held(path: Path) -> int | None:
    """The descriptor of the locked file, or None if another process holds it."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if not _lock(descriptor):
                os.close(descriptor)
                return None
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
        except FileNotFoundError:
            pass
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)  # its last holder took it away between our opening and locking it


def _lock(descriptor: int) -> bool:
    """Lock an open file without waiting. Raises OSError where the file system has no locks."""
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        except OSError:
            return False
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
