"""What a second, coarse look is worth to a colorizer, on held-out pictures at several sizes.

    python benchmarks/coarse.py --data DATASET [--model color] [--sizes 192 256] [--side 96] [--count 240]

The same model without the look and with it, paired by picture: gain over grey in dB at several numbers of hints and,
without hints, mean chroma, blotches (docs/experiments.md) and the gain at vivid 1. Pictures are of the val split,
made square; a look that is not twice as small as they are is not taken (tasks/colorize/coarse.py).
"""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from safelight.arrays import Ab
from safelight.data.cache import open_dataset
from safelight.evaluation.metrics import psnr
from safelight.pixels.color import chroma
from safelight.runtime.modelfile import find_model
from safelight.tasks.colorize.blotches import Blotches, lab_blotches
from safelight.tasks.colorize.prepare import ColorizePreparation
from safelight.tasks.colorize.restore import Colorizer
from safelight.tasks.colorize.validation import HintedPicture, choose, join

COUNTS = (0, 1, 10, 50)


class Answered(NamedTuple):
    """Of one picture without hints: gain at vivid 1, mean chroma, blotches."""

    vivid: float
    chroma: float
    blotches: Blotches


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default="color")
    parser.add_argument("--sizes", type=int, nargs="+", default=[192, 256])
    parser.add_argument("--side", type=int, default=96)
    parser.add_argument("--count", type=int, default=240, help="pictures")
    given = parser.parse_args()
    file = find_model(given.model, "colorize")
    prepared = file.prepared(ColorizePreparation)
    alone, both = (
        Colorizer(
            replace(file, card=replace(file.card, preparation=vars(replace(prepared, coarse_side=side))))
        )
        for side in (0, given.side)
    )
    held_out = open_dataset(given.data, "val")
    for size in given.sizes:
        samples = choose(held_out, size, given.count)
        print(f"{len(samples)} pictures of {size} pixels, gain over grey, dB")
        for count in COUNTS:
            one, two = (
                np.array(
                    [gain(sample, model.predict(sample.L, sample.points.first(count))) for sample in samples]
                )
                for model in (alone, both)
            )
            print(
                f"  {count:3} hints: {one.mean():.2f} alone, {two.mean():.2f} with the look, {paired(two - one)}"
            )
        for name, model in (("alone", alone), ("with the look", both)):
            told = [answered(sample, model) for sample in samples]
            flat, excess = np.array([each.blotches for each in told]).mean(0)
            vivid, chromas = (np.mean([getattr(each, of) for each in told]) for of in ("vivid", "chroma"))
            print(
                f"  {name}: chroma {chromas:.1f}, blotches {excess / flat:.2f}, gain at vivid 1 {vivid:+.2f}"
            )


def gain(sample: HintedPicture, ab: Ab) -> float:
    """How much nearer to the truth than grey, in dB."""
    truth = join(sample.L, sample.ab)
    return psnr(join(sample.L, ab), truth) - psnr(join(sample.L, np.zeros_like(sample.ab)), truth)


def answered(sample: HintedPicture, model: Colorizer) -> Answered:
    """What is told of an automatic answer."""
    ab, vivid = (model.predict(sample.L, sample.points.first(0), share) for share in (0.0, 1.0))
    found = lab_blotches(np.dstack([sample.L, ab]), np.dstack([sample.L, sample.ab]))
    return Answered(gain(sample, vivid), float(chroma(ab).mean()), found)


def paired(apart: np.ndarray) -> str:
    """A mean difference, with its 95 % interval over pictures."""
    half = 1.96 * apart.std() / np.sqrt(len(apart))
    return f"{apart.mean():+.3f} ({apart.mean() - half:+.3f} to {apart.mean() + half:+.3f})"


if __name__ == "__main__":
    main()
