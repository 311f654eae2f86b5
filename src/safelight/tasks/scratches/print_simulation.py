"""A clean picture as an old print of it would have come out, and a print as a scanner and a file show it.

Between the two lies the damage (tasks/damage.py): the lens and the paper soften and tone the picture but not its
scratches; fading, the scanner and JPEG change both. Every draw takes a numpy Generator.
"""

import math
from dataclasses import dataclass

import numpy as np

from safelight.arrays import Srgb
from safelight.errors import RecipeError
from safelight.tasks.scratches.damage import DamageSettings, damage
from safelight.tasks.scratches.hard_negatives import add_lookalikes

WEIGHTS = np.array([0.299, 0.587, 0.114], np.float32)  # luma of Rec. 601
STAINS = DamageSettings(scratches=0, cracks=0, dust=0, stains=2, folds=0)


@dataclass(frozen=True)
class PrintSettings:
    """How prints and scans are drawn.

    grey: share of prints that are black and white.
    toned: share that are brown or blue; the rest keeps its colors.
    rescanned: share of the scans that are grey or toned (again in those shares), with the damage on them: it has
      no color of its own then.
    lookalikes: most groups of thin things that are no damage.
    stained: share with stains, which are none either: the picture still shows under them.
    softened: share that the lens blurs; the rest is as sharp as the picture, as prints of large plates are.
    softest: most blur of the lens, standard deviation in pixels.
    grain: most noise, of black to white.
    faded: share whose blacks and whites are lost.
    jpeg: share that went through a JPEG.
    worst: lowest quality of that JPEG, 1 to 100.
    """

    grey: float = 0.5
    toned: float = 0.2
    rescanned: float = 0.6
    lookalikes: int = 3
    stained: float = 0.2
    softened: float = 0.8
    softest: float = 1.8
    grain: float = 0.04
    faded: float = 0.5
    jpeg: float = 0.6
    worst: int = 50

    def __post_init__(self) -> None:
        kinds = (self.grey, self.toned, self.grey + self.toned)
        shares = (*kinds, self.rescanned, self.stained, self.softened, self.faded, self.jpeg)
        if min(shares) < 0 or max(shares) > 1:
            raise RecipeError(
                "prints.grey, toned, rescanned, stained, softened, faded and jpeg are shares, 0 to 1; "
                "grey and toned together too"
            )
        if self.lookalikes < 0 or self.softest < 0 or not 0 <= self.grain < 1 or not 1 <= self.worst <= 100:
            raise RecipeError(
                "prints.lookalikes and prints.softest are 0 or more, prints.grain 0 to below 1, "
                "prints.worst a JPEG quality"
            )


def as_print(srgb: Srgb, rng: np.random.Generator, settings: PrintSettings = PrintSettings()) -> Srgb:
    """The picture (h, w, 3), 0..1, as it was printed: its tone, its softness, its grain; float32."""
    import cv2

    picture = add_lookalikes(srgb, rng, settings.lookalikes) if settings.lookalikes else srgb
    picture = _toned(np.asarray(picture, np.float32), rng, settings)
    if settings.softest and rng.random() < settings.softened:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(min(0.2, settings.softest), settings.softest))
    if rng.random() < settings.stained:
        picture, _ = damage(picture, rng, STAINS)
    return _grained(picture, settings.grain * rng.random() ** 2, rng)


def as_scan(printed: Srgb, rng: np.random.Generator, settings: PrintSettings = PrintSettings()) -> Srgb:
    """The print (h, w, 3), 0..1, as a file shows it: faded, a little soft, noisy, through JPEG; float32."""
    import cv2

    picture = np.asarray(printed, np.float32)
    if rng.random() < settings.rescanned:
        picture = _toned(picture, rng, settings)
    if rng.random() < settings.faded:
        black, white = rng.uniform(0, 0.35), rng.uniform(0.6, 1)
        picture = np.float32(black) + picture * np.float32(white - black)
    if rng.random() < 0.5:
        picture = np.power(picture, np.float32(math.exp(rng.uniform(-0.4, 0.4))))
    if rng.random() < 0.5:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.2, 0.8))
    picture = _grained(picture, 0.4 * settings.grain * rng.random() ** 2, rng)
    return _through_jpeg(picture, rng, settings.worst) if rng.random() < settings.jpeg else picture


def _toned(picture: Srgb, rng: np.random.Generator, settings: PrintSettings) -> Srgb:
    kind = rng.random()
    if kind >= settings.grey + settings.toned:
        return picture
    grey = (picture @ WEIGHTS)[..., None]
    if kind < settings.grey:
        return np.asarray(np.repeat(grey, 3, axis=2))
    warmth = np.float32(rng.uniform(-0.1, 0.5))  # the sepia of prints; a little cyan at the other end
    gamma = np.array([1 - 0.4 * warmth, 1, 1 + warmth], np.float32)
    return np.asarray(
        np.power(grey.clip(0, 1), gamma) * (1 - 0.3 * np.array([0, 0.3, 1]) * abs(warmth)), np.float32
    )


def _grained(picture: Srgb, strength: float, rng: np.random.Generator) -> Srgb:
    """With noise of this standard deviation, fine or coarser, the same in all channels."""
    import cv2

    noise = rng.standard_normal(picture.shape[:2], np.float32)
    if rng.random() < 0.5:
        radius = rng.uniform(0.5, 1.2)
        noise = cv2.GaussianBlur(noise, (0, 0), radius) * np.float32(2 * math.sqrt(math.pi) * radius)
    return np.asarray((picture + np.float32(strength) * noise[..., None]).clip(0, 1), np.float32)


def _through_jpeg(picture: Srgb, rng: np.random.Generator, worst: int) -> Srgb:
    import cv2

    levels = np.round(picture[..., ::-1] * 255).astype(np.uint8)
    quality = int(rng.integers(worst, 101))
    file = cv2.imencode(".jpg", levels, (cv2.IMWRITE_JPEG_QUALITY, quality))[1]
    decoded = cv2.imdecode(file, cv2.IMREAD_COLOR)
    assert decoded is not None
    return np.asarray(decoded[..., ::-1] / np.float32(255), np.float32)
