"""A photo with places marked on it: a grid whose numbers are read off as fractions, and hints as they lie."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from safelight.arrays import Pixels, Srgb
from safelight.pixels.geometry import fit_size, resize
from safelight.tasks.colorize.hints import Hint

SIDE = 720  # pixels of the photo's shorter side, at most; its longer one is LONGEST at most
LONGEST = 2880
STEPS = 10  # lines of the grid lie a tenth apart
FAINT, STRONG = 70, 150  # opacity of lines, 0..255: all, and those of 0, 0.5 and 1
BLACK, WHITE = "#000000", "#ffffff"
Point = tuple[float, float]


@dataclass(frozen=True)
class Sheet:
    """The photo, reduced, in a margin that carries the numbers of its grid; a pen and a size for what is drawn."""

    picture: Image.Image
    pen: ImageDraw.ImageDraw
    margin: int
    width: int
    height: int
    radius: float  # of a numbered disc

    @classmethod
    def of(cls, photo: Srgb | Pixels) -> "Sheet":
        """Photo (h, w, 3) as floats 0..1, uint8 or uint16, under its grid."""
        h, w = photo.shape[:2]
        small = resize(photo, fit_size((h, w), min(SIDE, h, w), long_side=LONGEST))
        height, width = small.shape[:2]
        radius = max(8.0, min(height, width) / 45)
        margin = round(2.4 * radius)
        picture = Image.new("RGB", (width + 2 * margin, height + 2 * margin), WHITE)
        picture.paste(Image.fromarray(_eight_bits(small)), (margin, margin))
        sheet = cls(picture, ImageDraw.Draw(picture, "RGBA"), margin, width, height, radius)
        sheet._grid()
        return sheet

    def at(self, x: float, y: float) -> Point:
        """Where a place, given as fractions of the photo, lies on the sheet."""
        return self.margin + x * self.width, self.margin + y * self.height

    def disc(self, place: Point, radius: float, color: str, text: str = "") -> None:
        """A disc between a black and a white ring, seen on any ground; its text is black or white."""
        for wider, ring in ((2, BLACK), (1, WHITE), (0, color)):
            self._circle(place, radius + wider, ring)
        if text:
            ink = BLACK if _lightness(color) > 0.5 else WHITE
            self.pen.text(place, text, fill=ink, font=_font(1.3 * radius), anchor="mm")

    def outline(self, region: Sequence[Point], color: str) -> None:
        """A lasso."""
        corners = [self.at(*corner) for corner in (*region, region[0])]
        self.pen.line(corners, fill=BLACK, width=5)
        self.pen.line(corners, fill=WHITE, width=3)
        self.pen.line(corners, fill=color, width=2)

    def pixels(self) -> Pixels:
        """uint8 (h, w, 3)."""
        return np.asarray(self.picture)

    def _circle(self, place: Point, radius: float, color: str) -> None:
        x, y = place
        self.pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=color)

    def _grid(self) -> None:
        font = _font(min(1.1 * self.radius, self.width / 18))
        for step in range(STEPS + 1):
            share, opacity = step / STEPS, STRONG if step % (STEPS // 2) == 0 else FAINT
            (x, top), (left, y) = self.at(share, 0), self.at(0, share)
            bottom, right = top + self.height, left + self.width
            for line in ((x, top, x, bottom), (left, y, right, y)):
                self.pen.line([each + 1 for each in line], fill=(0, 0, 0, opacity))
                self.pen.line(line, fill=(255, 255, 255, opacity))
            for place in ((x, top - self.margin / 2), (x, bottom + self.margin / 2)):
                self.pen.text(place, f"{share:.1f}", fill=BLACK, font=font, anchor="mm")
            for place in ((left - self.margin / 2, y), (right + self.margin / 2, y)):
                self.pen.text(place, f"{share:.1f}", fill=BLACK, font=font, anchor="mm")


def draw_hints(photo: Srgb | Pixels, hints: Iterable[Hint]) -> Pixels:
    """uint8 (h, w, 3): the photo under its grid, each hint as a disc of its color with its number, lassos around."""
    sheet, given = Sheet.of(photo), list(hints)
    for hint in given:
        if hint.region is not None:
            sheet.outline(hint.region, hint.hex)
    for number, hint in enumerate(given, start=1):
        covered = hint.radius * min(sheet.width, sheet.height)
        if covered > sheet.radius:  # the hint is meant as far as this ring
            x, y = sheet.at(hint.x, hint.y)
            sheet.pen.ellipse((x - covered, y - covered, x + covered, y + covered), outline=hint.hex, width=3)
        sheet.disc(sheet.at(hint.x, hint.y), sheet.radius, hint.hex, str(number))
    return sheet.pixels()


def _eight_bits(photo: "np.ndarray[Any, Any]") -> Pixels:
    if photo.dtype == np.uint8:
        return photo
    white = np.iinfo(photo.dtype).max if photo.dtype.kind == "u" else 1
    return np.asarray((photo * (255 / white)).clip(0, 255).round().astype(np.uint8))


def _font(size: float) -> Any:
    return ImageFont.load_default(max(size, 6.0))


def _lightness(color: str) -> float:
    """How light a color #rrggbb looks, 0..1 (luma of Rec. 601)."""
    red, green, blue = (int(color[k : k + 2], 16) / 255 for k in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue
