"""What safelight train does before a run: build a plain folder, check memory, find batch and learning rate."""

import time
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from safelight.cli import progress
from safelight.cli.progress import Bars

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

    from safelight.data.cache import PictureSet
    from safelight.journal.run import Run
    from safelight.training.fit import Stages
    from safelight.training.folds import Judge
    from safelight.training.recipe import Recipe

JUDGED = 200  # pictures of a held-out fold at most


def build_if_plain(data: Path) -> None:
    """A plain folder of photos becomes a dataset in the user's cache, with a bar; a dataset is left as it is."""
    from safelight.data.cache import open_dataset

    with Bars() as bars:
        open_dataset(data, progress=lambda done, total, what: bars.show(what, done, total))


def stages(quiet: bool) -> "Stages":
    """Who is told what goes on where nothing can be counted: nobody, if nothing is to be said."""
    return nullcontext if quiet else progress.Stages


def check_room(plan: "Recipe", device: "torch.device", quiet: bool) -> None:
    """Raises RecipeError where the machine has not the memory that a recipe needs."""
    from safelight.training.memory import check_memory

    with stages(quiet)() as stage:
        if stage:
            stage("measuring memory")
        check_memory(plan, device)


def paced(plan: "Recipe", data: Path, device: "torch.device", minutes: float | None, quiet: bool) -> "Recipe":
    """The recipe, made to end in so many minutes if that is asked; how long it will take is told.

    Short recipes are not measured: they are over as soon.
    """
    from safelight.data.cache import open_splits
    from safelight.training.pace import ending_in, measure_pace
    from safelight.training.ranks import is_first
    from safelight.training.tell import SHORT, in_words

    began = time.monotonic()
    if minutes is None and (quiet or plan.train.steps < SHORT or not is_first()):
        return plan
    with stages(quiet)() as stage:
        if stage:
            stage("timing a few steps")
        pace = measure_pace(plan, *open_splits(data), device)
    if minutes is not None:
        pace = replace(pace, once=pace.once + time.monotonic() - began)
        plan = ending_in(plan, 60 * minutes, pace)
    if not quiet:
        shorter = "" if minutes is not None else "; for a shorter one: --minutes 15"
        click.echo(
            f"this will take about {in_words(pace.seconds(plan))} here ({plan.train.steps:,} steps of "
            f"{pace.step:.2g} s){shorter}",
            err=True,
        )
    return plan


def tell_batches(plan: "Recipe", data: Path, device: "torch.device") -> None:
    """The table of batch sizes, and a suggestion."""
    from safelight.data.cache import open_dataset
    from safelight.training.find_batch import find_batch

    with Bars() as bars:
        pictures = open_dataset(data, "train")
        found = find_batch(plan, pictures, lambda batch: bars.say(f"trying {batch} …"), device)
    click.echo(found)


def tell_rates(plan: "Recipe", data: Path, plot: Path | None, device: "torch.device") -> None:
    """The learning rate range test: its plot, and a suggestion."""
    from safelight.data.cache import open_dataset
    from safelight.errors import RecipeError
    from safelight.training.find_lr import draw, find_lr

    plot = plot or Path(f"find-lr-{plan.name}.png")
    with Bars() as bars:
        test = find_lr(
            plan,
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


def judge_of(plan: "Recipe") -> "Judge | None":
    """How a run is judged on its held-out fold, beside its own probes: colorizers by the judge, without baselines."""
    from safelight.tasks.base import resolve
    from safelight.tasks.registry import task_named

    part = task_named(plan.task).fold_judge
    judge: Judge | None = resolve(part) if part else None
    return judge


def judge_fold_of_colors(run: "Run", held: "PictureSet") -> "Mapping[str, float]":
    from safelight.tasks.colorize.evaluate import judge
    from safelight.tasks.colorize.protocols import protocol_named
    from safelight.tasks.colorize.validation import NetworkPredict
    from safelight.training.fit import trained_network

    network, recipe = trained_network(run)
    predict = NetworkPredict(network, recipe.preparation)
    protocol, name = protocol_named("compact"), run.folder.name
    verdict = judge(
        predict, name, held, protocol, limit=JUDGED, baselines=False, dataset=held.name, split="fold"
    )
    verdict.save(run.folder / "verdicts" / "fold.json")
    return {
        f"fold/{statistic}_{hints}": verdict.estimate(name, statistic, hints).value
        for statistic in ("gain", "ciede2000")
        for hints in verdict.cells
    }
