"""Photos from files and to files: the door of this room."""

from safelight.pixels.decode import read_photo, read_small
from safelight.pixels.encode import write_photo, write_remarked
from safelight.pixels.photo import Photo

__all__ = ["Photo", "read_photo", "read_small", "write_photo", "write_remarked"]
