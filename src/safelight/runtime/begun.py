"""Models whose opening begins before the rest of a command is imported.

Python imports in one thread at a time, and ONNX Runtime leaves Python's lock while it opens a graph. So a command on
one photo begins with its models, and imports meanwhile what reads and writes photos.
"""

import ctypes
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from threading import Event, Thread

from safelight.runtime.ahead import opened_ahead
from safelight.runtime.modelfile import ModelFile, find_model
from safelight.runtime.session import Session


class _Opening:
    """A model that is opened. session: None where that has failed or has not ended; ended: whether it has."""

    def __init__(self, model: str | Path, task: str, threads: int) -> None:
        self._model, self._task, self._threads = model, task, threads
        self.session: Session | None = None
        self.ended = Event()

    def __call__(self) -> None:
        """Open it."""
        try:
            with suppress(Exception):  # whoever asks for the model opens it again, and is told
                self.session = Session(find_model(self._model, self._task), self._threads)
        finally:
            self.ended.set()


ARENA_MAX = -8  # M_ARENA_MAX of glibc's malloc.h: the most heaps that threads may have

_openings: ContextVar[Sequence[_Opening]] = ContextVar("openings", default=())


@contextmanager
def begun(models: Sequence[tuple[str | Path, str]], threads: int, alone: bool = False) -> Iterator[None]:
    """Models are opened from now on, one after the other, for whoever asks for them in here, in this thread.

    models: the name or path of each, and its task. alone: whether the process has one photo.
    """
    if alone:
        _share_heap()
    openings = [_Opening(model, task, threads) for model, task in models]
    Thread(target=_open, args=(openings,), name="beginning with models").start()
    token = _openings.set(openings)
    try:
        yield
    finally:
        _openings.reset(token)


def _share_heap() -> None:
    """One heap for all threads, where the C library is glibc.

    A heap of a thread's own grows by a page at a time: two thousand calls of the system while a model is opened.
    Threads with photos of their own would wait for each other at a heap that they share.
    """
    with suppress(AttributeError, OSError, TypeError):  # another C library; TypeError: Windows
        ctypes.CDLL(None).mallopt(ARENA_MAX, 1)


def _open(openings: Sequence[_Opening]) -> None:
    """Open all. Nothing in here may run a lazy module (cli/lazy.py), as the main thread does meanwhile."""
    with opened_ahead():
        for opening in openings:
            opening()


def session_of(model: ModelFile, threads: int) -> Session:
    """The session of a model: one that was begun, or a new one. Raises ModelError, as that does."""
    for opening in _openings.get():
        opening.ended.wait()
        if opening.session is not None and opening.session.is_of(model, threads):
            return opening.session
    return Session(model, threads)
