"""PSNR against clicks: hints at suggested places beside hints at random ones, and at the most uncertain ones.

    python benchmarks/suggest.py --data DATASET [--count 60] [--split val] [--model color]

Each strategy colors the same pictures with 1, 2, ... hints; a hint has the true color of its place (the mean of
3 x 3 pixels). Printed are the mean gains over grey in dB of PSNR, the difference between suggested and random
places, paired by picture, with a 95 % interval, and how many random hints five suggested ones are worth. A third
row has the random places as `colorize` takes them (--reach 0): what a hint does not mean stays as it was.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

from safelight.arrays import Srgb
from safelight.data.cache import open_dataset
from safelight.evaluation.intervals import bootstrap_weights, estimates
from safelight.pixels.recolor import replace_ab
from safelight.tasks.colorize.hints import Hint, HintSet
from safelight.tasks.colorize.restore import Colorizer
from safelight.tasks.registry import load

CLICKS = 10
Place = tuple[float, float]  # fractions from the left and the top
Strategy = Callable[[Colorizer, Srgb, HintSet, np.random.Generator], Place]


def random(colorizer: Colorizer, grey: Srgb, hints: HintSet, rng: np.random.Generator) -> Place:
    """Anywhere."""
    x, y = rng.random(2)
    return float(x), float(y)


def suggested(colorizer: Colorizer, grey: Srgb, hints: HintSet, rng: np.random.Generator) -> Place:
    """Where the model asks for it."""
    (best,) = colorizer.suggest(grey, hints, 1)
    return best.x, best.y


STRATEGIES: dict[str, tuple[Strategy, float]] = {  # and how far the hints reach
    "random": (random, 1.0),
    "suggested": (suggested, 1.0),
    "random, --reach 0": (random, 0.0),
}


def psnr(answer: Srgb, truth: Srgb) -> float:
    """Of sRGB values 0..1, in dB."""
    return float(-10 * np.log10(np.mean((answer - truth) ** 2)))


def true_hint(truth: Srgb, place: Place) -> Hint:
    """The picture's own color there."""
    h, w = truth.shape[:2]
    y, x = int(place[1] * h), int(place[0] * w)
    r, g, b = truth[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2].mean((0, 1)).tolist()
    return Hint(place[0], place[1], (r, g, b), radius=1.5 / min(h, w))


def gains(
    colorizer: Colorizer, truth: Srgb, strategy: Strategy, reach: float, rng: np.random.Generator
) -> list[float]:
    """dB over grey with 0, 1, ... CLICKS hints."""
    grey = replace_ab(truth, np.zeros((2, 2, 2), np.float32))
    before, found, hints = psnr(grey, truth), [], HintSet()
    for _ in range(CLICKS + 1):
        found.append(psnr(colorizer(grey, hints, vivid=0, reach=reach), truth) - before)
        hints = HintSet((*hints, true_hint(truth, strategy(colorizer, grey, hints, rng))))
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--count", type=int, default=60, help="pictures")
    parser.add_argument("--split", default="val", choices=("train", "val"))
    parser.add_argument("--model", default="color")
    given = parser.parse_args()
    pictures, colorizer = open_dataset(given.data, given.split), load(given.model)
    chosen = np.random.default_rng(0).permutation(len(pictures))[: given.count]
    curves = {name: np.empty((len(chosen), CLICKS + 1)) for name in STRATEGIES}
    for row, number in enumerate(chosen):
        truth = np.asarray(pictures[int(number)], np.float32) / 255
        for name, (strategy, reach) in STRATEGIES.items():
            curves[name][row] = gains(colorizer, truth, strategy, reach, np.random.default_rng(int(number)))
    print(f"{given.model}: gain over grey, dB, {len(chosen)} pictures of the {given.split} split")
    print(f"{'hints':18s}" + "".join(f"{count:7d}" for count in range(CLICKS + 1)))
    for name, curve in curves.items():
        print(f"{name:18s}" + "".join(f"{gain:7.2f}" for gain in curve.mean(0)))
    weights = bootstrap_weights(len(chosen), np.random.default_rng(0))
    for count, lead in enumerate(estimates(weights @ (curves["suggested"] - curves["random"]))):
        if count in (1, 2, 5, CLICKS):
            print(
                f"  {count} suggested over {count} random: {lead.value:+.2f} ({lead.low:+.2f} to {lead.high:+.2f})"
            )
    worth = np.interp(curves["suggested"].mean(0)[5], curves["random"].mean(0), np.arange(CLICKS + 1))
    print(f"  5 suggested hints are worth {worth:.1f} random ones")


if __name__ == "__main__":
    main()
