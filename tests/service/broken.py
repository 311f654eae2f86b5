"""A real service, as a process of its own, with faults in it: where scratches are sought, and where a view is made.

    python -m tests.service.broken

The errors say what no log may have: names of photos, paths, tokens, pixels.
"""

import sys
from typing import Any

from safelight.service import darkroom, mending
from safelight.service.routes import photos
from tests.service.server import main


def find_damage(room: Any, item: Any, question: object) -> None:
    """A fault of a job, of one error while another is handled."""
    try:
        raise OSError(2, "is not there", str(item.path))
    except OSError as error:
        raise KeyError(f"{item.name} {room.shelf.pixels(item)}") from error


def lightness(*asked: object) -> None:
    """A fault of a plain request."""
    raise ZeroDivisionError(f"{sys.argv} {asked}")


def shown_size(size: tuple[int, int]) -> None:
    """A fault of a request that sends."""
    raise RuntimeError(f"{sys.argv[2]}\n{size}")


if __name__ == "__main__":
    mending.find_damage = find_damage  # type: ignore[assignment]
    photos.lightness = lightness  # type: ignore[assignment]
    if "upload" in sys.argv:
        darkroom.shown_size = shown_size  # type: ignore[assignment]
    main()
