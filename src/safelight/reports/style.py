"""One style for every chart and contact sheet: colors that color-blind readers can tell apart, quiet axes."""

import warnings
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from PIL.ImageFont import FreeTypeFont

INK = "#22252a"
SOFT = "#6b7078"
FAINT = "#dfe2e6"
PAPER = "#ffffff"
RED = "#c8321f"  # the safelight's: the model, and what a chart is about
LINES = (RED, "#3d63a8", "#2f8f83", "#7d4f9e")

METHODS = {
    "grey": "#9aa0a8",
    "nearest hint": "#c79a3b",
    "kernel regression": "#2f8f83",
    "Levin 2004": "#3d63a8",
    "kriging": "#7d4f9e",
}
OTHERS = ("#5b4636", "#a8487c", "#4f7d2e")  # methods evaluated beside them, in turn


def method_colors(methods: tuple[str, ...]) -> dict[str, str]:
    """A color for each method; the first is the model."""
    beside = [name for name in methods[1:] if name not in METHODS]
    others = {name: OTHERS[number % len(OTHERS)] for number, name in enumerate(beside)}
    return {**METHODS, **others, methods[0]: RED}


def new_figure(width: float, height: float) -> "Figure":
    """An empty figure of so many inches, which draws without a display."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=120, facecolor=PAPER, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def style_axes(axes: "Axes", title: str = "", xlabel: str = "", ylabel: str = "") -> None:
    """Titles and labels in the style; a faint grid, no frame."""
    axes.set_title(title, loc="left", color=INK, fontsize=10)
    axes.set_xlabel(xlabel, color=SOFT, fontsize=9)
    axes.set_ylabel(ylabel, color=SOFT, fontsize=9)
    axes.grid(color=FAINT, lw=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=SOFT, labelsize=8, length=0)
    for side in axes.spines.values():
        side.set_visible(False)


def save_figure(figure: "Figure", path: Path, title: str = "") -> Path:
    """Write a figure as PNG, the same bytes for the same figure; returns the path.

    Letters that the font lacks become boxes, without a warning for each.
    """
    if title:
        figure.suptitle(title, x=0.01, ha="left", color=INK, fontsize=11, fontweight="bold", wrap=True)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(path, metadata={"Software": None})
    return path


@cache
def label_font(size: int) -> "FreeTypeFont":
    """The typeface that comes with matplotlib: it has every sign that reports need, on every machine."""
    from matplotlib import get_data_path
    from PIL import ImageFont

    return ImageFont.truetype(Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf", size)
