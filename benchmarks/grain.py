"""How grainy what is filled is beside its surroundings, with and without `--grain`.

    python benchmarks/grain.py PHOTO... [--method model|biharmonic|telea]

Eight lines of 3 to 12 pixels and a disc are drawn on each photo, always at the same places, and filled. Prints, in
levels of 255, the finest part of the grey picture (its deviation from a blur of one pixel; spread from the median) in
the hole, without and with grain, and in a ring around it; the PSNR in the hole of both; and the time of filling with
grain as a multiple of that without.
"""

import argparse
import time
from pathlib import Path

import cv2
import numpy as np

from safelight.masks.shapes import Hole
from safelight.pixels.files import read_photo
from safelight.tasks.inpaint.restore import Method, load_filler


def drawn_hole(size: tuple[int, int]) -> Hole:
    """The lines and the disc."""
    canvas, rng = np.zeros(size, np.uint8), np.random.default_rng(1)
    for _ in range(8):
        start = rng.integers(0, size[::-1])
        end = start + rng.integers(-200, 200, 2)
        cv2.line(canvas, start.tolist(), end.tolist(), 1, int(rng.integers(3, 12)))
    cv2.circle(canvas, (size[1] // 2, size[0] // 2), 28, 1, -1)
    return np.asarray(canvas > 0)


def finest(picture: np.ndarray, places: Hole) -> float:
    """Levels of 255."""
    grey = picture.mean(axis=2)
    rest = (grey - cv2.GaussianBlur(grey, (0, 0), 1.0))[places]
    return float(255 * 1.4826 * np.median(np.abs(rest)))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("--method", default="model")
    given = parser.parse_args()
    method: Method = given.method
    filler, shares = load_filler(), []
    print(f"{'photo':24} {'without':>8} {'with':>8} {'around':>8} {'dB without':>11} {'with':>6} {'time':>6}")
    for path in given.photos:
        photo = read_photo(path)
        hole = drawn_hole(photo.size)
        around = (cv2.dilate(hole.astype(np.uint8), np.ones((15, 15))) > 0) & ~(
            cv2.dilate(hole.astype(np.uint8), np.ones((5, 5))) > 0
        )
        pictures, seconds = [], []
        for grain in (0.0, 1.0):
            start = time.perf_counter()
            pictures.append(filler.fill(photo, hole, method, grain=grain).photo.srgb)
            seconds.append(time.perf_counter() - start)
        fine = [finest(picture, hole) for picture in pictures]
        ring = finest(photo.srgb, around)
        psnr = [-10 * np.log10(np.square(p[hole] - photo.srgb[hole]).mean()) for p in pictures]
        shares.append((fine[0] / ring, fine[1] / ring, psnr[0] - psnr[1], seconds[1] / seconds[0]))
        print(
            f"{path.name[:24]:24} {fine[0]:8.2f} {fine[1]:8.2f} {ring:8.2f} {psnr[0]:11.2f} {psnr[1]:6.2f} "
            f"{seconds[1] / seconds[0]:5.2f}x"
        )
    without, with_it, lost, slower = np.median(shares, axis=0)
    print(
        f"median: {without:.2f} of the surroundings' without grain, {with_it:.2f} with it; "
        f"{lost:.2f} dB lost; {slower:.2f} times the time"
    )


if __name__ == "__main__":
    main()
