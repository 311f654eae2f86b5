"""From which width on a model fills better than a classical method: what `--method auto` goes by."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float

from safelight.arrays import Mask
from safelight.evaluation import metrics
from safelight.tasks.colorize.benchmark import Pictures, fit
from safelight.tasks.inpaint.benchmark import SIZE
from safelight.tasks.inpaint.classical import Fill
from safelight.tasks.inpaint.scores import composite

WIDTHS = (2, 4, 6, 8, 12, 16, 24, 32, 48)  # pixels
LENGTH = 0.6  # of the side: how long the lines are

Scores = Float[np.ndarray, "pictures widths"]


def score_widths(
    fills: Mapping[str, Fill], pictures: Pictures, count: int = 32, size: int = SIZE, seed: int = 0
) -> dict[str, Scores]:
    """PSNR in the hole, dB, of every method on the same holes: lines and discs of each width in turn.

    The first `count` pictures of a seeded order are asked, each squashed to a square of this side.
    """
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(pictures))[:count]
    scores = {name: np.zeros((len(chosen), len(WIDTHS))) for name in fills}
    for row, index in enumerate(chosen):
        pixels = fit(pictures[int(index)], pictures.rows(int(index)), size)
        truth = (pixels / np.float32(255)).astype(np.float32)
        for column, width in enumerate(WIDTHS):
            mask = hole_of_width(size, width, bool((row + column) % 2), rng)
            shown = np.where(mask[..., None], np.float32(0), truth)
            for name, fill in fills.items():
                result = composite(name, fill(shown, mask), shown, mask)
                scores[name][row, column] = metrics.psnr(result[mask], truth[mask])
    return scores


def crossover(model: Scores, classical: Scores) -> float:
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
