"""The probes at work: scored at each validation, drawn every so many steps."""

from pathlib import Path
from typing import Any

import lightning.pytorch as pl
from lightning.pytorch.loggers import TensorBoardLogger
from PIL import Image, ImageDraw

from safelight.journal.run import Run
from safelight.tasks.registry import task_named
from safelight.training.modules import AnyModule, TrainingModule
from safelight.training.task import ValidationSet

CAPTION = 16  # height of the words under a sheet, pixels


class ProbeCallback(pl.Callback):
    """Scores the averaged weights on the probes at each validation, and draws the contact sheet."""

    def __init__(self, run: Run, probes: ValidationSet[Any], every: int) -> None:
        self.run, self.probes, self.every = run, probes, every

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """The scores as val/NAME; the sheet every `every` steps."""
        if trainer.sanity_checking or not len(self.probes) or not isinstance(pl_module, TrainingModule):
            return
        pl_module.log("step", float(trainer.global_step))
        shown = task_named(pl_module.recipe.task).progress
        for name, value in self.probes.score(pl_module.network).items():
            pl_module.log(f"val/{name}", value, prog_bar=name in shown)
        if trainer.global_step % self.every == 0 or trainer.global_step == trainer.max_steps:
            self._draw(trainer, pl_module)

    def _draw(self, trainer: pl.Trainer, pl_module: AnyModule) -> None:
        sheet = self.probes.sheet(pl_module.network)
        path = Path(self.run.folder) / "pictures" / f"step-{trainer.global_step:07d}.jpg"
        with_captions(Image.fromarray(sheet), getattr(self.probes, "columns", ())).save(path, quality=90)
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
