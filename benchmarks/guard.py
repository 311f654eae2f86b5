"""What the guard adds to a training step, on this machine.

    python benchmarks/guard.py [--recipe color] [--data DATASET] [--rounds 20] [--steps 5]

One run, in which the guard takes turns: so many steps with it, so many without, on batches in memory. Printed are
the median ratio of neighboring turns, the time that is spent inside of the guard's own hooks as a share of the
step (which other programs on the machine disturb less), and what a look at the probes costs, spread over the
steps from one look to the next. Wanted: 2 % or less in all.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import numpy as np

from safelight.data.cache import open_dataset
from safelight.journal.run import Run
from safelight.recipes import RECIPES, recipe_named
from safelight.training.batches import training_batches
from safelight.training.crafts import craft_of
from safelight.training.guard.callback import Guard
from safelight.training.modules import TrainingModule
from safelight.training.stopping import StopRequest
from safelight.training.tell import without_chatter
from safelight.training.trainer import LOGGED, Work, trainer_for
from safelight.training.tree import to_json

WANTED = 0.02
NEVER = 10**9


class TakingTurns(Guard):
    """The guard, every second turn; the time of each turn, and of its hooks."""

    def __init__(self, guard: Guard, steps: int) -> None:
        self.__dict__.update(guard.__dict__)
        self.turn_steps = steps
        self.hooks: list[float] = []
        self.turns: list[tuple[bool, float]] = []
        self.began, self.within = time.perf_counter(), 0.0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        super().on_train_start(trainer, pl_module)
        self._look(trainer, pl_module)  # the first one warms up
        before = time.perf_counter()
        self._look(trainer, pl_module)
        self.look_time = time.perf_counter() - before

    def on_train_batch_start(self, trainer: pl.Trainer, *given: Any) -> None:
        self.watching = trainer.global_step // self.turn_steps % 2 == 0
        if trainer.global_step % self.turn_steps == 0:
            now = time.perf_counter()
            if trainer.global_step:
                self.turns.append((not self.watching, (now - self.began) / self.turn_steps))
                self.hooks.append(self.within / self.turn_steps)
            self.began, self.within = now, 0.0
        self._timed(lambda: super(TakingTurns, self).on_train_batch_start(trainer, *given))

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


def measure(recipe: Any, pictures: Any, rounds: int, steps: int) -> TakingTurns:
    """Train, the guard taking turns."""
    every = recipe.train.checkpoint_every
    train = replace(
        recipe.train,
        steps=2 * rounds * steps + 1,
        checkpoint_every=NEVER,
        validate_every=NEVER,
        picture_every=NEVER,
    )
    recipe = replace(recipe, train=train, data=replace(recipe.data, weights=(), workers=0))
    craft = craft_of(recipe)
    loader = training_batches(craft.samples(pictures, recipe), craft.collate, recipe)
    batches = [batch for batch, _ in zip(loader, range(4), strict=False)]
    endless: Any = Batches([batches[k % 4] for k in range(train.steps)])
    with tempfile.TemporaryDirectory() as folder, StopRequest() as stop, without_chatter():
        run = Run.start(Path(folder), recipe.name, to_json(recipe), {"dataset": {}})
        work = Work(recipe, TrainingModule(recipe, craft), endless, craft.probes(pictures, recipe))
        trainer = trainer_for(run, work, stop, quiet=True)
        callbacks: list[pl.Callback] = trainer.callbacks  # type: ignore[attr-defined]
        place = next(number for number, each in enumerate(callbacks) if isinstance(each, Guard))
        guard = callbacks[place] = TakingTurns(callbacks[place], steps)  # type: ignore[arg-type]
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
    parser.add_argument("--recipe", default="color", choices=RECIPES)
    parser.add_argument("--data", type=Path, help="a dataset; pictures are made up without")
    parser.add_argument("--rounds", type=int, default=20, help="turns of each")
    parser.add_argument("--steps", type=int, default=5, help="steps in a turn")
    given = parser.parse_args()
    recipe = recipe_named(given.recipe)
    pictures = open_dataset(given.data, "train") if given.data else MadeUp()
    guard = measure(recipe, pictures, given.rounds, given.steps)
    pairs = list(zip(guard.turns[2:-1:2], guard.turns[3::2], strict=False))
    ratio = statistics.median(watched[1] / alone[1] for watched, alone in pairs) - 1
    step = statistics.median(seconds for watched, seconds in guard.turns[2:] if not watched)
    hooks = statistics.median(guard.hooks[2::2])
    look = guard.look_time / guard.every / step
    whole = hooks / step + look
    print(f"{given.recipe}: batches of {recipe.data.batch}; load of the machine {os.getloadavg()[0]:.1f}")
    print(
        f"  a step without the guard {step * 1e3:.1f} ms; turns with it, median of {len(pairs)}: {ratio:+.2%}"
    )
    print(f"  inside of the guard's hooks {hooks * 1e3:.2f} ms a step: {hooks / step:.2%}")
    print(f"  a look at the probes {guard.look_time:.2f} s, every {guard.every} steps: {look:.2%}")
    print(f"  together {whole:.2%} (limit {WANTED:.0%}{'' if whole <= WANTED else ', MISSED'})")


if __name__ == "__main__":
    main()
