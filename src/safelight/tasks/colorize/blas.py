"""NumPy's linear algebra on one thread.

Its library keeps threads of its own, which go on waiting busily after each product and so take the processors
from the network's. The products here are small, or are divided among threads before (benchmarks/hints.py).
"""

from functools import cache
from threading import Lock, get_ident
from typing import Any


class _OneThread:
    """`with one_thread:` products of matrices take one thread, in all of this process; it may be nested.

    Where another thread is inside already, nothing is done: the number is the process's, and threadpoolctl lets
    nobody but who set it set it back (findings/threadpoolctl-second-thread.sh).
    """

    def __init__(self) -> None:
        self._free = Lock()
        self._owner: int | None = None
        self._depth = 0
        self._limit: Any = None

    def __enter__(self) -> None:
        if self._owner == get_ident():
            self._depth += 1
        elif self._free.acquire(blocking=False):
            self._owner, self._depth = get_ident(), 1
            self._limit = _libraries().limit(limits=1)
            self._limit.__enter__()

    def __exit__(self, *error: object) -> None:
        if self._owner != get_ident():
            return
        self._depth -= 1
        if not self._depth:
            self._owner = None
            try:
                self._limit.__exit__(*error)
            finally:
                self._free.release()


@cache
def _libraries() -> Any:
    """The libraries of linear algebra that are loaded; looking for them takes milliseconds."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")


one_thread = _OneThread()
