"""Where results go: their folders are made when there is something to write, and refused before the work."""

import os
from pathlib import Path

from safelight.errors import PhotoError, shown
from safelight.runtime.folders import exists, is_folder


def room_for(result: Path) -> Path:
    """The same path, with its folder made: to be called when there is something to write. Raises PhotoError."""
    try:
        result.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _no_folder(result.parent, error.strerror or str(error)) from error
    return result


def check_place(result: Path, overwrite: bool) -> None:
    """Raises PhotoError, before the work, where the result's folder can neither be written nor made."""
    is_link = os.path.islink(result)  # noqa: PTH114 (a name too long is none, and no error)
    if not overwrite and is_link and not exists(result):
        raise PhotoError(f"{shown(result)} is a link that leads nowhere; remove it, or choose another -o")
    there = result.parent
    while not exists(there) and there != there.parent:
        there = there.parent
    if not is_folder(there):
        raise _no_folder(result.parent, "Not a directory")
    if not os.access(there, os.W_OK | os.X_OK):
        raise _no_folder(result.parent, "Permission denied")
    _check_length(result.name, there)


def _check_length(name: str, folder: Path) -> None:
    """Raises PhotoError, before the work, for a file name that is longer than the folder's file system takes."""
    if not hasattr(os, "pathconf"):
        return
    try:
        most = os.pathconf(folder, "PC_NAME_MAX")
    except (OSError, ValueError):  # a file system that does not say
        return
    length = len(os.fsencode(name))
    if length > most > 0:
        raise PhotoError(
            f"the result would have a name of {length} bytes, {most} are allowed there; give the photo a shorter "
            "name, or the result another with -o FILE"
        )


def _no_folder(folder: Path, reason: str) -> PhotoError:
    what = "written" if exists(folder) else "made"
    return PhotoError(f"{shown(folder)} cannot be {what} ({reason}); choose another folder")
