"""Probes: a few fixed pictures and hints, looked at all through a run and scored as the judge would."""

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Float32, UInt8
from torch import nn

from safelight.arrays import Ab, Lightness, Srgb
from safelight.data.cache import photo_in
from safelight.journal.doctor.evidence import MOST_CHROMA
from safelight.pixels.color import chroma, srgb_to_lab
from safelight.pixels.geometry import resize
from safelight.tasks.colorize.evidence import color_evidence
from safelight.tasks.colorize.hint_sampling import draw_places, report_colors
from safelight.tasks.colorize.hints import Points
from safelight.tasks.colorize.plain_network import ColorNetwork
from safelight.tasks.colorize.predict import NetworkPredict
from safelight.tasks.colorize.prepare import Preparation
from safelight.tasks.colorize.probe import Probe, join
from safelight.tasks.colorize.propagation import paint
from safelight.tasks.colorize.vivid import vivid_gain
from safelight.training.batches import Pictures
from safelight.training.guard.scale import Sign
from safelight.training.progress import counted

COUNTS = (0, 1, 10, 100)
SHOWN, TOLD, SCORED = 8, 32, 64
SHOWN_HINTS = 5
LEAST_RANGE = 5.0  # of ab; below it a picture is as good as grey (siggraph17 leaves those out too)


Predict: TypeAlias = Callable[[Lightness, Points], Ab]


def choose(pictures: Pictures, size: int, count: int = SCORED) -> list[Probe]:
    """The same probes each time: pictures spread over the set that have color, hints 3 x 3 and uniform."""
    probes = []
    for number in np.random.default_rng(0).permutation(len(pictures)):
        lab = srgb_to_lab(resize(photo_in(pictures, int(number)), (size, size)))
        ab = np.ascontiguousarray(lab[..., 1:])
        if np.ptp(ab, axis=(0, 1)).max() >= LEAST_RANGE:
            y, x = draw_places(max(COUNTS), (size, size), "uniform", np.random.default_rng((0, int(number))))
            points = report_colors(ab, y, x, np.full(len(y), 3))
            probes.append(Probe(np.ascontiguousarray(lab[..., 0]), ab, points))
        if len(probes) == count:
            break
    return probes


def psnr(result: Srgb, truth: Srgb) -> float:
    """PSNR in dB of sRGB pictures, at most 50; NaN where the result is not a number."""
    return float(np.minimum(50.0, -10 * np.log10(np.mean((result - truth) ** 2) + 1e-12)))


def contact_sheet(probes: list[Probe], predict: Predict) -> UInt8[np.ndarray, "h w 3"]:
    """A row a probe: grey, the hints, automatic result, result with hints, truth."""
    rows = []
    for probe in probes[:SHOWN]:
        few = probe.points.first(SHOWN_HINTS)
        ab, mask = paint(few, (probe.L.shape[0], probe.L.shape[1]))
        grey = join(probe.L, np.zeros_like(probe.ab))
        hints = np.where(mask[..., None] > 0, join(np.full_like(probe.L, 65), ab), grey)
        results = [join(probe.L, predict(probe.L, points)) for points in (Points.none(), few)]
        rows.append(np.hstack([grey, hints, *results, join(probe.L, probe.ab)]))
    sheet: np.ndarray = np.nan_to_num(np.vstack(rows))  # broken answers are black
    return np.round(sheet * 255).astype(np.uint8)


def gain_over_grey(probe: Probe, predict: Predict, count: int) -> float:
    """How much nearer than grey the result with this many hints comes to the truth, in dB."""
    truth = join(probe.L, probe.ab)
    result = join(probe.L, predict(probe.L, probe.points.first(count)))
    return psnr(result, truth) - psnr(join(probe.L, np.zeros_like(probe.ab)), truth)


class ColorProbes:
    """The probes of a colorization run (training/craft.py: Probes)."""

    shown = frozenset({"gain_0", "gain_10"})
    columns = ("grey", "hints", "automatic", "with hints", "truth")
    well_by = 0  # the step from which colors out of range are an illness (training/guard/looks.py: Ailing)

    def __init__(self, probes: list[Probe], preparation: Preparation) -> None:
        self.probes, self.preparation = probes, preparation
        self._most_chroma: float | None = None  # of the last answers, until it is asked for

    @classmethod
    def choose(cls, pictures: Pictures, size: int, preparation: Preparation) -> "ColorProbes":
        """Probes on these held-out pictures, at this size."""
        return cls(choose(pictures, size), preparation)

    def __len__(self) -> int:
        return len(self.probes)

    def score(self, network: nn.Module) -> dict[str, float]:
        """Mean gain over grey in dB at each of COUNTS hints."""
        predict = self._predict(network)
        gains = [
            [gain_over_grey(probe, predict, count) for count in COUNTS]
            for probe in counted(self.probes, "scoring", len(self.probes))
        ]
        return {
            f"gain_{count}": float(np.mean(of)) for count, of in zip(COUNTS, np.transpose(gains), strict=True)
        }

    def sheet(self, network: nn.Module) -> UInt8[np.ndarray, "h w 3"]:
        """A row a probe: grey, the hints, automatic result, result with hints, truth."""
        return contact_sheet(self.probes, self._predict(network))

    def evidence(self, network: nn.Module) -> dict[str, float]:
        """What the doctor reads (training/doctor.py: Telling)."""
        return color_evidence(self.probes[:TOLD], self._predict(network))

    def answers(
        self, network: nn.Module
    ) -> tuple[Float32[np.ndarray, "n h w 3"], Float32[np.ndarray, "n h w 3"]]:
        """The automatic results for the first probes, and the truths, sRGB: what the guard looks at."""
        predict, probes = self._predict(network), self.probes[: 2 * SHOWN]
        colors = [predict(probe.L, Points.none()) for probe in probes]
        self._most_chroma = max(float(chroma(ab).max()) for ab in colors)
        given = [join(probe.L, ab) for probe, ab in zip(probes, colors, strict=True)]
        return np.stack(given), np.stack([join(probe.L, probe.ab) for probe in probes])

    def illness(self, network: nn.Module) -> Sign | None:
        """Colors that no picture can show, which the clipped answers hide; of the answers just given, if any were.

        They are asked anew otherwise.
        """
        if self._most_chroma is None and self.probes:
            self.answers(network)
        most, self._most_chroma = self._most_chroma or 0.0, None
        return Sign("range", "a chroma of", most, MOST_CHROMA, math.nan) if most > MOST_CHROMA else None

    def findings(self, network: nn.Module) -> dict[str, Any]:
        """How much vivid 1 must ask for."""
        return {"vivid_gain": vivid_gain(self._predict(network), self.probes)}

    def _predict(self, network: nn.Module) -> NetworkPredict:
        assert isinstance(network, ColorNetwork)
        return NetworkPredict(network, self.preparation)
