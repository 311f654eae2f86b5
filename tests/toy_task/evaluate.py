"""The evaluation of denoisers: beside a Gaussian blur, on the same noise."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from safelight.arrays import Srgb
from safelight.data.cache import PictureSet
from safelight.evaluation.base import EvaluationOptions, EvaluationTask, Row
from safelight.evaluation.metrics import Metric, psnr, table_of
from safelight.evaluation.samples import Pictures, Samples, fixed_sample, hash_lines, seed_from_pixels, square
from safelight.reports.sheets import Tile
from tests.toy_task.restore import Denoise, gaussian, load_denoiser

if TYPE_CHECKING:
    from torch import nn

SIZE = 32
NOISE = {"0.05": 0.05, "0.1": 0.1}


@dataclass(frozen=True)
class NoisySample:
    """A picture, and it with each noise."""

    index: int
    sha256: str
    truth: Srgb
    noisy: tuple[Srgb, ...]


class DenoiseEvaluation(EvaluationTask[NoisySample, Denoise]):
    """Predictors are called with a noisy picture (h, w, 3)."""

    task = "denoise"
    metrics = table_of(Metric("psnr", "PSNR", "dB", better=+1, compared=True))
    baselines = ("gaussian",)
    main = "psnr"
    per_image = ("psnr",)
    cells = tuple(NOISE)
    columns = ("psnr",)

    def samples(self, pictures: Pictures, options: EvaluationOptions) -> Samples[NoisySample]:
        numbers = fixed_sample(pictures, options.limit)
        items = tuple(self.sample(pictures, index, options.seed) for index in numbers)
        whole = hash_lines(sorted(item.sha256 for item in items))
        return Samples(f"noise-{SIZE}", SIZE, options.seed, items, whole)

    def sample(self, pictures: Pictures, index: int, seed: int) -> NoisySample:
        pixels = square(pictures, index, SIZE)
        rng = np.random.default_rng((seed, seed_from_pixels(pixels)))
        truth = pixels.astype(np.float32) / np.float32(255)
        noisy = tuple(
            (truth + sd * rng.standard_normal(truth.shape)).astype(np.float32) for sd in NOISE.values()
        )
        return NoisySample(index, hash_lines([truth.tobytes().hex()]), truth, noisy)

    def tiles(self, sample: NoisySample, cell: str, predictors: Mapping[str, Denoise]) -> list[Tile]:
        noisy = sample.noisy[self.cells.index(cell)]
        answers = [Tile(predictor(noisy), name) for name, predictor in predictors.items()]
        return [Tile(noisy, cell), *answers, Tile(sample.truth, "truth")]

    def baseline(self, name: str) -> Denoise:
        return gaussian

    def score(self, name: str, predictor: Denoise, sample: NoisySample) -> Row:
        return {"psnr": [psnr(predictor(noisy), sample.truth) for noisy in sample.noisy]}

    @classmethod
    def open(
        cls, model: str, protocol: str, open_split: Callable[[str], PictureSet]
    ) -> "tuple[DenoiseEvaluation, Denoise]":
        task = cls()
        return task, task.open_predictor(model)

    def open_predictor(self, model: str) -> Denoise:
        if model in self.baselines:
            return gaussian
        if not Path(model).is_dir():
            return load_denoiser(model).predict
        from safelight.training.trained import trained_for

        network, _ = trained_for(model, "denoise")
        return partial(_by_network, network)


def _by_network(network: "nn.Module", srgb: Srgb) -> Srgb:
    import torch

    with torch.inference_mode():
        answer = network(torch.from_numpy(np.moveaxis(srgb, 2, 0).copy())[None])
    return np.asarray(np.clip(np.moveaxis(answer[0].numpy(), 0, 2), 0, 1))
