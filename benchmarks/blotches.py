"""Blotches of automatic color on photos whose true colors nobody knows, model beside model, and a sheet to look at.

    python benchmarks/blotches.py PHOTO... [--model color] [--beside OTHER] [--vivid 0.5] [--side 192] [-o SHEET.png]

Printed is, for each photo and over all of them, what safelight.tasks.colorize.blotches measures where lightness is
flat, and the mean chroma: fewer blotches are worth little if the colors went with them. Models are compared on the
same photo; one figure alone says little, as real colors have borders without one of lightness too.
"""

import argparse
from pathlib import Path

import numpy as np

from safelight.pixels.color import chroma, srgb_to_lab
from safelight.pixels.files import read_photo
from safelight.pixels.geometry import fit_size, resize
from safelight.reports.sheets import Tile, save_rows
from safelight.tasks.colorize.blotches import Blotches, photo_blotches
from safelight.tasks.colorize.hints import Points
from safelight.tasks.colorize.restore import load_colorizer
from safelight.tasks.colorize.scores import show

SHORT_SIDE = 192  # pixels: what the bundled model answers in use


def main() -> None:
    """Measure, print, draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photos", type=Path, nargs="+")
    parser.add_argument("--model", default="color")
    parser.add_argument("--beside", action="append", default=[])
    parser.add_argument("--vivid", type=float, default=0.5)
    parser.add_argument("--side", type=int, default=SHORT_SIDE, help="short side in pixels")
    parser.add_argument("-o", dest="sheet", type=Path)
    given = parser.parse_args()
    models = {name: load_colorizer(name) for name in (given.model, *given.beside)}
    found: dict[str, list[Blotches]] = {name: [] for name in models}
    rows = []
    for path in given.photos:
        pixels = read_photo(path).pixels
        pixels = resize(pixels, fit_size((pixels.shape[0], pixels.shape[1]), given.side))
        L = srgb_to_lab(pixels)[..., 0]
        row = [Tile(show(L, np.zeros((*L.shape, 2), np.float32)), path.name)]
        for name, model in models.items():
            ab = model.predict(L, Points.none(), vivid=given.vivid)
            answer = show(L, ab)
            found[name].append(photo_blotches(answer))
            said = f"blotches {found[name][-1].mean:.2f}, chroma {chroma(ab).mean():.1f}"
            print(f"{path.name:40} {name:20} flat {found[name][-1].flat:4.0%}, {said}")
            row.append(Tile(answer, name, said))
        rows.append(row)
    for name, own in found.items():
        flat, excess = np.array(own).mean(0)
        print(f"all {len(own)}: {name:20} {excess / flat if flat else float('nan'):.2f}")
    if given.sheet:
        print(save_rows("Blotches of automatic color", rows, given.sheet))


if __name__ == "__main__":
    main()
