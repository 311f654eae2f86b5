"""Synthetic damage: a picture as it would look scratched, cracked, dusty, stained and folded, and its true mask.

Made after old prints. A scratch is thin, nearly straight, bright (the paper shows) or dark (dirt in it), and
interrupted; a tramline, cut into the film as it ran through the camera, is straight, long and even, sometimes one of
several; a crack runs zigzag and branches, its flaking rim bright with a dark side; dust is specks and
short hairs; a stain is a soft darker patch with a sharper rim; a fold is a long straight line, bright along
the ridge and shaded on one side; a flake is a ragged patch whose emulsion is gone. Every kind is textured by
the grain of paper and fades at its edges. The mask holds what the damage changed by more than a viewer would
overlook. All from one numpy Generator.

A kind of damage takes the picture (h, w, 3), 0..1, its size, how widths are drawn, and a numpy Generator.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from safelight.arrays import Mask, Srgb
from safelight.errors import RecipeError
from safelight.masks.shapes import FINE, Size, fixed_point
from safelight.shaped import Float, Float32

PAPER = np.array([0.93, 0.90, 0.83], np.float32)  # bare paper and emulsion, yellowed
DIRT = np.array([0.12, 0.10, 0.08], np.float32)

Cover: TypeAlias = Float32[np.ndarray, "h w"]  # 0..1: how much of a pixel the damage hides
Rng: TypeAlias = np.random.Generator
Width: TypeAlias = Callable[[float, float], float]  # least and most at a short side of 512 -> one, in pixels


def _scratch(picture: Srgb, size: Size, wide: Width, rng: Rng) -> Srgb:
    width = wide(0.6, 4)
    line = _path(size, rng.uniform(0.05, 0.9) * max(size), rng.uniform(0, math.pi), 0.01, rng)
    cover = _line(size, line, width) * _interrupted(size, rng, rng.uniform(0, 0.5))
    return _lay(picture, cover * rng.uniform(0.35, 1), _tone(rng, bright=0.75), rng)


def _tramline(picture: Srgb, size: Size, wide: Width, rng: Rng) -> Srgb:
    """Mostly along the film's run, that is upright or level, through all that the picture shows."""
    width = wide(0.6, 3)
    along = rng.choice([0, math.pi / 2]) if rng.random() < 0.6 else rng.uniform(0, math.pi)
    angle, length = along + rng.normal(0, 0.01), rng.uniform(0.3, 2.5) * max(size)
    ahead = np.array([math.sin(angle), math.cos(angle)])
    ends = rng.uniform((0, 0), size) + np.array([[-0.5], [0.5]]) * length * ahead
    tone, grain, soft = _tone(rng, bright=0.6), rng.uniform(0, 0.03), 0.4 * width * rng.random() ** 3
    tone = tone + np.float32(rng.random()) * (tone.mean() - tone)  # film has no paper's yellow
    strength = np.float32(min(width, 1) * rng.uniform(0.5, 1))
    for _ in range(rng.integers(1, 4) if rng.random() < 0.25 else 1):
        picture = _lay(picture, _soft(_drawn(size, ends, width), soft) * strength, tone, rng, grain)
        ends = ends + rng.normal(0, 6 * width + 2) * ahead[::-1] * (1, -1)
    return picture


def _crack(picture: Srgb, size: Size, wide: Width, rng: Rng) -> Srgb:
    width, angle = wide(0.8, 5), rng.uniform(0, math.pi)
    trunk = _path(size, rng.uniform(0.3, 1.3) * max(size), angle, 0.12, rng)
    cover = _line(size, trunk, width)
    for _ in range(rng.integers(0, 5)):
        start, turn = trunk[rng.integers(len(trunk))], angle + rng.choice([-1, 1]) * rng.uniform(0.5, 1.3)
        branch = _path(size, rng.uniform(0.05, 0.3) * max(size), turn, 0.12, rng, start)
        cover = np.maximum(cover, _line(size, branch, width * rng.uniform(0.3, 0.8)))
    cover = (cover * (0.5 + 1.2 * _noise(size, width * 2, rng))).clip(0, 1) * _interrupted(size, rng, 0.15)
    shade = np.roll(_soft(cover, width / 2), (round(width / 2) + 1, round(width / 2)), (0, 1))
    picture = _lay(picture, shade * np.float32(0.35), DIRT, rng)
    return _lay(picture, cover, _tone(rng, bright=0.9), rng)


def _speck(picture: Srgb, size: Size, wide: Width, rng: Rng) -> Srgb:
    width = wide(0.7, 3)
    if rng.random() < 0.25:  # a hair
        line = _path(size, rng.uniform(4, 15) * width, rng.uniform(0, math.pi), 0.2, rng)
        cover = _line(size, line, min(width, 1.5))
    else:
        cover = _line(size, _path(size, rng.uniform(0, 2) * width, rng.uniform(0, math.pi), 0.3, rng), width)
    return _lay(picture, cover * rng.uniform(0.4, 1), _tone(rng, bright=0.7), rng)


def _stain(picture: Srgb, size: Size, wide: Width, rng: Rng) -> Srgb:
    """Multiplies: what was under it still shows."""
    radius = min(size) * rng.uniform(0.03, 0.15)
    y, x = np.indices(size, np.float32)
    away = np.hypot(y - rng.uniform(0, size[0]), x - rng.uniform(0, size[1])) / radius
    level = away + 0.8 * (_noise(size, radius, rng) - 0.5)
    body = 1 / (1 + np.exp((level.clip(0, 4) - 1) * 12))
    rim = np.exp(-(((level - 0.95) * 8) ** 2))
    strength = rng.uniform(0.15, 0.5)
    cover = strength * (0.6 * body + 0.5 * rim) * (0.8 + 0.4 * _noise(size, 2, rng))
    return np.asarray(picture * (1 - cover[..., None] * (1 - np.array([0.55, 0.42, 0.25]))), np.float32)


def _fold(picture: Srgb, size: Size, wide: Width, rng: Rng) -> Srgb:
    width, angle = wide(1, 4), rng.choice([0, math.pi / 2]) + rng.normal(0, 0.1)
    line = _path(size, 1.6 * max(size), angle, 0.004, rng)
    ridge = _line(size, line, width) * (0.4 + 0.9 * _noise(size, 3 * width, rng)).clip(0, 1)
    beside = _soft(_line(size, line + width * 1.5, width), width) * np.float32(rng.uniform(0.1, 0.3))
    return _lay(_lay(picture, beside, DIRT, rng), ridge * rng.uniform(0.3, 0.9), PAPER, rng)


def _flake(picture: Srgb, size: Size, wide: Width, rng: Rng) -> Srgb:
    """Ragged by noise, with a hard edge and a shadow at one side of it."""
    radius = 1.2 * wide(1.5, 8)
    y, x = np.indices(size, np.float32)
    away = np.hypot(y - rng.uniform(0, size[0]), x - rng.uniform(0, size[1])) / radius
    level = (away + 1.2 * (_noise(size, radius, rng) - 0.5)).clip(0, 4)
    cover = np.asarray(1 / (1 + np.exp((level - 1) * min(8 * radius, 25))), np.float32)
    shade = np.roll(cover, (1, 1), (0, 1)) * np.float32(0.4)
    return _lay(_lay(picture, shade, DIRT, rng), cover * rng.uniform(0.6, 1), _tone(rng, bright=0.9), rng)


KINDS: dict[str, Callable[[Srgb, Size, Width, Rng], Srgb]] = {
    "scratches": _scratch,
    "tramlines": _tramline,
    "cracks": _crack,
    "dust": _speck,
    "stains": _stain,
    "folds": _fold,
    "flakes": _flake,
}


def _tone(rng: Rng, bright: float) -> Float32[np.ndarray, " 3"]:
    """The color of the damage: paper, with the chance `bright`, or dirt; each a little different."""
    color = PAPER if rng.random() < bright else DIRT
    return np.asarray(color + rng.normal(0, 0.04), np.float32).clip(0, 1)


def _path(
    size: Size, length: float, angle: float, bend: float, rng: Rng, start: np.ndarray | None = None
) -> Float[np.ndarray, "n 2"]:
    """A walk from `start` (else through a random place): rows and columns; bend is the spread of its turns."""
    steps = max(round(length / max(min(size) / 80, 1.5)), 2)
    turns = angle + rng.normal(0, bend * 3, steps) + np.cumsum(rng.normal(0, bend, steps))
    walk = np.cumsum(np.stack([np.sin(turns), np.cos(turns)], axis=1), axis=0) * (length / steps)
    if start is not None:
        return np.asarray(walk + start)
    return np.asarray(walk - walk[steps // 2] + rng.uniform((0, 0), size))


def _line(size: Size, points: Float[np.ndarray, "n 2"], width: float) -> Cover:
    """A line of this width, possibly under a pixel, its edge fading over about one."""
    return _soft(_drawn(size, points, width), 0.25 + 0.1 * width) * np.float32(min(width, 1))


def _drawn(size: Size, points: Float[np.ndarray, "n 2"], width: float) -> Cover:
    """A line of this width with hard edges, at least a pixel wide."""
    import cv2

    canvas = np.zeros(size, np.uint8)
    cv2.polylines(canvas, [fixed_point(points)], False, 255, max(round(width), 1), cv2.LINE_AA, FINE)
    return canvas / np.float32(255)


def _soft(cover: Cover, radius: float) -> Cover:
    import cv2

    return np.asarray(cv2.GaussianBlur(cover, (0, 0), max(radius, 0.2)), np.float32)


def _noise(size: Size, grain: float, rng: Rng) -> Cover:
    """Smooth noise 0..1 whose grains are about this large."""
    import cv2

    coarse = (max(round(size[0] / max(grain, 1)), 2), max(round(size[1] / max(grain, 1)), 2))
    values = rng.random(coarse, dtype=np.float32)
    return np.asarray(cv2.resize(values, size[::-1], interpolation=cv2.INTER_CUBIC).clip(0, 1))


def _interrupted(size: Size, rng: Rng, gaps: float) -> Cover:
    """1, but for about this share of the picture, where it falls to 0."""
    rough = _noise(size, min(size) / 12, rng)
    return np.asarray(1 / (1 + np.exp((gaps - rough) * 20)), np.float32)


def _lay(
    picture: Srgb, cover: Cover, color: Float32[np.ndarray, " 3"], rng: Rng, grain: float = 0.03
) -> Srgb:
    """The picture with this color over it, grained like paper; grain: its standard deviation."""
    noise = rng.normal(0, grain, (*cover.shape, 1)).astype(np.float32)
    return np.asarray(picture + cover[..., None] * (color + noise - picture), np.float32)


VISIBLE = 0.02  # of the range of light: a smaller change is not in the mask


@dataclass(frozen=True)
class DamageSettings:
    """How much damage: the largest number of each kind on one picture; each number is drawn from 0 to it.

    scratches: most scratches on one picture; 0 draws none.
    tramlines: most long straight scratches of one tone, as a film is scored by what it runs over; 0 draws none.
    cracks: most branching cracks on one picture; 0 draws none.
    dust: most specks on one picture; 0 draws none.
    stains: most stains on one picture; 0 draws none.
    folds: most folds across one picture; 0 draws none.
    flakes: most places of one picture where paper shows; 0 draws none.
    widths: least and most width of a line or speck, in pixels, whatever the picture's size; 0,0 has each
      kind's own, in proportion to the short side.
    visible: least change that is in the mask, of black to white.
    """

    scratches: int = 8
    cracks: int = 3
    dust: int = 60
    stains: int = 2
    folds: int = 1
    flakes: int = 0
    widths: tuple[float, float] = (0.0, 0.0)
    visible: float = VISIBLE
    tramlines: int = 0

    def __post_init__(self) -> None:
        numbers = tuple(self.most.values())
        if min(numbers) < 0 or not any(numbers):
            raise RecipeError(f"damage is {numbers}; expected numbers from 0, one of them above 0")
        if any(self.widths) and not 0 < self.widths[0] <= self.widths[1]:
            raise RecipeError(f"damage.widths is {self.widths}; expected least and most in pixels, or 0,0")
        if not 0 < self.visible < 1:
            raise RecipeError(f"damage.visible is {self.visible}; expected a share of black to white")

    @property
    def most(self) -> dict[str, int]:
        """The largest number by kind, in the order in which they are laid over each other."""
        return {
            "stains": self.stains,
            "folds": self.folds,
            "cracks": self.cracks,
            "flakes": self.flakes,
            "scratches": self.scratches,
            "tramlines": self.tramlines,
            "dust": self.dust,
        }


def damage(srgb: Srgb, rng: Rng, settings: DamageSettings = DamageSettings()) -> tuple[Srgb, Mask]:
    """The picture (h, w, 3), 0..1, damaged, and the mask of the damage (h, w), 1 = damaged; both float32.

    At least one kind is drawn.
    """
    size = (srgb.shape[0], srgb.shape[1])
    most = {kind: number for kind, number in settings.most.items() if number}
    counts = {kind: int(rng.integers(0, number + 1)) for kind, number in most.items()}
    if not any(counts.values()):
        counts[max(most, key=lambda kind: most[kind])] = 1
    width = _widths(size, settings, rng)
    picture = np.asarray(srgb, np.float32)
    for kind, count in counts.items():
        for _ in range(count):
            picture = KINDS[kind](picture, size, width, rng)
    picture = picture.clip(0, 1)
    return picture, _changed(picture, srgb, settings.visible)


def _changed(picture: Srgb, before: Srgb, visible: float) -> Mask:
    """Where the two differ visibly; pinholes that the grain leaves are closed."""
    import cv2

    changed = (abs(picture - before).max(axis=2) > visible).astype(np.uint8)
    return np.asarray(cv2.morphologyEx(changed, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)), np.float32)


def _widths(size: Size, settings: DamageSettings, rng: Rng) -> Width:
    """How widths are drawn: thin ones often."""
    if any(settings.widths):
        return lambda least, most: _often_small(*settings.widths, rng)
    return lambda least, most: max(_often_small(least, most, rng) * min(size) / 512, 0.5)


def _often_small(least: float, most: float, rng: Rng) -> float:
    return math.exp(rng.uniform(math.log(least), math.log(most)))
