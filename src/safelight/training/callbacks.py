"""What follows a run: its scores and contact sheets, the doctor's evidence and findings, and seeds for each step."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import lightning.pytorch as pl
import numpy as np
import torch
from lightning.pytorch.loggers import TensorBoardLogger
from PIL import Image, ImageDraw
from torch import nn

from safelight.data.cache import PictureSet
from safelight.journal.doctor.case import Finding
from safelight.journal.doctor.examine import case_of, examine
from safelight.journal.records import read_record
from safelight.journal.run import Run
from safelight.tasks.registry import task_named
from safelight.training.guard.answers import silent_channels
from safelight.training.modules import AnyModule, TrainingModule
from safelight.training.task import ValidationSet

CAPTION = 16  # height of the words under a sheet, pixels


class ValidationCallback(pl.Callback):
    """Scores the averaged weights on the validation samples at each validation, and draws the contact sheet."""

    def __init__(self, run: Run, validation: ValidationSet[Any], every: int) -> None:
        self.run, self.validation, self.every = run, validation, every

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """The scores as val/NAME; the sheet every `every` steps."""
        if trainer.sanity_checking or not len(self.validation) or not isinstance(pl_module, TrainingModule):
            return
        pl_module.log("step", float(trainer.global_step))
        shown = task_named(pl_module.recipe.task).progress
        for name, value in self.validation.score(pl_module.network).items():
            pl_module.log(f"val/{name}", value, prog_bar=name in shown)
        if trainer.global_step % self.every == 0 or trainer.global_step == trainer.max_steps:
            self._draw(trainer, pl_module)

    def _draw(self, trainer: pl.Trainer, pl_module: AnyModule) -> None:
        sheet = self.validation.sheet(pl_module.network)
        path = Path(self.run.folder) / "pictures" / f"step-{trainer.global_step:07d}.jpg"
        with_captions(Image.fromarray(sheet), getattr(self.validation, "columns", ())).save(path, quality=90)
        for logger in trainer.loggers:
            if isinstance(logger, TensorBoardLogger):
                logger.experiment.add_image("probes", sheet, trainer.global_step, dataformats="HWC")


def with_captions(sheet: Image.Image, columns: tuple[str, ...]) -> Image.Image:
    """A sheet with a word under each of its columns, where there are any: below, as the journal cuts from above."""
    if not columns:
        return sheet
    captioned = Image.new("RGB", (sheet.width, sheet.height + CAPTION), "white")
    captioned.paste(sheet, (0, 0))
    drawing, width = ImageDraw.Draw(captioned), sheet.width / len(columns)
    for number, word in enumerate(columns):
        middle = ((number + 0.5) * width, sheet.height + CAPTION / 2)
        drawing.text(middle, word, "black", anchor="mm", font_size=min(12.0, 1.7 * width / len(word)))
    return captioned


FAMILIAR = 24  # training pictures asked beside the held-out ones
# What can die: LeakyReLU and ELU answer to everything.
ACTIVATIONS = (nn.ReLU, nn.ReLU6, nn.SiLU, nn.GELU, nn.Hardswish)
EARLY = 50  # steps: so soon after the beginning everything looks sick


@runtime_checkable
class ReportsEvidence(Protocol):
    """ValidationSet that measure more than scores."""

    def evidence(self, network: nn.Module) -> dict[str, float]:
        """Measures by name; they are logged as probe/NAME."""


def some_pictures(pictures: PictureSet, count: int = FAMILIAR) -> PictureSet:
    """A few pictures spread over a set, the same each time."""
    chosen = np.sort(np.random.default_rng(0).permutation(len(pictures))[:count])
    return PictureSet(pictures.dataset, pictures.name, pictures.numbers[chosen])


class EvidenceCallback(pl.Callback):
    """Logs probe/NAME at each validation, from the averaged weights.

    train_SCORE: each score on training pictures (overfitting shows beside val/SCORE). dead: share of the
    channels that are trained and answer the same to everything. And what the validation samples themselves tell.
    """

    def __init__(self, validation: ValidationSet[Any], on_training: ValidationSet[Any] | None) -> None:
        self.validation, self.on_training = validation, on_training

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Measure and log."""
        if trainer.sanity_checking or not isinstance(pl_module, TrainingModule):
            return
        network = pl_module.network
        measures: dict[str, float] = {}
        if self.on_training is not None and len(self.on_training):
            with silent_channels(trained_activations(network)) as dead:
                on_training = self.on_training.score(network)
            measures |= {f"train_{name}": value for name, value in on_training.items()} | {"dead": dead()}
        if len(self.validation) and isinstance(self.validation, ReportsEvidence):
            measures |= self.validation.evidence(network)
        pl_module.log("step", float(trainer.global_step))
        pl_module.log_dict({f"probe/{name}": float(value) for name, value in measures.items()})


class LiveDoctor(pl.Callback):
    """Reads what the run has written so far after each validation, and tells each symptom once, in a line."""

    def __init__(self, run: Run, say: Callable[[str], None] | None = None) -> None:
        self.run, self.say = run, say or _say
        self.reported: set[str] = set()
        self._due = False

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """The new measures are only written when this is over."""
        self._due = not trainer.sanity_checking

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Look, if there is something new."""
        self._look()

    def on_fit_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """A last look."""
        self._look()

    def _look(self) -> None:
        if not self._due:
            return
        self._due = False
        record = read_record(self.run.folder)
        if record.step < EARLY:
            return
        for finding in examine(case_of(record, with_dataset=False)).findings:
            if finding.name not in self.reported:
                self.reported.add(finding.name)
                self.say(live_line(record.step, finding))


def live_line(step: int, finding: Finding) -> str:
    """A finding in one line."""
    attempt = finding.flags or finding.advice
    return f"step {step}: {finding.name}: {finding.reading.evidence}; try {attempt}"


def trained_activations(network: nn.Module) -> Iterator[nn.Module]:
    """Activations whose own block has something that is trained: what is frozen cannot be mended."""
    for block in network.modules():
        if any(parameter.requires_grad for parameter in block.parameters()):
            yield from (child for child in block.children() if isinstance(child, ACTIVATIONS))


def _say(line: str) -> None:
    # A bar that is on screen catches what is printed, and keeps it above itself.
    print(f"doctor: {line}", file=sys.stderr, flush=True)


class StepRandomness(pl.Callback):
    """Seeds torch before every step from (seed, step, process), so that a run can go on from any step."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Seed all of torch's generators."""
        entropy = np.random.SeedSequence((self.seed, trainer.global_step, trainer.global_rank))
        torch.manual_seed(int(entropy.generate_state(1, np.uint32)[0]))
