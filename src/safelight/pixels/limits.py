"""How large a photo may be, in megapixels: against files that would fill the memory.

The command line may raise it for a run; in Python it is an argument of `read_photo`.
"""

import contextlib
from collections.abc import Iterator

MEGAPIXELS = 200.0
_raised: list[float] = []  # the innermost one counts


def limit() -> float:
    """The limit in megapixels where a caller gives none."""
    return _raised[-1] if _raised else MEGAPIXELS


@contextlib.contextmanager
def raised(megapixels: float) -> Iterator[None]:
    """Another limit inside, in all threads."""
    _raised.append(megapixels)
    try:
        yield
    finally:
        _raised.pop()
