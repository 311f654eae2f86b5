"""How well a model knows what it does not know, and which measure of it is best.

    python benchmarks/familiar.py --data DATASET [--model MODEL.onnx] [--related FOLDER]

Held-out pictures of the dataset (val split) against pictures that are no photographs: textures, microscope
and space pictures, text and signs that come with scikit-image, noise, and drawings made here. Printed is the
area under the ROC curve: the chance that a foreign picture is called farther than one of the dataset; 0.5 is
guessing. --related: photographs of another kind (old ones, say), which should not be called foreign. Then
each source of the dataset is left out, and asked for.

The measures map features (n, d) to distances (n,) from the training pictures; more is farther.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
from jaxtyping import Float

from safelight.data.cache import PictureSet, open_dataset
from safelight.pixels.color import srgb_to_lightness
from safelight.pixels.files import read_photo
from safelight.pixels.geometry import fit_size, pad_to_multiple, resize
from safelight.runtime import modelfile
from safelight.runtime.modelfile import find_model
from safelight.runtime.session import Session
from safelight.tasks.colorize.hints import Points
from safelight.tasks.colorize.prepare import preprocess

TRAIN, HELD_OUT, EACH = 500, 250, 20
CROPS, SIDE = 6, 256
PHOTO_KINDS = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp")
SKIMAGE = {
    "texture": ("brick.png", "grass.png", "gravel.png"),
    "microscope": ("cell.png", "ihc.png", "microaneurysms.png", "retina.jpg"),
    "space": ("hubble_deep_field.jpg", "moon.png"),
    "text": ("page.png", "text.png"),
    "signs": ("horse.png", "phantom.png", "chessboard_GRAY.png", "logo.png", "color.png"),
}
QUANTILES = (0.95, 0.97, 0.98, 0.99)


def main() -> None:
    """Look at everything once, then compare the measures on what was seen."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", required=True, type=Path)
    parser.add_argument("--model", default=modelfile.MODEL)
    parser.add_argument("--related", type=Path, help="a folder of photographs of another kind")
    words = parser.parse_args()
    eye = Eye(words.model)
    train, held_out = open_dataset(words.data, "train"), open_dataset(words.data, "val")
    rng = np.random.default_rng(0)
    some, others = sample(train, TRAIN, rng), sample(held_out, HELD_OUT, rng)
    known, known_sources = eye.features(train[n] for n in some), [train.sources[n] for n in some]
    inside, inside_sources = eye.features(held_out[n] for n in others), [held_out.sources[n] for n in others]
    foreign = {name: eye.features(pictures) for name, pictures in foreign_sets().items()}
    related = eye.features(photos_of(words.related)) if words.related else np.zeros((0, known.shape[1]))
    print_areas(known, known_sources, inside, foreign, related)
    print_thresholds(known, inside, foreign, related)
    print_left_out(known, known_sources, inside, inside_sources)


class Eye:
    """A model's own features of a picture, prepared as in use."""

    def __init__(self, model: str) -> None:
        found = find_model(model)
        self.size, self.session = found.card.size, Session(found)
        if "features" not in self.session.outputs:
            raise SystemExit(f"{found.path} was exported without features; export it again")

    def features(self, pictures: Iterator[np.ndarray] | Sequence[np.ndarray]) -> np.ndarray:
        """One row a picture (uint8, h, w, 3)."""
        return np.stack([self._look(pixels) for pixels in pictures])

    def _look(self, pixels: np.ndarray) -> np.ndarray:
        height, width = pixels.shape[:2]
        small = fit_size((height, width), min(self.size, height, width), long_side=4 * self.size)
        L, _ = pad_to_multiple(srgb_to_lightness(resize(pixels, small)), 32)
        return np.asarray(self.session(planes=preprocess(L, Points.none()))["features"], np.float64)


def print_areas(
    known: np.ndarray,
    sources: Sequence[str],
    inside: np.ndarray,
    foreign: Mapping[str, np.ndarray],
    related: np.ndarray,
) -> None:
    """Area under the ROC curve: a row a set, a column a measure."""
    measures = {name: fit(known, sources) for name, fit in METHODS.items()}
    print(f"area under the ROC curve, {len(inside)} held-out pictures against:")
    print(f"  {'':12}" + "".join(f"{name:>22}" for name in measures))
    areas = {}
    for name, features in {**foreign, **({"(related)": related} if len(related) else {})}.items():
        areas[name] = [area_under_roc(far(inside), far(features)) for far in measures.values()]
        print(f"  {name:12}" + "".join(f"{area:22.3f}" for area in areas[name]))
    mean = np.mean([areas[name] for name in foreign], axis=0)
    print(f"  {'mean':12}" + "".join(f"{area:22.3f}" for area in mean) + "   (without related)", flush=True)


def print_thresholds(
    known: np.ndarray, inside: np.ndarray, foreign: Mapping[str, np.ndarray], related: np.ndarray
) -> None:
    """What each threshold finds, by the measure that models carry."""
    far = list(METHODS.values())[-1](known, [""] * len(known))
    print("called unfamiliar at a threshold that so many held-out pictures pass:")
    for quantile in QUANTILES:
        threshold = np.quantile(far(inside), quantile)
        found = np.mean([np.mean(far(features) > threshold) for features in foreign.values()])
        old = f", {100 * np.mean(far(related) > threshold):.0f} % of the related" if len(related) else ""
        print(f"  {100 * quantile:g} %: {100 * found:.0f} % of the foreign{old}", flush=True)


def print_left_out(
    known: np.ndarray, known_sources: Sequence[str], inside: np.ndarray, inside_sources: Sequence[str]
) -> None:
    """Each source in turn is not known, and its held-out pictures are asked for."""
    print(
        f"a source left out, against held-out pictures of the others (sources with {EACH} pictures or more):"
    )
    known_names, inside_names = np.array(known_sources), np.array(inside_sources)
    for source, count in zip(*np.unique(inside_names, return_counts=True), strict=True):
        if count < EACH:
            continue
        rest = known_names != source
        areas = [
            area_under_roc(far(inside[inside_names != source]), far(inside[inside_names == source]))
            for far in (fit(known[rest], list(known_names[rest])) for fit in METHODS.values())
        ]
        print(f"  {source:22}" + "".join(f"{area:12.3f}" for area in areas))


def sample(pictures: PictureSet, most: int, rng: np.random.Generator) -> list[int]:
    """Numbers of at most so many pictures."""
    return [int(number) for number in rng.permutation(len(pictures))[:most]]


def photos_of(folder: Path) -> Iterator[np.ndarray]:
    """All photos of a folder."""
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in PHOTO_KINDS:
            yield read_photo(path).pixels


def foreign_sets() -> dict[str, list[np.ndarray]]:
    """Pictures that are no photographs of the world, by kind."""
    rng = np.random.default_rng(0)
    sets = {kind: [part for name in names for part in parts_of(name, rng)] for kind, names in SKIMAGE.items()}
    sets["white noise"] = [grey(rng.random((192, 256))) for _ in range(EACH)]
    sets["pink noise"] = [grey(pink_noise(power, rng)) for power in np.linspace(0.6, 1.6, EACH)]
    sets["blurs"] = [grey(resize(rng.random((3, 4)), (192, 256))) for _ in range(EACH)]
    sets["flat"] = [np.full((192, 256, 3), level, np.uint8) for level in np.linspace(0, 255, EACH)]
    sets["line art"] = [line_art(rng) for _ in range(EACH)]
    sets["shapes"] = [shapes(rng) for _ in range(EACH)]
    return sets


def parts_of(name: str, rng: np.random.Generator) -> list[np.ndarray]:
    """Crops of a picture that comes with scikit-image, or all of a small one."""
    import skimage

    pixels = read_photo(Path(skimage.__file__).parent / "data" / name).pixels
    pixels = (pixels // 257).astype(np.uint8) if pixels.dtype == np.uint16 else pixels
    side = min(SIDE, *pixels.shape[:2])
    corners = [[int(rng.integers(length - side + 1)) for length in pixels.shape[:2]] for _ in range(CROPS)]
    return [pixels[top : top + side, left : left + side] for top, left in corners]


def grey(values: np.ndarray) -> np.ndarray:
    """Any numbers as a grey picture from black to white."""
    scaled = (values - values.min()) / max(float(np.ptp(values)), 1e-9)
    return np.repeat((scaled * 255).astype(np.uint8)[..., None], 3, axis=2)


def pink_noise(power: float, rng: np.random.Generator) -> np.ndarray:
    """Noise whose amplitude falls with frequency, as that of photographs does."""
    frequency = np.hypot(np.fft.fftfreq(192)[:, None], np.fft.fftfreq(256)[None])
    frequency[0, 0] = 1
    spectrum = np.fft.fft2(rng.normal(size=(192, 256))) / frequency**power
    return np.asarray(np.fft.ifft2(spectrum).real)


def line_art(rng: np.random.Generator) -> np.ndarray:
    """Black lines and ellipses on white paper."""
    import cv2

    picture = np.full((288, 384, 3), 255, np.uint8)
    for _ in range(int(rng.integers(5, 40))):
        start, end = points_in(picture, rng, 2)
        cv2.line(picture, start, end, (0, 0, 0), int(rng.integers(1, 4)), cv2.LINE_AA)
        cv2.ellipse(picture, start, (40, 25), 0, 0, 360, (0, 0, 0), 1, cv2.LINE_AA)
    return picture


def shapes(rng: np.random.Generator) -> np.ndarray:
    """Flat triangles of any color."""
    import cv2

    picture = np.full((288, 384, 3), rng.integers(0, 256, 3), np.uint8)
    for _ in range(int(rng.integers(5, 30))):
        corners = np.array(points_in(picture, rng, 3), np.int32)
        cv2.fillPoly(picture, [corners], tuple(int(part) for part in rng.integers(0, 256, 3)), cv2.LINE_AA)
    return picture


def points_in(picture: np.ndarray, rng: np.random.Generator, count: int) -> list[tuple[int, int]]:
    """Random places (x, y)."""
    height, width = picture.shape[:2]
    return [(int(rng.integers(width)), int(rng.integers(height))) for _ in range(count)]


Features: TypeAlias = Float[np.ndarray, "n d"]
Distance: TypeAlias = Callable[[Features], Float[np.ndarray, " n"]]
Fit: TypeAlias = Callable[[Features, Sequence[str]], Distance]  # features, and a class for each picture

NEAREST, KEPT = 5, 400
FEWEST = 40  # classes with fewer pictures are one class together


def mahalanobis(features: Features, classes: Sequence[str]) -> Distance:
    """Smallest distance to the mean of a class, under one covariance within classes (Lee et al. 2018)."""
    means, inside = _classes(features, classes)
    inverse = np.linalg.inv(shrunk_covariance(inside))
    return lambda asked: np.sqrt(_squared(asked, means, inverse).min(axis=1))


def relative_mahalanobis(features: Features, classes: Sequence[str]) -> Distance:
    """The squared Mahalanobis distance less that to the mean of all pictures (Ren et al. 2021, equation 2)."""
    means, inside = _classes(features, classes)
    center = features.mean(axis=0, keepdims=True)
    inverse = np.linalg.inv(shrunk_covariance(inside))
    inverse_of_all = np.linalg.inv(shrunk_covariance(features - center))
    return lambda asked: (
        _squared(asked, means, inverse).min(axis=1) - _squared(asked, center, inverse_of_all)[:, 0]
    )


def nearest_kept(features: Features, classes: Sequence[str], seed: int = 0) -> Distance:
    """Distance to the k-th nearest of some kept pictures, between features of unit length (Sun et al. 2022)."""
    kept = unit(features[np.random.default_rng(seed).permutation(len(features))[:KEPT]])
    nearest = min(NEAREST, len(kept))

    def distance(asked: Features) -> Float[np.ndarray, " n"]:
        alike = np.sort(unit(asked) @ kept.T, axis=1)[:, -nearest]
        return np.asarray(np.sqrt(np.maximum(2 - 2 * alike, 0)))

    return distance


METHODS: dict[str, Fit] = {
    "Mahalanobis, shrunk": mahalanobis,
    "relative Mahalanobis": relative_mahalanobis,
    f"{NEAREST}th of {KEPT} kept": nearest_kept,
}


def unit(features: Features) -> Features:
    """Each row divided by its length."""
    return np.asarray(features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12))


def shrunk_covariance(centered: Features) -> Float[np.ndarray, "d d"]:
    """Covariance of centered rows, shrunk towards a multiple of the identity (Ledoit & Wolf 2004, section 3.3)."""
    n, d = centered.shape
    sample = centered.T @ centered / n
    level = float(np.trace(sample)) / d
    spread = float(np.sum((sample - level * np.eye(d)) ** 2)) / d
    # Sum over pictures of |x x' - S|^2, from the fourth powers: no n matrices are made.
    noise = float(np.sum(np.sum(centered**2, axis=1) ** 2)) / n - float(np.sum(sample**2))
    share = min(noise / n / d / spread, 1.0) if spread > 0 else 1.0
    return np.asarray(share * level * np.eye(d) + (1 - share) * sample)


def area_under_roc(inside: Float[np.ndarray, " n"], outside: Float[np.ndarray, " m"]) -> float:
    """The chance that a foreign picture is farther than one of the kind (Mann-Whitney U); ties count half."""
    ordered = np.sort(inside)
    below = np.searchsorted(ordered, outside, "left") + np.searchsorted(ordered, outside, "right")
    return float(below.mean() / 2 / len(inside))


def _classes(features: Features, classes: Sequence[str]) -> tuple[Features, Features]:
    """The mean of each class, and each picture less the mean of its own."""
    names = np.asarray(classes)
    found, counts = np.unique(names, return_counts=True)
    names = np.where(np.isin(names, found[counts >= FEWEST]), names, "other")
    found, which = np.unique(names, return_inverse=True)
    means = np.stack([features[which == number].mean(axis=0) for number in range(len(found))])
    return means, features - means[which]


def _squared(
    asked: Features, centers: Features, inverse: Float[np.ndarray, "d d"]
) -> Float[np.ndarray, "n c"]:
    """Squared Mahalanobis distance of each row to each center."""
    apart = asked[:, None] - centers[None]
    return np.asarray(np.einsum("ncd,de,nce->nc", apart, inverse, apart, optimize=True))


if __name__ == "__main__":
    main()
