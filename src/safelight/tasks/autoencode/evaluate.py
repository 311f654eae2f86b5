"""The evaluation of autoencoders: beside PCA with as many components, and the mean picture, on held-out pictures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from safelight.data.cache import PictureSet
from safelight.evaluation.base import Evaluated, EvaluationOptions, EvaluationTask, Findings, Row
from safelight.evaluation.intervals import Weights, estimates, standing
from safelight.evaluation.metrics import psnr
from safelight.evaluation.report import write_report
from safelight.evaluation.samples import Pictures as PictureSource
from safelight.evaluation.samples import Samples
from safelight.reports.sheets import Tile
from safelight.reports.text import format_number
from safelight.shaped import Float
from safelight.tasks.autoencode.benchmark import (
    MEAN,
    MODEL,
    MOST_TRAINING,
    PCA,
    Draw,
    ExportedCodes,
    FramedSample,
    Pca,
    Pictures,
    Reconstruct,
    Subject,
    draw_samples,
    frame_picture,
    frame_pictures,
    most_at,
    padding_of,
    planes_of,
)
from safelight.tasks.autoencode.losses import active_units, bits_per_dimension, find_collapse
from safelight.tasks.autoencode.mixture import Mixture, choose_mixture
from safelight.tasks.autoencode.prepare import GREY
from safelight.tasks.autoencode.report import LAYOUT, save_sheets
from safelight.tasks.autoencode.restore import load_vae
from safelight.tasks.autoencode.scores import (
    COLUMNS,
    FEATURES,
    METRICS,
    Bounds,
    FeatureVectors,
    LiteFeatures,
    bounds,
    frechet,
    kernel_distance,
    nearest,
    similarities,
    squared_errors,
    with_interval,
)
from safelight.verdicts.verdict import ALL, Comparison, Curve, Estimate, Verdict

FEWEST = 8  # pictures, to tell a collapse from few data
MOST_DRAWN = 1000  # samples of the model: beyond, they tell no more


class Prepared(NamedTuple):
    """Framed pictures of both splits, and PCA of the training pictures."""

    items: tuple[FramedSample, ...]
    training: Pictures
    pca: Pca


class ReportPictures(NamedTuple):
    """What the report shows, each (n, 3, s, s): reconstructions by method, samples of the model by their source,
    and the training pictures that are nearest to the first of these."""

    truth: Pictures
    reconstructions: Mapping[str, Pictures]
    drawn: Mapping[str, Pictures]
    neighbors: Pictures


@dataclass
class AutoencodeEvaluation(EvaluationTask[FramedSample, Reconstruct]):
    """Predictors are called with all framed pictures at once.

    subject: the model. training: pictures of the dataset that it was trained on: what PCA is fitted on, and where
    the neighbors of samples are looked for. sources: how codes are drawn, by name ("mixture", "prior"); the first is
    looked at for copies. features: of pictures.
    """

    subject: Subject
    sources: Mapping[str, Draw]
    training: PictureSet
    features: Callable[[Pictures], FeatureVectors]
    prepared: Prepared | None = field(default=None, init=False, repr=False)  # of the last evaluation

    task = "autoencode"
    metrics = METRICS
    model_name = MODEL
    baselines = (PCA, MEAN)
    version = None
    options = ()
    main = "psnr"
    per_image = ("mse",)
    mean_of_cells = False
    cells = (ALL,)
    columns = COLUMNS
    layout = LAYOUT
    sheets = ((ALL,),)

    def samples(self, pictures: PictureSource, options: EvaluationOptions) -> Samples[FramedSample]:
        """Raises DatasetError for fewer than three pictures in a split."""
        samples = draw_samples(pictures, self.subject, options)
        known = frame_pictures(
            self.training,
            self.subject,
            min(MOST_TRAINING, most_at(self.subject.size)),
            options.seed,
            options.progress,
            "framing training pictures",
        )
        training = planes_of(known)
        self.prepared = Prepared(samples.items, training, Pca(training, self.subject.latent))
        return samples

    def reconstruct(self, planes: Pictures) -> Pictures:
        """The model as a predictor: each picture from the mean of its code."""
        return self.subject.decode(self.subject.encode(planes)[0])

    def sample(self, pictures: PictureSource, index: int, seed: int) -> FramedSample:
        """As the network sees it."""
        return frame_picture(pictures, index, self.subject)

    def tiles(self, sample: FramedSample, cell: str, predictors: Mapping[str, Reconstruct]) -> list[Tile]:
        """The framed picture, and its reconstructions with their PSNR."""
        truth, tiles = np.moveaxis(sample.planes, 0, 2), []
        for name, predictor in predictors.items():
            answer = np.moveaxis(predictor(sample.planes[None])[0], 0, 2)
            value = psnr(answer[sample.box.slices], truth[sample.box.slices])
            tiles.append(Tile(answer, name, f"{format_number(value, 1)} dB"))
        return [*tiles, Tile(truth, "truth")]

    def baseline(self, name: str) -> Reconstruct:
        """PCA, or the mean picture."""
        pca = self._prepared.pca
        return pca.reconstruct if name == PCA else pca.mean_picture

    def score(self, name: str, predictor: Reconstruct, sample: FramedSample) -> Row:
        """Squared error and SSIM of one reconstruction."""
        return _rows(predictor, (sample,))[0]

    def score_all(
        self, name: str, predictor: Reconstruct, samples: Samples[FramedSample], options: EvaluationOptions
    ) -> list[Row]:
        """The same, of all samples at once."""
        return _rows(predictor, samples.items)

    def findings(self, evaluated: Evaluated[FramedSample, Reconstruct], best: Mapping[str, str]) -> Findings:
        """Against PCA; what the code is worth; bounds on the likelihood; how near its samples are to pictures."""
        items, training, weights = evaluated.samples.items, self._prepared.training, evaluated.weights
        planes, seed, progress = planes_of(items), evaluated.options.seed, evaluated.options.progress
        mse = {method: scores["mse"] for method, scores in evaluated.scores.items()}
        (saved,) = estimates(1 - (weights @ mse[MODEL]) / (weights @ mse[PCA]))
        rng = np.random.default_rng(seed)
        drawn = self._draw(len(items), rng)
        progress("bounds", 0, 1)
        bound = bounds(self.subject, planes, padding_of(items), rng)
        progress("bounds", 1, 1)
        first, rng = next(iter(drawn.values())), np.random.default_rng(seed)
        to_training, held_out = (nearest(each, training).distance for each in (first, planes))
        means = torch.from_numpy(self.subject.encode(planes)[0])
        errors = (float(mse[method].mean()) for method in (MODEL, MEAN))
        collapse = find_collapse(means, torch.from_numpy(bound.kl), *errors)
        return Findings(
            comparisons=(Comparison(PCA, "saved", ALL, saved, standing(saved, len(items))),),
            tables={
                "bounds": {MODEL: self._bounds(bound, items, weights)},
                "distances": self._distances(items, training, drawn),
                "nearest_training_picture": {
                    "samples": {"distance": _median(to_training, rng)},
                    "held_out": {"distance": _median(held_out, rng)},
                },
            },
            facts={
                "training": len(training),
                "latent": self.subject.latent,
                "active": active_units(means),
                "likelihood": self.subject.likelihood,
                "sd": self.subject.sd,
                "features": FEATURES,
                "copies": float((to_training < held_out.min()).mean()),
                "collapse": str(collapse) if collapse and len(items) >= FEWEST else None,
            },
        )

    @classmethod
    def open(
        cls, model: str, protocol: str, open_split: Callable[[str], PictureSet]
    ) -> "tuple[AutoencodeEvaluation, Reconstruct]":
        """The evaluation of this model, and how it reconstructs. Raises SafelightError."""
        training = open_split("train")
        task = cls(*open_subject(model, training), training, LiteFeatures())
        return task, task.reconstruct

    def open_predictor(self, model: str) -> Reconstruct:
        """A run, or a model by name or file."""
        subject, _ = open_subject(model, self.training)
        return lambda planes: subject.decode(subject.encode(planes)[0])

    def write_report(
        self, verdict: Verdict, folder: Path, model: Reconstruct, pictures: PictureSource
    ) -> Path:
        """With reconstructions, samples, and their nearest training pictures."""
        folder.mkdir(parents=True, exist_ok=True)
        files = save_sheets(self.report_pictures(verdict.seed), folder)
        return write_report(verdict, LAYOUT, folder, files)

    def report_pictures(self, seed: int) -> ReportPictures:
        """Those of the evaluation that was made last, with this seed."""
        items, training, pca = self._prepared
        planes, drawn = planes_of(items), self._draw(len(items), np.random.default_rng(seed))
        methods = {MODEL: self.reconstruct, PCA: pca.reconstruct}
        answers = {name: _answers(predictor, items) for name, predictor in methods.items()}
        return ReportPictures(
            planes, answers, drawn, training[nearest(next(iter(drawn.values())), training).number]
        )

    @property
    def _prepared(self) -> Prepared:
        assert self.prepared is not None  # samples() is called first
        return self.prepared

    def _draw(self, pictures: int, rng: np.random.Generator) -> dict[str, Pictures]:
        """Samples of the model, by their source, with the padding of a typical picture."""
        rows, columns = self.subject.preparation.typical_box(self.subject.size).slices
        drawn = {}
        for source, draw in self.sources.items():
            planes = self.subject.decode(draw(min(pictures, MOST_DRAWN), rng))
            drawn[source] = np.full_like(planes, GREY)
            drawn[source][:, :, rows, columns] = planes[:, :, rows, columns]
        return drawn

    def _bounds(self, bound: Bounds, items: Sequence[FramedSample], weights: Weights) -> Curve:
        """ELBO, the importance-weighted bound and the KL in nats per picture; the second in bits per dimension."""
        if not self.subject.variational:
            return {}
        values = {"elbo": bound.elbo, "importance-weighted": bound.weighted, "kl": bound.kl.sum(1)}
        count = torch.from_numpy(3 * (1 - padding_of(items)).sum((1, 2, 3)).astype(np.float64))
        bits = bits_per_dimension(-torch.from_numpy(bound.weighted), count, self.subject.likelihood).numpy()
        if not np.isnan(bits).any():
            values["bits"] = bits
        return {name: estimates((weights @ each)[:, None])[0] for name, each in values.items()}

    def _distances(
        self, items: Sequence[FramedSample], training: Pictures, drawn: Mapping[str, Pictures]
    ) -> dict[str, Curve]:
        """Distances of each set of pictures from the held-out ones."""
        sets = {f"samples from the {source}": pictures for source, pictures in drawn.items()}
        sets["reconstructions"] = _answers(self.reconstruct, items)
        sets["PCA's reconstructions"] = _answers(self._prepared.pca.reconstruct, items)
        sets["training pictures"] = training[:: max(1, len(training) // len(items))]
        held_out = self.features(planes_of(items))
        features = {name: self.features(pictures) for name, pictures in sets.items()}
        return {
            name: {
                "frechet": with_interval(frechet, of_set, held_out),
                "kernel": with_interval(kernel_distance, of_set, held_out),
            }
            for name, of_set in features.items()
        }


def open_subject(model: str, training: PictureSet) -> tuple[Subject, dict[str, Draw]]:
    """An autoencoder, and how codes are drawn for its samples. Raises SafelightError.

    Of a run the mixture is fitted when it is first used, on the training pictures alone; an exported one has its own.
    """
    if not Path(model).is_dir():
        vae = load_vae(model)
        return ExportedCodes(vae), {name: partial(vae.sample, source=name) for name in ("mixture", "prior")}
    from safelight.tasks.autoencode.validation import NetworkCodes, codes_of
    from safelight.training.trained import trained_for

    network, recipe = trained_for(model, "autoencode")

    @cache
    def mixture() -> Mixture:
        codes = codes_of(network, training, recipe.preparation)
        return choose_mixture(codes[::2], codes[1::2], np.random.default_rng(0))[0]

    return NetworkCodes(network, recipe.preparation), {
        "mixture": lambda count, rng: mixture().sample(count, rng),
        "prior": lambda count, rng: rng.standard_normal((count, network.settings.latent), np.float32),
    }


def _answers(predictor: Reconstruct, items: Sequence[FramedSample]) -> Pictures:
    """Reconstructions, with the padding of the samples."""
    return np.where(padding_of(items) > 0, GREY, predictor(planes_of(items)))


def _rows(predictor: Reconstruct, items: Sequence[FramedSample]) -> list[Row]:
    answers = _answers(predictor, items)
    pairs = zip(squared_errors(answers, items), similarities(answers, items), strict=True)
    return [{"mse": [float(mse)], "ssim": [float(alike)]} for mse, alike in pairs]


def _median(values: Float[np.ndarray, " n"], rng: np.random.Generator) -> Estimate:
    resampled = np.median(rng.choice(values, (2000, len(values))), axis=1)
    low, high = np.percentile(resampled, (2.5, 97.5))
    return Estimate(float(np.median(values)), float(low), float(high))
