"""Curves as SVG that takes its colors from the page, so that it suits a light and a dark one."""

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from safelight.journal.records import Curve, make_curve

WIDTH, HEIGHT = 330, 142
LEFT, RIGHT, TOP, BOTTOM = 40, 10, 26, 22  # margins
SECOND = 16  # height of a second line, of names that find no room beside the title
LETTER, APART = 6.2, 12  # widths
POINTS = 300  # of a curve at most


@dataclass(frozen=True)
class Line:
    """One curve. kind: names its color in the page's style ("a" to "f"). faint: drawn thin and pale."""

    name: str
    curve: Curve
    kind: str = "a"
    faint: bool = False
    dots: bool = False


@dataclass(frozen=True)
class _Frame:
    """Where steps and values lie in a chart."""

    width: int
    height: int
    last: int
    low: float
    high: float
    top: int = TOP

    def x(self, step: float) -> float:
        return LEFT + (self.width - LEFT - RIGHT) * step / self.last

    def y(self, value: float) -> float:
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.height - BOTTOM - (self.height - self.top - BOTTOM) * share

    def points(self, curve: Curve) -> list[str]:
        return [f"{self.x(s):.1f} {self.y(v):.1f}" for s, v in zip(curve.steps, curve.values, strict=True)]


def draw_chart(
    title: str,
    lines: Sequence[Line],
    marks: Sequence[int] = (),
    until: int = 0,
    size: tuple[int, int] = (WIDTH, HEIGHT),
) -> str:
    """An SVG element with axes, the lines, and a dotted line at each marked step; "" where there is nothing.

    until: the last step of the axis, if the curves end before it.
    """
    lines = [replace(line, curve=_thin(line.curve.finite)) for line in lines if len(line.curve.finite)]
    if not lines:
        return ""
    names = [line for line in lines if not line.faint and line.name]
    names = names if len(names) > 1 else []
    below = SECOND if _width(title) + sum(_width(line.name) for line in names) > size[0] - RIGHT else 0
    width, height = size[0], size[1] + below
    last = max(1, until, *(int(line.curve.steps[-1]) for line in lines))
    frame = _Frame(width, height, last, *_range(lines), TOP + below)
    parts = [
        f'<svg class="chart" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{html.escape(title, True)}" xmlns="http://www.w3.org/2000/svg">',
        f'<text class="title" x="0" y="12">{html.escape(title)}</text>',
        *_axes(frame),
        *(f'<path class="mark" d="M{frame.x(mark):.1f} {frame.top}V{height - BOTTOM}"/>' for mark in marks),
    ]
    for line in lines:
        points = frame.points(line.curve)
        weight = " faint" if line.faint else ""
        parts.append(f'<path class="line {line.kind}{weight}" d="M{"L".join(points)}"/>')
        if line.dots or len(points) == 1:
            parts += [_dot(point, line.kind) for point in points]
    return "".join([*parts, *_legend(names, width, 12 + below), "</svg>"])


def draw_spark(curve: Curve, kind: str = "a", size: tuple[int, int] = (84, 20)) -> str:
    """A curve the size of a word."""
    curve = _thin(curve.finite, 60)
    if len(curve) < 2:
        return ""
    width, height = size
    low, high = float(curve.values.min()), float(curve.values.max())
    span, last = max(high - low, 1e-12), max(1, int(curve.steps[-1]))
    points = [
        f"{2 + (width - 6) * s / last:.1f} {height - 3 - (height - 6) * (v - low) / span:.1f}"
        for s, v in zip(curve.steps, curve.values, strict=True)
    ]
    return (
        f'<svg class="spark" viewBox="0 0 {width} {height}" aria-hidden="true">'
        f'<path class="line {kind}" d="M{"L".join(points)}"/>{_dot(points[-1], kind)}</svg>'
    )


def _axes(frame: _Frame) -> list[str]:
    """Lines at round values, and the first and last step."""
    parts = []
    for tick in _ticks(frame.low, frame.high):
        y = frame.y(tick)
        parts.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{frame.width - RIGHT}"/>')
        parts.append(f'<text class="tick end" x="{LEFT - 6}" y="{y + 3.5:.1f}">{_short(tick)}</text>')
    for step, anchor in ((0, ""), (frame.last, " end")):
        parts.append(
            f'<text class="tick{anchor}" x="{frame.x(step):.1f}" y="{frame.height - 6}">{step:,}</text>'
        )
    return parts


def _legend(lines: Sequence[Line], width: int, y: int) -> list[str]:
    """The names on one line, from right to left, in their colors."""
    parts, right = [], float(width - RIGHT)
    for line in reversed(lines):
        parts.append(
            f'<text class="name end {line.kind}" x="{right:.0f}" y="{y}">{html.escape(line.name)}</text>'
        )
        right -= _width(line.name)
    return parts


def _width(name: str) -> float:
    """About what a name takes, with the space before the next."""
    return LETTER * len(name) + APART


def _dot(point: str, kind: str) -> str:
    cx, cy = point.split()
    return f'<circle class="dot {kind}" cx="{cx}" cy="{cy}" r="2.4"/>'


def _range(lines: Sequence[Line]) -> tuple[float, float]:
    """Without the wildest hundredth of dense curves."""
    lows, highs = [], []
    for line in lines:
        dense = len(line.curve) > 40
        low, high = np.percentile(line.curve.values, (0, 98.5 if dense else 100))
        lows.append(low)
        highs.append(high)
    low, high = float(min(lows)), float(max(highs))
    if high - low < 1e-9:
        return low - max(0.5, abs(low) / 10), high + max(0.5, abs(high) / 10)
    return low - 0.04 * (high - low), high + 0.04 * (high - low)


def _ticks(low: float, high: float) -> list[float]:
    """Two to five round numbers."""
    raw = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw)
    return [number * step for number in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _short(value: float) -> str:
    return f"{value:.4g}".replace("-", "−") if abs(value) > 1e-12 else "0"


def _thin(curve: Curve, most: int = POINTS) -> Curve:
    if len(curve) <= most:
        return curve
    chosen = np.unique(np.linspace(0, len(curve) - 1, most).round().astype(int))
    return make_curve(curve.steps[chosen], curve.values[chosen])
