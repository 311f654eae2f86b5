"""Does the bundled colorizer's measure of unfamiliar photos tell kinds of photographs apart? docs/familiar.md

python benchmarks/familiar_kinds.py FOLDER... [--limit 24]: a folder of photos for each kind. Prints, for each, the
median distance, how many are reported as unfamiliar, and the area under the ROC curve against the first one: the
chance that a photo of this kind is farther than one of that (0.5: cannot be told).
"""

import argparse
from pathlib import Path

import numpy as np

from safelight.batch.plan import gather
from safelight.errors import PhotoError
from safelight.tasks.colorize.restore import Colorizer, load_colorizer


def distances(colorizer: Colorizer, folder: Path, limit: int) -> np.ndarray:
    """Of a folder's photos, evenly chosen."""
    photos = sorted(job.photo for job in gather([folder]))
    chosen = photos[:: max(1, len(photos) // limit)][:limit]
    found = []
    for photo in chosen:
        try:
            found.append(colorizer.unfamiliarity(photo))
        except PhotoError as error:
            print(error)
    return np.array(found)


def area(far: np.ndarray, near: np.ndarray) -> float:
    """Under the ROC curve."""
    return float((far[:, None] > near).mean() + (far[:, None] == near).mean() / 2)


def main() -> None:
    """The table."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("sets", type=Path, nargs="+")
    asked.add_argument("--limit", type=int, default=24)
    given = asked.parse_args()
    colorizer, first = load_colorizer(), None
    print("| kind | photos | median distance | reported as unfamiliar | AUROC against the first |")
    print("|---|---:|---:|---:|---:|")
    for folder in given.sets:
        found = distances(colorizer, folder, given.limit)
        first = found if first is None else first
        print(
            f"| {folder.name} | {len(found)} | {np.median(found):.2f} | {np.mean(found > 1):.0%} "
            f"| {area(found, first):.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
