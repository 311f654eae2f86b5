"""All pictures screened, by a few threads, each result kept as it comes."""

from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import TypeAlias

from safelight.data.facts import Facts, Square
from safelight.data.scan import Found
from safelight.data.settings import Progress
from safelight.data.store import Squares

Screened: TypeAlias = tuple[Facts, Square | None]


def screen_all(chosen: list[Found], squares: Squares, progress: Progress, workers: int) -> list[Facts]:
    """Facts about every chosen picture, in the same order; only those not known from before are opened."""
    known = squares.known_facts()
    todo = [found for found in chosen if not _is_known(found, known, squares)]
    done = len(chosen) - len(todo)
    progress(done, len(chosen), "screening")

    with closing(_in_order(squares.screen, todo, workers)) as results:
        for facts, square in results:
            known[facts.file_name] = squares.shop.add(facts, square)
            done += 1
            progress(done, len(chosen), "screening")
    return [squares.complete(known[found.name]) for found in chosen]


def _is_known(found: Found, known: dict[str, Facts], squares: Squares) -> bool:
    return found.name in known and known[found.name].describes(found, squares.subject(found))


def _in_order(work: Callable[[Found], Screened], todo: list[Found], workers: int) -> Generator[Screened]:
    """The work done by a few threads, its results in the order of `todo`, at most a few waiting.

    Threads, not processes: decoding large photos releases the interpreter's lock, and no orphan can remain.
    """
    waiting: deque[Future[Screened]] = deque()
    pool = ThreadPoolExecutor(max(1, workers))
    try:
        for found in todo:
            waiting.append(pool.submit(work, found))
            if len(waiting) > 4 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
