"""Contact sheets for a dataset's report."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw, ImageFont, ImageOps

Font: TypeAlias = ImageFont.FreeTypeFont | ImageFont.ImageFont

PAPER, INK, FAINT = "#fbfaf8", "#2b2826", "#8b857f"  # the colors of the report
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
