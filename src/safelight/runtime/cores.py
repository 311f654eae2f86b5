"""How many processors this process may use, and how many of them one piece of work takes.

The number that the machine has says little: a process may be bound to some of them (taskset), and a container may be
given the time of a few (a quota of its control group). More threads than processors wait for each other.
"""

import contextlib
import math
import os
from collections.abc import Iterator
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from threading import Lock, get_ident
from typing import Any

GROUPS = Path("/sys/fs/cgroup")
OWN_GROUPS = Path("/proc/self/cgroup")
_taken: ContextVar[int | None] = ContextVar("taken", default=None)


def usable_cores() -> int:
    """The processors that this process may use, at least 1; a part of one counts as a whole one."""
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    quota = _quota()
    cores = bound or os.cpu_count() or 1
    return cores if math.isinf(quota) else max(1, min(cores, math.ceil(quota)))


def own_cores() -> int:
    """As `usable_cores`, or fewer where the work in this thread was told to take fewer."""
    taken = _taken.get()
    return usable_cores() if taken is None else taken


@contextlib.contextmanager
def taking(cores: int) -> Iterator[None]:
    """What is done in here, in this thread, takes no more than so many."""
    token = _taken.set(cores)
    try:
        yield
    finally:
        _taken.reset(token)


def _quota() -> float:
    """Processors' worth of time that the control groups leave; infinite without a limit."""
    quota = math.inf
    for folder in group_folders("cpu"):
        words = _words(folder / "cpu.max")  # version 2: "200000 100000", "max 100000"
        if len(words) == 2:
            quota = min(quota, _share(*words))
        old = [*_words(folder / "cpu.cfs_quota_us"), *_words(folder / "cpu.cfs_period_us")]
        if len(old) == 2:  # version 1: -1 is no limit
            quota = min(quota, _share(*old))
    return quota


def _share(quota: str, period: str) -> float:
    try:
        share = int(quota) / int(period)
    except (ValueError, ZeroDivisionError):
        return math.inf
    return share if share > 0 else math.inf


def group_folders(controller: str) -> Iterator[Path]:
    """The folders of this process's control group and of those around it, of both versions; none on other systems.

    A container may see its own group as the uppermost one, whatever the group's name.
    """
    try:
        lines = OWN_GROUPS.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, name = rest.partition(":")
        if controllers and controller not in controllers.split(","):
            continue
        roots = (GROUPS / controllers, GROUPS / controller) if controllers else (GROUPS, GROUPS / "unified")
        for root in roots:
            inside = root / name.lstrip("/")
            yield from (
                folder for folder in (inside, *inside.parents) if folder == root or root in folder.parents
            )


def _words(file: Path) -> list[str]:
    try:
        return file.read_text("ascii").split()
    except (OSError, ValueError):
        return []


class _OneThread:
    """`with one_thread:` products of matrices take one thread, in all of this process; it may be nested.

    NumPy's library keeps threads of its own, which go on waiting busily after each product and so take the processors
    from the network's. The products here are small, or are divided among threads before (benchmarks/hints.py).

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
