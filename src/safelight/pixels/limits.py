"""How large a photo may be, in megapixels: against files that would fill the memory.

The command line may raise it for a run; in Python it is an argument of `read_photo`.
"""

import contextlib
from collections.abc import Iterator

import numpy as np

from safelight.errors import PhotoError, in_short

MEGAPIXELS = 200.0
_raised: list[float] = []  # the innermost one counts


def limit(given: float | None = None) -> float:
    """The limit in megapixels: the one given, or that of the run. Raises PhotoError for what is no limit."""
    if given is None:
        return _raised[-1] if _raised else MEGAPIXELS
    if isinstance(given, bool) or not isinstance(given, (int, float, np.number)) or not given > 0:
        raise PhotoError(f"limit_megapixels is {in_short(given)}; expected a number above 0")
    return float(given)


@contextlib.contextmanager
def raised(megapixels: float) -> Iterator[None]:
    """Another limit inside, in all threads."""
    _raised.append(megapixels)
    try:
        yield
    finally:
        _raised.pop()
