"""What a training run tells whoever waits for it: one line, then a bar; in a log, a line a validation."""

import logging
import time
import warnings
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
from lightning.fabric.utilities.warnings import PossibleUserWarning
from rich.console import Console
from rich.progress import Progress, TaskID, TextColumn

from safelight.data.cache import FEW
from safelight.journal.run import Run
from safelight.reports.text import count
from safelight.tasks.registry import task_named
from safelight.terminal import counting_bars
from safelight.training.progress import heard_by
from safelight.training.recipe import Recipe

BELOW_ZERO = "(a loss below zero is no fault: it has the logarithm of the error in it)"
ENOUGH = 50  # pictures in all; under it nothing can be learned or told
SHORT = 100  # steps
BEAT = 30.0  # seconds between two lines of a log, at most
RECENT, KNOWN = 50, 3  # steps that tell how long one takes; so many before anything is said
IN_WORDS = {
    "32": "32 bits: this machine has no instructions for bf16",
    "bf16": "bf16, which this machine has",
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


class ConsoleOutput(pl.Callback):
    """The headline, the bars and the measures, on standard error."""

    def __init__(
        self, headline: str, pictures: Path | None = None, words: Mapping[str, str] | None = None
    ) -> None:
        """pictures: the folder of the sheets of answers, which is named once there is one. words: of measures."""
        self.words = words or {}
        self.console = Console(stderr=True, highlight=False, soft_wrap=True)
        self.headline, self.measures, self.pictures = headline, "", pictures
        self.clock, self.told_at, self.explained = Clock(), time.monotonic(), False
        self.bar = _bar(self.console) if self.console.is_terminal else None
        self.task = self.bar.add_task("training", measures="", left="") if self.bar else None
        self.scoring: TaskID | None = None
        self.hearing = ExitStack()

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Say what begins."""
        self.console.print(self.headline, markup=False)
        self.clock.begin(trainer.global_step, trainer.max_steps, _between_looks(trainer))
        if self.bar is not None:
            self.bar.start()
            self._show(trainer)
            self.hearing.enter_context(heard_by(self._hear))

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Move the bar; the loss is read only where it is logged, as reading it waits for the device."""
        self.clock.step(trainer.global_step)
        if trainer.global_step % trainer.log_every_n_steps == 0:  # type: ignore[attr-defined]
            self._read(trainer)
        due = time.monotonic() - self.told_at >= BEAT
        if self.bar is not None:
            self._show(trainer)
        elif due and trainer.global_step < trainer.max_steps:
            self._line(trainer, self.clock.left())

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """It takes its time, which is not that of a step."""
        self.clock.look_begins()

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """The gains are new."""
        self.clock.look_ends()
        self._read(trainer)
        if self.bar is None:
            self._line(trainer)
        else:
            self._forget_scoring()
            self._show(trainer)
        self._name_sheet(trainer.global_step)

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Leave the bar as it is."""
        self.hearing.close()
        if self.bar is not None:
            self._forget_scoring()
            self.bar.stop()

    def _read(self, trainer: pl.Trainer) -> None:
        self.measures = in_line(trainer.progress_bar_metrics, self.words)
        if trainer.progress_bar_metrics.get("train/loss", 0.0) < 0 and not self.explained:
            self.explained = True
            self.console.print(BELOW_ZERO)

    def _line(self, trainer: pl.Trainer, left: str = "") -> None:
        self.told_at = time.monotonic()
        said = ", ".join(each for each in (self.measures, left) if each)  # neither after the very first steps
        step = f"step {trainer.global_step} of {trainer.max_steps}"
        self.console.print(f"{step}: {said}" if said else step, markup=False)

    def _name_sheet(self, step: int) -> None:
        """Where the answers can be looked at, once."""
        sheet = self.pictures / f"step-{step:07d}.jpg" if self.pictures else None
        if sheet and sheet.is_file():
            self.pictures = None
            self.console.print(f"answers to look at: {sheet}", markup=False)

    def _hear(self, what: str, done: int, total: int) -> None:
        """A bar of its own for what goes on between two steps."""
        assert self.bar is not None
        if self.scoring is None:
            self.scoring = self.bar.add_task(what, measures="", left="")
        self.bar.update(self.scoring, description=what, completed=done, total=total)
        if done == total:
            self._forget_scoring()

    def _forget_scoring(self) -> None:
        if self.bar is not None and self.scoring is not None:
            self.bar.remove_task(self.scoring)
            self.scoring = None

    def _show(self, trainer: pl.Trainer) -> None:
        assert self.bar is not None
        assert self.task is not None
        self.bar.update(
            self.task,
            completed=trainer.global_step,
            total=trainer.max_steps,
            measures=self.measures,
            left=self.clock.left(),
        )


class Clock:
    """How long a run will still take: steps and looks at the held-out pictures, each as long as they took."""

    def __init__(self) -> None:
        self.steps: deque[float] = deque(maxlen=RECENT)
        self.looks: list[float] = []
        self.done = self.total = 0
        self.between = 1
        self._mark = self._look = 0.0

    def begin(self, done: int, total: int, between: int) -> None:
        """So many steps are done, of so many; a look after each `between`, and at the end."""
        self.done, self.total, self.between = done, total, max(1, between)
        self._mark = time.monotonic()

    def step(self, done: int) -> None:
        """A step was taken."""
        now = time.monotonic()
        self.steps.append(now - self._mark)
        self.done, self._mark = done, now

    def look_begins(self) -> None:
        """From here on no step is taken."""
        self._look = time.monotonic()

    def look_ends(self) -> None:
        """The look is over."""
        self._mark = time.monotonic()
        self.looks.append(self._mark - self._look)

    def seconds(self) -> float | None:
        """What is left; None before it is known."""
        if len(self.steps) < KNOWN:
            return None
        looks = -(-self.total // self.between) - self.done // self.between
        look = sum(self.looks) / len(self.looks) if self.looks else 0.0
        return (self.total - self.done) * sum(self.steps) / len(self.steps) + looks * look

    def left(self) -> str:
        """The same in words."""
        seconds = self.seconds()
        return f"about {in_words(seconds)} left" if seconds else ""


def _between_looks(trainer: pl.Trainer) -> int:
    interval = trainer.val_check_interval
    return interval if isinstance(interval, int) else trainer.max_steps


def in_words(seconds: float) -> str:
    """A time as people say it."""
    minutes = seconds / 60
    if minutes < 1.5:
        return f"{max(1, round(seconds / 10)) * 10} seconds"
    return f"{minutes:.0f} minutes" if minutes < 90 else f"{minutes / 60:.1f} hours"


def headline(run: Run, recipe: Recipe, steps_done: int) -> str:
    """What begins: the recipe, how long, on what; a line each where something makes little sense."""
    facts = run.facts
    dataset, steps = facts["dataset"], recipe.train.steps
    begin = f"from step {steps_done} to " if steps_done else ""
    first = (
        f"{recipe.name}: {begin}{count(steps, 'step')}, {count(recipe.data.batch, 'picture')} each; "
        f"of {Path(dataset['path']).name} {count(dataset['train'], 'picture')} to learn from, {dataset['val']} "
        f"held out; the run is {run.folder}"
    )
    return "\n".join([first, *(_remarks(facts, recipe) if not steps_done else [])])


def _remarks(facts: dict[str, Any], recipe: Recipe) -> list[str]:
    steps, words = recipe.train.steps, task_named(recipe.task).progress
    trained, held_out = facts["dataset"]["train"], facts["dataset"]["val"]
    remarks = []
    if recipe.train.precision == "auto" and facts.get("precision"):
        remarks.append(f"it computes in {IN_WORDS[facts['precision']]} (train.precision auto)")
    if facts.get("repeats"):
        remarks.append(f"nothing is changed: this repeats {facts['parent']}")
    if facts.get("began_with"):
        remarks.append(f"it begins as {facts['began_from']}: {in_scores(facts['began_with'], words)}")
    if trained + held_out < ENOUGH:
        remarks.append(
            f"only {count(trained + held_out, 'picture')}: too few to train or to judge; a few hundred make sense"
        )
    elif held_out < FEW:
        remarks.append(f"only {count(held_out, 'held-out picture')}: scores will be chance")
    if steps < SHORT and not facts.get("began_with"):
        remarks.append(f"{count(steps, 'step')}: too short to show anything but that all works")
    return remarks


def in_scores(scores: Mapping[str, float], words: Mapping[str, str]) -> str:
    """Those scores that have words (tasks/base.py: progress): "gain 1.30 dB, with 10 hints 5.12 dB"."""
    named = {name.removeprefix("val/"): value for name, value in scores.items()}
    return ", ".join(said.format(named[name]) for name, said in words.items() if name in named)


def in_line(measures: Mapping[str, float], words: Mapping[str, str]) -> str:
    """The loss and the task's measures in words: "loss 0.081, gain 1.30 dB, with 10 hints 5.12 dB"."""
    said = [f"loss {measures['train/loss']:.3g}"] if "train/loss" in measures else []
    for name, value in measures.items():
        measure = name.removeprefix("val/")
        if measure in words:
            said.append(words[measure].format(value))
        elif measure != name:
            said.append(f"{measure.replace('_', ' ')} {value:.4g}")
    return ", ".join(said)


def _bar(console: Console) -> Progress:
    columns = (TextColumn("{task.fields[left]}"), TextColumn("{task.fields[measures]}"))
    return counting_bars(console, *columns, width=20, per_second=2, transient=False)
