"""Which batch size: how fast each is on this machine, and which is the largest that fits."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from safelight.training.batches import Pictures
from safelight.training.dry_run import DryRun
from safelight.training.hardware import CPU
from safelight.training.memory import GIGA, Need, estimate, room
from safelight.training.recipe import Recipe

SMALLEST = 2  # pictures a step: batch norm needs more than one
STEPS = 2  # that are timed, after one that is not
PATIENCE = 4.0  # seconds: where a step takes longer, larger batches are not tried
DISTINCT = 16  # samples that a batch is made of, over and over: they only have to have the right size
GAIN = 1.05  # two batches in a row that are not this much faster than the best before them end the search
NEARLY = 0.9  # of the best throughput is as good: a smaller batch takes more steps on the same pictures


@dataclass(frozen=True)
class Tried:
    """One batch size. speed: pictures a second through the network; 0 where it was not tried."""

    batch: int
    need: Need
    speed: float


@dataclass(frozen=True)
class Found:
    """What was tried, from small to large. largest: the most pictures a step that fit into `free`."""

    tried: tuple[Tried, ...]
    largest: int
    free: float
    loading: float  # pictures a second that one loading process prepares

    @property
    def suggestion(self) -> int:
        """The smallest batch that is nearly as fast as the fastest."""
        best = max(one.speed for one in self.tried)
        return next(one.batch for one in self.tried if one.speed >= NEARLY * best)

    def __str__(self) -> str:
        rows = ["batch   memory, GB   pictures/s"]
        rows += [f"{one.batch:5}   {one.need.total / GIGA:10.2f}   {one.speed:10.1f}" for one in self.tried]
        return "\n".join(
            [
                *rows,
                f"largest that fits into {self.free / GIGA:.1f} GB: {self.largest}",
                f"one loading process prepares {self.loading:.0f} pictures/s",
                f"suggestion: --data.batch {self.suggestion}",
            ]
        )


def find_batch(
    recipe: Recipe,
    pictures: Pictures,
    progress: Callable[[int], None] = lambda batch: None,
    device: torch.device = CPU,
) -> Found:
    """Try 2, 4, 8, … pictures a step until memory, patience or the gain ends. progress: told each batch size."""
    known, limit = estimate(recipe), room(device)
    largest = known.largest_batch(limit)
    dry_run, loading = DryRun(recipe, device), _loading_speed(recipe, pictures)
    tried: list[Tried] = []
    batch, seconds = SMALLEST, 0.0
    while batch <= max(SMALLEST, largest) and seconds < PATIENCE and not _is_flat(tried):
        progress(batch)
        seconds = _seconds_a_step(dry_run, pictures, batch)
        tried.append(Tried(batch, known.at(batch), batch / seconds))
        batch *= 2
    return Found(tuple(tried), largest, limit, loading)


def _is_flat(tried: list[Tried]) -> bool:
    """Whether the last two batch sizes were no faster than those before them."""
    speeds = [one.speed for one in tried]
    return len(speeds) > 3 and max(speeds[-2:]) < GAIN * max(speeds[:-2])


def _seconds_a_step(dry_run: DryRun, pictures: Pictures, batch: int) -> float:
    """The fastest of a few steps on one batch: what else runs on the machine only adds."""
    samples = dry_run.task.dataset(pictures, dry_run.recipe)
    few = [samples[k] for k in range(min(batch, DISTINCT))]
    some = dry_run.task.collate((few * -(-batch // len(few)))[:batch])
    taken = []
    for _ in range(1 + STEPS):
        start = time.perf_counter()
        dry_run.step(some)
        taken.append(time.perf_counter() - start)
        if taken[-1] > PATIENCE:
            break
    return min(taken[1:] or taken)


def _loading_speed(recipe: Recipe, pictures: Pictures, count: int = 8) -> float:
    dry_run = DryRun(recipe)
    start = time.perf_counter()
    next(dry_run.batches(pictures, count))
    return count / (time.perf_counter() - start)
