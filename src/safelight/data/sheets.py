"""Contact sheets and charts for a dataset's report."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from jaxtyping import Float32, UInt8
from PIL import Image, ImageDraw, ImageFont, ImageOps

from safelight.errors import DatasetError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Font: TypeAlias = ImageFont.FreeTypeFont | ImageFont.ImageFont
Chromas: TypeAlias = Float32[np.ndarray, " n"]

PAPER, INK, FAINT, ACCENT = "#fbfaf8", "#2b2826", "#8b857f", "#b8442c"
_CELL, _GAP, _CAPTION = 132, 10, 30  # pixels: side of a picture, space between two, height of its two lines


@dataclass(frozen=True)
class Cell:
    """A picture on a contact sheet, or an empty frame, with up to two lines below."""

    pixels: UInt8[np.ndarray, "h w 3"] | None
    title: str
    detail: str = ""


def contact_sheet(cells: Sequence[Cell], columns: int = 8) -> Image.Image:
    """The cells row by row, each picture whole inside its square."""
    columns = min(columns, len(cells))
    step, line = _CELL + _GAP, _CELL + _CAPTION + _GAP
    rows = -(-len(cells) // columns)
    sheet = Image.new("RGB", (columns * step + _GAP, rows * line + _GAP), PAPER)
    draw, title, detail = ImageDraw.Draw(sheet), ImageFont.load_default(12), ImageFont.load_default(11)
    for number, cell in enumerate(cells):
        left, top = _GAP + number % columns * step, _GAP + number // columns * line
        _draw_picture(sheet, draw, cell, left, top)
        draw.text((left, top + _CELL + 3), _shorten(cell.title, title), INK, title)
        draw.text((left, top + _CELL + 17), _shorten(cell.detail, detail), FAINT, detail)
    return sheet


def chroma_chart(chroma: Chromas, sources: Sequence[str], least: float) -> "Figure":
    """Left the histogram of mean chroma over pictures, right the middle half and median of each source.

    least: the chroma below which pictures were refused, drawn as a line.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise DatasetError("the report needs matplotlib; pip install 'safelight[train]'") from None
    names = _largest(sources)
    figure = Figure(
        figsize=(9.6, max(3.6, 0.24 * len(names) + 1)), dpi=120, facecolor=PAPER, layout="constrained"
    )
    left, right = figure.subplots(1, 2, width_ratios=[1.2, 1])
    _draw_histogram(left, chroma, least)
    _draw_sources(right, {name: chroma[np.asarray(sources) == name] for name in names})
    for axes in (left, right):
        _dress(axes)
    return figure


def _draw_histogram(axes: "Axes", chroma: Chromas, least: float) -> None:
    top = max(float(chroma.max()), least)
    axes.hist(chroma, bins=48, range=(0, top), color=ACCENT, edgecolor=PAPER, linewidth=0.4)
    axes.axvline(least, color=INK, linewidth=1, linestyle=":")
    axes.annotate(" refused below", (least, 0.97), xycoords=("data", "axes fraction"), color=INK, fontsize=8)
    axes.set_ylabel("pictures", color=INK, fontsize=9)


def _draw_sources(axes: "Axes", chroma: dict[str, Chromas]) -> None:
    for row, values in enumerate(chroma.values()):
        low, median, high = np.quantile(values, [0.25, 0.5, 0.75])
        axes.plot([low, high], [row, row], color=ACCENT, linewidth=5, alpha=0.45, solid_capstyle="round")
        axes.plot([median], [row], "o", color=ACCENT, markersize=5)
    axes.set_yticks(range(len(chroma)), [f"{name}  {len(values):,}" for name, values in chroma.items()])
    axes.set_xlim(left=0)


def _largest(sources: Sequence[str], most: int = 24) -> list[str]:
    """The sources with the most pictures, the largest last (on top of the chart)."""
    names, counts = np.unique(np.asarray(sources), return_counts=True)
    return [str(names[i]) for i in np.argsort(counts, kind="stable")[-most:]]


def _dress(axes: "Axes") -> None:
    axes.set_facecolor(PAPER)
    axes.set_xlabel("mean chroma of a picture (Lab)", color=INK, fontsize=9)
    axes.tick_params(colors=INK, labelsize=8)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("bottom", "left"):
        axes.spines[side].set_color(FAINT)


def _draw_picture(sheet: Image.Image, draw: ImageDraw.ImageDraw, cell: Cell, left: int, top: int) -> None:
    if cell.pixels is None:
        right, bottom = left + _CELL - 1, top + _CELL - 1
        draw.rectangle((left, top, right, bottom), outline=FAINT)
        draw.line((left, top, right, bottom), FAINT)
        draw.line((left, bottom, right, top), FAINT)
        return
    picture = Image.fromarray(np.asarray(cell.pixels))
    picture = ImageOps.contain(picture, (_CELL, _CELL), Image.Resampling.LANCZOS)
    sheet.paste(picture, (left + (_CELL - picture.width) // 2, top + (_CELL - picture.height) // 2))


def _shorten(text: str, font: Font) -> str:
    """The text, cut where it would be wider than a cell."""
    if font.getlength(text) <= _CELL:
        return text
    while text and font.getlength(text + "…") > _CELL:
        text = text[:-1]
    return text + "…"
