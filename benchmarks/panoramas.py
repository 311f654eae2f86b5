"""Panoramas: are their colors those of their parts?

    python benchmarks/panoramas.py FOLDER [--count 20] [--model color] [--sheet sheet.png]

FOLDER: views of places, with a metadata.jsonl whose `origin_path` is PLACE#VIEW; the views of a place, side by side,
are a strip of several times its height. Each strip is colored from grey at once, and view by view. Printed for each,
and for all: the green share (of pixels with a* below -4) of both and of the truth, colorfulness (mean chroma), the mean
difference of ab, and the same of the strip as a network sees it that is shown all of it at four times its height.
Also whether `suggest` names the colors that the views have alone, and how far the answers of two views differ where
they overlap.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from safelight.arrays import Ab, Srgb
from safelight.pixels.color import chroma, srgb_to_lab
from safelight.pixels.files import read_photo, write_photo
from safelight.pixels.geometry import resize
from safelight.pixels.recolor import replace_ab
from safelight.tasks.colorize.hints import Points
from safelight.tasks.colorize.restore import Colorizer, load_colorizer
from safelight.tasks.colorize.task import VIVID

GREEN = -4.0  # of a*: below it a pixel counts as green
FEWEST = 4  # views of a place: of 4 : 3, a strip of more than five times its height
SHORT = 4  # heights: how a strip was once shown to the network


@dataclass(frozen=True)
class Colors:
    """What is measured of one picture. green: share of its pixels. chroma: mean."""

    green: float
    chroma: float

    @classmethod
    def of(cls, ab: Ab) -> "Colors":
        """Of ab (h, w, 2)."""
        return cls(float((ab[..., 0] < GREEN).mean()), float(chroma(ab).mean()))


def strips(folder: Path) -> Iterator[tuple[str, list[Srgb]]]:
    """The views of each place that has enough of them which are wider than high."""
    views = defaultdict(list)
    for line in (folder / "metadata.jsonl").read_text().splitlines():
        row = json.loads(line)
        place, _, view = row["origin_path"].partition("#")
        views[place].append((int(view.rpartition("=")[2]), folder / row["file_name"]))
    for place, found in sorted(views.items()):
        pictures = [read_photo(path).srgb for _, path in sorted(found)]
        alike = [each for each in pictures if each.shape[1] > each.shape[0]]
        if len(alike) >= FEWEST:
            yield Path(place).stem, alike


def ab_of(srgb: Srgb) -> Ab:
    """a and b of a picture."""
    return srgb_to_lab(srgb)[..., 1:]


def shrunk(colorizer: Colorizer, grey: Srgb) -> Ab:
    """The colors of a strip that is shown whole, its long side four short ones of the model."""
    L = colorizer.lightness(grey, SHORT)
    return np.asarray(resize(colorizer.predict(L, Points.none(), VIVID), (grey.shape[0], grey.shape[1])))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=20, help="strips")
    parser.add_argument("--model", help="name or path of a model; default the bundled one")
    parser.add_argument(
        "--sheet", type=Path, help="a PNG of all strips: truth, shown whole, in views, part by part"
    )
    given = parser.parse_args()
    colorizer = load_colorizer(given.model, threads=1)
    rows, sheet = [], []
    print(
        "strip                     green: truth  parts  strip  shown whole   chroma: truth parts strip whole"
    )
    for number, (name, views) in enumerate(strips(given.folder)):
        if number == given.count:
            break
        greys = [replace_ab(view, np.zeros((2, 2, 2), np.float32)) for view in views]
        strip, grey = np.concatenate(views, axis=1), np.concatenate(greys, axis=1)
        alone = np.concatenate([colorizer(each) for each in greys], axis=1)
        whole = colorizer(grey)
        before = replace_ab(grey, shrunk(colorizer, grey))
        found = [Colors.of(ab_of(each)) for each in (strip, alone, whole, before)]
        difference = float(chroma(ab_of(whole) - ab_of(alone)).mean())
        print(
            f"{name[:24]:24}  {strip.shape[1] / strip.shape[0]:4.1f}:1 "
            + " ".join(f"{each.green:7.3f}" for each in found)
            + "     "
            + " ".join(f"{each.chroma:6.1f}" for each in found)
            + f"   ab differs {difference:.1f}"
        )
        rows.append([each.green for each in found] + [each.chroma for each in found])
        sheet.append(np.concatenate([strip, before, whole, alone, np.ones_like(strip[:8])]))
    mean = np.mean(rows, axis=0)
    print("mean " + " ".join(f"{each:.3f}" for each in mean))
    for column, which in ((2, "in views"), (3, "shown whole")):
        ratio = mean[column] / mean[1]
        print(
            f"of strips {which}: green share {ratio:.2f} of their parts' one, chroma {mean[column + 4] / mean[5]:.2f}"
        )
    if given.sheet:
        widest = max(each.shape[1] for each in sheet)
        padded = [
            np.pad(each, ((0, 0), (0, widest - each.shape[1]), (0, 0)), constant_values=1) for each in sheet
        ]
        write_photo(given.sheet, (np.concatenate(padded) * 255 + 0.5).astype(np.uint8), overwrite=True)


if __name__ == "__main__":
    main()
