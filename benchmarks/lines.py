"""How well scratches and stains are filled in photos at their own size, by width and method.

    python benchmarks/lines.py PHOTO... [--methods model biharmonic telea]

Four lines of up to 150 pixels, or four discs, of each width are drawn on each photo, always at the same places, and
filled without grain. Prints the mean PSNR in the hole in dB, and the processor time as a multiple of the first
method's. Unlike benchmarks/widths.py, which asks about squares of the network's own size, this takes the whole way:
pieces, windows, their sizes.
"""

import argparse
import time
from pathlib import Path

import cv2
import numpy as np

from safelight.masks.shapes import Hole, Size
from safelight.pixels.files import read_photo
from safelight.tasks.inpaint.restore import Method, load_filler

WIDTHS = (1, 2, 3, 6, 10, 16, 28, 48)  # pixels
COUNT = 4
LONGEST = 150  # pixels, across and down


def drawn(kind: str, width: int, size: Size) -> Hole:
    """The hole of one row of the table."""
    canvas, rng = np.zeros(size, np.uint8), np.random.default_rng(2)
    for _ in range(COUNT):
        place = rng.integers(0, size[::-1])
        if kind == "lines":
            cv2.line(canvas, place.tolist(), (place + rng.integers(-LONGEST, LONGEST, 2)).tolist(), 1, width)
        else:
            cv2.circle(canvas, place.tolist(), width // 2, 1, -1)
    return np.asarray(canvas > 0)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("--methods", nargs="+", default=["model", "auto", "biharmonic", "telea"])
    given = parser.parse_args()
    methods: list[Method] = given.methods
    filler, photos = load_filler(), [read_photo(path) for path in given.photos]
    print(f"{len(photos)} photos\n\n| | width | {' | '.join(methods)} | time |")
    print("|---|---:|" + "---:|" * (len(methods) + 1))
    for kind in ("lines", "discs"):
        for width in WIDTHS:
            errors: dict[str, list[float]] = {method: [] for method in methods}
            seconds = dict.fromkeys(methods, 0.0)
            for photo in photos:
                hole = drawn(kind, width, photo.size)
                for method in methods:
                    start = time.process_time()
                    filled = filler.fill(photo, hole, method, grain=0).photo.srgb
                    seconds[method] += time.process_time() - start
                    squared = np.square(filled[hole] - photo.srgb[hole]).mean()
                    errors[method].append(-10 * np.log10(squared + 1e-10))
            scores = " | ".join(f"{np.mean(errors[method]):.2f}" for method in methods)
            times = ", ".join(f"{seconds[method] / seconds[methods[0]]:.2f}" for method in methods)
            print(f"| {kind} | {width} | {scores} | {times} |", flush=True)


if __name__ == "__main__":
    main()
