"""Contact sheets: pictures in rows, each with up to two lines of text below."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from safelight.reports.style import FAINT, INK, PAPER, SOFT, label_font
from safelight.shaped import Float, UInt8

Picture: TypeAlias = UInt8[np.ndarray, "h w 3"] | Float[np.ndarray, "h w 3"]

SMALL, LARGE = 132, 192  # pixels: side of a picture on a sheet of many, and on one of a few to compare
GAP, CAPTION, HEADING = 10, 32, 40  # pixels: space between two, height of the two lines, of the title


@dataclass(frozen=True)
class Tile:
    """A picture, as bytes or as numbers 0..1, or an empty frame (None); a title and a detail to set below.

    dots: (y, x, color) of marks on the picture, in its own pixels.
    """

    picture: Picture | None
    title: str = ""
    detail: str = ""
    dots: Sequence[tuple[float, float, tuple[int, int, int]]] = ()


def contact_sheet(tiles: Sequence[Tile], columns: int = 8) -> Image.Image:
    """Tiles one after the other, in as many rows as are needed."""
    rows = [tiles[start : start + columns] for start in range(0, len(tiles), columns)]
    return draw_rows(rows, side=SMALL)


def draw_rows(rows: Sequence[Sequence[Tile]], title: str = "", side: int = LARGE) -> Image.Image:
    """The tiles row by row, each picture whole inside its square; the title above them."""
    columns, top = max(map(len, rows)), GAP + (HEADING if title else 0)
    width = max(columns * (side + GAP) + GAP, round(label_font(17).getlength(title)) + 2 * GAP)
    sheet = Image.new("RGB", (width, top + len(rows) * (side + CAPTION + GAP)), PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((GAP, GAP), title, INK, label_font(17))
    for row in rows:
        for column, tile in enumerate(row):
            left = GAP + column * (side + GAP)
            _draw_picture(sheet, tile, left, top, side)
            draw.text((left, top + side + 3), _shorten(tile.title, side), INK, label_font(11))
            draw.text((left, top + side + 17), _shorten(tile.detail, side), SOFT, label_font(11))
        top += side + CAPTION + GAP
    return sheet


def save_rows(title: str, rows: Sequence[Sequence[Tile]], path: Path) -> Path:
    """Draw the rows and write them; returns the path."""
    draw_rows(rows, title).save(path)
    return path


def _draw_picture(sheet: Image.Image, tile: Tile, left: int, top: int, side: int) -> None:
    draw = ImageDraw.Draw(sheet)
    if tile.picture is None:
        right, bottom = left + side - 1, top + side - 1
        draw.rectangle((left, top, right, bottom), outline=FAINT)
        draw.line((left, top, right, bottom), FAINT)
        draw.line((left, bottom, right, top), FAINT)
        return
    pixels = np.asarray(tile.picture)
    if pixels.dtype != np.uint8:
        pixels = np.round(np.clip(pixels, 0, 1) * 255).astype(np.uint8)
    picture = ImageOps.contain(Image.fromarray(pixels), (side, side), Image.Resampling.LANCZOS)
    left, top = left + (side - picture.width) // 2, top + (side - picture.height) // 2
    sheet.paste(picture, (left, top))
    scale = picture.width / pixels.shape[1]
    for y, x, color in tile.dots:  # ringed in white and dark, to be seen on any picture
        middle = (left + (x + 0.5) * scale, top + (y + 0.5) * scale)
        for radius, fill in ((8, INK), (7, PAPER), (5, color)):
            draw.circle(middle, radius, fill=fill)


def _shorten(text: str, width: int) -> str:
    """The text on one line, cut in its middle where it is wider than a picture: names differ at both ends."""
    text = " ".join(text.split())
    if label_font(11).getlength(text) <= width:
        return text
    ends = len(text) // 2
    while ends and label_font(11).getlength(f"{text[:ends]}…{text[-ends:]}") > width:
        ends -= 1
    return f"{text[:ends]}…{text[-ends:]}" if ends else "…"
