"""A model whose opening begins before the rest of a command is imported.

Python imports in one thread at a time, and ONNX Runtime leaves Python's lock while it opens a graph. So a command on
one photo begins with its model, and imports meanwhile what reads and writes photos.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from threading import Thread

from safelight.runtime.ahead import opened_ahead
from safelight.runtime.modelfile import ModelFile, find_model
from safelight.runtime.session import Session


class _Opening(Thread):
    """A model that is opened. session: None where that has failed or has not ended."""

    def __init__(self, model: str | Path, task: str, threads: int) -> None:
        super().__init__(name="beginning with a model")
        self._model, self._task, self._threads = model, task, threads
        self.session: Session | None = None

    def run(self) -> None:
        """Open it. Nothing in here may run a lazy module (cli/lazy.py), as the main thread does meanwhile."""
        with suppress(Exception), opened_ahead():  # whoever asks for the model opens it again, and is told
            self.session = Session(find_model(self._model, self._task), self._threads)


_opening: ContextVar[_Opening | None] = ContextVar("opening", default=None)


@contextmanager
def begun(model: str | Path, task: str, threads: int) -> Iterator[None]:
    """The model is opened from now on, for whoever asks for it in here, in this thread."""
    opening = _Opening(model, task, threads)
    opening.start()
    token = _opening.set(opening)
    try:
        yield
    finally:
        _opening.reset(token)


def session_of(model: ModelFile, threads: int) -> Session:
    """The session of a model: the one that was begun, or a new one. Raises ModelError, as that does."""
    opening = _opening.get()
    if opening is not None:
        opening.join()
        if opening.session is not None and opening.session.is_of(model, threads):
            return opening.session
    return Session(model, threads)
