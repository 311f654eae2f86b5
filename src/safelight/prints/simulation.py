"""A clean picture as an old print of it would have come out, and a print as a scanner and a file show it.

Between the two lies the damage (damage.py): the lens and the paper soften and tone the picture but not its
scratches; fading, the scanner and JPEG change both. Every draw takes a numpy Generator.

Hard negatives are what pictures hold that looks like damage and is none: hair, rods and wires, lattices, letters,
hems, margins. Drawn into clean pictures, so that whoever learns to find scratches learns what to leave. Their colors
are taken from the picture, lighter or darker; lines are as soft as a lens draws them.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from safelight.arrays import Pixels, Srgb
from safelight.errors import RecipeError
from safelight.masks.shapes import FINE, Size, fixed_point
from safelight.prints.damage import DamageSettings, damage
from safelight.shaped import Float, Float32

Rng: TypeAlias = np.random.Generator

LETTERS = "AEHKMNRSTabdegknorst1234567890"


def add_lookalikes(srgb: Srgb, rng: Rng, most: int = 3) -> Srgb:
    """The picture (h, w, 3), 0..1, with up to so many groups of them in it; float32."""
    picture = np.asarray(srgb, np.float32)
    for _ in range(int(rng.integers(0, most + 1))):
        kind = KINDS[int(rng.integers(len(KINDS)))]
        cover = kind((picture.shape[0], picture.shape[1]), rng)
        soft = _soft(cover, math.exp(rng.uniform(math.log(0.4), math.log(1.5))))
        picture = picture + soft[..., None] * (_color(picture, rng) - picture) * np.float32(
            rng.uniform(0.3, 1)
        )
    return np.asarray(picture.clip(0, 1), np.float32)


def _strands(size: Size, rng: Rng) -> Float32[np.ndarray, "h w"]:
    """Hair, grass, wrinkles: many thin lines that run together, each bending a little on its own."""
    canvas, angle = np.zeros(size, np.uint8), rng.uniform(0, 2 * math.pi)
    bend, spread = rng.normal(0, 0.08), rng.uniform(0.02, 0.2) * max(size)
    middle, length = rng.uniform((0, 0), size), rng.uniform(0.1, 0.7) * max(size)
    for _ in range(rng.integers(3, 25)):
        turns = angle + rng.normal(0, 0.1) + np.cumsum(rng.normal(bend, 0.05, 10))
        steps = np.stack([np.sin(turns), np.cos(turns)], axis=1) * (length * rng.uniform(0.5, 1) / 10)
        _draw(canvas, middle + rng.normal(0, spread, 2) + np.cumsum(steps, axis=0), 1)
    return canvas / np.float32(255)


def _rods(size: Size, rng: Rng) -> Float32[np.ndarray, "h w"]:
    """Cigarettes, poles, wires, ropes: a few straight or sagging bars with even sides."""
    canvas, angle = np.zeros(size, np.uint8), rng.uniform(0, math.pi)
    width = math.exp(rng.uniform(0, math.log(7)))
    for _ in range(rng.integers(1, 4)):
        length, sag = rng.uniform(0.05, 1.5) * max(size), rng.normal(0, 0.06)
        along = np.linspace(-0.5, 0.5, 16)[:, None] * length
        ahead, aside = _axes(angle + rng.normal(0, 0.03))
        line = rng.uniform((0, 0), size) + along * ahead + sag * (along**2 / length) * aside
        _draw(canvas, line, width)
    return canvas / np.float32(255)


def _lattice(size: Size, rng: Rng) -> Float32[np.ndarray, "h w"]:
    """Windows, fences, bricks, checked and striped cloth: parallel lines, often crossed, in a part of the picture."""
    canvas, angle = np.zeros(size, np.uint8), rng.choice([0, rng.uniform(0, math.pi)])
    step, width = rng.uniform(3, 0.3 * min(size)), math.exp(rng.uniform(0, math.log(4)))
    middle, reach = rng.uniform((0, 0), size), rng.uniform(0.1, 0.6) * max(size)
    for direction in (angle, angle + math.pi / 2)[: rng.integers(1, 3)]:
        ahead, aside = _axes(direction)
        for place in np.arange(-reach, reach, step):
            ends = np.array([[-reach], [reach]])
            _draw(canvas, middle + place * aside + ends * ahead, width)
    return canvas / np.float32(255)


def _letters(size: Size, rng: Rng) -> Float32[np.ndarray, "h w"]:
    """Writing on signs, and on the print."""
    import cv2

    canvas = np.zeros(size, np.uint8)
    text = "".join(rng.choice(list(LETTERS), rng.integers(2, 14)))
    place = (int(rng.uniform(-0.2, 0.8) * size[1]), int(rng.uniform(0.1, 1) * size[0]))
    face = int(
        rng.choice([cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_SCRIPT_SIMPLEX])
    )
    cv2.putText(canvas, text, place, face, rng.uniform(0.25, 1.2), 255, int(rng.integers(1, 4)), cv2.LINE_AA)
    return canvas / np.float32(255)


def _hem(size: Size, rng: Rng) -> Float32[np.ndarray, "h w"]:
    """A collar, a sleeve, a lapel: a pointed patch with plain edges, sometimes only its rim."""
    import cv2

    canvas, middle = np.zeros(size, np.uint8), rng.uniform((0, 0), size)
    corners = middle + rng.normal(0, rng.uniform(0.04, 0.3) * max(size), (int(rng.integers(3, 6)), 2))
    if rng.random() < 0.4:
        _draw(canvas, np.concatenate([corners, corners[:1]]), rng.uniform(1, 4))
    else:
        cv2.fillPoly(canvas, [fixed_point(corners)], 255, cv2.LINE_AA, FINE)
    return canvas / np.float32(255)


def _frame(size: Size, rng: Rng) -> Float32[np.ndarray, "h w"]:
    """The margin of a print: a strip along a side, or along two."""
    canvas, side = np.zeros(size, np.uint8), int(rng.integers(0, 4))
    wide, tilt = rng.uniform(1, 0.15 * min(size)), rng.normal(0, 0.01)
    if rng.random() < 0.3:  # a corner: two sides
        canvas |= np.rot90(_strip(size if side % 2 else size[::-1], wide, tilt), side + 1)
    canvas |= np.rot90(_strip(size[::-1] if side % 2 else size, wide, tilt), side)
    return canvas / np.float32(255)


def _strip(size: Size, wide: float, tilt: float) -> np.ndarray:
    """What lies above a nearly level line."""
    places = np.arange(size[0])[:, None] - tilt * np.arange(size[1])[None]
    return np.asarray(places < wide, np.uint8) * np.uint8(255)


def _highlights(size: Size, rng: Rng) -> Float32[np.ndarray, "h w"]:
    """Buttons, pearls, eyes, gravel: small round spots, alike and often in a row."""
    canvas, radius = np.zeros(size, np.uint8), math.exp(rng.uniform(0, math.log(5)))
    start, step = rng.uniform((0, 0), size), rng.normal(0, 4 * radius + 4, 2)
    for number in range(rng.integers(1, 12)):
        place = start + number * step + rng.normal(0, radius / 2, 2)
        _draw(canvas, np.stack([place, place + 0.1]), 2 * radius)
    return canvas / np.float32(255)


KINDS: tuple[Callable[[Size, Rng], Float32[np.ndarray, "h w"]], ...] = (
    _strands,
    _rods,
    _lattice,
    _letters,
    _hem,
    _frame,
    _highlights,
)


def _color(picture: Srgb, rng: Rng) -> Float32[np.ndarray, " 3"]:
    """That of some place in the picture, made lighter or darker."""
    found = picture[rng.integers(picture.shape[0]), rng.integers(picture.shape[1])]
    toward, share = np.float32(rng.choice([0.03, 0.95])), np.float32(rng.uniform(0, 1))
    return np.asarray(found + (toward - found) * share, np.float32)


def _axes(angle: float) -> tuple[Float[np.ndarray, " 2"], Float[np.ndarray, " 2"]]:
    """Rows and columns of a step ahead, and of one aside."""
    return np.array([math.sin(angle), math.cos(angle)]), np.array([math.cos(angle), -math.sin(angle)])


def _draw(canvas: np.ndarray, points: Float[np.ndarray, "n 2"], width: float) -> None:
    import cv2

    cv2.polylines(canvas, [fixed_point(points)], False, 255, max(round(width), 1), cv2.LINE_AA, FINE)


def _soft(cover: Float32[np.ndarray, "h w"], radius: float) -> Float32[np.ndarray, "h w"]:
    import cv2

    return np.asarray(cv2.GaussianBlur(cover, (0, 0), radius), np.float32)


WEIGHTS = np.array([0.299, 0.587, 0.114], np.float32)  # luma of Rec. 601
STAINS = DamageSettings(scratches=0, cracks=0, dust=0, stains=2, folds=0)


@dataclass(frozen=True)
class PrintSettings:
    """How prints and scans are drawn.

    grey: share of prints that are black and white.
    toned: share that are brown or blue; the rest keeps its colors.
    rescanned: share of the scans that are grey or toned (again in those shares), with the damage on them: it has
      no color of its own then.
    backdrops: share that show plain cloth or wall, as behind a sitter: the picture, blurred beyond recognition.
    lookalikes: most groups of thin things that are no damage.
    stained: share with stains, which are none either: the picture still shows under them.
    softened: share that the lens blurs; the rest is as sharp as the picture, as prints of large plates are.
    softest: most blur of the lens, standard deviation in pixels.
    grain: most noise, of black to white.
    faded: share whose blacks and whites are lost.
    jpeg: share that went through a JPEG.
    worst: lowest quality of that JPEG, 1 to 100.
    halftone: share printed in dots of ink, as in books and newspapers.
    paper: share whose paper shows, its tooth or the weave of linen and silk.
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
    backdrops: float = 0.0
    halftone: float = 0.0
    paper: float = 0.0

    def __post_init__(self) -> None:
        kinds = (self.grey, self.toned, self.grey + self.toned)
        others = (self.rescanned, self.stained, self.softened, self.faded, self.jpeg, self.backdrops)
        shares = (*kinds, *others, self.halftone, self.paper)
        if min(shares) < 0 or max(shares) > 1:
            raise RecipeError(
                "prints.grey, toned, rescanned, stained, softened, faded, jpeg, backdrops, halftone and paper are "
                "shares, 0 to 1; grey and toned together too"
            )
        if self.lookalikes < 0 or self.softest < 0 or not 0 <= self.grain < 1 or not 1 <= self.worst <= 100:
            raise RecipeError(
                "prints.lookalikes and prints.softest are 0 or more, prints.grain 0 to below 1, "
                "prints.worst a JPEG quality"
            )


def as_print(srgb: Srgb, rng: np.random.Generator, settings: PrintSettings = PrintSettings()) -> Srgb:
    """The picture (h, w, 3), 0..1, as it was printed: its tone, its softness, its grain; float32."""
    import cv2

    picture = srgb
    if settings.backdrops and rng.random() < settings.backdrops:
        picture = cv2.GaussianBlur(picture, (0, 0), min(picture.shape[:2]) * rng.uniform(0.05, 0.3))
    picture = add_lookalikes(picture, rng, settings.lookalikes) if settings.lookalikes else picture
    picture = _toned(np.asarray(picture, np.float32), rng, settings)
    if settings.softest and rng.random() < settings.softened:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(min(0.2, settings.softest), settings.softest))
    if settings.halftone and rng.random() < settings.halftone:
        picture = _screened(picture, rng)
    if settings.paper and rng.random() < settings.paper:
        picture = _on_paper(picture, rng)
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


def _screened(picture: Srgb, rng: np.random.Generator) -> Srgb:
    """In dots whose area follows the tone, a few pixels apart, softened by the scan; of about the same mean."""
    import cv2

    period, angle = rng.uniform(2.2, 4.5), rng.choice([math.pi / 4, rng.uniform(0, math.pi / 2)])
    y, x = np.indices(picture.shape[:2], np.float32) * np.float32(2 * math.pi / period)
    ahead, aside = x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)
    screen = (np.cos(ahead) + np.cos(aside)).ravel()
    ranks = np.argsort(
        np.argsort(screen, kind="stable"), kind="stable"
    )  # all thresholds alike: dots keep the tone
    threshold = (ranks / np.float32(screen.size)).reshape(*picture.shape[:2], 1).astype(np.float32)
    dots = (0.5 + 3 * (picture - threshold)).clip(0, 1)
    dots = cv2.GaussianBlur(dots, (0, 0), 0.3 * period).reshape(picture.shape)
    return np.asarray(picture + np.float32(rng.uniform(0.3, 1)) * (dots - picture), np.float32)


def _on_paper(picture: Srgb, rng: np.random.Generator) -> Srgb:
    """Lighter and darker by the relief of the paper: an even tooth, or a weave."""
    import cv2

    height, width = picture.shape[:2]
    if rng.random() < 0.5:
        relief = cv2.GaussianBlur(
            rng.standard_normal((height, width), np.float32), (0, 0), rng.uniform(0.7, 2.5)
        )
        relief = relief / np.float32(relief.std() + 1e-6)
    else:
        y, x = np.indices((height, width), np.float32) * np.float32(2 * math.pi / rng.uniform(3, 8))
        relief = (np.sin(x) + np.sin(y)).astype(np.float32)
    relief = relief * np.float32(rng.uniform(0.01, 0.05))
    return np.asarray((picture * (1 + relief[..., None])).clip(0, 1), np.float32)


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


OLD = PrintSettings(  # without color, and with no damage but stains
    grey=0.6, toned=0.4, rescanned=0, lookalikes=0, stained=0.3, softest=1.5, grain=0.06, faded=0.8, halftone=0.15,
    paper=0.3,
)  # fmt: skip
VERSION = (
    1  # raise it when old prints come out otherwise: verdicts on them cannot be compared with older ones
)


def old_print(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """The picture (h, w, 3), uint8, as a scan of an old black and white or toned print of it; uint8.

    Faded, of other contrast, soft, grainy, some in halftone, on paper that shows or stained, through JPEG.
    """
    srgb = (pixels / np.float32(255)).astype(np.float32)
    return np.asarray(np.round(as_scan(as_print(srgb, rng, OLD), rng, OLD) * 255).clip(0, 255), np.uint8)
