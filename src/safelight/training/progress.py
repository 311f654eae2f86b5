"""What long work in the midst of a run says of itself while it goes on: to whoever listens, or to nobody."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")
Listener = Callable[[str, int, int], None]  # what is done, how much of it, of how much
Stage = Callable[[str], None]  # what begins, where nothing can be counted

_listeners: list[Listener] = []


def counted(things: Iterable[T], what: str, total: int) -> Iterator[T]:
    """The things one by one; how many were done is told as they go."""
    for done, thing in enumerate(things):
        _tell(what, done, total)
        yield thing
    _tell(what, total, total)


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """While it lasts, this one is told."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def silent(_: str) -> None:
    """A stage that nobody is told of."""


def _tell(what: str, done: int, total: int) -> None:
    for listener in _listeners:
        listener(what, done, total)
