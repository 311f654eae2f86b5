"""curve.png: gain over grey and CIEDE2000 against the number of hints, and the lead over each baseline."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from safelight.reports.style import INK, method_colors, new_figure, save_figure, style_axes
from safelight.reports.text import count_pictures
from safelight.tasks.colorize.scores import METRICS
from safelight.verdicts.verdict import Estimate, Verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROWS = (("gain", "psnr"), ("ciede2000", "ciede2000"))  # left: every method; right: the lead of the model
DODGE = 0.055  # methods stand this far apart, so that their intervals do not hide each other


def draw_curve(verdict: Verdict, path: Path) -> Path:
    """Draw the curves with their 95 % intervals; returns the path."""
    figure = new_figure(12, 8.6)
    panels = figure.subplots(len(ROWS), 2)
    for (left, right), (methods, lead) in zip(panels, ROWS, strict=True):
        _draw_methods(left, verdict, methods)
        _draw_lead(right, verdict, lead)
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(
        handles[::-1], labels[::-1], loc="outside lower center", ncols=6, frameon=False, labelcolor=INK
    )
    pictures = count_pictures(verdict.pictures)
    return save_figure(
        figure, path, f"{verdict.model}: {pictures}, protocol {verdict.protocol}, 95 % intervals"
    )


def _draw_methods(axes: "Axes", verdict: Verdict, key: str) -> None:
    metric, colors = METRICS[key], method_colors(verdict.methods)
    for number, method in enumerate(reversed(verdict.methods)):  # the model last, on top
        shift = DODGE * (len(verdict.methods) - 1 - number)
        curve = [verdict.curves[method][key][cell] for cell in verdict.cells]
        _draw_line(axes, _places(verdict.cells) + shift, curve, method, colors, method == verdict.model)
    better = "higher is better" if metric.better > 0 else "lower is better"
    _style(axes, verdict.cells, f"{metric.title}, {metric.unit} ({better})")
    if metric.better < 0:
        axes.set_ylim(bottom=0)


def _draw_lead(axes: "Axes", verdict: Verdict, key: str) -> None:
    """Paired differences; over grey is left out, which the left panel shows."""
    metric, colors = METRICS[key], method_colors(verdict.methods)
    axes.axhline(0, color=colors[verdict.model], lw=2.6, zorder=2)
    for number, method in enumerate(method for method in verdict.others if method != "grey"):
        found = [c for c in verdict.comparisons if (c.method, c.statistic) == (method, key)]
        places = _places(verdict.cells)[[verdict.cells.index(c.cell) for c in found]] + DODGE * number
        _draw_line(axes, places, [c.difference for c in found], method, colors, False)
    title = f"Lead of {verdict.model}, {metric.unit} of {metric.title} (below 0 it loses)"
    _style(axes, verdict.cells, title)


def _draw_line(
    axes: "Axes",
    places: np.ndarray,
    curve: Sequence[Estimate],
    name: str,
    colors: dict[str, str],
    model: bool,
) -> None:
    values = np.array([estimate.value for estimate in curve])
    reach = np.abs([[e.value - e.low for e in curve], [e.high - e.value for e in curve]])
    axes.errorbar(
        places, values, reach, label=name, color=colors[name], lw=2.6 if model else 1.6, elinewidth=1.1,
        marker="o", ms=6 if model else 4, zorder=5 if model else 3,
    )  # fmt: skip


def _style(axes: "Axes", cells: Sequence[str], title: str) -> None:
    places = _places(cells)
    axes.set_xticks(places, list(cells))
    axes.set_xlim(places[0] - 0.3, places[-1] + 0.5)
    style_axes(axes, title, "hints")


def _places(cells: Sequence[str]) -> np.ndarray:
    """Where each number of hints stands: like a logarithm that has a place for 0."""
    return np.asarray(np.log2(np.array(cells, int) + 0.7) - np.log2(0.7))
