"""Validation samples: a few fixed pictures and hints, looked at all through a run and scored as the judge would."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from safelight.arrays import Ab, Lightness, Planes, Srgb
from safelight.data.cache import photo_in
from safelight.evaluation.metrics import psnr
from safelight.nn.inference import in_use, to_network, to_numpy
from safelight.pixels.color import chroma, colorfulness, lab_to_srgb, srgb_to_lab
from safelight.pixels.geometry import resize
from safelight.shaped import Float, Float32, UInt8
from safelight.tasks.colorize.coarse import Answer, coarse_copy
from safelight.tasks.colorize.color_statistics import MOST_CHROMA, obeyed, probe_evidence
from safelight.tasks.colorize.hint_sampling import draw_places, report_colors
from safelight.tasks.colorize.hints import Points
from safelight.tasks.colorize.network import ColorNetwork
from safelight.tasks.colorize.prepare import AB_SCALE, ColorizePreparation, postprocess, preprocess
from safelight.tasks.colorize.propagation import paint
from safelight.training.batches import Pictures
from safelight.training.guard.scale import Anomaly
from safelight.training.progress import counted

COUNTS = (0, 1, 10, 100)
SHOWN, EXAMINED, SCORED = 8, 32, 64
MEASURED = 192  # for the gain of vivid colors: from 64 it is a tenth off by chance
SHOWN_HINTS = 5
LEAST_RANGE = 5.0  # of ab; below it a picture is as good as grey (siggraph17 leaves those out too)
DOCTOR_HINTS = 10
GAINS = np.geomspace(0.5, 4.0, 13)

Predict: TypeAlias = Callable[[Lightness, Points], Ab]


class NetworkPredict:
    """(L, hints) -> ab with a torch network, through the same question and answer as in use.

    L: (h, w) with sides that are multiples of 32.
    """

    def __init__(self, network: ColorNetwork, preparation: ColorizePreparation, vivid: float = 0.0) -> None:
        self.network, self.preparation, self.vivid = network, preparation, vivid

    def __call__(self, L: Lightness, points: Points) -> Ab:
        planes, colors = self.answer(L, points)
        return postprocess(*colors, planes, points, self.vivid, self.preparation.vivid_gain)

    def answer(self, L: Lightness, points: Points) -> tuple[Planes, Answer]:
        """The question, and the answer to it and to a coarse copy of the picture, if the preparation has one."""
        planes = preprocess(L, points, self.preparation)
        fine, copy = self.reply(planes), coarse_copy(L, self.preparation.coarse_side)
        if copy is None:
            return planes, fine
        coarse = self.reply(preprocess(copy.L, copy.points(points), self.preparation))
        return planes, copy.pooled(fine, coarse, planes, self.preparation.coarse_share)

    def reply(self, planes: Planes) -> Answer:
        """The network's own, to these planes."""
        with in_use(self.network) as network:
            colors = network(to_network(planes, network)[None])
        return Answer(to_numpy(colors.ab[0]), to_numpy(colors.chroma[0]))


@dataclass(frozen=True)
class HintedPicture:
    """One picture in Lab, and hints on it of which the first n are the question with n hints."""

    L: Lightness
    ab: Ab
    points: Points


def join(L: Lightness, ab: Ab) -> Srgb:
    """Lightness and color as a picture."""
    return lab_to_srgb(np.dstack([L, ab]))


def choose(pictures: Pictures, size: int, count: int = SCORED) -> list[HintedPicture]:
    """The same samples each time: pictures spread over the set that have color, hints 3 x 3 and uniform."""
    samples = []
    for number in np.random.default_rng(0).permutation(len(pictures)):
        lab = srgb_to_lab(resize(photo_in(pictures, int(number)), (size, size)))
        ab = np.ascontiguousarray(lab[..., 1:])
        if np.ptp(ab, axis=(0, 1)).max() >= LEAST_RANGE:
            y, x = draw_places(max(COUNTS), (size, size), "uniform", np.random.default_rng((0, int(number))))
            points = report_colors(ab, y, x, np.full(len(y), 3))
            samples.append(HintedPicture(np.ascontiguousarray(lab[..., 0]), ab, points))
        if len(samples) == count:
            break
    return samples


def contact_sheet(samples: list[HintedPicture], predict: Predict) -> UInt8[np.ndarray, "h w 3"]:
    """A row a sample: grey, the hints, automatic result, result with hints, truth."""
    rows = []
    for sample in samples[:SHOWN]:
        few = sample.points.first(SHOWN_HINTS)
        ab, mask = paint(few, (sample.L.shape[0], sample.L.shape[1]))
        grey = join(sample.L, np.zeros_like(sample.ab))
        hints = np.where(mask[..., None] > 0, join(np.full_like(sample.L, 65), ab), grey)
        results = [join(sample.L, predict(sample.L, points)) for points in (Points.none(), few)]
        rows.append(np.hstack([grey, hints, *results, join(sample.L, sample.ab)]))
    sheet: np.ndarray = np.nan_to_num(np.vstack(rows))  # broken answers are black
    return np.round(sheet * 255).astype(np.uint8)


def gain_over_grey(sample: HintedPicture, predict: Predict, count: int) -> float:
    """How much nearer than grey the result with this many hints comes to the truth, in dB."""
    truth = join(sample.L, sample.ab)
    result = join(sample.L, predict(sample.L, sample.points.first(count)))
    return psnr(result, truth) - psnr(join(sample.L, np.zeros_like(sample.ab)), truth)


class ColorizeValidation:
    """The samples of a colorization run (training/task.py: ValidationSet)."""

    columns = ("grey", "hints", "automatic", "with hints", "truth")
    measured = MEASURED
    grace_steps = 0  # the step from which colors out of range are a failure

    def __init__(
        self,
        samples: list[HintedPicture],
        preparation: ColorizePreparation,
        more: Callable[[], list[HintedPicture]] | None = None,
    ) -> None:
        """more: makes those that a finished run is measured on; the same, if it is left out."""
        self.samples, self.preparation = samples, preparation
        self._more = more or (lambda: samples)
        self._most_chroma: float | None = None  # of the last answers, until it is asked for

    @classmethod
    def choose(cls, pictures: Pictures, size: int, preparation: ColorizePreparation) -> "ColorizeValidation":
        """Validation samples on these held-out pictures, at this size."""
        return cls(choose(pictures, size), preparation, lambda: choose(pictures, size, MEASURED))

    def __len__(self) -> int:
        return len(self.samples)

    def score(self, network: ColorNetwork) -> dict[str, float]:
        """Mean gain over grey in dB at each of COUNTS hints."""
        predict = NetworkPredict(network, self.preparation)
        gains = [
            [gain_over_grey(sample, predict, count) for count in COUNTS]
            for sample in counted(self.samples, "scoring", len(self.samples))
        ]
        return {
            f"gain_{count}": float(np.mean(of)) for count, of in zip(COUNTS, np.transpose(gains), strict=True)
        }

    def sheet(self, network: ColorNetwork) -> UInt8[np.ndarray, "h w 3"]:
        """A row a sample: grey, the hints, automatic result, result with hints, truth."""
        return contact_sheet(self.samples, NetworkPredict(network, self.preparation))

    def evidence(self, network: ColorNetwork) -> dict[str, float]:
        """What the doctor reads (training/callbacks.py: ReportsEvidence)."""
        return color_evidence(self.samples[:EXAMINED], NetworkPredict(network, self.preparation))

    def answers(
        self, network: ColorNetwork
    ) -> tuple[Float32[np.ndarray, "n h w 3"], Float32[np.ndarray, "n h w 3"]]:
        """The automatic results for the first samples, and the truths, sRGB: what the guard looks at."""
        predict, samples = NetworkPredict(network, self.preparation), self.samples[: 2 * SHOWN]
        colors = [predict(sample.L, Points.none()) for sample in samples]
        self._most_chroma = max(float(chroma(ab).max()) for ab in colors)
        results = [join(sample.L, ab) for sample, ab in zip(samples, colors, strict=True)]
        return np.stack(results), np.stack([join(sample.L, sample.ab) for sample in samples])

    def failure(self, network: ColorNetwork) -> Anomaly | None:
        """Colors that no picture can show, which the clipped answers hide; of the answers just given, if any were.

        They are asked anew otherwise.
        """
        if self._most_chroma is None and self.samples:
            self.answers(network)
        most, self._most_chroma = self._most_chroma or 0.0, None
        return Anomaly("range", "a chroma of", most, MOST_CHROMA, math.nan) if most > MOST_CHROMA else None

    def metadata(self, network: ColorNetwork) -> dict[str, Any]:
        """How much vivid 1 must ask for."""
        return {"vivid_gain": vivid_gain(NetworkPredict(network, self.preparation), self._more())}


def vivid_gain(predict: NetworkPredict, samples: list[HintedPicture]) -> float:
    """The gain at which vivid 1, without hints, is on average as colorful (Hasler & Süsstrunk) as the truth.

    The nearest of 0.5 to 4 where none reaches it; 1 without samples.
    """
    if not samples:
        return 1.0
    truth = np.mean([colorfulness(join(sample.L, sample.ab)) for sample in samples])
    reached = np.mean(
        [_colorfulness_at_gains(predict, each) for each in counted(samples, "measuring", len(samples))],
        axis=0,
    )
    return round(float(np.interp(truth, np.maximum.accumulate(reached), GAINS)), 3)


def _colorfulness_at_gains(predict: NetworkPredict, sample: HintedPicture) -> list[float]:
    nothing = Points.none()
    planes, answer = predict.answer(sample.L, nothing)
    vivid = (postprocess(*answer, planes, nothing, 1.0, float(gain)) for gain in GAINS)
    return [colorfulness(join(sample.L, colors)) for colors in vivid]


def color_evidence(samples: Sequence[HintedPicture], predict: NetworkPredict) -> dict[str, float]:
    """How the automatic answers lie beside the truth, and how far the network itself goes with hints."""
    nothing = Points.none()
    answers = [predict(sample.L, nothing) for sample in samples]
    with_hints: list[Float[np.ndarray, "n 2"]] = []
    without: list[Float[np.ndarray, "n 2"]] = []
    hinted: list[Float[np.ndarray, "n 2"]] = []
    for sample in counted(samples, "measuring", len(samples)):
        points = sample.points.first(DOCTOR_HINTS)
        # The network's own reply: what is answered in use is corrected at the hints, whatever it says.
        for hints, into in ((points, with_hints), (nothing, without)):
            ab, _ = predict.reply(preprocess(sample.L, hints, predict.preparation))
            into.append(AB_SCALE * ab[:, points.y, points.x].T)
        hinted.append(points.ab)
    share = obeyed(*(np.concatenate(colors) for colors in (with_hints, without, hinted)))
    return {**probe_evidence(answers, [sample.ab for sample in samples]), "obeyed": share}
