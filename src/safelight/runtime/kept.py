"""Models that stay open from one piece of work to the next, where pieces come one by one for as long as a service runs.

To open one takes longer than to color a photo with it, and memory that is given back in between comes back in pieces.
"""

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from pathlib import Path
from threading import RLock
from typing import Any, NamedTuple, TypeVar, cast

T = TypeVar("T")


class Asked(NamedTuple):
    """What was asked for. model: name or path, None is the bundled one. threads: of one run."""

    task: str
    model: str | Path | None
    threads: int


class Kept:
    """Open models by what was asked for. May be used by several threads."""

    def __init__(self) -> None:
        self._lock, self._models = RLock(), dict[Asked, Any]()

    def __call__(self, asked: Asked, make: Callable[[], T]) -> T:
        """The model that is open, or what opens it."""
        with self._lock:
            if asked not in self._models:
                self._models[asked] = make()
            return cast(T, self._models[asked])

    def __len__(self) -> int:
        with self._lock:
            return len(self._models)

    def clear(self) -> None:
        """Keep none."""
        with self._lock:
            self._models.clear()


_kept: ContextVar[Kept | None] = ContextVar("kept", default=None)


@contextlib.contextmanager
def keeping(models: Kept) -> Iterator[None]:
    """Models that are loaded in here, in this thread, are those that are kept."""
    token = _kept.set(models)
    try:
        yield
    finally:
        _kept.reset(token)


def kept_or(task: str, model: str | Path | None, threads: int, make: Callable[[], T]) -> T:
    """The model that is kept, where models are; else a new one."""
    models = _kept.get()
    return make() if models is None else models(Asked(task, model, threads), make)
