"""Statistics of a colorizer's answers on fixed pictures, beside those of the truths: what the doctor and guard read.

The functions know no network and keep no state: ab of the answers and of the truths go in, plain numbers come out.
They are logged at each validation as probe/NAME columns of metrics.csv; for older runs, which logged none, they are
measured on the contact sheets in pictures/.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from safelight.arrays import Ab
from safelight.journal.records import Curve, Record, make_curve
from safelight.pixels.color import srgb_to_lab
from safelight.shaped import Float, Float64, UInt8

Angle = float  # degrees in the ab plane: 0 red, 90 yellow, 180 green, -90 blue

MOST_CHROMA = 150.0  # units of ab: the most colorful color of sRGB, blue, has 134
BINS = 36  # of the hue histogram, ten degrees each
_TINY = 1e-12
COLUMNS, AUTOMATIC, TRUTH = 5, 2, 4  # grey, hints, automatic answer, with hints, truth


def probe_evidence(answers: Sequence[Ab], truths: Sequence[Ab]) -> dict[str, float]:
    """How the colors of the answers lie, beside those of the truths. ab (h, w, 2) in units of Lab.

    chroma, spread, between: mean chroma; root mean variance of ab inside a picture; root variance of the
      pictures' mean ab. Each is a share of the truths' own: 1 is right, 0 is grey or constant.
    most_chroma: chroma of the most colorful pixel, in units of ab; above 134 no sRGB picture can show it.
    red_green, truth_red_green: share of ab's energy that lies along a, 0 to 1.
    axis, angle: share of ab's energy along its principal axis, 0.5 to 1, and that axis's angle, -90 to 90.
    concentration, truth_concentration: length of mean ab over mean chroma; 1 is a single hue. hue: its angle.
    hue_distance: earth mover's distance on the circle of the chroma-weighted hues, in degrees (Rabin et al.
      2011): how far hues are from occurring as often as they should, wherever they are.
    hue_error: mean angle between answer and truth at one pixel, weighted with both chromas; 90 is chance.
    Raises ValueError for no pictures, or shapes that do not agree.
    """
    if not answers or [one.shape for one in answers] != [one.shape for one in truths]:
        shapes = [[one.shape for one in own] for own in (answers, truths)]
        raise ValueError(
            f"answers and truths must be as many and as large; found {shapes[0]} and {shapes[1]}"
        )
    answer, truth = _Colors(answers), _Colors(truths)
    axis, angle = answer.principal_axis()
    hue, concentration = answer.mean_hue()
    return {
        "chroma": float(answer.chroma.mean() / max(truth.chroma.mean(), _TINY)),
        "most_chroma": float(answer.chroma.max()),
        "spread": answer.spread() / max(truth.spread(), _TINY),
        "between": answer.between() / max(truth.between(), _TINY) if len(answers) > 1 else 1.0,
        "red_green": answer.red_green(),
        "truth_red_green": truth.red_green(),
        "axis": axis,
        "angle": angle,
        "hue": hue,
        "concentration": concentration,
        "truth_concentration": truth.mean_hue()[1],
        "hue_distance": circular_distance(answer.hue_histogram(), truth.hue_histogram()),
        "hue_error": hue_error(answer.ab, truth.ab),
    }


def obeyed(
    with_hints: Float[np.ndarray, "n 2"], without: Float[np.ndarray, "n 2"], asked: Float[np.ndarray, "n 2"]
) -> float:
    """How much of the way to the colors asked at the hints the network itself goes: 1 all of it, 0 none.

    with_hints, without: what it says at the hints' places when told of them, and when not.
    """
    before = np.linalg.norm(asked - without, axis=1).mean()
    after = np.linalg.norm(asked - with_hints, axis=1).mean()
    return float(1 - after / max(before, _TINY))


def circular_distance(one: Float[np.ndarray, " bins"], other: Float[np.ndarray, " bins"]) -> float:
    """Earth mover's distance of two histograms on a circle, in degrees, 0 to 180; 0 where one is empty.

    The L1 norm of the difference of the cumulative histograms less its median (Rabin, Delon & Gousseau 2011).
    """
    if one.sum() <= _TINY or other.sum() <= _TINY:
        return 0.0
    gap = np.cumsum(one / one.sum() - other / other.sum())
    return float(np.abs(gap - np.median(gap)).sum() * 360 / len(one))


def hue_error(answer: Float[np.ndarray, "n 2"], truth: Float[np.ndarray, "n 2"]) -> float:
    """Mean angle between two colors of a pixel in degrees, weighted with both chromas; 90 where there are none."""
    one, other = answer[:, 0] + 1j * answer[:, 1], truth[:, 0] + 1j * truth[:, 1]
    weight = np.abs(one) * np.abs(other)
    if weight.sum() <= _TINY:
        return 90.0
    return float(np.degrees((weight * np.abs(np.angle(one * np.conj(other)))).sum() / weight.sum()))


class _Colors:
    """The colors of several pictures, together and picture by picture, in float64."""

    def __init__(self, pictures: Sequence[Ab]) -> None:
        self.pictures = [np.asarray(one, np.float64).reshape(-1, 2) for one in pictures]
        self.ab: Float64[np.ndarray, "n 2"] = np.concatenate(self.pictures)
        self.chroma = np.hypot(self.ab[:, 0], self.ab[:, 1])

    def spread(self) -> float:
        return float(np.sqrt(np.mean([one.var(axis=0).sum() for one in self.pictures])))

    def between(self) -> float:
        return float(np.sqrt(np.var([one.mean(axis=0) for one in self.pictures], axis=0).sum()))

    def red_green(self) -> float:
        energy = (self.ab**2).mean(axis=0)
        return float(energy[0] / energy.sum()) if energy.sum() > _TINY else 0.5

    def principal_axis(self) -> tuple[float, Angle]:
        """About grey, not about the mean: sepia is an axis too."""
        energies, axes = np.linalg.eigh(self.ab.T @ self.ab)
        if energies.sum() <= _TINY:
            return 0.5, 0.0
        angle = (np.degrees(np.arctan2(axes[1, 1], axes[0, 1])) + 90) % 180 - 90
        return float(energies[1] / energies.sum()), float(angle)

    def mean_hue(self) -> tuple[Angle, float]:
        a, b = self.ab.mean(axis=0)
        return float(np.degrees(np.arctan2(b, a))), float(np.hypot(a, b) / max(self.chroma.mean(), _TINY))

    def hue_histogram(self) -> Float64[np.ndarray, " bins"]:
        hue = np.degrees(np.arctan2(self.ab[:, 1], self.ab[:, 0]))
        return np.histogram(hue, BINS, (-180, 180), weights=self.chroma)[0]


def evidence_from_sheets(record: Record) -> dict[str, Curve]:
    """probe/ curves measured on the pictures of a run; empty for other tasks and other layouts."""
    side = record.settings.get("augment.size")
    if record.task != "colorize" or not isinstance(side, int):
        return {}
    rows: list[dict[str, float]] = []
    steps: list[int] = []
    for path in record.pictures:
        found = read_sheet(path, side)
        if found is not None:
            rows.append(probe_evidence(*found))
            steps.append(int("".join(filter(str.isdigit, path.stem)) or 0))
    return {
        f"probe/{name}": make_curve(steps, [row[name] for row in rows])
        for name in (rows[0] if rows else ())
        if name != "most_chroma"  # sheets are clipped to what can be shown
    }


def read_sheet(path: Path, side: int) -> tuple[list[Ab], list[Ab]] | None:
    """ab of the automatic answers and of the truths; None if the sheet is none of a colorizer's."""
    from PIL import Image

    try:
        with Image.open(path) as picture:
            sheet: UInt8[np.ndarray, "h w 3"] = np.asarray(picture.convert("RGB"))
    except OSError:
        return None
    height, width = sheet.shape[:2]
    if width != COLUMNS * side or height % side or height == 0:
        return None
    ab = srgb_to_lab(sheet)[..., 1:]
    rows = range(0, height, side)
    answers, truths = (
        [ab[top : top + side, column * side : (column + 1) * side] for top in rows]
        for column in (AUTOMATIC, TRUTH)
    )
    return answers, truths
