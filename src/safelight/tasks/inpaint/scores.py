"""Scores of one method of inpainting, in every hole of every picture, and the table of metrics made of them.

Also, from which width of a hole on a model is better than a classical method: what `--method auto` goes by.
"""

import time
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from safelight.arrays import Mask, Srgb
from safelight.errors import ModelError
from safelight.evaluation import metrics
from safelight.evaluation.base import Row
from safelight.evaluation.metrics import Metric, table_of
from safelight.evaluation.samples import Pictures, square
from safelight.masks.edit import shrink
from safelight.shaped import Float
from safelight.tasks.inpaint.benchmark import CELLS, SIZE, HoleSample
from safelight.tasks.inpaint.classical import Fill

if TYPE_CHECKING:
    from torch import Tensor

    from safelight.losses.perceptual import Features


RING = 2  # pixels: the rim of the hole, where a seam shows
FEATURES = "EfficientNet-Lite0"

METRICS = table_of(
    Metric("hole_psnr", "PSNR in the hole", "dB", better=+1, compared=True),
    Metric("perceptual", f"Perceptual distance ({FEATURES})", digits=4, better=-1, compared=True),
    Metric("hole_ssim", "SSIM in the hole", digits=4, better=+1, compared=True),
    Metric("hole_l1", "L1 in the hole", digits=4, better=-1),
    Metric("ring", "Error on the boundary ring", digits=4, better=-1, compared=True),
    Metric("psnr", "PSNR of the whole picture", "dB", better=+1),
    Metric("ssim", "SSIM of the whole picture", digits=4, better=+1),
    Metric("seconds", "Seconds a hole", "s", digits=4),
)
COLUMNS = tuple(METRICS)


def score_sample(name: str, fill: Fill, sample: HoleSample) -> Row:
    """Scores of one method on one picture, hole by hole. Raises ModelError for an answer that is none."""
    truth = sample.truth
    answers = [_answer(name, fill, sample, cell) for cell in range(len(CELLS))]
    results = [result for result, _ in answers]
    rows = [
        {**_errors(result, truth, mask), "seconds": seconds}
        for (result, seconds), mask in zip(answers, sample.masks, strict=True)
    ]
    distances = _perceptual(results, truth)
    return {
        column: distances if column == "perceptual" else [row[column] for row in rows] for column in COLUMNS
    }


def composite(name: str, answer: object, shown: Srgb, mask: Mask) -> Srgb:
    """The known pixels as they were, the hole as it was answered, clipped to 0..1.

    Raises ModelError unless the answer is a finite picture of this size.
    """
    if not isinstance(answer, np.ndarray) or answer.shape != shown.shape:
        shape = getattr(answer, "shape", type(answer).__name__)
        raise ModelError(
            f"{name} answered {shape} to a hole in {shown.shape}; expected a picture of that size"
        )
    if not np.isfinite(answer[mask]).all():
        raise ModelError(f"{name} answered numbers that are not finite; was its training stable?")
    return np.where(mask[..., None], answer.clip(0, 1), shown).astype(np.float32)


def _answer(name: str, fill: Fill, sample: HoleSample, cell: int) -> tuple[Srgb, float]:
    """The whole picture with its hole filled, and the seconds that took."""
    shown, mask = sample.shown(cell), sample.masks[cell]
    start = time.perf_counter()
    answer = fill(shown, mask)
    seconds = time.perf_counter() - start
    result = composite(name, answer, shown, mask)
    return np.where(mask[..., None], result, sample.truth), seconds


def _errors(result: Srgb, truth: Srgb, mask: Mask) -> dict[str, float]:
    """Errors in the hole alone, on its rim, and in the whole picture."""
    error = np.abs(result - truth)
    ring = mask & ~shrink(mask, RING)
    return {
        "hole_psnr": metrics.psnr(result[mask], truth[mask]),
        "hole_ssim": float(metrics.ssim_map(result, truth)[mask].mean()),
        "hole_l1": float(error[mask].mean()),
        "ring": float(error[ring].mean()),
        "psnr": metrics.psnr(result, truth),
        "ssim": metrics.ssim(result, truth),
    }


@cache
def _features() -> "Features":
    from safelight.losses.perceptual import lite0_features

    return lite0_features()


def _perceptual(results: Sequence[Srgb], truth: Srgb) -> list[float]:
    """Distance of each result from the truth in the features of a network that saw ImageNet."""
    import torch

    from safelight.losses.perceptual import perceptual_distance

    batch = torch.from_numpy(np.stack([*results, truth])).permute(0, 3, 1, 2).contiguous()
    with torch.inference_mode():
        levels: list[Tensor] = _features()(batch)
        last = [level[-1:] for level in levels]
        return [
            float(perceptual_distance([level[place : place + 1] for level in levels], last))
            for place in range(len(results))
        ]


WIDTHS = (2, 4, 6, 8, 12, 16, 24, 32, 48)  # pixels
LENGTH = 0.6  # of the side: how long the lines are

WidthScores = Float[np.ndarray, "pictures widths"]


def score_widths(
    fills: Mapping[str, Fill], pictures: Pictures, count: int = 32, size: int = SIZE, seed: int = 0
) -> dict[str, WidthScores]:
    """PSNR in the hole, dB, of every method on the same holes: lines and discs of each width in turn.

    The first `count` pictures of a seeded order are taken, each squashed to a square of this side.
    """
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(pictures))[:count]
    scores = {name: np.zeros((len(chosen), len(WIDTHS))) for name in fills}
    for row, index in enumerate(chosen):
        pixels = square(pictures, int(index), size)
        truth = (pixels / np.float32(255)).astype(np.float32)
        for column, width in enumerate(WIDTHS):
            mask = hole_of_width(size, width, bool((row + column) % 2), rng)
            shown = np.where(mask[..., None], np.float32(0), truth)
            for name, fill in fills.items():
                result = composite(name, fill(shown, mask), shown, mask)
                scores[name][row, column] = metrics.psnr(result[mask], truth[mask])
    return scores


def crossover(model: WidthScores, classical: WidthScores) -> float:
    """The least width from which on the model's mean is above the classical one's; infinite if there is none."""
    better = model.mean(0) > classical.mean(0)
    from_here = np.flip(np.logical_and.accumulate(np.flip(better)))
    return float(WIDTHS[int(np.argmax(from_here))]) if from_here.any() else float("inf")


def hole_of_width(size: int, width: int, line: bool, rng: np.random.Generator) -> Mask:
    """A line or a disc of this width in the middle part of a square, bool."""
    import cv2

    canvas, middle = np.zeros((size, size), np.uint8), rng.uniform(0.35, 0.65, 2) * size
    if line:
        angle = rng.uniform(0, np.pi)
        step = np.array([np.cos(angle), np.sin(angle)]) * size * LENGTH / 2
        ends = [tuple(int(side) for side in middle + sign * step) for sign in (-1, 1)]
        cv2.line(canvas, ends[0], ends[1], 1, width)
    else:
        y, x = np.indices((size, size)) + 0.5
        canvas[np.hypot(y - middle[1], x - middle[0]) <= width / 2] = 1
    return np.asarray(canvas > 0)
