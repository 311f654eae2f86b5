"""How well each way of filling mends tears, cracks and flakes whose edges are soft, as real ones are.

    python benchmarks/tears.py PHOTO... [--count N] [--seed N]

Damage is drawn on each photo (safelight.prints.damage: cracks, folds, flakes and scratches, 1.5 to 14
pixels wide).
The mask is what a viewer would mark: where it changed the photo by more than 6 % of black to white. Around
that lies a rim that the damage touched too. Prints, for each method and each number of pixels by which the mask
is grown, the PSNR in dB where the photo was touched at all, and the share of touched pixels that are off by
more than 10 % of black to white (smudges); means over the photos, all on the same damage.
"""

import argparse
from pathlib import Path

import numpy as np

from safelight.arrays import Mask, Srgb
from safelight.masks.edit import grow
from safelight.pixels.files import Photo, read_photo
from safelight.prints.damage import DamageSettings, damage
from safelight.tasks.inpaint.restore import METHODS, load_filler

TORN = DamageSettings(
    scratches=2, cracks=3, dust=6, stains=0, folds=1, flakes=6, widths=(1.5, 14.0), visible=0.06
)
GROWN = (0, 1, 2, 3, 4, 6)
TOUCHED = 1 / 255
SMUDGE = 0.1


def tear(srgb: Srgb, rng: np.random.Generator) -> tuple[Srgb, Mask, np.ndarray]:
    """The photo torn, the mask of what is plainly damaged, and where it was touched at all."""
    torn, mask = damage(srgb, rng, TORN)
    torn = np.round(torn * 255).astype(np.float32) / np.float32(255)
    return torn, mask, abs(torn - srgb).max(axis=2) > TOUCHED


def score(mended: Srgb, srgb: Srgb, touched: np.ndarray) -> tuple[float, float]:
    """PSNR in dB and the share of smudges, where the photo was touched."""
    error = abs(mended - srgb)[touched]
    return float(-10 * np.log10(np.square(error).mean() + 1e-12)), float((error.max(axis=1) > SMUDGE).mean())


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    filler = load_filler()
    scores: dict[tuple[str, int], list[tuple[float, float]]] = {}
    for number, path in enumerate(sorted(given.photos)[: given.count]):
        srgb = read_photo(path).srgb
        torn, mask, touched = tear(srgb, np.random.default_rng((given.seed, number)))
        photo = Photo(np.round(torn * 255).astype(np.uint8))
        for method in METHODS:
            for more in GROWN:
                mended = filler.fill(photo, grow(mask, more), method).photo.srgb
                scores.setdefault((method, more), []).append(score(mended, srgb, touched))
    print(f"PSNR in dB, and smudges in %, on {min(given.count, len(given.photos))} photos, by pixels grown")
    print(f"{'method':12}" + "".join(f"{more:>14}" for more in GROWN))
    for method in METHODS:
        cells = [np.mean(scores[method, more], axis=0) for more in GROWN]
        print(f"{method:12}" + "".join(f"{psnr:8.2f} {100 * smudged:4.1f}%" for psnr, smudged in cells))


if __name__ == "__main__":
    main()
