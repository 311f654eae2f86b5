"""What a training run tells whoever waits for it: one line, then a bar; in a log, a line a validation."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
from lightning.fabric.utilities.warnings import PossibleUserWarning
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from safelight.data.cache import FEW
from safelight.journal.run import Run
from safelight.training.recipe import Recipe

WORDS = {  # of the measures that the tasks' probes show (training/craft.py)
    "gain_0": "gain {:.2f} dB",
    "gain_10": "with 10 hints {:.2f} dB",
    "hole_psnr": "{:.2f} dB in the holes",
    "gain_over_telea": "{:+.2f} dB over Telea",
    "f1": "F1 {:.3f}",
    "false_finds": "{:.2g} per mille found in whole prints",
    "psnr": "{:.2f} dB",
    "kl": "code of {:.1f} nats",
    "active_units": "{:.0f} of its numbers in use",
}
CHATTER = ("lightning.pytorch", "lightning.fabric")


@contextmanager
def without_chatter() -> Iterator[None]:
    """Lightning without its tips, and its advice on what is meant here; what goes wrong is still told."""
    loggers = [logging.getLogger(name) for name in CHATTER]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.WARNING)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PossibleUserWarning)
            warnings.filterwarnings("ignore", ".*isinstance.treespec, LeafSpec.*")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


class Teller(pl.Callback):
    """The headline, the bar and the measures, on standard error."""

    def __init__(self, headline: str) -> None:
        self.console = Console(stderr=True, highlight=False, soft_wrap=True)
        self.headline, self.measures = headline, ""
        self.bar = _bar(self.console) if self.console.is_terminal else None
        self.task = self.bar.add_task("training", measures="") if self.bar else None

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Say what begins."""
        self.console.print(self.headline, markup=False)
        if self.bar is not None:
            self.bar.start()
            self._show(trainer)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Move the bar; the loss is read only where it is logged, as reading it waits for the device."""
        if self.bar is not None:
            if trainer.global_step % trainer.log_every_n_steps == 0:  # type: ignore[attr-defined]
                self.measures = told(trainer.progress_bar_metrics)
            self._show(trainer)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """The gains are new."""
        self.measures = told(trainer.progress_bar_metrics)
        if self.bar is None:
            self.console.print(f"step {trainer.global_step} of {trainer.max_steps}: {self.measures}")
        else:
            self._show(trainer)

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Leave the bar as it is."""
        if self.bar is not None:
            self.bar.stop()

    def _show(self, trainer: pl.Trainer) -> None:
        assert self.bar is not None
        assert self.task is not None
        self.bar.update(
            self.task, completed=trainer.global_step, total=trainer.max_steps, measures=self.measures
        )


def headline(run: Run, recipe: Recipe, steps_done: int) -> str:
    """What begins: the recipe, how long, on what; and a line of warning where little is held out."""
    dataset, steps = run.facts["dataset"], recipe.train.steps
    held_out = dataset["val"]
    begin = f"from step {steps_done} to " if steps_done else ""
    few = f"\nonly {_count(held_out, 'held-out picture')}: scores will be chance" if held_out < FEW else ""
    return (
        f"{recipe.name}: {begin}{_count(steps, 'step')} of {recipe.data.batch} on "
        f"{_count(dataset['train'], 'picture')} of {Path(dataset['path']).name}, {held_out} held out; "
        f"the run is {run.folder}{few}"
    )


def told(measures: dict[str, float]) -> str:
    """The loss and the task's measures in words: "loss 0.081, gain 1.30 dB, with 10 hints 5.12 dB"."""
    words = [f"loss {measures['train/loss']:.3g}"] if "train/loss" in measures else []
    for name, value in measures.items():
        measure = name.removeprefix("val/")
        if measure in WORDS:
            words.append(WORDS[measure].format(value))
        elif measure != name:
            words.append(f"{measure.replace('_', ' ')} {value:.4g}")
    return ", ".join(words)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _bar(console: Console) -> Progress:
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[measures]}"),
    )
    return Progress(*columns, console=console, refresh_per_second=2)
