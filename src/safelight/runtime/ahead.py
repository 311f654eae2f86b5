"""Models that are opened by a thread of their own, while the photo that they will look at is read."""

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

_ahead: ContextVar[bool] = ContextVar("ahead", default=False)


@contextlib.contextmanager
def opened_ahead() -> Iterator[None]:
    """Models that are loaded in here, in this thread, are ready a little later; their first run waits for that.

    What is wrong with a model is said as ever, but for a graph that ONNX Runtime does not run: at its first run.
    """
    token = _ahead.set(True)
    try:
        yield
    finally:
        _ahead.reset(token)


def is_ahead() -> bool:
    """Whether a model may be opened by a thread of its own."""
    return _ahead.get()
