"""Batches: sample number k of a run is always the same picture, crop and hints, whoever loads it.

All randomness of a sample comes from (seed, k): no two workers can draw alike, and a run that stopped at any
step goes on with exactly the samples that it would have had.
"""

import builtins
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing.process import BaseProcess
from typing import Any, Protocol, TypeVar

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from safelight.errors import RecipeError, RunError, SafelightError
from safelight.shaped import Float64, UInt8
from safelight.training.recipe import Recipe
from safelight.training.stopping import ASKING

S = TypeVar("S")


class Pictures(Protocol):
    """What training needs of a dataset: square uint8 pictures by number, and where each comes from."""

    @property
    def sources(self) -> list[str]: ...
    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> UInt8[np.ndarray, "s s 3"]: ...


def sampling_cdf(sources: list[str], weights: tuple[tuple[str, float], ...]) -> Float64[np.ndarray, " n"]:
    """Cumulative share of draws for each picture. Raises RecipeError for a source that is not there."""
    given = dict(weights)
    strangers = sorted(set(given) - set(sources))
    if strangers:
        raise RecipeError(
            f"data.weights names {strangers[0]!r}; this dataset has {', '.join(sorted(set(sources)))}: weigh "
            'these (--data.weights NAME=2), or none (--data.weights "")'
        )
    weight = np.array([given.get(source, 1.0) for source in sources])
    if not (weight >= 0).all() or weight.sum() == 0:
        raise RecipeError("data.weights must be 0 or more, and not all 0")
    total = np.cumsum(weight)
    return np.asarray(total / total[-1])


class SampleOrder:
    """Which picture is drawn as sample k: a pure function of (seed, k)."""

    def __init__(self, sources: list[str], weights: tuple[tuple[str, float], ...], seed: int) -> None:
        self.cumulative, self.seed = sampling_cdf(sources, weights), seed
        self._strata: tuple[int, np.ndarray] = (-1, np.zeros(0))

    def picture_number(self, k: int) -> int:
        """The picture: each pass draws once from each of as many equal strata as there are pictures.

        Without weights a pass covers the set. With them each picture comes as often as its share says, to
        within one; the strata begin elsewhere in each pass, so that none is left out for good.
        """
        count = len(self.cumulative)
        turn, place = divmod(k, count)
        if self._strata[0] != turn:
            rng = np.random.default_rng((self.seed, turn, 1))
            self._strata = (turn, (rng.permutation(count) + rng.random()) / count)
        return int(np.searchsorted(self.cumulative, self._strata[1][place], side="right"))


class ResumableSampler(Sampler[int]):
    """Sample numbers of a run's batches from step `first_step` on, in order: this process's share of each.

    `skipped` sample numbers were left out before. Its length is that of the whole run: the Trainer counts the
    steps before the first as done.
    """

    def __init__(
        self, batch: int, first_step: int, steps: int, skipped: int = 0, rank: int = 0, world_size: int = 1
    ) -> None:
        self.batch, self.first_step, self.steps, self.skipped = batch, first_step, steps, skipped
        self.rank, self.world_size = rank, world_size

    def __iter__(self) -> Iterator[int]:
        share = self.batch // self.world_size
        for step in range(self.first_step, self.steps):
            first = self.skipped + step * self.batch + self.rank * share
            yield from range(first, first + share)

    def __len__(self) -> int:
        return self.steps * self.batch // self.world_size


def one_thread(_worker: int) -> None:
    """Loading processes leave the processors to the network: one thread, and only when it waits.

    Without the lower priority they push one of the network's threads aside while the others spin at its
    barrier: on two cores a step then took twice as long.
    """
    from threadpoolctl import threadpool_limits

    threading.Thread(target=_leave_with_parent, daemon=True).start()
    for number in ASKING:  # they reach the whole group; the training process decides, and ends its workers
        signal.signal(number, signal.SIG_IGN)
    torch.set_num_threads(1)
    threadpool_limits(1)  # numpy's BLAS
    if hasattr(os, "nice"):
        os.nice(10)


def processors() -> int:
    """How many processors this process may use; more loading processes than that only wait for each other."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _leave_with_parent() -> None:
    """End this process soon after the training process, however that ended.

    torch looks after it too, but one that is about to hand over a batch then waits forever.
    """
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


class Batches(DataLoader[S]):
    """A DataLoader whose loading processes can be ended, whatever became of who iterated over it.

    An exception keeps its iterator alive, and Python waits at exit for processes that ignore its signal.
    """

    _loading: Any = None
    _workers: tuple[BaseProcess, ...] = ()

    def __iter__(self) -> Any:
        before = set(multiprocessing.active_children())
        self._loading = super().__iter__()
        self._workers = tuple(each for each in multiprocessing.active_children() if each not in before)
        return self._loading

    def end(self) -> None:
        """End the loading processes, those too that are in the midst of a picture."""
        if self._workers:
            # torch is told first: it raises an error when one of its processes is gone that it still counts on
            self._loading._shutdown_workers()
        for worker in self._workers:
            worker.kill()
            worker.join()
        self._loading, self._workers = None, ()


def as_raised(error: Exception) -> Exception:
    """The error of a loading process as it was there; torch makes its message a traceback of many lines.

    What could not be read or held in memory there becomes a RunError. Any other stays as it is.
    """
    head, _, _ = str(error).partition("\n")
    if not (head.startswith("Caught ") and " in DataLoader worker process " in head):
        return error
    kind = type(error)
    name = (
        kind.__qualname__
        if kind.__module__ == builtins.__name__
        else f"{kind.__module__}.{kind.__qualname__}"
    )
    _, found, message = str(error).rpartition(f"\n{name}: ")
    said = " ".join(message.split())
    if found and isinstance(error, SafelightError):
        return kind(said)
    if isinstance(error, (OSError, MemoryError, EOFError)):
        return RunError(f"a picture could not be loaded ({kind.__name__}: {said or 'no more is known'})")
    return error


def training_batches(
    samples: Dataset[S],
    collate: Callable[[list[S]], Any],
    recipe: Recipe,
    first_step: int = 0,
    skipped: int = 0,
    rank: int = 0,
    world_size: int = 1,
) -> Batches[S]:
    """The batches from this step of the run to its end: the share of process `rank` of `world_size`."""
    import cv2

    # Before the workers are forked: OpenCV's pool of threads does not come along, and waits for itself there.
    cv2.setNumThreads(1)
    batch, workers = recipe.data.batch, min(recipe.data.workers, processors())
    return Batches(
        samples,
        batch_size=batch // world_size,
        sampler=ResumableSampler(batch, first_step, recipe.train.steps, skipped, rank, world_size),
        num_workers=workers,
        collate_fn=collate,
        worker_init_fn=one_thread,
        prefetch_factor=4 if workers else None,
    )
