"""What safelight train does before a run: build a plain folder, check memory, find batch and learning rate."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from safelight.app.progress import Bars

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

    from safelight.data.cache import PictureSet
    from safelight.journal.run import Run
    from safelight.training.folds import Judge
    from safelight.training.recipe import Recipe

JUDGED = 200  # pictures of a held-out fold at most


def build_if_plain(data: Path) -> None:
    """A plain folder of photos becomes a dataset in the user's cache, with a bar; a dataset is left as it is."""
    from safelight.data.cache import open_dataset

    with Bars() as bars:
        open_dataset(data, progress=lambda done, total, what: bars.show(what, done, total))


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
    return _judge_colors if plan.task == "colorize" else None


def _judge_colors(run: "Run", held: "PictureSet") -> "Mapping[str, float]":
    from safelight.judging.judge import judge
    from safelight.judging.protocols import protocol_named
    from safelight.training.color.predict import NetworkPredict
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
        for hints in verdict.counts
    }
