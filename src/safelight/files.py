"""Files that are there whole or not at all, never in place of others unless asked; and locks that name their holder."""

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


@contextlib.contextmanager
def new_file(path: Path, overwrite: bool = False) -> Iterator[BinaryIO]:
    """A file to write to, which appears under its name when the block ends without an error.

    overwrite: in place of what is there. A link is followed, so that its target becomes new; rights and, where
    the system allows it, owner stay. Other names of the old file (hard links) keep the old content.
    Raises FileExistsError if the name is taken by then and `overwrite` is False, whoever took it; OSError
    as open does, and for a folder, device, pipe or socket: these are never replaced. On Linux the file has no
    name until it is whole, so that even a kill leaves nothing; elsewhere a kill may leave a hidden
    `.safelight-*.part` beside it.
    """
    path = Path(os.path.realpath(path)) if overwrite and path.is_symlink() else path
    _check_replaceable(path)
    part = path.with_name(f".safelight-{secrets.token_hex(8)}.part")
    nameless = _open_nameless(path.parent)
    try:
        with nameless or part.open("x+b") as file:
            yield file
            file.flush()
            if overwrite:
                _take_rights(file.fileno(), path)
            os.fsync(file.fileno())
            if nameless:
                _name(file.fileno(), part if overwrite else path)
        if overwrite or not nameless:
            _publish(part, path, overwrite)
    except OSError as error:
        if error.filename is None:  # of a write, such as on a full disk
            error.filename = str(path)
        raise
    finally:
        part.unlink(missing_ok=True)


def put_text(path: Path, text: str) -> Path:
    """Write a text in place of an older one, whole or not at all; returns its path. Raises OSError."""
    with new_file(path, overwrite=True) as file:
        file.write(text.encode())
    return path


def _check_replaceable(path: Path) -> None:
    """Raises OSError for a name that a file cannot have, and for one that is no regular file's.

    A user who may write in /dev would have a plain file there in place of /dev/null, for every program.
    """
    if not path.name or path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if path.exists() and not path.is_file():
        raise PermissionError(
            errno.EPERM, "a device, pipe or socket, which is not replaced by a file", str(path)
        )


def _open_nameless(folder: Path) -> BinaryIO | None:
    """A file without a name (open(2), O_TMPFILE); None where the system has none."""
    if not hasattr(os, "O_TMPFILE") or not Path("/proc/self/fd").is_dir():
        return None
    try:
        return os.fdopen(os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o666), "w+b")
    except OSError as error:
        if error.errno in (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOSYS):
            return None
        raise


def _take_rights(number: int, path: Path) -> None:
    """Give the open file the rights and the owner of the one that it replaces, as far as that is allowed."""
    try:
        old = path.stat()
    except OSError:
        return
    if not hasattr(os, "fchown"):
        return
    new = os.fstat(number)
    if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
        with contextlib.suppress(OSError):  # another's file stays ours, with its group if that is ours too
            os.fchown(number, -1, old.st_gid)
            os.fchown(number, old.st_uid, -1)
    with contextlib.suppress(OSError):  # file systems without rights
        os.fchmod(number, stat.S_IMODE(old.st_mode))


def _name(number: int, path: Path) -> None:
    """Give the open nameless file a name that nobody has."""
    folder = os.open("/proc/self/fd", os.O_RDONLY)
    try:
        os.link(str(number), path, src_dir_fd=folder)  # with a folder, linkat(2) follows /proc's link
    finally:
        os.close(folder)


def _publish(part: Path, path: Path, overwrite: bool) -> None:
    if overwrite:
        part.replace(path)
    elif os.name == "nt":
        part.rename(path)  # refuses a taken name there
    else:
        try:
            os.link(part, path)
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK):
                raise
            path.open("xb").close()  # no links on this file system (FAT): take the name first
            part.replace(path)


class HeldError(Exception):
    """Another process holds it; the message names that process, as it named itself."""


@contextlib.contextmanager
def held(path: Path, holder: str = "") -> Iterator[None]:
    """Hold what a path stands for while the block lasts, without waiting for another process that does.

    The lock is the system's own, on PATH.held: it ends with its process, however that ends, and is not inherited by
    processes that are forked off. holder: a line that names it, which lies under the path meanwhile. Nothing of both
    is left behind, but by a kill, after which they bind nobody. Raises HeldError if another process, or another
    block of this one, has it; OSError where the system has no locks, or nothing can be written.
    """
    import filelock

    lock = filelock.FileLock(
        path.with_name(f"{path.name}.held"), timeout=0, mode=0o600, fallback_to_soft=False
    )
    try:
        lock.acquire()
    except filelock.Timeout:
        raise HeldError(_first_line(path) or "another process") from None
    try:
        if holder:
            with contextlib.suppress(OSError):  # a full disk: it is held without a name too
                path.write_text(f"{holder}\n", encoding="utf-8")
        yield
    finally:
        with contextlib.suppress(OSError):  # Windows keeps the name of an open file
            path.unlink(missing_ok=True)
            Path(lock.lock_file).unlink()  # before it is released: then it may be another's
        lock.release()


def _first_line(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").partition("\n")[0].strip()
    except OSError:
        return ""
