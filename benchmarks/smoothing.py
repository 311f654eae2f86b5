"""Blotches: colors that change where nothing does, and what smoothing them afterwards costs.

    python benchmarks/smoothing.py FOLDER... [--count 8] [--model color]

Of each folder the first pictures by the hash of their names are turned grey and colored at the network's size and the
default vividness. Ways to answer, each with the mean chroma of the first brought back where it says so:

  as it is           the network's answer
  guided R           its a and b smoothed by a guided filter (He et al. 2010) over L, radius R pixels, and chroma back
  suggested          `suggest` names eight places, and its likeliest colors there are given as hints, unedited
  suggested, chroma  the same, and chroma back

Printed are, over all pictures: PSNR over grey in dB, and the difference from the first with a 95 % interval, paired;
mean chroma; blotches, the mean slope of a and b (units a pixel) at pixels where neither L nor the true a and b have
one; hue scatter (1 - mean resultant length, by chroma) of these pixels within cells of 24 x 24; and processor time.
"""

import argparse
import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from safelight.arrays import Ab, Lightness, Srgb
from safelight.pixels.color import chroma, lab_to_srgb, srgb_to_lab
from safelight.pixels.files import read_photo
from safelight.pixels.geometry import fit_size, resize
from safelight.shaped import Bool, Float32
from safelight.tasks.colorize.bins import gamut_bins, likely_colors, variance
from safelight.tasks.colorize.hints import Points
from safelight.tasks.colorize.restore import Colorizer, load_colorizer
from safelight.tasks.colorize.suggest import CELL, where_next
from safelight.tasks.colorize.task import VIVID

EVEN = 0.8  # units of Lab a pixel: less is no edge
EPSILON = 1e-3  # of L / 100, squared: variance below which a window counts as even
CELLS = 24  # pixels
HINTS = 8
Way = Callable[[Colorizer, Lightness, Ab], Ab]


def guided(radius: int) -> Way:
    """A linear function of L in each window (He, Sun & Tang 2010, equations 5, 6 and 8)."""

    def box(plane: Lightness) -> Lightness:
        return np.asarray(cv2.blur(plane, (2 * radius + 1,) * 2, borderType=cv2.BORDER_REFLECT))

    def way(colorizer: Colorizer, L: Lightness, ab: Ab) -> Ab:
        guide = (L / 100).astype(np.float32)
        mean = box(guide)
        spread = box(guide * guide) - mean * mean
        smooth = []
        for plane in np.moveaxis(ab, 2, 0):
            own = box(plane)
            slope = (box(guide * plane) - mean * own) / (spread + EPSILON)
            smooth.append(box(slope) * guide + box(own - slope * mean))
        return with_chroma_of(np.dstack(smooth), ab)

    return way


def suggested(colorizer: Colorizer, L: Lightness, ab: Ab) -> Ab:
    """Hints that `suggest` makes, fed back."""
    h, w = -(-L.shape[0] // CELL), -(-L.shape[1] // CELL)
    shares, bins = colorizer.distribution(L, Points.none())[:, :h, :w], gamut_bins()
    places = where_next(resize(L, (h, w)), variance(shares, bins), Points.none(), HINTS)
    y, x = (np.array([place[axis] for place in places], np.int32) for axis in (0, 1))
    colors = np.array(
        [likely_colors(shares[:, j, i], bins)[0].ab for j, i in zip(y, x, strict=True)], np.float32
    )
    y, x = (np.minimum(each * CELL + CELL // 2, side - 1) for each, side in zip((y, x), L.shape, strict=True))
    return colorizer.predict(L, Points(y, x, colors, np.full(len(y), 1.5, np.float32)), VIVID)


def with_chroma_of(ab: Ab, former: Ab) -> Ab:
    """ab with the mean chroma of other colors."""
    return np.asarray(ab * (chroma(former).mean() / max(float(chroma(ab).mean()), 1e-3)), np.float32)


WAYS: dict[str, Way] = {
    "as it is": lambda colorizer, L, ab: ab,
    **{f"guided {radius}": guided(radius) for radius in (4, 8, 12)},
    "suggested": suggested,
    "suggested, chroma": lambda colorizer, L, ab: with_chroma_of(suggested(colorizer, L, ab), ab),
}


def slope(planes: Float32[np.ndarray, "h w c"]) -> Lightness:
    """Length of the gradient, units a pixel, of planes that are blurred by a pixel."""
    soft = cv2.GaussianBlur(planes, (0, 0), 1).reshape(*planes.shape[:2], -1)
    across, down = (cv2.Sobel(soft, cv2.CV_32F, *which) / 8 for which in ((1, 0), (0, 1)))
    return np.asarray(np.sqrt((across**2 + down**2).reshape(*planes.shape[:2], -1).sum(2)))


def hue_scatter(ab: Ab, even: Bool[np.ndarray, "h w"]) -> float:
    """1 - resultant length of the hues in each cell, weighted by chroma: 0 one hue, 1 all hues."""
    h, w = (side // CELLS * CELLS for side in even.shape)
    parts = (ab * even[..., None])[:h, :w].reshape(h // CELLS, CELLS, w // CELLS, CELLS, 2)
    whole = chroma(parts).sum((1, 3))
    return float(1 - chroma(parts.sum((1, 3))).sum() / max(float(whole.sum()), 1e-3))


@dataclass(frozen=True)
class Row:
    """What is measured of one answer."""

    psnr: float
    chroma: float
    blotches: float
    scatter: float


def measured(L: Lightness, ab: Ab, truth: Ab, srgb: Srgb) -> Row:
    """An answer beside the truth."""
    even = (slope(truth) < EVEN) & (slope(L[..., None]) < EVEN)
    error = np.mean((lab_to_srgb(np.dstack([L, ab])).clip(0, 1) - srgb) ** 2)
    blotches = float(slope(np.ascontiguousarray(ab, np.float32))[even].mean()) if even.any() else 0.0
    return Row(-10 * float(np.log10(error)), float(chroma(ab).mean()), blotches, hue_scatter(ab, even))


def pictures(folders: list[Path], count: int, short_side: int) -> Iterator[Srgb]:
    """So many of each folder, in turn, at the network's size."""
    chosen = [
        sorted(folder.glob("*.jpg"), key=lambda path: hashlib.sha256(path.name.encode()).digest())[:count]
        for folder in folders
    ]
    for turn in range(count):
        for paths in chosen:
            if turn < len(paths):
                srgb = read_photo(paths[turn]).srgb
                yield np.asarray(resize(srgb, fit_size((srgb.shape[0], srgb.shape[1]), short_side)))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--count", type=int, default=8, help="pictures of each folder")
    parser.add_argument("--model", help="name or path of a model; default the bundled one")
    given = parser.parse_args()
    colorizer = load_colorizer(given.model, threads=1)
    rows: dict[str, list[Row]] = {name: [] for name in WAYS}
    greys, truths, seconds = list[float](), list[Row](), dict.fromkeys(WAYS, 0.0)
    for srgb in pictures(given.folders, given.count, colorizer.card.size):
        lab = srgb_to_lab(srgb)
        L, truth = (
            np.ascontiguousarray(lab[..., 0], np.float32),
            np.ascontiguousarray(lab[..., 1:], np.float32),
        )
        start = time.process_time()
        first = colorizer.predict(L, Points.none(), VIVID)
        seconds["as it is"] += time.process_time() - start
        greys.append(measured(L, np.zeros_like(truth), truth, srgb).psnr)
        truths.append(measured(L, truth, truth, srgb))
        for name, way in WAYS.items():
            start = time.process_time()
            ab = way(colorizer, L, first)
            seconds[name] += time.process_time() - start
            rows[name].append(measured(L, ab, truth, srgb))
        if len(greys) % 16 == 0:
            report(rows, greys, truths, seconds)
    report(rows, greys, truths, seconds)


def report(
    rows: dict[str, list[Row]], greys: list[float], truths: list[Row], seconds: dict[str, float]
) -> None:
    """The table, of as many pictures as there are by now."""
    mean = [
        float(np.mean([getattr(each, name) for each in truths])) for name in ("chroma", "blotches", "scatter")
    ]
    print(
        f"{len(greys)} pictures; truth: chroma {mean[0]:.1f}, blotches {mean[1]:.3f}, hue scatter {mean[2]:.4f}"
    )
    base = rows["as it is"]
    for name, found in rows.items():
        ahead = np.array([each.psnr - other.psnr for each, other in zip(found, base, strict=True)])
        gain = np.mean([each.psnr - grey for each, grey in zip(found, greys, strict=True)])
        print(
            f"{name:18} {gain:5.2f} dB ({ahead.mean():+.2f} ± {1.96 * ahead.std() / len(ahead) ** 0.5:.2f})"
            f"  chroma {np.mean([each.chroma for each in found]):5.1f}"
            f"  blotches {np.mean([each.blotches for each in found]):.3f}"
            f"  hue scatter {np.mean([each.scatter for each in found]):.4f}"
            f"  time {seconds[name] / seconds['as it is']:.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
