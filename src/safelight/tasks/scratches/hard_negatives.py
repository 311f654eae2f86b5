"""What pictures hold that looks like damage and is none: hair, rods and wires, lattices, letters, hems, margins.

Drawn into clean pictures, so that whoever learns to find scratches learns what to leave. Colors are taken from
the picture, lighter or darker; lines are as soft as a lens draws them. Every draw takes a numpy Generator.
"""

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Float32

from safelight.arrays import Srgb

Size: TypeAlias = tuple[int, int]
Rng: TypeAlias = np.random.Generator

FINE = 4  # OpenCV's places have this many binary digits after the point
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
        cv2.fillPoly(canvas, [_fixed(corners)], 255, cv2.LINE_AA, FINE)
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

    cv2.polylines(canvas, [_fixed(points)], False, 255, max(round(width), 1), cv2.LINE_AA, FINE)


def _fixed(points: Float[np.ndarray, "n 2"]) -> np.ndarray:
    """Rows and columns as OpenCV's fixed-point columns and rows."""
    return np.asarray(np.round(points[:, ::-1] * 2**FINE), np.int32)


def _soft(cover: Float32[np.ndarray, "h w"], radius: float) -> Float32[np.ndarray, "h w"]:
    import cv2

    return np.asarray(cv2.GaussianBlur(cover, (0, 0), radius), np.float32)
