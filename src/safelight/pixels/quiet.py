"""Decoders that would print or warn past us, silenced while a picture is read."""

import contextlib
import ctypes
import logging
import threading
import warnings
from collections.abc import Iterator

from PIL import Image, PngImagePlugin

LARGEST_TEXT = (
    1 << 24
)  # bytes of a PNG's text or profile, unpacked: Pillow's own limit is less than a profile for inks

_lock = threading.Lock()
_users = 0
_state = contextlib.ExitStack()


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """No warnings and lines of Pillow, no limit of its own, and no lines of libtiff on standard error inside.

    All of these are the process's own: the first one in sets them, the last one out sets them back.
    """
    global _users  # noqa: PLW0603
    with _lock:
        if _users == 0:
            _state.enter_context(_silenced())
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                _state.close()


@contextlib.contextmanager
def _silenced() -> Iterator[None]:
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None  # ours is asked for before
    text, PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_CHUNK, LARGEST_TEXT
    log = logging.getLogger("PIL")
    level = log.level
    log.setLevel(logging.CRITICAL)
    handler = _set_libtiff_handler(None)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"PIL\.")
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = limit
        PngImagePlugin.MAX_TEXT_CHUNK = text
        log.setLevel(level)
        _set_libtiff_handler(handler)


def _set_libtiff_handler(handler: int | None) -> int | None:
    """Set what the libtiff within Pillow does with its errors, None = nothing; returns what it did before.

    Where it cannot be reached (linked into Pillow itself), it goes on printing.
    """
    try:
        from PIL import _imaging

        setter = ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler
    except (ImportError, OSError, AttributeError):
        return None
    setter.restype, setter.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    before: int | None = setter(handler)
    return before
