"""The evaluation of inpainting: a model and the classical methods fill the same holes, twelve in each picture."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np

from safelight.data.cache import PictureSet
from safelight.evaluation.base import Evaluated, EvaluationOptions, EvaluationTask, Findings, Row
from safelight.evaluation.metrics import psnr
from safelight.evaluation.samples import Pictures, Samples
from safelight.reports.sheets import Tile
from safelight.reports.text import format_number
from safelight.tasks.inpaint.benchmark import CELLS, PRINT, SIZE, HoleSample, draw_sample, draw_samples
from safelight.tasks.inpaint.classical import BASELINES, VERSION, Fill
from safelight.tasks.inpaint.report import LAYOUT
from safelight.tasks.inpaint.scores import COLUMNS, METRICS, composite, score_sample
from safelight.verdicts.verdict import Verdict

HOLE = np.array([0.93, 0.2, 0.55], np.float32)  # a color that no photo has much of


@dataclass(frozen=True)
class InpaintEvaluation(EvaluationTask[HoleSample, Fill]):
    """Predictors are called with a picture and its mask. size: side of the squares, pixels.

    prints: whether the pictures are simulated old prints; what is to be filled in is then the print.
    """

    size: int = SIZE
    prints: bool = False

    task = "inpaint"
    metrics = METRICS
    baselines = tuple(BASELINES)
    version = f"{VERSION}"
    options = ("--beside", "--protocol")
    protocols = ("holes", "print")
    main = "hole_psnr"
    per_image = ("hole_psnr",)
    cells = tuple(cell.name for cell in CELLS)
    columns = COLUMNS
    layout = LAYOUT
    sheets = (tuple(CELLS[place].name for place in (1, 3, 11)),)  # a small, a middle and a large hole

    def samples(self, pictures: Pictures, options: EvaluationOptions) -> Samples[HoleSample]:
        """Raises DatasetError for no pictures, or too small a size."""
        return draw_samples(pictures, self.size, options.seed, options.limit, self.prints)

    def sample(self, pictures: Pictures, index: int, seed: int) -> HoleSample:
        """With all its masks."""
        return draw_sample(pictures, index, self.size, seed, self.prints)

    def tiles(self, sample: HoleSample, cell: str, predictors: Mapping[str, Fill]) -> list[Tile]:
        """The hole, the answers with their PSNR in it, the truth."""
        place = self.cells.index(cell)
        mask, shown, truth = sample.masks[place], sample.shown(place), sample.truth
        tiles = [Tile(np.where(mask[..., None], HOLE, shown).astype(np.float32), cell)]
        for name, fill in predictors.items():
            answer = composite(name, fill(shown, mask), shown, mask)
            tiles.append(Tile(answer, name, f"{format_number(psnr(answer[mask], truth[mask]), 1)} dB"))
        return [*tiles, Tile(truth, "truth")]

    def like(self, verdict: Verdict) -> Self:
        """Of its size and protocol."""
        return replace(self, size=verdict.size, prints=verdict.protocol.endswith(PRINT))

    def clean(self) -> Self | None:
        """With the same holes."""
        return replace(self, prints=False) if self.prints else None

    def baseline(self, name: str) -> Fill:
        """A classical method."""
        return BASELINES[name]

    def score(self, name: str, predictor: Fill, sample: HoleSample) -> Row:
        """Raises ModelError for an answer of wrong shape or not finite."""
        return score_sample(name, predictor, sample)

    def findings(self, evaluated: Evaluated[HoleSample, Fill], best: Mapping[str, str]) -> Findings:
        """The lead in PSNR over the best classical method of each cell."""
        if not best:
            return Findings()
        psnr = {method: scores["hole_psnr"] for method, scores in evaluated.scores.items()}
        strongest = np.stack([psnr[best[cell]][:, at] for at, cell in enumerate(self.cells)], axis=1)
        leads = (psnr[evaluated.name] - strongest).mean(1).tolist()
        return Findings(leads={sample.index: leads[at] for at, sample in enumerate(evaluated.samples)})

    @classmethod
    def open(
        cls, model: str, protocol: str, open_split: Callable[[str], PictureSet]
    ) -> "tuple[InpaintEvaluation, Fill]":
        """The evaluation, and this model. Raises SafelightError."""
        task = cls(prints=protocol == "print" or protocol.endswith(PRINT))
        return task, task.open_predictor(model)

    def open_predictor(self, model: str) -> Fill:
        """A classical method, a run, or a model by name or file."""
        if model in BASELINES:
            return BASELINES[model]
        if not Path(model).is_dir():
            from safelight.tasks.inpaint.restore import load_filler

            return load_filler(model).predict
        from safelight.tasks.inpaint.validation import NetworkFill
        from safelight.training.trained import trained_for

        network, recipe = trained_for(model, "inpaint")
        return NetworkFill(network, recipe.preparation)
