"""The evaluation of colorization: beside grey, nearest hint, kernel regression, Levin 2004 and kriging."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np

from safelight.arrays import Lightness
from safelight.data.cache import PictureSet
from safelight.evaluation.base import Evaluated, EvaluationOptions, EvaluationTask, Findings, Row
from safelight.evaluation.evaluate import evaluate, gather
from safelight.evaluation.grouping import Members, group_pictures
from safelight.evaluation.intervals import estimates
from safelight.evaluation.metrics import Scores, psnr
from safelight.evaluation.samples import Pictures, Samples
from safelight.journal.run import Run
from safelight.pixels.color import chroma, colorfulness, lab_to_srgb, srgb_to_lab
from safelight.reports.sheets import Tile
from safelight.reports.text import format_number
from safelight.shaped import Float
from safelight.tasks.colorize.baselines import BASELINES, VERSION, Predict
from safelight.tasks.colorize.benchmark import (
    PROTOCOLS,
    ColorSample,
    Protocol,
    draw_sample,
    draw_samples,
    protocol_named,
)
from safelight.tasks.colorize.blotches import lab_blotches
from safelight.tasks.colorize.hints import Points
from safelight.tasks.colorize.report import LAYOUT
from safelight.tasks.colorize.scores import COLUMNS, METRICS, score_sample, show, with_relative
from safelight.verdicts.verdict import Curve, Estimate, Verdict

OF_A_FOLD = 200  # pictures of a held-out fold at most


@dataclass(frozen=True)
class ColorizeEvaluation(EvaluationTask[ColorSample, Predict]):
    """Predictors are called with lightness and hints, picture by picture, with rising numbers of hints.

    vivid: the model at its most colorful, called once a picture, without hints.
    """

    protocol: Protocol = PROTOCOLS["compact"]
    vivid: Predict | None = None

    task = "colorize"
    metrics = METRICS
    baselines = tuple(BASELINES)
    version = f"{VERSION}"
    options = ("--beside", "--protocol", "--no-baselines", "--robust")
    indispensable = ("grey",)
    protocols = tuple(PROTOCOLS)
    main = "psnr"
    per_image = ("gain",)
    mean_of_cells = False
    columns = COLUMNS
    layout = LAYOUT
    sheets = (("0",), ("10",))
    examples_a_rank = 3

    def __getstate__(self) -> dict[str, Any]:
        """For processes that score baselines: without the model, which may not be copied to them."""
        return {"protocol": self.protocol, "vivid": None}

    @property
    def cells(self) -> tuple[str, ...]:
        """Numbers of hints."""
        return tuple(map(str, self.protocol.counts))

    def samples(self, pictures: Pictures, options: EvaluationOptions) -> Samples[ColorSample]:
        """Raises DatasetError where no picture has color."""
        return draw_samples(pictures, self.protocol, options.seed, options.limit)

    def sample(self, pictures: Pictures, index: int, seed: int) -> ColorSample:
        """With all its hints."""
        return draw_sample(pictures, index, self.protocol, seed)

    def tiles(self, sample: ColorSample, cell: str, predictors: Mapping[str, Predict]) -> list[Tile]:
        """Grey, the hints, the answers with their gain over grey, the truth."""
        L, truth, points = sample.L, sample.truth, sample.points.first(int(cell))
        own = srgb_to_lab(sample.pixels)[..., 0]  # colors are scored on it, whatever was shown
        grey = show(L, np.zeros((*L.shape, 2), np.float32))
        colorless = psnr(show(own, np.zeros((*L.shape, 2), np.float32)), truth)
        tiles = [Tile(grey, "grey")]
        if len(points):
            tiles.append(Tile(grey, "hints", dots=_dots(L, points)))
        for name, predict in predictors.items():
            ab = predict(L, points)
            gain = psnr(show(own, ab), truth) - colorless
            tiles.append(Tile(show(L, ab), name, f"{format_number(gain, 1, signed=True)} dB"))
        return [*tiles, Tile(truth, "truth")]

    def clean(self) -> Self | None:
        """With the same hints."""
        return replace(self, protocol=replace(self.protocol, prints=False)) if self.protocol.prints else None

    def ranking(self, verdict: Verdict, cell: str) -> Mapping[int, float]:
        """The gain over grey at that number of hints."""
        at = self.cells.index(cell) if cell in self.cells else 0
        return {each.index: each.values["gain"][at] for each in verdict.per_image}

    def baselines_beside(self, verdict: Verdict, cell: str) -> tuple[str, ...]:
        """The best; without hints none, as all are grey."""
        return () if cell == "0" else super().baselines_beside(verdict, cell)

    def sheet_names(self, cells: Sequence[str]) -> tuple[str, str]:
        """A sheet for each number of hints."""
        return "no hints" if cells[0] == "0" else f"{cells[0]} hints", f"pictures-{cells[0]}-hints.png"

    def baseline(self, name: str) -> Predict:
        """A fresh one: Levin keeps a picture's equations from one number of hints to the next."""
        return BASELINES[name]()

    def score(self, name: str, predictor: Predict, sample: ColorSample) -> Row:
        """Raises ModelError for an answer of wrong shape or not finite."""
        return score_sample(name, predictor, sample, self.protocol.counts)

    def derived(
        self, scores: Mapping[str, Scores], baselines: Mapping[str, Scores], samples: Samples[ColorSample]
    ) -> Mapping[str, Scores]:
        """With the gain over grey, in dB, and the excess of colorfulness."""
        grey, truth = baselines["grey"], _true_colorfulness(samples)
        return {method: with_relative(columns, grey, truth) for method, columns in scores.items()}

    def is_compared(self, method: str, cell: str) -> bool:
        """Without hints every baseline is grey, so that of them only grey is compared there."""
        return cell != "0" or method == "grey" or method not in BASELINES

    def groups(self, pictures: Pictures, samples: Samples[ColorSample]) -> Members:
        """By chroma, category, source, folder and tag."""
        rows = [pictures.rows(sample.index) for sample in samples]
        groups = group_pictures(_mean_chroma(samples), rows)
        return {name: members for name, members in groups.items() if name != "all"}

    def values_per_image(
        self, evaluated: Evaluated[ColorSample, Predict]
    ) -> Mapping[str, Sequence[Sequence[float]]]:
        """The gain, and the chroma of the picture."""
        values = super().values_per_image(evaluated)
        return {**values, "chroma": _mean_chroma(evaluated.samples)[:, None].tolist()}

    def findings(self, evaluated: Evaluated[ColorSample, Predict], best: Mapping[str, str]) -> Findings:
        """How colorful automatic color is, at both ends of the vivid setting; the blotches of the true colors."""
        truth = _true_colorfulness(evaluated.samples)
        tables: dict[str, dict[str, Curve]] = {"blotches": {"truth": {"level": _true_blotches(evaluated)}}}
        if self.vivid:
            tables["vivid"] = self._vivid(evaluated, self.vivid, truth)
        return Findings(tables=tables, facts={"true_colorfulness": float(truth.mean())})

    @classmethod
    def open(
        cls, model: str, protocol: str, open_split: Callable[[str], PictureSet]
    ) -> "tuple[ColorizeEvaluation, Predict]":
        """The evaluation of this model by this protocol, and the model's cautious answer. Raises SafelightError."""
        if model in BASELINES:
            return cls(protocol_named(protocol)), BASELINES[model]()
        answers = _open(model)
        return cls(protocol_named(protocol), vivid=answers(1.0)), answers(0.0)

    def open_predictor(self, model: str) -> Predict:
        """A baseline, or a model's cautious answer."""
        return BASELINES[model]() if model in BASELINES else _open(model)(0.0)

    def _vivid(
        self,
        evaluated: Evaluated[ColorSample, Predict],
        vivid: Predict,
        truth: Float[np.ndarray, " pictures"],
    ) -> dict[str, Curve]:
        cautious, weights = evaluated.scores[evaluated.name], evaluated.weights
        rows, name = [], f"{evaluated.name} (vivid)"
        for done, sample in enumerate(evaluated.samples, start=1):
            rows.append(score_sample(name, vivid, sample, (0,)))
            evaluated.options.progress(name, done, len(evaluated.samples))
        vivid_psnr, colors = (np.array([row[column] for row in rows]) for column in ("psnr", "colorfulness"))
        grey = cautious["psnr"][:, :1] - cautious["gain"][:, :1]

        def curve(colorful: np.ndarray, gain: np.ndarray, scores: Scores) -> Curve:
            (share,) = estimates(weights @ colorful / (weights @ truth[:, None]))
            (blotches,) = estimates(METRICS["blotches"].values(weights, scores))
            return {"colorfulness": share, "gain": estimates(weights @ gain)[0], "blotches": blotches}

        first = {column: values[:, :1] for column, values in cautious.items()}
        return {
            "cautious": curve(first["colorfulness"], first["gain"], first),
            "vivid": curve(colors, vivid_psnr - grey, gather(rows)),
        }


def evaluate_fold(run: Run, held_out: PictureSet) -> Mapping[str, float]:
    """Scores of a run on the pictures that it left out, without baselines; its verdict stays in the run."""
    from safelight.tasks.colorize.validation import NetworkPredict
    from safelight.training.trained import trained_network

    network, recipe = trained_network(run)
    predict: Predict = NetworkPredict(network, recipe.preparation)
    options = EvaluationOptions(limit=OF_A_FOLD, baselines=False, dataset=held_out.name, split="fold")
    verdict = evaluate(ColorizeEvaluation(), {run.folder.name: predict}, held_out, options)
    verdict.save(run.folder / "verdicts" / "fold.json")
    return {
        f"fold/{metric}_{hints}": verdict.estimate(verdict.model, metric, hints).value
        for metric in ("gain", "ciede2000")
        for hints in verdict.cells
    }


def _open(model: str) -> Callable[[float], Predict]:
    """A run, or a model by name or file: how it answers at each vividness."""
    if Path(model).is_dir():
        from safelight.tasks.colorize.validation import NetworkPredict
        from safelight.training.trained import trained_for

        network, recipe = trained_for(model, "colorize")
        return lambda vivid: NetworkPredict(network, recipe.preparation, vivid)
    from safelight.tasks.colorize.restore import load_colorizer

    colorizer = load_colorizer(model)
    return lambda vivid: partial(colorizer.predict, vivid=vivid)


def _dots(L: Lightness, points: Points) -> list[tuple[float, float, tuple[int, int, int]]]:
    """Each hint in its color, at the photo's own lightness there."""
    lab = np.concatenate([L[points.y, points.x, None], points.ab], axis=1).astype(np.float32)
    red, green, blue = np.round(lab_to_srgb(lab) * 255).astype(int).T.tolist()
    places = zip(points.y.tolist(), points.x.tolist(), zip(red, green, blue, strict=True), strict=True)
    return list(places)


def _true_colorfulness(samples: Samples[ColorSample]) -> Float[np.ndarray, " pictures"]:
    return np.array([colorfulness(sample.pixels) for sample in samples])


def _true_blotches(evaluated: Evaluated[ColorSample, Predict]) -> Estimate:
    """The level of the true colors, in the places where answers are looked at."""
    labs = [srgb_to_lab(sample.pixels) for sample in evaluated.samples]
    rows = np.array([lab_blotches(lab, lab) for lab in labs])
    scores = {"flat": rows[:, :1], "blotches": rows[:, 1:]}
    return estimates(METRICS["blotches"].values(evaluated.weights, scores))[0]


def _mean_chroma(samples: Samples[ColorSample]) -> Float[np.ndarray, " pictures"]:
    return np.array([chroma(srgb_to_lab(sample.pixels)[..., 1:]).mean() for sample in samples])
