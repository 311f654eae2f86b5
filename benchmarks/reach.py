"""How far a wish reaches: what one hint of a strong color changes, by distance from it.

    python benchmarks/reach.py FOLDER [--count 14] [--vivid 0.5] [--reach 0]

Each photo of the folder, made 600 pixels long, gets a red, a green and a blue hint in turn, each alone and at a random
place. Printed is the change against automatic color, in levels of 255: mean over the pixels at that distance from the
hint (in shorter sides of the photo) and over the photos, the mean of the worst photo in ten, and the share of pixels
that change by more than 8 levels.
"""

import argparse
import itertools
from pathlib import Path

import numpy as np

from safelight.arrays import Pixels
from safelight.pixels.files import Photo, read_photo
from safelight.pixels.geometry import fit_size, resize
from safelight.runtime.names import PHOTOS
from safelight.tasks.colorize.hints import Hint
from safelight.tasks.colorize.restore import Colorizer
from safelight.tasks.registry import load

WISHES = ("#b02020", "#20a040", "#2040b0")
RINGS = (0.0, 0.1, 0.3, 0.6, 4.0)
LONG_SIDE = 600
SEEN = 8  # levels; a change of less is hardly noticed


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=14, help="photos, evenly taken")
    parser.add_argument("--vivid", type=float, default=0.5)
    parser.add_argument("--reach", type=float, default=0.0)
    given = parser.parse_args()
    files = sorted(file for file in given.folder.iterdir() if file.suffix.lower() in PHOTOS)
    chosen = files[:: max(1, len(files) // given.count)][: given.count]
    colorizer = load()
    rows = [
        changes(colorizer, small(file), np.random.default_rng(number), given.vivid, given.reach)
        for number, file in enumerate(chosen)
    ]
    table = np.concatenate(rows)
    print(f"{len(table)} hints on {len(chosen)} photos, vivid {given.vivid:g}, reach {given.reach:g}")
    for k, (near, far) in enumerate(itertools.pairwise(RINGS)):
        levels, seen = table[:, k, 0], table[:, k, 1]
        print(
            f"{near:.1f} to {far:.1f} shorter sides: {np.nanmean(levels):5.1f} levels, worst tenth "
            f"{np.nanquantile(levels, 0.9):5.1f}, {np.nanmean(seen):4.0%} of the pixels change by more than {SEEN}"
        )


def small(file: Path) -> Pixels:
    """The photo, LONG_SIDE pixels long."""
    pixels = read_photo(file).pixels
    short = round(LONG_SIDE * min(pixels.shape[:2]) / max(pixels.shape[:2]))
    return resize(pixels, fit_size((pixels.shape[0], pixels.shape[1]), short))


def changes(
    colorizer: Colorizer, pixels: Pixels, rng: np.random.Generator, vivid: float, reach: float
) -> np.ndarray:
    """For each wish and ring: mean change in levels, and the share that changes by more than SEEN."""
    h, w = pixels.shape[:2]
    automatic = colorizer.recolor(Photo(pixels), vivid=vivid).pixels.astype(int)
    rows = []
    for color in WISHES:
        x, y = rng.uniform(0.2, 0.8), rng.uniform(0.4, 0.8)
        hinted = colorizer.recolor(Photo(pixels), [Hint(x, y, color, 0.02)], vivid, reach).pixels
        change = np.abs(hinted - automatic).mean(2)
        row, column = np.mgrid[:h, :w]
        distance = np.hypot(row - y * h, column - x * w) / min(h, w)
        inside = [(distance >= near) & (distance < far) for near, far in itertools.pairwise(RINGS)]
        rows.append(
            [
                (change[ring].mean(), (change[ring] > SEEN).mean()) if ring.any() else (np.nan, np.nan)
                for ring in inside
            ]
        )
    return np.array(rows)


if __name__ == "__main__":
    main()
