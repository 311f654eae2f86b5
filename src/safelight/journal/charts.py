"""Curves as SVG that takes its colors from the page, so that it suits a light and a dark one."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from markupsafe import Markup

from safelight.journal.doctor.learning import FAMILIAR
from safelight.journal.doctor.steadiness import running_median
from safelight.journal.records import Curve, Record, make_curve
from safelight.journal.run_tree import main_scores
from safelight.reports.pages import render

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

    def points(self, curve: Curve) -> list[tuple[float, float]]:
        return [(self.x(step), self.y(value)) for step, value in zip(curve.steps, curve.values, strict=True)]


def draw_chart(
    title: str,
    lines: Sequence[Line],
    marks: Sequence[int] = (),
    until: int = 0,
    size: tuple[int, int] = (WIDTH, HEIGHT),
) -> Markup:
    """An SVG element with axes, the lines, and a dotted line at each marked step; "" where there is nothing.

    until: the last step of the axis, if the curves end before it.
    """
    lines = [replace(line, curve=_thin(line.curve.finite)) for line in lines if len(line.curve.finite)]
    if not lines:
        return Markup()
    names = [line for line in lines if not line.faint and line.name]
    names = names if len(names) > 1 else []
    below = SECOND if _width(title) + sum(_width(line.name) for line in names) > size[0] - RIGHT else 0
    last = max(1, until, *(int(line.curve.steps[-1]) for line in lines))
    frame = _Frame(size[0], size[1] + below, last, *_range(lines), TOP + below)
    drawn = [(line, frame.points(line.curve)) for line in lines]
    values = {
        "title": title,
        "frame": frame,
        "right": frame.width - RIGHT,
        "bottom": frame.height - BOTTOM,
        "left": LEFT,
        "ticks": [(_short(tick), frame.y(tick)) for tick in _ticks(frame.low, frame.high)],
        "marks": [frame.x(mark) for mark in marks],
        "lines": [(line, points, points if line.dots or len(points) == 1 else []) for line, points in drawn],
        "legend": _legend(names, frame.width),
        "legend_y": 12 + below,
    }
    return Markup(render("chart.svg", values))


def draw_spark(curve: Curve, kind: str = "a", size: tuple[int, int] = (84, 20)) -> Markup:
    """A curve the size of a word."""
    curve = _thin(curve.finite, 60)
    if len(curve) < 2:
        return Markup()
    width, height = size
    low, high = float(curve.values.min()), float(curve.values.max())
    span, last = max(high - low, 1e-12), max(1, int(curve.steps[-1]))
    points = [
        (2 + (width - 6) * step / last, height - 3 - (height - 6) * (value - low) / span)
        for step, value in zip(curve.steps, curve.values, strict=True)
    ]
    return Markup(render("spark.svg", {"width": width, "height": height, "kind": kind, "points": points}))


def _legend(lines: Sequence[Line], width: int) -> list[tuple[Line, float]]:
    """The names on one line, from right to left, each with its right end."""
    places, right = [], float(width - RIGHT)
    for line in reversed(lines):
        places.append((line, right))
        right -= _width(line.name)
    return places


def _width(name: str) -> float:
    """About what a name takes, with the space before the next."""
    return LETTER * len(name) + APART


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


KINDS = "abcdef"  # colors of lines, in the style of the page
DENSE = 24  # points, from which on a curve is smoothed
COLORS: tuple[str, ...] = ("probe/chroma", "probe/between", "probe/obeyed")
TOGETHER = (980, 220)  # size of the chart of all runs


def run_charts(record: Record) -> dict[str, Markup]:
    """SVG by name: loss, scores, rate, colors, fit; what was not measured is left out."""
    curves, until = record.curves, record.steps_planned
    marks = [int(event["step"]) for event in record.guard_events if isinstance(event.get("step"), int)]
    scores = {  # a single figure is no curve; it stands among the facts
        name.removeprefix("val/"): own
        for name, own in curves.items()
        if name.startswith("val/") and len(own) > 1
    }
    gains = {name: own for name, own in scores.items() if "gain" in name}
    levels = {name: own for name, own in scores.items() if name not in gains}
    rate = {"lr": curves["train/lr"]} if "train/lr" in curves else {}
    measured = {name.removeprefix("probe/"): curves[name] for name in COLORS if name in curves}
    first = next(
        (name for name in (*main_scores(record), *scores) if name in scores and FAMILIAR + name in curves), ""
    )
    fit = {"held out": scores[first], "training": curves[FAMILIAR + first]} if first else {}
    charts = {
        "loss": draw_chart("training loss", smoothed(curves.get("train/loss")), marks, until),
        "scores": draw_chart("gains on held-out pictures, dB", lines_of(gains), marks, until),
        **{
            f"score-{name}": draw_chart(_spoken(name), lines_of({name: own}), marks, until)
            for name, own in levels.items()
        },
        "rate": draw_chart("learning rate", lines_of(rate), marks, until),
        "fit": draw_chart(f"{first}, both sides", lines_of(fit), (), until),
        "colors": draw_chart("share of the truth", lines_of(measured), (), until),
    }
    return {name: svg for name, svg in charts.items() if svg}


def chart_together(records: Sequence[Record]) -> Markup:
    """The score that is told first, of the newest runs that have it, in one chart; "" for fewer than two."""
    first = [name for record in records for name in main_scores(record, 1)]
    if not first:
        return Markup()
    name = Counter(first).most_common(1)[0][0]
    measured = [(record, record.curves.get(f"val/{name}")) for record in records]
    chosen = [(record, curve) for record, curve in measured if curve is not None and len(curve) > 1][
        -len(KINDS) :
    ]
    if len(chosen) < 2:
        return Markup()
    lines = [
        Line(_short_name(record.name), curve, KINDS[number], dots=len(curve) < DENSE)
        for number, (record, curve) in enumerate(chosen)
    ]
    until = max(record.steps_planned for record, _ in chosen)
    return draw_chart(f"{name} of the newest runs", lines, until=until, size=TOGETHER)


def smoothed(curve: Curve | None) -> list[Line]:
    """A noisy curve as a faint line with its running median over it."""
    if curve is None or not len(curve.finite):
        return []
    curve = curve.finite
    if len(curve) < DENSE:
        return [Line("", curve, "a", dots=True)]
    middle = make_curve(curve.steps, running_median(curve.values))
    return [Line("", curve, "a", faint=True), Line("", middle, "a")]


def lines_of(curves: Mapping[str, Curve]) -> list[Line]:
    """A line a curve, each in its color."""
    return [
        Line(name, curve, KINDS[number], dots=len(curve) < DENSE)
        for number, (name, curve) in enumerate(list(curves.items())[: len(KINDS)])
    ]


def _spoken(name: str) -> str:
    """A score's name as a title."""
    return f"{name.replace('_', ' ')} on held-out pictures"


def _short_name(name: str) -> str:
    """A run's name without its year: "11-22 05h43 color"."""
    day, _, rest = name.partition("_")
    time, _, recipe = rest.partition("-")
    return f"{day[5:]} {time[:5]} {recipe}" if len(day) == 10 and recipe else name
