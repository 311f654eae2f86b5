"""How much memory there is for photos, and how much a photo will take, which its file's header tells."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safelight.runtime.cores import group_folders
from safelight.watched import step

MEGABYTE = 1 << 20
UNKNOWN = 2048 * MEGABYTE  # that is taken to be free where the system does not say
KEPT_FREE = 0.2  # of what is free: for the system's copies of files, and for what an estimate is short of
A_PHOTO = 256 * MEGABYTE  # whatever its size: what the networks take while they run
A_MEGAPIXEL = 20 * MEGABYTE  # of 8 bits a channel; of 16 twice as much
UNLIMITED = 1 << 60  # how version 1 of control groups says that there is no limit


def free_memory() -> int:
    """Bytes that this process may still take: of the machine, its control group and its own address space."""
    known = [_free_of_machine(), _free_of_address_space(), *map(_free_of_group, group_folders("memory"))]
    return min((each for each in known if each is not None), default=UNKNOWN)


def _free_of_machine() -> int | None:
    try:
        for line in Path("/proc/meminfo").read_text("ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) << 10
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError, AttributeError):
        return None


def _free_of_group(folder: Path) -> int | None:
    """What a control group leaves. Pages of files that the system would give back count as free."""
    for limit, used, cached in (
        ("memory.max", "memory.current", "inactive_file"),
        ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ):
        try:
            most = int((folder / limit).read_text("ascii"))
            taken = int((folder / used).read_text("ascii"))
            stated = dict(line.split() for line in (folder / "memory.stat").read_text("ascii").splitlines())
        except (OSError, ValueError):  # "max"
            continue
        return max(most - taken + int(stated.get(cached, 0)), 0) if most < UNLIMITED else None
    return None


def _free_of_address_space() -> int | None:
    """What a limit on address space (ulimit -v) leaves; None without one."""
    try:
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    except (ImportError, OSError, ValueError):  # not on this system
        return None
    return None if limit == resource.RLIM_INFINITY else max(limit - pages * resource.getpagesize(), 0)


# MiB of address space: OpenCV takes 310 when it is loaded, and ends the process where it gets less.
ROOM = 600


def check_room() -> None:
    """Raises MemoryError if less than ROOM is left; does nothing where there is no such limit."""
    free = _free_of_address_space()
    if free is not None and free < ROOM * MEGABYTE:
        raise MemoryError


def needed(photo: Path) -> int:
    """Bytes that the work on a photo takes at its height, estimated; its file is opened, but not decoded."""
    from safelight.pixels.header import header_of

    header = header_of(photo)
    return needed_for(header.megapixels, header.bits)


def needed_for(megapixels: float, bits: int) -> int:
    """The same for a photo of which size and bits a channel are known."""
    return A_PHOTO + round(A_MEGAPIXEL * megapixels * (2 if bits > 8 else 1))


LOOK = 0.2  # seconds after which who waits for memory is asked whether it still should


class Room:
    """Memory that pieces of work share. What needs more than there is begins when it is alone."""

    def __init__(self, size: int | None = None) -> None:
        self._size = round(free_memory() * (1 - KEPT_FREE)) if size is None else size
        self._changed = threading.Condition()
        self._taken = self._inside = 0

    @contextmanager
    def taking(self, size: int) -> Iterator[None]:
        """Wait until there is room for so many bytes, or nobody else is inside; they are given back at the end.

        Raises StoppedError where whoever watches stops the work meanwhile.
        """
        with self._changed:
            while not self._changed.wait_for(
                lambda: not self._inside or self._taken + size <= self._size, LOOK
            ):
                step()
            self._taken, self._inside = self._taken + size, self._inside + 1
        try:
            yield
        finally:
            with self._changed:
                self._taken, self._inside = self._taken - size, self._inside - 1
                self._changed.notify_all()
