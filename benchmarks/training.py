"""What the Trainer and the loading of pictures add to the training step, on this machine.

    python benchmarks/training.py [--recipe color] [--data DATASET] [--rounds 12] [--steps 4]

The Trainer, with all that a run has, and a bare loop on an equal network take turns on the same batches in
memory; the ratio of their speeds is wanted at 0.97 or more. Then the Trainer alone draws from the loader as a
run does: the share of the time that it waits for a batch.

Measure on an idle machine. Threads of the network wait for each other: where another program takes a core, the
times are many times as long and the ratio is chance.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import numpy as np
import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader

from safelight.data.cache import open_dataset
from safelight.journal.run import Run
from safelight.training.batches import Pictures, training_batches
from safelight.training.console import without_chatter
from safelight.training.modules import AnyModule, TrainingModule
from safelight.training.overrides import override, to_json
from safelight.training.recipe import Recipe, all_recipes, recipe_named
from safelight.training.stopping import StopRequest
from safelight.training.task import training_task
from safelight.training.trainer import LOGGED, Work, trainer_for

WANTED = 0.97
NEVER = 10**9
Batch = tuple[Tensor, Tensor]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--recipe", default="color", choices=all_recipes())
    parser.add_argument("--data", type=Path, help="a dataset; pictures are made up without")
    parser.add_argument("--rounds", type=int, default=12, help="turns of each")
    parser.add_argument("--steps", type=int, default=4, help="steps in a turn")
    given = parser.parse_args()
    pictures = open_dataset(given.data, "train") if given.data else MadeUp()
    steps = given.rounds * given.steps + given.steps  # the first turn warms up
    recipe = without_pauses(recipe_named(given.recipe), steps)
    size, load = recipe.augment.size, os.getloadavg()[0]
    print(f"{given.recipe}: batches of {recipe.data.batch} at {size} px; load of the machine {load:.1f}")
    trainer, bare = step_times(pictures, recipe, given.steps)
    ratio = statistics.median(least / mine for mine, least in zip(trainer, bare, strict=True))
    verdict = "" if ratio >= WANTED else ", MISSED"
    milliseconds = [statistics.median(times) * 1e3 for times in (bare, trainer)]
    print("  a step of the bare loop {:.1f} ms, of the Trainer {:.1f} ms".format(*milliseconds))
    print(
        f"  speed of the Trainer / bare loop, median of {len(bare)} turns: {ratio:.3f} (limit {WANTED}{verdict})"
    )
    share, first = waiting_share(pictures, recipe, given.steps)
    print(f"  waiting for {recipe.data.workers} workers' batches: {share:.1%} (the first took {first:.1f} s)")


def batches_of(pictures: Pictures, recipe: Recipe) -> DataLoader[Any]:
    """The run's batches, from its first step."""
    training = training_task(recipe)
    return training_batches(training.dataset(pictures, recipe), training.collate, recipe)


class MadeUp:
    """Pictures of noise: loading them costs what loading photos costs."""

    def __init__(self, count: int = 200, size: int = 160) -> None:
        self.pixels = np.random.default_rng(0).integers(0, 256, (count, size, size, 3), dtype=np.uint8)
        self.sources = ["noise"] * count

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, index: int) -> np.ndarray:
        return np.asarray(self.pixels[index])


def without_pauses(recipe: Recipe, steps: int) -> Recipe:
    """The recipe for so many steps, without a validation or checkpoint among them, from any source."""
    never = dict.fromkeys(("checkpoint_every", "validate_every", "picture_every"), NEVER)
    train = {f"train.{name}": str(value) for name, value in {"steps": steps + 1, **never}.items()}
    return override(recipe, {**train, "data.weights": ""})


@dataclass
class BareLoop:
    """The same step with nothing around it: forward, backward, clip, optimizer, schedule, average."""

    module: AnyModule
    average: AveragedModel = field(init=False)

    def __post_init__(self) -> None:
        self.module.train()
        parts = self.module.configure_optimizers()
        self.optimizer, self.schedule = parts["optimizer"], parts["lr_scheduler"]["scheduler"]
        self.average = AveragedModel(
            self.module,
            multi_avg_fn=get_ema_multi_avg_fn(self.module.recipe.train.ema),  # type: ignore[no-untyped-call]
            use_buffers=True,
        )

    def step(self, batch: Batch) -> float:
        """One step; its loss."""
        recipe = self.module.recipe
        with torch.autocast("cpu", torch.bfloat16, enabled=recipe.train.precision == "bf16"):
            loss = torch.stack(list(self.module.loss_terms(batch).values())).sum()
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        if recipe.optimizer.clip:
            torch.nn.utils.clip_grad_norm_(self.module.parameters(), recipe.optimizer.clip)
        self.optimizer.step()
        self.schedule.step()
        self.average.update_parameters(self.module)
        return float(loss.detach())


class Turns(pl.Callback):
    """Lets the bare loop take its turn after every so many of the Trainer's steps, and times both."""

    def __init__(self, bare: BareLoop, batches: list[Batch], steps: int) -> None:
        self.bare, self.batches, self.steps = bare, batches, steps
        self.trainer_times: list[float] = []
        self.bare_times: list[float] = []
        self.began = 0.0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.began = time.perf_counter()

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        done = trainer.global_step
        if not done or done % self.steps:
            return
        self.trainer_times.append(self._since_began())
        for number in range(done - self.steps, done):
            self.bare.step(self.batches[number % len(self.batches)])
        self.bare_times.append(self._since_began())

    def _since_began(self) -> float:
        """Seconds a step of this turn; the next turn begins."""
        before, self.began = self.began, time.perf_counter()
        return (self.began - before) / self.steps


def step_times(pictures: Pictures, recipe: Recipe, steps: int) -> tuple[list[float], list[float]]:
    """Seconds a step in each turn but the first: of the Trainer, of the bare loop."""
    loader = batches_of(pictures, override(recipe, {"data.workers": "0"}))
    batches = [batch for batch, _ in zip(loader, range(min(8, recipe.train.steps)), strict=False)]
    turns = Turns(BareLoop(TrainingModule(recipe, training_task(recipe))), batches, steps)
    run_trainer(recipe, Watched([batches[k % len(batches)] for k in range(recipe.train.steps)]), turns)
    return turns.trainer_times[1:], turns.bare_times[1:]


class Watched:
    """Batches, and how long each was waited for."""

    def __init__(self, batches: Any) -> None:
        self.batches = batches
        self.waits: list[float] = []
        self.ends: list[float] = []

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[Batch]:
        batches = iter(self.batches)
        while True:
            began = time.perf_counter()
            batch = next(batches, None)
            if batch is None:
                return
            self.ends.append(time.perf_counter())
            self.waits.append(self.ends[-1] - began)
            yield batch


def waiting_share(pictures: Pictures, recipe: Recipe, warm_up: int) -> tuple[float, float]:
    """Share of the time after the first steps that is spent waiting, and seconds until the first batch."""
    watched = Watched(batches_of(pictures, recipe))
    run_trainer(recipe, watched)
    waits = sum(watched.waits[warm_up + 1 :])
    return waits / (watched.ends[-1] - watched.ends[warm_up]), watched.waits[0]


def run_trainer(recipe: Recipe, batches: Any, *callbacks: pl.Callback) -> None:
    """A run as `fit` makes it, on these batches, without probes."""
    with tempfile.TemporaryDirectory() as folder, StopRequest() as stop, without_chatter():
        run = Run.start(Path(folder), recipe.name, to_json(recipe), {})
        work = Work(
            recipe,
            TrainingModule(recipe, training_task(recipe)),
            batches,
            training_task(recipe).validation(MadeUp(0), recipe),
        )
        trainer = trainer_for(run, work, stop, quiet=True)
        trainer.callbacks[:0] = callbacks  # type: ignore[attr-defined]
        trainer.log_every_n_steps = LOGGED  # type: ignore[attr-defined]
        trainer.fit(work.module, batches)


if __name__ == "__main__":
    main()
