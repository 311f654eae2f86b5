"""Shapes of what is missing: rectangles, free-form strokes, blobs, thin scratches, borders.

Each shape covers about the `share` of the picture's area that is asked for, and at least one pixel; a part
that falls outside the picture is lost. Every draw takes a numpy Generator.
"""

from __future__ import annotations  # np.random is imported where it is named: not by whoever wants a Hole

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from safelight.shaped import Bool

Hole: TypeAlias = Bool[np.ndarray, "h w"]  # a mask as yes and no: True = missing
Size: TypeAlias = tuple[int, int]  # (h, w)
Shape: TypeAlias = "Callable[[Size, float, np.random.Generator], Hole]"

THINNEST, THICKEST = 1 / 256, 1 / 64  # widths of a scratch, in short sides
FINE = 4  # OpenCV's places have this many binary digits after the point


def rectangle(size: Size, share: float, rng: np.random.Generator) -> Hole:
    """An upright rectangle, between half and twice as wide as high, wholly inside."""
    h, w = size
    area, aspect = share * h * w, 2 ** rng.uniform(-1, 1)
    height = min(max(round(math.sqrt(area / aspect)), 1), h)
    width = min(max(round(area / height), 1), w)
    top, left = rng.integers(0, h - height + 1), rng.integers(0, w - width + 1)
    hole = np.zeros(size, bool)
    hole[top : top + height, left : left + width] = True
    return hole


def stroke(size: Size, share: float, rng: np.random.Generator) -> Hole:
    """A brush drawn to and fro: a walk whose turns alternate (Yu et al. 2019, algorithm 1)."""
    area = share * size[0] * size[1]
    width = max(math.sqrt(area) * rng.uniform(0.2, 0.5), 1)
    length = min(area / width, 4 * max(size))
    step = max(width, length / rng.integers(2, 8))
    angle, turn = rng.uniform(0, 2 * math.pi), rng.uniform(0.2, 1.2)
    y, x = rng.uniform(0, size[0]), rng.uniform(0, size[1])
    points = [(y, x)]
    for number in range(max(round(length / step), 1)):
        angle += rng.normal(turn, 0.3) * (-1) ** number
        y = float(np.clip(y + step * math.sin(angle), 0, size[0] - 1))
        x = float(np.clip(x + step * math.cos(angle), 0, size[1] - 1))
        points.append((y, x))
    return _brush(size, np.array(points), width)


def blob(size: Size, share: float, rng: np.random.Generator) -> Hole:
    """A stain: a circle whose radius waves (four harmonics, the finer ones weaker)."""
    import cv2

    angle = np.linspace(0, 2 * math.pi, 64, endpoint=False)
    radius = np.ones_like(angle)
    for k in range(1, 5):
        radius += rng.uniform(0, 0.35 / k) * np.cos(k * angle + rng.uniform(0, 2 * math.pi))
    radius *= math.sqrt(share * size[0] * size[1] / (math.pi * np.mean(radius**2)))
    y = rng.uniform(0, size[0] - 1) + radius * np.sin(angle)
    x = rng.uniform(0, size[1] - 1) + radius * np.cos(angle)
    canvas = np.zeros(size, np.uint8)
    cv2.fillPoly(canvas, [fixed_point(np.stack([y, x], axis=1))], 1, shift=FINE)
    return canvas > 0


def scratch(size: Size, share: float, rng: np.random.Generator) -> Hole:
    """A long thin line, nearly straight, of 1/256 to 1/64 of the short side; shorter if the share asks it."""
    width = max(min(size) * math.exp(rng.uniform(math.log(THINNEST), math.log(THICKEST))), 1)
    length = min(rng.uniform(0.2, 1.2) * max(size), max(share * size[0] * size[1] / width, 2 * width))
    angle = rng.uniform(0, math.pi)
    along = np.linspace(-length / 2, length / 2, 12)
    sway = np.cumsum(rng.normal(0, 0.02 * length / len(along), len(along)))
    y = rng.uniform(0, size[0] - 1) + along * math.sin(angle) + sway * math.cos(angle)
    x = rng.uniform(0, size[1] - 1) + along * math.cos(angle) - sway * math.sin(angle)
    return _brush(size, np.stack([y, x], axis=1), width)


def border(size: Size, share: float, rng: np.random.Generator) -> Hole:
    """A torn-off strip along one side, its edge waving."""
    side = int(rng.integers(0, 4))
    h, w = size if side % 2 == 0 else size[::-1]
    place = np.linspace(0, 2 * math.pi, w, endpoint=False)
    edge = np.ones(w)
    for k in (1, 2, 3, 7):
        edge += rng.uniform(0, 0.3 / k) * np.cos(k * place + rng.uniform(0, 2 * math.pi))
    depth = np.maximum(edge / edge.mean() * share * h, 1)
    strip = np.arange(h)[:, None] < depth[None]
    return np.ascontiguousarray(np.rot90(strip, side))


SHAPES: dict[str, Shape] = {
    "rectangles": rectangle,
    "strokes": stroke,
    "blobs": blob,
    "scratches": scratch,
    "borders": border,
}


def _brush(size: Size, points: np.ndarray, width: float) -> Hole:
    """A line through these points (n, 2), rows and columns, with a round brush; at least one pixel."""
    import cv2

    canvas = np.zeros(size, np.uint8)
    cv2.polylines(canvas, [fixed_point(points)], False, 1, max(round(width), 1), cv2.LINE_8, FINE)
    y, x = np.clip(np.round(points[0]).astype(int), 0, np.array(size) - 1)
    canvas[y, x] = 1
    return canvas > 0


def fixed_point(points: np.ndarray) -> np.ndarray:
    """Rows and columns as OpenCV's fixed-point columns and rows."""
    return np.asarray(np.round(points[:, ::-1] * 2**FINE), np.int32)
