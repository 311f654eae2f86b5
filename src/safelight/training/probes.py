"""Probes: a few fixed pictures and hints, looked at all through a run and scored as the judge would."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import lightning.pytorch as pl
import numpy as np
from jaxtyping import UInt8
from lightning.pytorch.loggers import TensorBoardLogger
from PIL import Image

from safelight.arrays import Ab, Lightness, Srgb
from safelight.journal.run import Run
from safelight.pixels.color import lab_to_srgb, srgb_to_lab
from safelight.pixels.geometry import resize
from safelight.tasks.hints import Points
from safelight.tasks.propagate import paint
from safelight.tasks.sampling import draw_places, report_colors
from safelight.training.batches import Pictures
from safelight.training.modules import ColorizeModule
from safelight.training.predict import NetworkPredict

COUNTS = (0, 1, 10, 100)
SHOWN, SCORED = 8, 64
SHOWN_HINTS = 5
LEAST_RANGE = 5.0  # of ab; below it a picture is as good as grey (siggraph17 leaves those out too)


Predict: TypeAlias = Callable[[Lightness, Points], Ab]


@dataclass(frozen=True)
class Probe:
    """One picture in Lab, and hints on it of which the first n are the question with n hints."""

    L: Lightness
    ab: Ab
    points: Points


def choose(pictures: Pictures, size: int, count: int = SCORED) -> list[Probe]:
    """The same probes each time: pictures spread over the set that have colour, hints 3 x 3 and uniform."""
    probes = []
    for number in np.random.default_rng(0).permutation(len(pictures)):
        lab = srgb_to_lab(resize(pictures[int(number)], (size, size)))
        ab = np.ascontiguousarray(lab[..., 1:])
        if np.ptp(ab, axis=(0, 1)).max() >= LEAST_RANGE:
            y, x = draw_places(max(COUNTS), (size, size), "uniform", np.random.default_rng((0, int(number))))
            points = report_colors(ab, y, x, np.full(len(y), 3))
            probes.append(Probe(np.ascontiguousarray(lab[..., 0]), ab, points))
        if len(probes) == count:
            break
    return probes


def join(L: Lightness, ab: Ab) -> Srgb:
    """Lightness and colour as a picture."""
    return lab_to_srgb(np.dstack([L, ab]))


def psnr(result: Srgb, truth: Srgb) -> float:
    """PSNR in dB of sRGB pictures, at most 50."""
    return min(50.0, float(-10 * np.log10(np.mean((result - truth) ** 2) + 1e-12)))


def contact_sheet(probes: list[Probe], predict: Predict) -> UInt8[np.ndarray, "h w 3"]:
    """A row a probe: grey, the hints, automatic result, result with hints, truth."""
    rows = []
    for probe in probes[:SHOWN]:
        few = probe.points.first(SHOWN_HINTS)
        ab, mask = paint(few, (probe.L.shape[0], probe.L.shape[1]))
        grey = join(probe.L, np.zeros_like(probe.ab))
        hints = np.where(mask[..., None] > 0, join(np.full_like(probe.L, 65), ab), grey)
        results = [join(probe.L, predict(probe.L, points)) for points in (Points.none(), few)]
        rows.append(np.hstack([grey, hints, *results, join(probe.L, probe.ab)]))
    return np.round(np.vstack(rows) * 255).astype(np.uint8)


def gain_over_grey(probe: Probe, predict: Predict, count: int) -> float:
    """How much nearer than grey the result with this many hints comes to the truth, in dB."""
    truth = join(probe.L, probe.ab)
    result = join(probe.L, predict(probe.L, probe.points.first(count)))
    return psnr(result, truth) - psnr(join(probe.L, np.zeros_like(probe.ab)), truth)


class ProbeCallback(pl.Callback):
    """Scores the averaged weights on the probes at each validation, and draws the contact sheet."""

    def __init__(self, run: Run, probes: list[Probe], every: int) -> None:
        self.run, self.probes, self.every = run, probes, every

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Gain over grey in dB at a few numbers of hints; the sheet every `every` steps."""
        if trainer.sanity_checking or not self.probes or not isinstance(pl_module, ColorizeModule):
            return
        predict = NetworkPredict(pl_module.network, pl_module.recipe.preparation)
        pl_module.log("step", float(trainer.global_step))
        for count in COUNTS:
            gains = [gain_over_grey(probe, predict, count) for probe in self.probes]
            pl_module.log(f"val/gain_{count}", float(np.mean(gains)), prog_bar=count in (0, 10))
        if trainer.global_step % self.every == 0 or trainer.global_step == trainer.max_steps:
            self._draw(trainer, predict)

    def _draw(self, trainer: pl.Trainer, predict: NetworkPredict) -> None:
        sheet = contact_sheet(self.probes, predict)
        path = Path(self.run.folder) / "pictures" / f"step-{trainer.global_step:07d}.jpg"
        Image.fromarray(sheet).save(path, quality=90)
        for logger in trainer.loggers:
            if isinstance(logger, TensorBoardLogger):
                logger.experiment.add_image("probes", sheet, trainer.global_step, dataformats="HWC")
