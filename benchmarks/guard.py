"""What the guard adds to a training step, on this machine.

    python benchmarks/guard.py [--recipe color] [--data DATASET] [--pairs 150] [--steps 1]

One run, in which the guard takes turns: of each pair of turns one is watched, drawn which comes first, on batches in
memory. Printed are the mean difference of the two, in wall time and in processor time, without the tenth of the
pairs at either end and with its 95 % interval (percentile bootstrap over pairs); the time that is spent inside of
the guard's own hooks as a share of the step, which other programs on the machine disturb less; and what a look at
the probes costs, spread over the steps from one look to the next. Wanted: 2 % or less in all.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import lightning.pytorch as pl
import numpy as np
import torch
from scipy.stats import trim_mean

from safelight.data.cache import open_dataset
from safelight.journal.run import Run
from safelight.training.batches import training_batches
from safelight.training.console import without_chatter
from safelight.training.guard.callback import Guard
from safelight.training.modules import TrainingModule
from safelight.training.overrides import to_json
from safelight.training.recipe import all_recipes, recipe_named
from safelight.training.stopping import StopRequest
from safelight.training.task import training_task
from safelight.training.trainer import LOGGED, Work, trainer_for

WANTED = 0.02
NEVER = 10**9
WARM = 6  # steps before the first turn
TRIMMED, RESAMPLES = 0.1, 4000


class Clock(NamedTuple):
    """Seconds of wall time, and of processor time of all threads."""

    wall: float
    cpu: float

    @classmethod
    def now(cls) -> "Clock":
        return cls(time.perf_counter(), time.process_time())


class TakingTurns(Guard):
    """The guard, in one turn of every pair; the time of each turn, and of its hooks."""

    def __init__(self, guard: Guard, pairs: int, steps: int) -> None:
        self.__dict__.update(guard.__dict__)
        rng = np.random.default_rng(0)
        self.order = [bool(turn) for _ in range(pairs) for turn in rng.permutation(2)]
        self.turn_steps = steps
        self.hooks: list[float] = []  # seconds a step, of the watched turns
        self.turns: list[Clock] = []  # seconds a step, in their order
        self.began, self.within, self.watching = Clock.now(), 0.0, True

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        super().on_train_start(trainer, pl_module)
        self._check_answers(trainer, pl_module)  # the first one warms up
        before = time.perf_counter()
        self._check_answers(trainer, pl_module)
        self.look_time = time.perf_counter() - before

    def on_train_batch_start(self, trainer: pl.Trainer, *given: Any) -> None:
        turn, into = divmod(trainer.global_step - WARM, self.turn_steps)
        if into == 0 and turn >= 0:
            now = Clock.now()
            if turn:
                self.turns.append(
                    Clock(*((b - a) / self.turn_steps for a, b in zip(self.began, now, strict=True)))
                )
                if self.watching:
                    self.hooks.append(self.within / self.turn_steps)
            self.began, self.within = now, 0.0
        self.watching = turn < 0 or (turn < len(self.order) and self.order[turn])
        self._timed(lambda: super(TakingTurns, self).on_train_batch_start(trainer, *given))

    def differences(self, clock: str) -> np.ndarray:
        """Of each pair, watched over alone, less 1."""
        seconds = np.array([getattr(turn, clock) for turn in self.turns]).reshape(-1, 2)
        watched = np.array(self.order).reshape(-1, 2)
        return np.asarray(seconds[watched] / seconds[~watched] - 1)

    def on_before_optimizer_step(self, *given: Any) -> None:
        self._timed(lambda: super(TakingTurns, self).on_before_optimizer_step(*given))

    def on_train_batch_end(self, *given: Any) -> None:
        self._timed(lambda: super(TakingTurns, self).on_train_batch_end(*given))

    def _timed(self, hook: Callable[[], None]) -> None:
        if self.watching:
            before = time.perf_counter()
            hook()
            self.within += time.perf_counter() - before


class Batches:
    """Batches in memory; a list of them would be taken for one batch."""

    def __init__(self, batches: list[Any]) -> None:
        self.batches = batches

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.batches)


class MadeUp:
    """Pictures of noise."""

    def __init__(self, count: int = 64, size: int = 160) -> None:
        self.pixels = np.random.default_rng(0).integers(0, 256, (count, size, size, 3), dtype=np.uint8)
        self.sources = ["noise"] * count

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, index: int) -> np.ndarray:
        return np.asarray(self.pixels[index])


def measure(recipe: Any, pictures: Any, pairs: int, steps: int) -> TakingTurns:
    """Train, the guard taking turns."""
    every = recipe.train.checkpoint_every
    train = replace(
        recipe.train,
        steps=WARM + 2 * pairs * steps + 1,
        checkpoint_every=NEVER,
        validate_every=NEVER,
        picture_every=NEVER,
    )
    recipe = replace(recipe, train=train, data=replace(recipe.data, weights=(), workers=0))
    training = training_task(recipe)
    loader = training_batches(training.dataset(pictures, recipe), training.collate, recipe)
    batches = [batch for batch, _ in zip(loader, range(4), strict=False)]
    endless: Any = Batches([batches[k % 4] for k in range(train.steps)])
    with tempfile.TemporaryDirectory() as folder, StopRequest() as stop, without_chatter():
        run = Run.start(Path(folder), recipe.name, to_json(recipe), {"dataset": {}})
        work = Work(recipe, TrainingModule(recipe, training), endless, training.validation(pictures, recipe))
        trainer = trainer_for(run, work, stop, quiet=True)
        callbacks: list[pl.Callback] = trainer.callbacks  # type: ignore[attr-defined]
        place = next(number for number, each in enumerate(callbacks) if isinstance(each, Guard))
        guard = callbacks[place] = TakingTurns(callbacks[place], pairs, steps)  # type: ignore[arg-type]
        guard.every = NEVER
        trainer.log_every_n_steps = LOGGED  # type: ignore[attr-defined]
        trainer.fit(work.module, endless)
    guard.every = every
    return guard


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--recipe", default="color", choices=all_recipes())
    parser.add_argument("--data", type=Path, help="a dataset; pictures are made up without")
    parser.add_argument("--pairs", type=int, default=150, help="pairs of turns")
    parser.add_argument("--steps", type=int, default=1, help="steps in a turn")
    given = parser.parse_args()
    recipe = recipe_named(given.recipe)
    pictures = open_dataset(given.data, "train") if given.data else MadeUp()
    guard = measure(recipe, pictures, given.pairs, given.steps)
    alone = [turn.wall for turn, watched in zip(guard.turns, guard.order, strict=True) if not watched]
    step, hooks = statistics.median(alone), statistics.median(guard.hooks)
    look = guard.look_time / guard.every / step
    whole = hooks / step + look
    print(
        f"{given.recipe}: batches of {recipe.data.batch}; {torch.get_num_threads()} threads; load of the machine "
        f"{os.getloadavg()[0]:.1f}; a step without the guard {step * 1e3:.1f} ms"
    )
    for clock, name in (("wall", "wall time"), ("cpu", "processor time")):
        print(f"  turns with it, {given.pairs} pairs, {name}: {interval(guard.differences(clock))}")
    print(f"  inside of the guard's hooks {hooks * 1e3:.2f} ms a step: {hooks / step:.2%}")
    print(f"  a look at the probes {guard.look_time:.2f} s, every {guard.every} steps: {look:.2%}")
    print(
        f"  hooks and looks together {whole:.2%} (limit {WANTED:.0%}{'' if whole <= WANTED else ', MISSED'})"
    )


def interval(differences: np.ndarray) -> str:
    """The trimmed mean with its 95 % interval."""
    rng = np.random.default_rng(0)
    drawn = rng.choice(differences, (RESAMPLES, len(differences)))
    low, high = np.percentile(trim_mean(drawn, TRIMMED, axis=1), (2.5, 97.5))
    return f"{trim_mean(differences, TRIMMED):+.2%} ({low:+.2%} to {high:+.2%})"


if __name__ == "__main__":
    main()
