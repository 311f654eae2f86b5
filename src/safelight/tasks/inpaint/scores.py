"""Scores of one method of filling: every picture with every hole, and the statistics made of them."""

import time
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from jaxtyping import Float

from safelight.arrays import Mask, Srgb
from safelight.errors import ModelError
from safelight.evaluation import metrics
from safelight.masks.edit import shrink
from safelight.tasks.colorize.scores import Statistic
from safelight.tasks.inpaint.benchmark import CELLS, HoleQuestion
from safelight.tasks.inpaint.classical import Fill

if TYPE_CHECKING:
    from torch import Tensor

    from safelight.losses.perceptual import Features

RING = 2  # pixels: the rim of the hole, where a seam shows
FEATURES = "EfficientNet-Lite0"

Scores: TypeAlias = Mapping[str, Float[np.ndarray, "pictures cells"]]
Row: TypeAlias = dict[str, list[float]]  # the scores of one picture: column -> one number a cell


def _mean(title: str, unit: str, digits: int, better: int, column: str) -> Statistic:
    return Statistic(title, unit, digits, better, lambda weights, scores: weights @ scores[column])


STATISTICS: dict[str, Statistic] = {
    "hole_psnr": _mean("PSNR in the hole", "dB", 2, +1, "hole_psnr"),
    "perceptual": _mean(f"Perceptual distance ({FEATURES})", "", 4, -1, "perceptual"),
    "hole_ssim": _mean("SSIM in the hole", "", 4, +1, "hole_ssim"),
    "hole_l1": _mean("L1 in the hole", "", 4, -1, "hole_l1"),
    "ring": _mean("Error on the boundary ring", "", 4, -1, "ring"),
    "psnr": _mean("PSNR of the whole picture", "dB", 2, +1, "psnr"),
    "ssim": _mean("SSIM of the whole picture", "", 4, +1, "ssim"),
    "seconds": _mean("Seconds a hole", "s", 4, 0, "seconds"),
}
COLUMNS = tuple(STATISTICS)
COMPARED = ("hole_psnr", "perceptual", "hole_ssim", "ring")  # a model can win and lose in these


def score_question(name: str, fill: Fill, question: HoleQuestion) -> Row:
    """Scores of one method on one picture, hole by hole. Raises ModelError for an answer that is none."""
    truth = question.truth
    answers = [_answer(name, fill, question, cell) for cell in range(len(CELLS))]
    results = [result for result, _ in answers]
    rows = [
        {**_errors(result, truth, mask), "seconds": seconds}
        for (result, seconds), mask in zip(answers, question.masks, strict=True)
    ]
    distances = _perceptual(results, truth)
    return {
        column: distances if column == "perceptual" else [row[column] for row in rows] for column in COLUMNS
    }


def gather(rows: Sequence[Row]) -> Scores:
    """Columns (pictures, cells) of one method."""
    return {column: np.array([row[column] for row in rows]) for column in COLUMNS}


def composite(name: str, found: object, shown: Srgb, mask: Mask) -> Srgb:
    """The known pixels as they were, the hole as it was answered, clipped to 0..1.

    Raises ModelError unless the answer is a finite picture of this size.
    """
    if not isinstance(found, np.ndarray) or found.shape != shown.shape:
        shape = getattr(found, "shape", type(found).__name__)
        raise ModelError(
            f"{name} answered {shape} to a hole in {shown.shape}; expected a picture of that size"
        )
    if not np.isfinite(found[mask]).all():
        raise ModelError(f"{name} answered numbers that are not finite; was its training stable?")
    return np.where(mask[..., None], found.clip(0, 1), shown).astype(np.float32)


def _answer(name: str, fill: Fill, question: HoleQuestion, cell: int) -> tuple[Srgb, float]:
    """The whole picture with its hole filled, and the seconds that took."""
    shown, mask = question.shown(cell), question.masks[cell]
    start = time.perf_counter()
    found = fill(shown, mask)
    seconds = time.perf_counter() - start
    result = composite(name, found, shown, mask)
    return np.where(mask[..., None], result, question.truth), seconds


def _errors(result: Srgb, truth: Srgb, mask: Mask) -> dict[str, float]:
    """Errors in the hole alone, on its rim, and in the whole picture."""
    away = np.abs(result - truth)
    ring = mask & ~shrink(mask, RING)
    return {
        "hole_psnr": metrics.psnr(result[mask], truth[mask]),
        "hole_ssim": float(metrics.ssim_map(result, truth)[mask].mean()),
        "hole_l1": float(away[mask].mean()),
        "ring": float(away[ring].mean()),
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
