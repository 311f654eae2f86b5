"""What safelight train does before a run: build a plain folder, check memory, find batch and learning rate."""

import time
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import click
import torch

from safelight.data.cache import PictureSet, open_dataset
from safelight.errors import RecipeError
from safelight.tasks.base import resolve
from safelight.tasks.registry import task_named
from safelight.terminal import Bars, Stages
from safelight.training import fit
from safelight.training.console import SHORT, in_words
from safelight.training.find_batch import find_batch
from safelight.training.find_lr import draw, find_lr
from safelight.training.folds import Judge
from safelight.training.hardware import is_rank_zero
from safelight.training.memory import check_memory
from safelight.training.pace import ending_in, measure_pace
from safelight.training.recipe import Recipe


def build_if_plain(data: Path) -> None:
    """A plain folder of photos becomes a dataset in the user's cache, with a bar; a dataset is left as it is."""
    with Bars() as bars:
        open_dataset(data, progress=lambda done, total, what: bars.show(what, done, total))


def stage_output(quiet: bool) -> fit.Stages:
    """Where stages that cannot be counted are shown: a spinner or a log; nowhere if quiet."""
    return nullcontext if quiet else Stages


def check_memory_of(recipe: Recipe, device: torch.device, quiet: bool) -> None:
    """Raises RecipeError where the machine has not the memory that a recipe needs."""
    with stage_output(quiet)() as stage:
        if stage:
            stage("measuring memory")
        check_memory(recipe, device)


def with_pace(
    recipe: Recipe,
    sets: tuple[PictureSet, PictureSet],
    device: torch.device,
    minutes: float | None,
    quiet: bool,
) -> Recipe:
    """The recipe, made to end in so many minutes if that is asked; how long it will take is printed.

    Short recipes are not measured: they are over as soon. sets: the pictures to train on, and those held out.
    """
    began = time.monotonic()
    if minutes is None and (quiet or recipe.train.steps < SHORT or not is_rank_zero()):
        return recipe
    with stage_output(quiet)() as stage:
        if stage:
            stage("timing a few steps")
        pace = measure_pace(recipe, *sets, device)
    if minutes is not None:
        pace = replace(pace, once=pace.once + time.monotonic() - began)
        recipe = ending_in(recipe, 60 * minutes, pace)
    if not quiet:
        shorter = "" if minutes is not None else "; for a shorter one: --minutes 15"
        click.echo(
            f"this will take about {in_words(pace.seconds(recipe))} here ({recipe.train.steps:,} steps of "
            f"{pace.step:.2g} s){shorter}",
            err=True,
        )
    return recipe


def print_batches(recipe: Recipe, data: Path, device: torch.device) -> None:
    """The table of batch sizes, and a suggestion."""
    with Bars() as bars:
        pictures = open_dataset(data, "train")
        found = find_batch(recipe, pictures, lambda batch: bars.say(f"trying {batch} …"), device)
    click.echo(found)


def print_rates(recipe: Recipe, data: Path, plot: Path | None, device: torch.device) -> None:
    """The learning rate range test: its plot, and a suggestion."""
    plot = plot or Path(f"find-lr-{recipe.name}.png")
    with Bars() as bars:
        test = find_lr(
            recipe,
            open_dataset(data, "train"),
            progress=lambda done, total: bars.show("range test", done, total),
            device=device,
        )
    draw(test, plot)
    if not test.falls:
        raise RecipeError(
            f"the loss falls clearly at no rate from {test.rates[0]:.0e} to {test.rates[-1]:.0e} ({plot}): there is "
            "nothing to suggest; try a larger --data.batch, or keep the recipe's rate"
        )
    click.echo(f"the loss falls fastest at {test.steepest:.1e} and is lowest at {test.lowest:.1e}: {plot}")
    click.echo(f"suggestion: --optimizer.lr {test.suggestion:g}")


def fold_judge(recipe: Recipe) -> Judge | None:
    """How a run is evaluated on its held-out fold, beside its validation samples; None: by these alone."""
    part = task_named(recipe.task).fold_judge
    judge: Judge | None = resolve(part) if part else None
    return judge
