"""How sure colors are: the network's opinion against how often the true color was near, on held-out pictures.

    python benchmarks/certainty.py DATASET [--split val] [--count 150]

Each picture is asked without hints, with 3 and with 10 honest ones at random places, as a page asks. A table gives,
for each tenth of certainty, how often the true color of a pixel lay within NEAR of the one shown; below it stands what
CALIBRATION in tasks/colorize/certainty.py would be after this split (fit it on val, look at test).
"""

import argparse

import numpy as np

from safelight.data.cache import open_dataset
from safelight.pixels.color import chroma, srgb_to_lab
from safelight.pixels.geometry import resize
from safelight.runtime.modelfile import find_model
from safelight.tasks.colorize.certainty import NEAR, certainty, opinion
from safelight.tasks.colorize.hints import Hint, HintSet
from safelight.tasks.colorize.live import CutModel, LiveColors
from safelight.tasks.colorize.restore import Colorizer
from safelight.tasks.colorize.task import REACH, VIVID

HINTS = (0, 3, 10)
TENTHS = 10


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset")
    parser.add_argument("--split", default="val")
    parser.add_argument("--count", type=int, default=150)
    options = parser.parse_args()
    pictures = open_dataset(options.dataset, options.split)
    colorizer, cut = Colorizer(find_model(), 1), CutModel(find_model(), 1)
    rng = np.random.default_rng(0)
    chosen = rng.permutation(len(pictures))[: options.count]
    rows: dict[int, list[np.ndarray]] = {count: [] for count in HINTS}
    for number in chosen:
        photo = np.ascontiguousarray(pictures.photo(int(number)))
        live = LiveColors(colorizer, cut, photo)
        truth = srgb_to_lab(resize(photo, live.size))[..., 1:]
        for count in HINTS:
            hints = honest(truth, photo, count, rng)
            shown = live.colors(hints, VIVID, REACH).ab
            shares, near = live.distribution(hints), live.nearness(hints)
            says = resize(opinion(shares, shown), live.size)
            calls = resize(certainty(shares, shown, near), live.size)
            close = resize(near, live.size)
            hit = chroma(truth - shown) <= NEAR
            rows[count].append(np.stack([says, calls, close, hit]).reshape(4, -1)[:, ::7].astype(np.float32))
    for count, parts in rows.items():
        report(f"{count} hints", np.concatenate(parts, 1))
    everything = np.concatenate([part for parts in rows.values() for part in parts], 1)
    report("all", everything)
    far = everything[:, everything[2] < 0.1]
    print("CALIBRATION (far from hints):", curve(far[0], far[3]))
    for low, high in ((0.1, 0.3), (0.3, 0.5), (0.5, 0.7), (0.7, 1.01)):
        part = everything[:, (everything[2] >= low) & (everything[2] < high)]
        print(f"nearness {low:.1f}..{high:.1f}: {part.shape[1]} pixels", curve(part[0], part[3]))


def honest(truth: np.ndarray, photo: np.ndarray, count: int, rng: np.random.Generator) -> HintSet:
    """Hints of the true colors at random places."""
    h, w = photo.shape[:2]
    hints = []
    for x, y in rng.random((count, 2)).tolist():
        red, green, blue = (photo[int(y * h), int(x * w)] / 255).tolist()
        hints.append(Hint(x, y, (red, green, blue)))
    return HintSet(tuple(hints))


def curve(says: np.ndarray, hit: np.ndarray) -> list[float]:
    """How often it was so around each tenth, never falling."""
    places = np.linspace(0, 1, TENTHS + 1)
    found = []
    for place in places:
        weight = np.clip(1 - np.abs(says - place) * TENTHS, 0, None)
        found.append(float((weight * hit).sum() / max(weight.sum(), 1e-9)) if weight.sum() > 50 else np.nan)
    filled = np.interp(places, places[~np.isnan(found)], np.array(found)[~np.isnan(found)])
    return [round(float(each), 3) for each in np.maximum.accumulate(filled)]


def report(title: str, rows: np.ndarray) -> None:
    """A line for each tenth of certainty."""
    print(f"\n{title}: {rows.shape[1]} pixels")
    print("called sure     true near   share of pixels")
    for tenth in range(TENTHS):
        low, high = tenth / TENTHS, (tenth + 1) / TENTHS
        inside = (rows[1] >= low) & ((rows[1] < high) | (tenth == TENTHS - 1))
        if inside.sum() > 50:
            mean, true = rows[1][inside].mean(), rows[3][inside].mean()
            print(f"{mean:10.1%} {true:14.1%} {inside.mean():14.1%}")


if __name__ == "__main__":
    main()
