"""Work that somebody watches: it can be told to stop, and tells how far it is.

Long work calls `step` between its parts and asks for `run_options` when it runs a network, and knows nothing else of
who watches. Without a watch, both do nothing. A watch belongs to the thread (context) in which the work is done.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

from safelight.errors import SafelightError


class StoppedError(SafelightError):
    """The work was told to stop."""


class Watch:
    """A piece of work to be stopped from any thread; `tell` is told how much of it is done, 0..1."""

    def __init__(self, tell: Callable[[float], None] | None = None) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        self._stopped = False
        self._runs: list[Any] = []

    @property
    def is_stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._stopped

    def stop(self) -> None:
        """Have the work end at its next step; a network that runs ends within milliseconds."""
        with self._lock:
            self._stopped = True
            for options in self._runs:
                options.terminate = True

    def check(self) -> None:
        """Raises StoppedError once `stop` was called."""
        if self._stopped:
            raise StoppedError("it was stopped")

    def step(self, share: float | None = None) -> None:
        """As `check`; share: how much is done by now."""
        self.check()
        if share is not None and self._tell:
            self._tell(share)

    @contextlib.contextmanager
    def running(self) -> Iterator[Any]:
        """Options of ONNX Runtime for one run, which `stop` ends; then StoppedError is raised for its error."""
        import onnxruntime

        options = onnxruntime.RunOptions()
        options.log_severity_level = 4  # that it was ended is no line to print
        with self._lock:
            self.check()
            self._runs.append(options)
        try:
            yield options
        except Exception:
            self.check()
            raise
        finally:
            with self._lock:
                self._runs.remove(options)


_watch: ContextVar[Watch | None] = ContextVar("watch", default=None)


@contextlib.contextmanager
def watched(watch: Watch) -> Iterator[Watch]:
    """What is done in here, in this thread, is watched."""
    token = _watch.set(watch)
    try:
        yield watch
    finally:
        _watch.reset(token)


def step(share: float | None = None) -> None:
    """A point at which work may end, told how much of it (0..1) is done. Raises StoppedError."""
    watch = _watch.get()
    if watch:
        watch.step(share)


@contextlib.contextmanager
def running() -> Iterator[Any]:
    """Options of ONNX Runtime for one run that the watch can end; None without a watch. Raises StoppedError."""
    watch = _watch.get()
    if watch is None:
        yield None
        return
    with watch.running() as options:
        yield options
