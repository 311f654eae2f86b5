"""Many pieces of work at once, in threads of this process, within the memory that there is.

One process, so that a model is in memory once: ONNX Runtime, OpenCV, Pillow and NumPy leave Python's lock while they
compute, and a session of one thread that several threads call is as fast as a session in each of as many processes.
"""

import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Generic, TypeVar

from safelight.batch.memory import Room
from safelight.runtime.cores import one_thread, taking
from safelight.watched import StoppedError, Watch, watched

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_turn(items: Sequence[Item], do: Callable[[Item], Result]) -> Generator[Result]:
    """Do all items in this thread, one after the other."""
    for item in items:
        yield do(item)


def in_threads(
    items: Sequence[Item],
    do: Callable[[Item], Result],
    workers: int,
    needed: Callable[[Item], int],
    room: Room | None = None,
) -> Generator[Result]:
    """Do all items with so many threads; what came of them in their order, as soon as that is known.

    needed: bytes of memory that one takes; one begins, in the order of the items, when there is `room`. What `do`
    raises is raised here. Where the generator is closed, or the main thread interrupted, nothing more is begun,
    networks that run are stopped, and it ends when the threads have ended.
    """
    pool = _Pool(items, do, needed, Room() if room is None else room)
    threads = [threading.Thread(target=pool.work, name=f"photo-{number}") for number in range(workers)]
    with _single_threaded_libraries():
        try:
            for thread in threads:
                thread.start()
            for number in range(len(items)):
                yield pool.wait_for(number)
        finally:
            pool.stop()
            for thread in threads:
                if thread.ident is not None:
                    thread.join()


class _Pool(Generic[Item, Result]):
    """What the threads share: whose turn it is, and what came of each item."""

    def __init__(
        self, items: Sequence[Item], do: Callable[[Item], Result], needed: Callable[[Item], int], room: Room
    ) -> None:
        self._items, self._do, self._needed, self._room = items, do, needed, room
        self._turn = threading.Lock()  # held by who waits for room: what is first in line begins first
        self._next = iter(range(len(items)))
        self._known = threading.Condition()
        self._results: dict[int, Result] = {}
        self._error: BaseException | None = None
        self._watch = Watch()

    def work(self) -> None:
        """What a thread does: one item after the other."""
        try:
            with watched(self._watch), taking(1):
                while self._do_next():
                    pass
        except StoppedError:
            pass
        except BaseException as error:  # raised again where the results are waited for
            self._tell(error=error)
            self._watch.stop()

    def _do_next(self) -> bool:
        with ExitStack() as stack:
            with self._turn:
                number = None if self._watch.is_stopped else next(self._next, None)
                if number is None:
                    return False
                item = self._items[number]
                stack.enter_context(self._room.taking(self._needed(item)))
            self._watch.check()
            self._tell(number, self._do(item))
        return True

    def _tell(self, number: int = -1, *result: Result, error: BaseException | None = None) -> None:
        with self._known:
            self._error = self._error or error
            for each in result:
                self._results[number] = each
            self._known.notify_all()

    def wait_for(self, number: int) -> Result:
        """What came of an item; it is forgotten here. Raises what a thread raised."""
        with self._known:
            self._known.wait_for(lambda: number in self._results or self._error)
            if self._error and number not in self._results:
                raise self._error
            return self._results.pop(number)

    def stop(self) -> None:
        """Begin nothing more, and end what can be ended."""
        self._watch.stop()


@contextmanager
def _single_threaded_libraries() -> Iterator[None]:
    """OpenCV and the library of linear algebra take one thread for each call: there is a caller for each processor."""
    import cv2

    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        with one_thread:
            yield
    finally:
        cv2.setNumThreads(before)
