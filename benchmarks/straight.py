"""How much of long straight scratches a finder of damage sees: they look like wires, and are damage all the same.

    python benchmarks/straight.py PHOTO... [--model NAME|FILE] [--count N]

Lines of one tone, 1 to 5 pixels wide, are drawn on plain grey ground with a little noise, from edge to edge, and over
photographs turned grey and enlarged twice (which are as soft as a scan then), a little aslant. Prints, for bright and
dark lines by width, the share of a line's pixels that is marked, as `safelight scratches` marks it; mean over grounds
and photographs.
"""

import argparse
import random
from pathlib import Path

import numpy as np

from safelight.pixels.files import read_photo
from safelight.pixels.geometry import resize
from safelight.tasks.scratches.restore import ScratchFinder, load_finder

WIDTHS = (1, 2, 3, 5)
TONES = {"bright": 240, "dark": 30}
GROUNDS = (60, 110, 180)
CONTRAST = 40  # a line that differs from its ground by less is not drawn
NOISE = 3
SLOPES = (-0.15, 0.05, 0.2)


def drawn(picture: np.ndarray, width: int, tone: int, slope: float) -> tuple[np.ndarray, np.ndarray]:
    """The picture (h, w, 3), uint8, with a line through its middle, and where it is."""
    h, w = picture.shape[:2]
    middle = w / 2 + slope * (np.arange(h)[:, None] - h / 2)
    line = np.abs(np.arange(w) + 0.5 - middle) <= width / 2
    return np.where(line[..., None], np.uint8(tone), picture), line


def found(finder: ScratchFinder, picture: np.ndarray, width: int, tone: int, slope: float) -> float:
    """The share of the line that is marked."""
    scratched, line = drawn(picture, width, tone, slope)
    return float(finder(scratched)[line].mean())


def plain(ground: int) -> np.ndarray:
    """Grey ground (120, 140, 3), uint8, with a little noise."""
    noise = np.random.default_rng(ground).integers(-NOISE, NOISE + 1, (120, 140, 1))
    return np.repeat((ground + noise).astype(np.uint8), 3, axis=2)


def grey(path: Path) -> np.ndarray:
    """A photo, grey, enlarged twice: (2 h, 2 w, 3), uint8."""
    pixels = read_photo(path).pixels
    even = np.repeat(pixels.mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)
    return resize(even, (2 * even.shape[0], 2 * even.shape[1]))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("--model")
    parser.add_argument("--count", type=int, default=12)
    given = parser.parse_args()
    paths = sorted(given.photos)
    random.Random(0).shuffle(paths)
    finder, photos = load_finder(given.model), [grey(path) for path in paths[: given.count]]
    print(
        f"share of a line that is marked, on plain ground and on {len(photos)} photographs, by width in pixels:"
    )
    for name, tone in TONES.items():
        grounds = [plain(ground) for ground in GROUNDS if abs(ground - tone) >= CONTRAST]
        for width in WIDTHS:
            on_plain = [found(finder, each, width, tone, 0.0) for each in grounds]
            on_photos = [
                found(finder, photo, width, tone, SLOPES[place % len(SLOPES)])
                for place, photo in enumerate(photos)
            ]
            print(f"{name:6} {width}: {np.mean(on_plain):5.2f} {np.mean(on_photos):5.2f}", flush=True)


if __name__ == "__main__":
    main()
