"""How much of sound photographs a finder of damage marks: each mark of it would be filled, and spoil what was whole.

    python benchmarks/sound.py PHOTO... [--model NAME|FILE] [--count N] [--long SIDE]

Give photographs in which nothing is damaged. Each is turned grey, at its own sharpness (--long: made smaller to this
long side first, which makes it sharper), and looked at as `safelight scratches` does. Prints, for several
sensitivities, the marked share in per mille of the area (mean over the photos), the share of photos that are left
alone, and the share of which more than 1 per mille is marked. The ridge filter stands beside it.
"""

import argparse
import random
from pathlib import Path

import numpy as np
from PIL import Image

from safelight.pixels.files import read_photo
from safelight.pixels.geometry import fit_size, resize
from safelight.tasks.scratches.restore import FindMethod, load_finder
from safelight.tasks.scratches.ridge_filter import ScratchSettings

SENSITIVITIES = (0.2, 0.5, 0.8)


def grey(path: Path, long_side: int | None) -> np.ndarray:
    """The photo (h, w, 3), uint8, without its color."""
    pixels = read_photo(path).pixels
    size = (pixels.shape[0], pixels.shape[1])
    if long_side and max(size) > long_side:
        pixels = resize(pixels, fit_size(size, max(1, round(min(size) * long_side / max(size)))))
    return np.repeat(np.asarray(Image.fromarray(pixels).convert("L"))[..., None], 3, axis=2)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("--model")
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--long", type=int)
    given = parser.parse_args()
    paths = sorted(given.photos)
    random.Random(0).shuffle(paths)
    finder, pictures = load_finder(given.model), [grey(path, given.long) for path in paths[: given.count]]
    print(
        f"{len(pictures)} photos; of their area marked, of the photos untouched, and with more than 1 per mille:"
    )
    methods: tuple[FindMethod, ...] = ("network", "ridge")
    for method in methods:
        for sensitivity in SENSITIVITIES:
            settings = ScratchSettings(sensitivity)
            marked = np.array([1000 * finder.find(each, settings, method).mask.mean() for each in pictures])
            print(
                f"{method:8} sensitivity {sensitivity}: {marked.mean():7.2f} per mille, "
                f"{(marked == 0).mean():4.0%} untouched, {(marked > 1).mean():4.0%} above 1"
            )


if __name__ == "__main__":
    main()
