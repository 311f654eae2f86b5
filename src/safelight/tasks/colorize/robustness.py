"""How an automatic answer moves when a photo changes by a few pixels or bits.

Neural networks can be turned by changes that nobody sees (Szegedy et al. 2014). Here the changes are random,
not sought out: the report says what to expect of scans and copies, not of an attacker.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from safelight.arrays import Ab, Pixels, Srgb
from safelight.evaluation.base import Progress
from safelight.evaluation.intervals import bootstrap_weights, estimates
from safelight.evaluation.metrics import ciede2000, psnr
from safelight.evaluation.samples import Pictures
from safelight.files import put_text
from safelight.pixels.color import srgb_to_lab
from safelight.reports.text import count_pictures, escape_markdown, format_interval, format_number, table
from safelight.tasks.colorize.baselines import Predict
from safelight.tasks.colorize.benchmark import PROTOCOLS, ColorSample, Protocol, draw_samples
from safelight.tasks.colorize.hints import Points
from safelight.tasks.colorize.scores import check_answer, show
from safelight.verdicts.verdict import Estimate

Change: TypeAlias = Callable[[Pixels, np.random.Generator], Pixels]  # uint8 (h, w, 3) to another
Back: TypeAlias = Callable[[Ab], Ab]  # an answer about the changed photo, as one about the photo


@dataclass(frozen=True)
class Perturbation:
    """One small change. back: undoes in the answer what the change did to places."""

    name: str
    change: Change
    back: Back = lambda ab: ab


def set_pixels(count: int) -> Change:
    """So many pixels, at random places, become black or white."""

    def change(pixels: Pixels, rng: np.random.Generator) -> Pixels:
        height, width = pixels.shape[:2]
        places = rng.choice(height * width, min(count, height * width), replace=False)
        changed = pixels.reshape(-1, 3).copy()
        changed[places] = rng.choice(np.array([0, 255], np.uint8), (len(places), 1))
        return changed.reshape(pixels.shape)

    return change


def flip_lowest_bit(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """The lowest bit of half of all pixels, at random: what no eye sees."""
    flips = rng.integers(0, 2, (*pixels.shape[:2], 1), np.uint8)
    return np.asarray(pixels ^ flips)


def jpeg(quality: int) -> Change:
    """Saved and opened again at this quality."""

    def change(pixels: Pixels, rng: np.random.Generator) -> Pixels:
        import cv2

        _, coded = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
        opened = cv2.imdecode(coded, cv2.IMREAD_COLOR)
        assert opened is not None  # it was coded just now
        return np.ascontiguousarray(opened[..., ::-1])

    return change


def shift(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """One pixel to the right; the first column stands twice."""
    return np.concatenate([pixels[:, :1], pixels[:, :-1]], axis=1)


def unshift(ab: Ab) -> Ab:
    """One pixel to the left; the last column stands twice."""
    return np.concatenate([ab[:, 1:], ab[:, -1:]], axis=1)


def brighten(factor: float) -> Change:
    """All values times this factor."""

    def change(pixels: Pixels, rng: np.random.Generator) -> Pixels:
        return (pixels * np.float32(factor) + np.float32(0.5)).clip(0, 255).astype(np.uint8)

    return change


PERTURBATIONS: tuple[Perturbation, ...] = (
    *(
        Perturbation(f"{count} pixel{'s' if count > 1 else ''} black or white", set_pixels(count))
        for count in (1, 4, 16, 64, 256)
    ),
    Perturbation("lowest bit of half the pixels flipped", flip_lowest_bit),
    *(Perturbation(f"JPEG quality {quality}", jpeg(quality)) for quality in (90, 50)),
    Perturbation("shifted by one pixel", shift, unshift),
    *(
        Perturbation(f"{word} by 2 %", brighten(factor))
        for word, factor in (("darker", 0.98), ("brighter", 1.02))
    ),
)

VISIBLE = 1.0  # CIEDE2000 where a person just sees a difference
LIMIT = 64  # pictures, unless another number is asked for
HEAD = ("small change", "moved (95 %)", "most moved pixel", "gain, dB (95 %)", "seen in", "worst picture")
NOTES = f"""\
Moved: CIEDE2000 between the colors before and after, on the unchanged photo, mean over pixels and pictures; above \
{VISIBLE:g} a person sees it. Gain: how PSNR changes against the true colors. Seen in: pictures that moved visibly. \
Intervals: percentile bootstrap over pictures."""


@dataclass(frozen=True)
class Movement:
    """What one small change did over all pictures.

    moved: mean CIEDE2000 between the answers before and after. most: the same at the most moved pixel, the
    mean of the pictures. gain: change of the gain over grey in dB, below 0 where the answer got worse.
    seen: share of pictures that moved visibly. worst: number and movement of the picture that moved most.
    """

    change: str
    moved: Estimate
    most: Estimate
    gain: Estimate
    seen: float
    worst: int
    worst_moved: float


@dataclass(frozen=True)
class Robustness:
    """How one model stands up to all of them."""

    model: str
    dataset: str
    size: int
    pictures: int
    seed: int
    movements: tuple[Movement, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """In words: what moves the colors a lot, or that nothing does."""
        loud = sorted((m for m in self.movements if m.moved.value >= VISIBLE), key=lambda m: -m.moved.value)
        parts = [
            f"{m.change}: the colors move visibly (CIEDE2000 {m.moved.value:.2f} on average), "
            f"in {100 * m.seen:.0f} % of the pictures."
            for m in loud
        ] or ["None of these small changes moves the colors visibly on average."]
        most = max(self.movements, key=lambda m: m.worst_moved)
        parts.append(f"The largest: {most.change} moves picture {most.worst} by {most.worst_moved:.2f}.")
        return tuple(parts)


def robustness(
    predict: Predict,
    model: str,
    pictures: Pictures,
    *,
    protocol: Protocol = PROTOCOLS["compact"],
    perturbations: Sequence[Perturbation] = PERTURBATIONS,
    limit: int | None = LIMIT,
    seed: int = 0,
    dataset: str = "",
    progress: Progress | None = None,
) -> Robustness:
    """Colorize each picture, without hints, as it is and after each change.

    Raises DatasetError if no picture has color, ModelError for an answer of wrong shape or not finite.
    """
    samples = draw_samples(pictures, protocol, seed, limit)
    measured = []
    for done, sample in enumerate(samples, start=1):
        measured.append(list(_measure(predict, model, sample, perturbations, seed)))
        if progress:
            progress("small changes", done, len(samples))
    numbers = [sample.index for sample in samples]
    effects = np.array(measured)  # picture, change, (moved, most, gain)
    movements = tuple(
        _movement(perturbation.name, effects[:, number], numbers, seed)
        for number, perturbation in enumerate(perturbations)
    )
    return Robustness(model, dataset, protocol.size, len(samples), seed, movements)


def _measure(
    predict: Predict, model: str, sample: ColorSample, perturbations: Sequence[Perturbation], seed: int
) -> Iterator[tuple[float, float, float]]:
    """Mean and largest movement, and change of the gain, for each change of one picture."""
    before = _shown(sample, _answer(predict, model, sample.pixels))
    for number, perturbation in enumerate(perturbations):
        rng = np.random.default_rng((seed, sample.index, number))
        changed = _answer(predict, model, perturbation.change(sample.pixels, rng))
        after = _shown(sample, perturbation.back(changed))
        difference = ciede2000(srgb_to_lab(before), srgb_to_lab(after))
        gain = psnr(after, sample.truth) - psnr(before, sample.truth)  # the grey picture is the same
        yield float(difference.mean()), float(difference.max()), gain


def _answer(predict: Predict, model: str, pixels: Pixels) -> Ab:
    ab = predict(srgb_to_lab(pixels)[..., 0], Points.none())
    check_answer(model, ab, pixels.shape[:2], 0)
    return ab


def _shown(sample: ColorSample, ab: Ab) -> Srgb:
    """The colors on the unchanged photo, so that only they can differ."""
    return show(sample.L, ab)


def _movement(name: str, effects: np.ndarray, numbers: Sequence[int], seed: int) -> Movement:
    weights = bootstrap_weights(len(effects), np.random.default_rng(seed))
    moved, most, gain = estimates(weights @ effects)
    worst = int(effects[:, 0].argmax())
    seen = float(np.mean(effects[:, 0] >= VISIBLE))
    return Movement(name, moved, most, gain, seen, numbers[worst], float(effects[worst, 0]))


def write_robustness(result: Robustness, folder: Path) -> Path:
    """Write robustness.md and robustness.json; returns the path of the page."""
    folder.mkdir(parents=True, exist_ok=True)
    row = {**asdict(result), "sentences": result.sentences}
    put_text(folder / "robustness.json", json.dumps(row, indent=1) + "\n")
    page = folder / "robustness.md"
    put_text(page, _page(result))
    return page


def _page(result: Robustness) -> str:
    return "\n\n".join(
        (
            f"# {escape_markdown(result.model)}: small changes",
            "\n".join(f"- {escape_markdown(sentence)}" for sentence in result.sentences),
            table(HEAD, [_row(movement) for movement in result.movements]),
            f"{count_pictures(result.pictures)} of {escape_markdown(result.dataset or 'the set')} at "
            f"{result.size} × {result.size} pixels, without hints, seed {result.seed}. {NOTES}",
        )
    ) + "\n"  # fmt: skip


def _row(m: Movement) -> tuple[str, ...]:
    """One line of the table: a cell for each column of HEAD."""
    return (
        m.change,
        format_interval(m.moved.numbers, 2),
        format_number(m.most.value, 1),
        format_interval(m.gain.numbers, 3, signed=True),
        f"{100 * m.seen:.0f} %",
        f"{m.worst_moved:.2f} (picture {m.worst})",
    )
