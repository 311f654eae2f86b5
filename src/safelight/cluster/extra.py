"""What of this room is not in the light install, and what is said where it is missing."""

import contextlib
from collections.abc import Iterator

from safelight.errors import SafelightError

CLUSTER = 'pip install ".[cluster]" in safelight\'s folder'


class ClusterError(SafelightError):
    """A cluster cannot do what it is asked for: it is missing, too small, or its machines differ."""


@contextlib.contextmanager
def needs(what: str) -> Iterator[None]:
    """Imports of the extra inside. Raises ClusterError, with how to install it, where it is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise ClusterError(f"{what} needs {error.name}, which is not installed: {CLUSTER}") from None
