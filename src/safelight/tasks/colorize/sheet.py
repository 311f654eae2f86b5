"""Contact sheets: a row a picture: the grey photo, the hints, the best baseline, the model, the truth."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from safelight.arrays import Srgb
from safelight.pixels.color import lab_to_srgb
from safelight.reports.style import FAINT, INK, PAPER, SOFT
from safelight.reports.text import format_number
from safelight.tasks.colorize.examples import Example
from safelight.tasks.colorize.scores import show

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

TILE, GAP, MARGIN = 208, 10, 28  # pixels
HEADER, CAPTION = 34, 26  # heights of the column titles, and of the line over each picture

Cell: TypeAlias = tuple[str, Srgb]  # column title and picture


def draw_sheet(title: str, examples: Sequence[Example], path: Path) -> Path:
    """Draw the examples under their ranks, two ranks' rows never mixed; returns the path."""
    from PIL import Image, ImageDraw

    columns = [name for name, _ in _cells(examples[0])]
    heading = _font(19, bold=True)
    width = 2 * MARGIN + max(len(columns) * (TILE + GAP) - GAP, round(heading.getlength(title)))
    height = 2 * MARGIN + 2 * HEADER + len(examples) * (CAPTION + TILE + GAP)
    sheet = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((MARGIN, MARGIN), title, INK, heading)
    for column, name in enumerate(columns):
        draw.text((MARGIN + column * (TILE + GAP), MARGIN + HEADER + 8), name, SOFT, _font(15))
    top = MARGIN + 2 * HEADER
    for example in examples:
        draw.line((MARGIN, top, width - MARGIN, top), FAINT)
        _write_captions(draw, example, top + 6)
        _paste_row(sheet, example, top + CAPTION)
        top += CAPTION + TILE + GAP
    sheet.save(path)
    return path


def _paste_row(sheet: "Image", example: Example, top: int) -> None:
    for column, (name, picture) in enumerate(_cells(example)):
        tile = _tile(picture)
        if name == "hints":
            _draw_hints(tile, example)
        sheet.paste(tile, (MARGIN + column * (TILE + GAP), top))


def _cells(example: Example) -> list[Cell]:
    grey = show(example.L, np.zeros((*example.L.shape, 2), np.float32))
    answers = [(name, show(example.L, ab)) for name, ab in example.answers.items()]
    hints = [("hints", grey)] if len(example.points) else []
    return [("grey", grey), *hints, *answers, ("truth", example.truth / np.float32(255))]


def _write_captions(draw: "ImageDraw", example: Example, top: int) -> None:
    """Rank over the first column, gain over grey over each answer, file name over the truth."""
    font = _font(14)
    for column, (name, _) in enumerate(_cells(example)):
        left = MARGIN + column * (TILE + GAP)
        if column == 0:
            draw.text((left, top), example.rank, INK, _font(14, bold=True))
        elif name in example.gains:
            draw.text((left, top), f"{format_number(example.gains[name], 1, signed=True)} dB", INK, font)
        elif name == "truth":
            draw.text((left, top), _shortened(example.title, font), SOFT, font)


def _shortened(text: str, font: "FreeTypeFont") -> str:
    """The end of the text, as much as fits over one picture."""
    if font.getlength(text) <= TILE:
        return text
    while text and font.getlength("…" + text) > TILE:
        text = text[1:]
    return "…" + text


def _tile(picture: Srgb) -> "Image":
    from PIL import Image

    pixels = np.round(np.clip(picture, 0, 1) * 255).astype(np.uint8)
    return Image.fromarray(pixels).resize((TILE, TILE), Image.Resampling.BICUBIC)


def _draw_hints(tile: "Image", example: Example) -> None:
    """A dot a hint, in its color at the photo's own lightness there, ringed in white and dark to be seen."""
    from PIL import ImageDraw

    draw = ImageDraw.Draw(tile)
    scale = TILE / example.L.shape[0]
    for y, x, ab in zip(example.points.y, example.points.x, example.points.ab, strict=True):
        lab = np.array([example.L[y, x], *ab], np.float32)
        color = tuple(int(part) for part in np.round(lab_to_srgb(lab) * 255))
        middle = ((x + 0.5) * scale, (y + 0.5) * scale)
        for radius, fill in ((8.0, INK), (7.0, PAPER), (5.0, color)):
            draw.circle(middle, radius, fill=fill)


def _font(size: int, bold: bool = False) -> "FreeTypeFont":
    """The typeface that comes with matplotlib: it has every sign we need, on every machine."""
    from matplotlib import get_data_path
    from PIL import ImageFont

    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(Path(get_data_path()) / "fonts" / "ttf" / name, size)
