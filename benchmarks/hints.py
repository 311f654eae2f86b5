"""What hints cost: processor time (user and system) and time of coloring a photo of 2 megapixels.

    python benchmarks/hints.py [--against OTHER/src] [--turns 5]

Printed are the times with no hint and with 20, 500 and 2,000, with 500 lassos, their ratios to 20 hints, and, if
--against names the source of another safelight (a git worktree of an older commit, say), the ratio to it at 20 hints,
the two measured in turns, in processes of their own, by this Python and with the same packages. The median of the
turns counts: what else runs on the machine adds to both. "again": the same photo, whose first look is kept;
"new": another photo each time.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import numpy as np

HOME = Path(__file__).parent.parent
EXAMPLE = HOME / "examples" / "sphinx-1870s.jpg"
SIZE = (1224, 1632)
REPEATS = {"0": 5, "20": 5, "500": 2, "2000": 1, "500 lassos": 1}
COMPARED = ("20",)
Costs = dict[str, tuple[float, float]]  # of each case: seconds of the processors, seconds


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--against", type=Path, metavar="SRC", help="the src folder of another safelight")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measure(given.measure.split(","))))
        return
    tell_growth(in_process(HOME / "src", tuple(REPEATS)))
    if given.against:
        tell_ratio(given.against, given.turns)


def tell_growth(costs: Costs) -> None:
    """Each case, and how many times the cost of 20 hints it is."""
    for name, (processor, wall) in costs.items():
        base = costs["20, " + name.rpartition(", ")[2]]
        print(
            f"{name:18s} processor {1000 * processor:7.0f} ms ({processor / base[0]:5.2f} times 20 hints)"
            f"   time {1000 * wall:7.0f} ms ({wall / base[1]:5.2f})"
        )


def tell_ratio(other: Path, turns: int) -> None:
    """The two, in turns."""
    both = [(in_process(HOME / "src", COMPARED), in_process(other, COMPARED)) for _ in range(turns)]
    for name in both[0][0]:
        for place, what in enumerate(("processor", "time")):
            ours, theirs = ([turn[which][name][place] for turn in both] for which in (0, 1))
            ratio = median(a / b for a, b in zip(ours, theirs, strict=True))
            print(
                f"{name:18s} {what:9s} {1000 * median(ours):5.0f} ms, before {1000 * median(theirs):5.0f} ms, "
                f"ratio {ratio:.2f}"
            )


def in_process(source: Path, cases: tuple[str, ...]) -> Costs:
    """The costs of these cases with the safelight of this source."""
    command = [sys.executable, __file__, "--measure", ",".join(cases)]
    done = subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": str(source.resolve())},
        capture_output=True,
        text=True,
        check=True,
    )
    return {name: (processor, wall) for name, (processor, wall) in json.loads(done.stdout).items()}


def measure(cases: list[str]) -> Costs:
    """Costs of one coloring; the model is loaded, and has colored a photo before."""
    import cv2

    import safelight
    from safelight.pixels.photo import Photo

    colorizer = safelight.load()
    pixels = cv2.resize(safelight.read_photo(EXAMPLE).pixels, SIZE[::-1])
    photos = [Photo(pixels), Photo(np.ascontiguousarray(pixels[:, ::-1]))]
    found: Costs = {}
    for case in cases:
        hints = hints_of(case)
        colorizer.colorize(photos[0], hints)
        for name, shown in (("again", photos[:1]), ("new", photos[::-1])):
            processor, wall = sum(os.times()[:2]), time.perf_counter()
            for turn in range(REPEATS[case]):
                colorizer.colorize(shown[turn % len(shown)], hints)
            spent = sum(os.times()[:2]) - processor, time.perf_counter() - wall
            found[f"{case}, {name}"] = (spent[0] / REPEATS[case], spent[1] / REPEATS[case])
    return found


def hints_of(case: str):  # type: ignore[no-untyped-def]  # of whichever safelight is measured
    """Hints of random colors at random places, or each in a small lasso of its own."""
    from safelight import Hint, HintSet

    rng, count = np.random.default_rng(0), int(case.partition(" ")[0])
    if "lassos" not in case:
        places = [(*rng.random(2), rng.random(3)) for _ in range(count)]
        return HintSet(tuple(Hint(x, y, (color[0], color[1], color[2])) for x, y, color in places))
    return HintSet(tuple(_lasso(number, rng) for number in range(count)))


def _lasso(number: int, rng: np.random.Generator):  # type: ignore[no-untyped-def]
    """A square on a lattice of 25 by 20."""
    from safelight import Hint

    x, y, half = (number % 25 + 0.5) / 25, (number // 25 + 0.5) / 20, 0.018
    corners = ((x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half))
    return Hint(x, y, tuple(rng.random(3)), region=corners)


if __name__ == "__main__":
    main()
