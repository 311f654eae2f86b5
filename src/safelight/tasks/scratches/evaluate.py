"""The evaluation of scratch detection: a model and the ridge filter look at the same drawn damage."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Self

import numpy as np

from safelight.arrays import Srgb
from safelight.data.cache import PictureSet
from safelight.evaluation.base import Evaluated, EvaluationOptions, EvaluationTask, Findings, Row
from safelight.evaluation.metrics import Scores
from safelight.evaluation.samples import Pictures, Samples
from safelight.masks.match import TOLERANCE, Matches
from safelight.reports.sheets import Tile
from safelight.tasks.scratches.benchmark import CELLS, SIZE, PrintSample, draw_sample, draw_samples
from safelight.tasks.scratches.benchmark import VERSION as PRINTS_VERSION
from safelight.tasks.scratches.report import LAYOUT
from safelight.tasks.scratches.scores import (
    CLASSICAL,
    COLUMNS,
    METRICS,
    VERSION,
    Detector,
    detect_by_network,
    score_sample,
)
from safelight.verdicts.verdict import Verdict

RIGHT, MISSED, FALSE = np.array([[0.1, 0.7, 0.2], [0.95, 0.75, 0.1], [0.9, 0.1, 0.3]], np.float32)


@dataclass(frozen=True)
class ScratchesEvaluation(EvaluationTask[PrintSample, Detector]):
    """Predictors are called with thirteen prints of each picture. size: side of the squares, pixels.

    beside_clean: whether the model also looks at the same damage on the pictures themselves. plain: that evaluation.
    """

    size: int = SIZE
    beside_clean: bool = False
    plain: bool = False

    task = "scratches"
    metrics = METRICS
    baselines = tuple(CLASSICAL)
    version = f"{VERSION}-{PRINTS_VERSION}"
    options = ("--beside", "--protocol")
    protocols = ("scratches", "print")
    beside_first = True
    main = "f1"
    per_image = Matches._fields
    cells = tuple(cell.name for cell in CELLS)
    columns = COLUMNS
    layout = LAYOUT
    sheets = (
        tuple(CELLS[place].name for place in (1, 4, 12)),
    )  # scratches and cracks of middle width, a whole print

    def samples(self, pictures: Pictures, options: EvaluationOptions) -> Samples[PrintSample]:
        """Raises DatasetError for no pictures, or too small a size."""
        return draw_samples(pictures, self.size, options.seed, options.limit, self.plain)

    def sample(self, pictures: Pictures, index: int, seed: int) -> PrintSample:
        """Its prints are drawn when they are looked at."""
        return draw_sample(pictures, index, self.size, seed, self.plain)

    def tiles(self, sample: PrintSample, cell: str, predictors: Mapping[str, Detector]) -> list[Tile]:
        """The print; what each detector marks: found green, missed yellow, false red; the truth."""
        scan, mask = sample.print(self.cells.index(cell))
        marked = [Tile(paint(scan, find(scan).mask > 0, mask), name) for name, find in predictors.items()]
        return [Tile(scan, cell), *marked, Tile(paint(scan, mask, mask), "truth")]

    def like(self, verdict: Verdict) -> Self:
        """Of its size."""
        return replace(self, size=verdict.size)

    def clean(self) -> Self | None:
        """With the same damage."""
        return replace(self, beside_clean=False, plain=True) if self.beside_clean else None

    def baseline(self, name: str) -> Detector:
        """The ridge filter."""
        return CLASSICAL[name]

    def score(self, name: str, predictor: Detector, sample: PrintSample) -> Row:
        """Raises ModelError for an answer of wrong shape or not finite."""
        return score_sample(name, predictor, sample)

    def findings(self, evaluated: Evaluated[PrintSample, Detector], best: Mapping[str, str]) -> Findings:
        """The lead in F1 over the best ridge filter, all prints of a picture together."""
        f1 = {method: _f1_per_image(scores) for method, scores in evaluated.scores.items()}
        rivals = [f1[method] for method in self.baselines if method in f1]
        leads = (f1[evaluated.name] - np.max(rivals, axis=0)).tolist() if rivals else []
        return Findings(
            leads={sample.index: lead for sample, lead in zip(evaluated.samples, leads, strict=False)},
            facts={"tolerance": TOLERANCE},
        )

    @classmethod
    def open(
        cls, model: str, protocol: str, open_split: Callable[[str], PictureSet]
    ) -> "tuple[ScratchesEvaluation, Detector]":
        """The evaluation, and this model. Raises SafelightError."""
        task = cls(beside_clean=protocol == "print")
        return task, task.open_predictor(model)

    def open_predictor(self, model: str) -> Detector:
        """The ridge filter, a run, or a model by name or file, with the threshold that it has in use."""
        if model in CLASSICAL:
            return CLASSICAL[model]
        if not Path(model).is_dir():
            from safelight.tasks.scratches.restore import load_finder

            detector = load_finder(model)
            return partial(detect_by_network, detector.predict, detector.preparation)
        from safelight.tasks.scratches.validation import NetworkFinder
        from safelight.training.trained import trained_for

        network, recipe = trained_for(model, "scratches")
        return partial(detect_by_network, NetworkFinder(network), recipe.preparation)


def paint(scan: Srgb, marked: np.ndarray, mask: np.ndarray) -> Srgb:
    """The print with what was marked rightly in green, what was missed in yellow and falsely in red."""
    painted = scan.copy()
    for where, color in ((marked & mask, RIGHT), (mask & ~marked, MISSED), (marked & ~mask, FALSE)):
        painted[where] = color
    return painted


def _f1_per_image(scores: Scores) -> np.ndarray:
    """F1 of all prints of each picture as of one; 0 where there is none."""
    sums = {column: values.sum(1, keepdims=True) for column, values in scores.items()}
    pictures = np.eye(len(sums["found"]))
    return np.asarray(np.nan_to_num(METRICS["f1"].values(pictures, sums))[:, 0])
