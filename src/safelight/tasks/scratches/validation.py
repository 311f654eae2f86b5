"""Validation samples of scratch detection: fixed prints, damaged and whole, beside the ridge filter."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from safelight.arrays import Mask, Srgb
from safelight.data.cache import photo_in
from safelight.masks.match import Matches, count_matches, ranked_precision
from safelight.nn.inference import in_use, to_network, to_numpy
from safelight.pixels.geometry import pad_to_multiple, resize
from safelight.shaped import UInt8
from safelight.tasks.scratches.dataset import wear
from safelight.tasks.scratches.network import ScratchUNet
from safelight.tasks.scratches.prepare import postprocess, preprocess
from safelight.tasks.scratches.recipe import ScratchesRecipe
from safelight.tasks.scratches.ridge_filter import find_scratches
from safelight.training.batches import Pictures
from safelight.training.progress import counted

SCORED, SHOWN = 64, 8
QUIET = 1.0  # per mille of the pixels of whole prints that may be taken for damage
THRESHOLDS = tuple(round(0.3 + 0.05 * step, 2) for step in range(14))


class NetworkFinder:
    """A picture (h, w, 3), 0..1, to its likelihood of damage (h, w), at the picture's own size."""

    def __init__(self, network: ScratchUNet) -> None:
        self.network = network

    def __call__(self, srgb: Srgb) -> Mask:
        padded, (h, w) = pad_to_multiple(srgb, self.network.multiple)
        with in_use(self.network) as network:
            reply = torch.sigmoid(network(to_network(preprocess(padded), network)[None]))[0]
        return postprocess(to_numpy(reply))[:h, :w]


@dataclass(frozen=True)
class WornPicture:
    """A scan of a print, where it is damaged, and where the classical finder thinks so."""

    srgb: Srgb
    mask: Mask
    classical: Mask


def choose(pictures: Pictures, recipe: ScratchesRecipe, count: int = SCORED) -> list[WornPicture]:
    """The same samples each time: pictures spread over the set; every other one is whole."""
    samples, side = [], (recipe.augment.size, recipe.augment.size)
    for place, number in enumerate(np.random.default_rng(0).permutation(len(pictures))[:count]):
        srgb = resize(photo_in(pictures, int(number)), side).astype(np.float32) / np.float32(255)
        scan, mask = wear(srgb, recipe, np.random.default_rng((0, int(number))), harmed=place % 2 == 0)
        samples.append(WornPicture(scan, mask, find_scratches(scan)))
    return samples


class ScratchesValidation:
    """The samples of a run (training/task.py: ValidationSet)."""

    measured = SCORED
    columns = ("print", "ridge filter", "model", "truth")

    def __init__(self, samples: list[WornPicture], threshold: float) -> None:
        self.samples, self.threshold = samples, threshold

    def __len__(self) -> int:
        return len(self.samples)

    def score(self, network: ScratchUNet) -> dict[str, float]:
        """F1, precision, recall and average precision on damaged prints, and the gain in F1 over the classical finder.

        false_finds: per mille of the pixels of whole prints that are taken for damage.
        Where no print is damaged, or none is whole, what would be measured on them is left out.
        """
        samples = counted(self.samples, "scoring", len(self.samples))
        answers = [(sample, NetworkFinder(network)(sample.srgb)) for sample in samples]
        damaged = [(sample, likely) for sample, likely in answers if sample.mask.any()]
        whole = [likely for sample, likely in answers if not sample.mask.any()]
        measures: dict[str, float] = {}
        if damaged:
            found = _sum(count_matches(each > self.threshold, p.mask) for p, each in damaged)
            classical = _sum(count_matches(p.classical, p.mask) for p, _ in damaged)
            ranked = [ranked_precision(each, p.mask) for p, each in damaged]
            measures = {"precision": found.precision, "recall": found.recall, "f1": found.f1}
            measures |= {
                "gain_over_ridge": found.f1 - classical.f1,
                "average_precision": float(np.mean(ranked)),
            }
        if whole:
            measures["false_finds"] = float(
                np.mean([1000 * (each > self.threshold).mean() for each in whole])
            )
        return measures

    def sheet(self, network: ScratchUNet) -> UInt8[np.ndarray, "h w 3"]:
        """A row a sample: the print, the classical finder, the likelihood of damage, the truth."""
        find, rows = NetworkFinder(network), []
        for sample in self.samples[:SHOWN]:
            planes = (sample.classical, find(sample.srgb), sample.mask)
            rows.append(
                np.hstack([sample.srgb, *(np.repeat(plane[..., None], 3, axis=2) for plane in planes)])
            )
        sheet: np.ndarray = np.nan_to_num(np.vstack(rows))  # broken answers are black
        return np.round(sheet * 255).astype(np.uint8)

    def metadata(self, network: ScratchUNet) -> dict[str, Any]:
        """The least threshold at which whole prints are left alone: a false find spoils what was sound."""
        find = NetworkFinder(network)
        whole = [find(sample.srgb) for sample in self.samples if not sample.mask.any()]
        if not whole:
            return {}
        likely = np.concatenate([each.ravel() for each in whole])
        quiet = [level for level in THRESHOLDS if 1000 * (likely > level).mean() <= QUIET]
        return {"threshold": min(quiet, default=THRESHOLDS[-1])}


def _sum(matches: Any) -> Matches:
    """Counts of several pictures (one at least) as of one."""
    return Matches(*map(int, np.sum([*matches], axis=0)))
