"""What filling costs: 24 megapixels with twenty small holes, against the holes' area and the photo's.

    python benchmarks/fill.py [--model MODEL.onnx]

Prints figures and limits: seconds of filling alone (neither decoding nor encoding) as holes are added and as
the photo grows, and the peak memory of the whole command. Photos are made anew in a temporary folder.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

HEIGHT, WIDTH = 4000, 6000
HOLES, RADIUS = 20, 30  # pixels
TURNS = 7


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default=None, help="a MODEL.onnx; without it the bundled one, or none")
    model = parser.parse_args().model
    # First: a child's peak counts what this process holds when it is forked.
    with tempfile.TemporaryDirectory() as folder:
        seconds, peak = one_process(Path(folder), model)
    once, twice, quarter, scratch = fill_seconds(
        [(HEIGHT, WIDTH, HOLES), (HEIGHT, WIDTH, 2 * HOLES), (2000, 3000, HOLES), (HEIGHT, WIDTH, 0)], model
    )
    print(f"24 MP, {HOLES} holes of {2 * RADIUS} pixels: filled in {once:.2f} s")
    tell("twice the holes: time over theirs", twice / once, 2.4)
    tell("four times the photo: time over that of a quarter", once / quarter, 1.6)
    print(f"24 MP, one scratch of 5 pixels from corner to corner: filled in {scratch:.2f} s")
    tell("peak memory / decoded picture (floats)", peak / (HEIGHT * WIDTH * 12), 4.0)
    print(
        f"  the same over the decoded bytes: {peak / (HEIGHT * WIDTH * 3):.1f}; whole command {seconds:.1f} s"
    )


def tell(what: str, value: float, limit: float) -> None:
    """One line: figure, limit, and whether it holds."""
    print(f"  {what}: {value:.2f} (limit {limit:g}{'' if value <= limit else ', MISSED'})", flush=True)


def picture(h: int, w: int) -> np.ndarray:
    """Soft color with grain, uint8 (h, w, 3)."""
    import cv2

    rng = np.random.default_rng(0)
    coarse = rng.integers(40, 216, (24, 36, 3), dtype=np.uint8)
    pixels = cv2.resize(coarse, (w, h), interpolation=cv2.INTER_CUBIC)
    grain = rng.integers(0, 12, (512, 512, 1), dtype=np.uint8)
    for top in range(0, h, 512):
        for left in range(0, w, 512):
            part = pixels[top : top + 512, left : left + 512]
            part += grain[: part.shape[0], : part.shape[1]]
    return np.asarray(pixels)


def mask(h: int, w: int, holes: int) -> np.ndarray:
    """Round holes at random places; with none, a scratch from corner to corner."""
    import cv2

    rng, canvas = np.random.default_rng(1), np.zeros((h, w), np.uint8)
    for _ in range(holes):
        place = int(rng.integers(RADIUS, w - RADIUS)), int(rng.integers(RADIUS, h - RADIUS))
        cv2.circle(canvas, place, RADIUS, 1, -1)
    if not holes:
        cv2.line(canvas, (20, 20), (w - 20, h - 20), 1, 5)
    return np.asarray(canvas) > 0


def fill_seconds(cases: list[tuple[int, int, int]], model: str | None) -> list[float]:
    """The median time of filling in memory, for each height, width and number of holes; they take turns."""
    from safelight.pixels.files import Photo
    from safelight.tasks.inpaint.restore import load_filler

    filler = load_filler(model)
    given = [(Photo(picture(h, w)), mask(h, w, holes)) for h, w, holes in cases]
    seconds: list[list[float]] = [[] for _ in cases]
    for _ in range(1 + TURNS):
        for own, (photo, hole) in zip(seconds, given, strict=True):
            start = time.perf_counter()
            filler.fill(photo, hole)
            own.append(time.perf_counter() - start)
    return [statistics.median(own[1:]) for own in seconds]  # the first warms up


def one_process(folder: Path, model: str | None) -> tuple[float, int]:
    """Seconds and peak memory in bytes of `safelight fill` on one photo."""
    from safelight.masks.files import write_mask
    from safelight.pixels.files import write_photo

    write_photo(folder / "a.jpg", picture(HEIGHT, WIDTH))
    write_mask(folder / "m.png", mask(HEIGHT, WIDTH, HOLES))
    words = [
        sys.executable,
        "-m",
        "safelight",
        "fill",
        str(folder / "a.jpg"),
        "--mask",
        str(folder / "m.png"),
    ]
    start = time.perf_counter()
    process = subprocess.Popen([*words, *(["--model", model] if model else [])], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit("safelight fill failed")
    return time.perf_counter() - start, usage.ru_maxrss * 1024


if __name__ == "__main__":
    main()
