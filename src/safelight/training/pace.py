"""How long a recipe will take here, measured by a few of its steps; and a recipe that ends in a given time."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch

from safelight.data.cache import PictureSet
from safelight.errors import RecipeError
from safelight.training.adversarial import adversarial_of
from safelight.training.batches import training_batches
from safelight.training.dry_run import DryRun
from safelight.training.hardware import CPU
from safelight.training.recipe import Recipe
from safelight.training.task import ValidationSet, training_task

WARMING, TIMED, PATIENCE = 2, 10, 8.0  # steps before the clock, steps by it at most, and seconds
ASKED = 4  # held-out pictures that are timed
SCORED, FAMILIAR = (
    64,
    24,
)  # that a run looks at, at most (the tasks' validation samples; training/callbacks.py)
LOOKS, SHARE = (
    5,
    0.2,
)  # looks at held-out pictures in a run of given length at most, and their share of its time
REACH = 10  # the average reaches back over this part of the run: a tenth
LEAST = 20  # steps that are worth a run
STARTING = 8.0  # seconds before the first step and after the last look that nothing here measures


@dataclass(frozen=True)
class Pace:
    """Seconds: of a step, of a look at the held-out pictures, and of what comes once, before and after."""

    step: float
    look: float
    once: float

    def seconds(self, recipe: Recipe) -> float:
        """What this recipe takes."""
        settings = recipe.train
        looks = -(-settings.steps // min(settings.validate_every, settings.steps))
        return settings.steps * self.step + looks * self.look + self.once


def measure_pace(
    recipe: Recipe, pictures: PictureSet, held_out: PictureSet, device: torch.device = CPU
) -> Pace:
    """Take a few steps, and ask a few held-out pictures; nothing is kept of it. Raises RecipeError."""
    dry_run = DryRun(recipe, device)
    task = training_task(recipe)
    batches = training_batches(task.dataset(pictures, recipe), task.collate, recipe)
    try:
        step = _step_seconds(dry_run, iter(batches))
    finally:
        batches.end()
    few = PictureSet(held_out.dataset, held_out.name, held_out.numbers[:ASKED])
    validation = task.validation(few, recipe)
    look, end = _looking(validation, dry_run)
    scored, on_training = min(SCORED, len(held_out)), min(FAMILIAR, len(pictures))
    return Pace(
        step,
        look * (1.5 * scored + on_training),
        STARTING + end * min(validation.measured, len(held_out)),
    )


def _step_seconds(dry_run: DryRun, batches: Iterator[Any]) -> float:
    """Of the mean step: those before a discriminator begins take less."""
    steps, against = dry_run.recipe.train.steps, math.nan
    start = 1.0
    if dry_run.discriminator and (adversarial := adversarial_of(dry_run.recipe)):
        start, against = adversarial.start, _mean_seconds(dry_run.step_against, batches, steps)
        if adversarial.r1:
            penalized = _mean_seconds(partial(dry_run.step_against, penalized=True), batches, steps)
            against += 0.0 if math.isnan(penalized) else (penalized - against) / adversarial.r1_every
    alone = _mean_seconds(dry_run.step, batches, steps) if start > 0 else math.nan
    if math.isnan(alone) or math.isnan(against):  # one of the two has no batches left
        return against if math.isnan(alone) else alone
    return start * alone + (1 - start) * against


def _mean_seconds(step: Callable[[Any], float], batches: Iterator[Any], most: int) -> float:
    """A batch and a step on it, timed a few times after the first; NaN without a batch."""
    times: list[float] = []
    began = time.monotonic()
    for number in range(WARMING + min(TIMED, max(1, most - WARMING))):
        before = time.monotonic()
        batch = next(batches, None)
        if batch is None or (number > WARMING and before - began > PATIENCE):
            break
        step(batch)
        times.append(time.monotonic() - before)
    return float(np.mean(times[WARMING:] or times)) if times else math.nan


def _looking(validation: ValidationSet[Any], dry_run: DryRun) -> tuple[float, float]:
    """Seconds that one picture takes to be scored, and to be measured at the end."""
    if not len(validation):
        return 0.0, 0.0
    dry_run.network.eval()
    validation.score(dry_run.network)  # the first answers of a size take longer
    times = [time.monotonic()]
    for ask in (validation.score, validation.metadata):
        ask(dry_run.network)
        times.append(time.monotonic())
    look, end = np.diff(times) / len(validation)
    return float(look), float(end)


def ending_in(recipe: Recipe, seconds: float, pace: Pace) -> Recipe:
    """The recipe with steps, looks, checkpoints and average such that it takes so long. Raises RecipeError.

    Its schedule, warm-up and curricula are shares of the run, and come to their ends.
    """
    looks = int(np.clip(SHARE * seconds / max(pace.look, 1e-3), 1, LOOKS))
    steps = int((seconds - pace.once - looks * pace.look) / pace.step)
    if steps < LEAST:
        least = (pace.once + pace.look + LEAST * pace.step) / 60
        raise RecipeError(
            f"{seconds / 60:g} minutes are too few: a step takes {pace.step:.2g} s here and a look at the held-out "
            f"pictures {pace.look:.0f} s; expected {np.ceil(least):.0f} at least, for {LEAST} steps"
        )
    was, optimizer = recipe.train, recipe.optimizer
    every = -(-steps // looks)
    ema = min(was.ema, round(max(0.0, 1 - REACH / steps), 5)) if was.ema else 0.0
    train = replace(
        was,
        steps=steps,
        ema=ema,
        validate_every=every,
        picture_every=every,
        checkpoint_every=min(was.checkpoint_every, max(10, steps // 8)),
    )
    scale = steps / was.steps
    drops = tuple(max(1, round(scale * step)) for step in optimizer.drop_at)
    patience = max(1, round(scale * optimizer.patience))
    return replace(recipe, train=train, optimizer=replace(optimizer, drop_at=drops, patience=patience))
