"""How much memory there is for photos."""

from pathlib import Path

# MiB of address space: OpenCV takes 310 when it is loaded, and ends the process where it gets less.
ROOM = 600


def check_room() -> None:
    """Raises MemoryError if less than ROOM is left; does nothing where there is no such limit."""
    try:
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
        used = pages * resource.getpagesize()
    except (ImportError, OSError, ValueError):  # not on this system
        return
    if limit != resource.RLIM_INFINITY and limit - used < ROOM << 20:
        raise MemoryError
