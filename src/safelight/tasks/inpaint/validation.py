"""Validation samples of an inpainting run: fixed pictures with fixed holes of every size, beside a classical method."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from safelight.arrays import Mask, Srgb
from safelight.data.cache import photo_in
from safelight.evaluation.metrics import psnr
from safelight.nn.inference import in_use, to_network, to_numpy
from safelight.pixels.geometry import pad_to_multiple, resize
from safelight.shaped import Float32, UInt8
from safelight.tasks.inpaint.classical import telea
from safelight.tasks.inpaint.mask_sampling import BINS, draw_in_bin
from safelight.tasks.inpaint.network import InpaintUNet
from safelight.tasks.inpaint.prepare import InpaintPreparation, from_span, postprocess, preprocess
from safelight.tasks.inpaint.symptoms import hole_evidence
from safelight.training.batches import Pictures
from safelight.training.guard.scale import Anomaly
from safelight.training.progress import counted

SCORED, SHOWN, EXAMINED, GUARDED = 48, 8, 24, 16
MOST_BEYOND = 4.0  # outside of 0..1: healthy networks stray by less than 1
LARGE = 0.2  # holes above this share of the picture are told apart from smaller ones


class NetworkFill:
    """(picture, mask) -> picture with a torch network, through the same question and answer as in use.

    beyond: how far outside of 0..1 anything in the holes was so far, before it was clipped.
    """

    def __init__(self, network: InpaintUNet, preparation: InpaintPreparation) -> None:
        self.network, self.preparation = network, preparation
        self.beyond = 0.0

    def __call__(self, srgb: Srgb, mask: Mask) -> Srgb:
        padded, (h, w) = pad_to_multiple(srgb, self.network.multiple)
        hole, _ = pad_to_multiple(mask, self.network.multiple)
        planes = preprocess(padded, hole, self.preparation)
        with in_use(self.network) as network:
            reply = network(to_network(planes, network)[None])[0]
        numbers = to_numpy(reply)
        levels = from_span(numbers[:, hole > 0], self.preparation.span)
        self.beyond = max(self.beyond, float(levels.max(initial=1)) - 1, -float(levels.min(initial=0)))
        return postprocess(numbers, padded, hole, self.preparation)[:h, :w]


@dataclass(frozen=True)
class HoledPicture:
    """A picture, its hole, what a classical method (Telea 2004) makes of it."""

    srgb: Srgb
    mask: Mask
    classical: Srgb


def hole_psnr(result: Srgb, truth: Srgb, mask: Mask) -> float:
    """PSNR in dB over the pixels of the hole alone, at most 50; NaN where the result is not a number."""
    return psnr(result[mask > 0], truth[mask > 0])


def choose(pictures: Pictures, size: int, count: int = SCORED) -> list[HoledPicture]:
    """The same samples each time: pictures spread over the set, holes of the six bins in turn."""
    samples = []
    for place, number in enumerate(np.random.default_rng(0).permutation(len(pictures))[:count]):
        srgb = resize(photo_in(pictures, int(number)), (size, size)).astype(np.float32) / np.float32(255)
        rng = np.random.default_rng((0, int(number)))
        mask = draw_in_bin((size, size), BINS[place % len(BINS)], border=True, rng=rng)
        emptied = np.where(mask[..., None] > 0, np.float32(0), srgb)
        samples.append(
            HoledPicture(srgb, mask, np.where(mask[..., None] > 0, telea(emptied, mask > 0), srgb))
        )
    return samples


class InpaintValidation:
    """The samples of an inpainting run (training/task.py: ValidationSet)."""

    measured = 0
    grace_steps = 0  # the step from which values out of range are a failure
    columns = ("hole", "Telea", "result", "truth")

    def __init__(self, samples: list[HoledPicture], preparation: InpaintPreparation) -> None:
        self.samples, self.preparation = samples, preparation
        self._beyond: float | None = None  # of the last answers, until it is asked for

    def __len__(self) -> int:
        return len(self.samples)

    def score(self, network: InpaintUNet) -> dict[str, float]:
        """Mean PSNR in the holes in dB, and how much that is above Telea, in small and in large holes."""
        fill = NetworkFill(network, self.preparation)
        samples = counted(self.samples, "scoring", len(self.samples))
        scores = np.array([hole_psnr(fill(p.srgb, p.mask), p.srgb, p.mask) for p in samples])
        classical = np.array([hole_psnr(p.classical, p.srgb, p.mask) for p in self.samples])
        large = np.array([p.mask.mean() > LARGE for p in self.samples])
        gain = scores - classical
        measures = {"hole_psnr": scores, "gain_over_telea": gain}
        measures |= {"gain_small": gain[~large], "gain_large": gain[large]}
        return {name: float(values.mean()) for name, values in measures.items() if len(values)}

    def sheet(self, network: InpaintUNet) -> UInt8[np.ndarray, "h w 3"]:
        """A row a sample: the hole, Telea, the result, the truth."""
        fill, rows = NetworkFill(network, self.preparation), []
        for sample in self.samples[:SHOWN]:
            emptied = np.where(sample.mask[..., None] > 0, np.float32(1), sample.srgb)
            rows.append(np.hstack([emptied, sample.classical, fill(sample.srgb, sample.mask), sample.srgb]))
        sheet: np.ndarray = np.nan_to_num(np.vstack(rows))  # broken answers are black
        return np.round(sheet * 255).astype(np.uint8)

    def evidence(self, network: InpaintUNet) -> dict[str, float]:
        """What the doctor reads (training/callbacks.py: ReportsEvidence)."""
        fill, samples = NetworkFill(network, self.preparation), self.samples[:EXAMINED]
        blank = float(from_span(np.zeros(1, np.float32), self.preparation.span)[0])
        return hole_evidence(
            [fill(sample.srgb, sample.mask) for sample in samples],
            [sample.srgb for sample in samples],
            [sample.mask for sample in samples],
            [sample.classical for sample in samples],
            blank,
        )

    def answers(
        self, network: InpaintUNet
    ) -> tuple[Float32[np.ndarray, "n h w 3"], Float32[np.ndarray, "n h w 3"]]:
        """What is in the holes of the first samples, and what should be: what the guard looks at.

        Around the hole is its mean color, so that nothing but the filling counts.
        """
        fill, samples = NetworkFill(network, self.preparation), self.samples[:GUARDED]
        filled = [_hole_alone(fill(sample.srgb, sample.mask), sample.mask) for sample in samples]
        self._beyond = fill.beyond
        return np.stack(filled), np.stack([_hole_alone(sample.srgb, sample.mask) for sample in samples])

    def failure(self, network: InpaintUNet) -> Anomaly | None:
        """Values far outside of 0..1, which the clipped answers hide; of the answers just given, if any were.

        They are asked anew otherwise.
        """
        if self._beyond is None and self.samples:
            self.answers(network)
        most, self._beyond = self._beyond or 0.0, None
        return Anomaly("range", "beyond 0..1 by", most, MOST_BEYOND, math.nan) if most > MOST_BEYOND else None

    def metadata(self, network: InpaintUNet) -> dict[str, Any]:
        """Nothing beyond the scores."""
        return {}


def _hole_alone(srgb: Srgb, mask: Mask) -> Srgb:
    """The picture with the mean color of its hole in place of what is known."""
    hole = mask > 0
    return np.where(hole[..., None], srgb, srgb[hole].mean(axis=0)).astype(np.float32)
