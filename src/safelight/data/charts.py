"""Charts for a dataset's report."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from safelight.errors import shown
from safelight.pixels.color import lab_to_srgb
from safelight.reports.style import INK, PAPER, RED, new_figure, style_axes
from safelight.shaped import Float, Float32

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Chromas: TypeAlias = Float32[np.ndarray, " n"]
Numbers: TypeAlias = Float[np.ndarray, " n"]

LONGEST = 32  # letters of a folder's name


def chroma_chart(chroma: Chromas, sources: Sequence[str], least: float) -> "Figure":
    """Left the histogram of mean chroma over pictures, right the middle half and median of each source.

    least: the chroma below which pictures were refused, drawn as a line.
    """
    names = _largest(sources)
    figure = new_figure(9.6, max(3.6, 0.24 * len(names) + 1))
    left, right = figure.subplots(1, 2, width_ratios=[1.2, 1])
    _draw_histogram(left, chroma, least)
    _draw_sources(right, {name: chroma[np.asarray(sources) == name] for name in names})
    for axes in (left, right):
        style_axes(axes, xlabel="mean chroma of a picture (Lab)", ylabel="pictures" if axes is left else "")
    return figure


def tone_chart(shifts: Numbers, most: float, spreads: Numbers, least: float) -> "Figure":
    """Left the histogram of casts over pictures, right that of how far ab strays at one lightness.

    most: the shift beyond which a picture has a cast; least: the spread below which it may be toned.
    """
    figure = new_figure(9.6, 3.4)
    left, right = figure.subplots(1, 2)
    _draw_histogram(left, shifts, most, " a cast beyond")
    _draw_histogram(right, spreads, least, " toned below, if warm")
    for axes, label in ((left, "shift of all colors (Lab)"), (right, "ab strays at one lightness by (Lab)")):
        style_axes(axes, xlabel=label, ylabel="pictures")
    return figure


def _draw_histogram(axes: "Axes", values: Numbers, border: float, note: str = " refused below") -> None:
    top = max(float(values.max()), border)
    axes.hist(values, bins=48, range=(0, top), color=RED, edgecolor=PAPER, linewidth=0.4)
    axes.axvline(border, color=INK, linewidth=1, linestyle=":")
    axes.annotate(note, (border, 0.97), xycoords=("data", "axes fraction"), color=INK, fontsize=8)


def _draw_sources(axes: "Axes", chroma: dict[str, Chromas]) -> None:
    for row, values in enumerate(chroma.values()):
        low, median, high = np.quantile(values, [0.25, 0.5, 0.75])
        axes.plot([low, high], [row, row], color=RED, linewidth=5, alpha=0.45, solid_capstyle="round")
        axes.plot([median], [row], "o", color=RED, markersize=5)
    axes.set_yticks(
        range(len(chroma)), [f"{_label(name)}  {len(values):,}" for name, values in chroma.items()]
    )
    axes.set_xlim(left=0)


def _label(name: str) -> str:
    """A folder's name as matplotlib takes it: one short line, in which $ begins no formula."""
    short = shown(name) if len(name) <= LONGEST else f"{shown(name[: LONGEST - 9])}…{shown(name[-8:])}"
    return short.replace("$", r"\$")


def cast_chart(mean_ab: Float32[np.ndarray, "n 2"]) -> "Figure":
    """The mean a and b of each picture, as a dot of that color; without a cast they lie around the middle."""
    figure = new_figure(4.8, 4.8)
    axes = figure.subplots()
    light = np.full((len(mean_ab), 1), 65, np.float32)
    colors = lab_to_srgb(np.concatenate([light, mean_ab], axis=1))
    axes.scatter(mean_ab[:, 0], mean_ab[:, 1], s=7, c=colors, linewidths=0)
    a, b = np.median(mean_ab, axis=0)
    axes.plot([a], [b], "+", color=INK, markersize=11, markeredgewidth=1.2)
    axes.annotate(
        f"+ median: a {a:.0f}, b {b:.0f}", (0.02, 0.96), xycoords="axes fraction", color=INK, fontsize=8
    )
    reach = float(np.abs(mean_ab).max()) * 1.05 + 1
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    style_axes(axes, xlabel="mean a (green to red)", ylabel="mean b (blue to yellow)")
    return figure


def _largest(sources: Sequence[str], most: int = 24) -> list[str]:
    """The sources with the most pictures, the largest last (on top of the chart)."""
    names, counts = np.unique(np.asarray(sources), return_counts=True)
    return [str(names[i]) for i in np.argsort(counts, kind="stable")[-most:]]
