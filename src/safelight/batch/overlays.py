"""What is drawn over a photo: its mask, its hints under a grid, the places where a hint is suggested."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from safelight.arrays import Pixels, Srgb
from safelight.batch.places import room_for
from safelight.batch.work import Job
from safelight.masks.edit import resize_mask
from safelight.masks.shapes import Hole
from safelight.pixels.files import write_photo
from safelight.pixels.geometry import fit_size, resize
from safelight.runtime.names import preview_name
from safelight.shaped import UInt8
from safelight.tasks.colorize.color_names import in_words
from safelight.tasks.colorize.hints import Hint
from safelight.tasks.colorize.suggest import Suggestion

PREVIEW_SIDE = 1600  # pixels of a preview's longer side, at most
RED = np.array([255, 0, 0], np.float32)
COVER = 0.65  # how much of the photo the red hides
SMALL = 1 / 50  # of the longer side: what is smaller gets a ring around it
MOST_RINGS = 300
SHORT_SIDE = (
    720  # pixels of the photo's shorter side under a grid, at most; its longer one is LONG_SIDE at most
)
LONG_SIDE = 2880
STEPS = 10  # lines of the grid lie a tenth apart
FAINT, STRONG = 70, 150  # opacity of lines, 0..255: all, and those of 0, 0.5 and 1
BLACK, WHITE = "#000000", "#ffffff"
Point = tuple[float, float]


def draw_mask(pixels: Pixels, hole: Hole) -> UInt8[np.ndarray, "h w 3"]:
    """The photo (h, w, 3), made smaller where it is large, paler, the mask in red, small places in yellow rings."""
    size = (pixels.shape[0], pixels.shape[1])
    scale = min(1.0, PREVIEW_SIDE / max(size))
    reduced = fit_size(size, max(1, round(min(size) * scale)))
    white = 1 if pixels.dtype.kind == "f" else np.iinfo(pixels.dtype).max
    picture = resize(pixels, reduced).astype(np.float32) * np.float32(255 / white)
    small = resize_mask(hole, reduced)
    picture = 255 - 0.85 * (255 - picture)
    picture[small] += COVER * (RED - picture[small])
    drawn = np.round(picture).astype(np.uint8)
    _ring_small_places(drawn, small)
    return drawn


def write_preview(job: Job, pixels: Pixels, hole: Hole) -> Path:
    """Write the preview beside the result, in place of an older one; its path. Raises PhotoError."""
    path = room_for(job.result.with_name(job.name(preview_name)))
    write_photo(path, draw_mask(pixels, hole), overwrite=True, quality=90)
    return path


def preview_remark(path: Path) -> str:
    """The line that says where a preview is."""
    return f"what is marked is shown in {path}"


def _ring_small_places(drawn: UInt8[np.ndarray, "h w 3"], hole: Hole) -> None:
    """A yellow ring around each place that is easily overlooked, the largest first."""
    longest = max(hole.shape)
    _, _, boxes, middles = cv2.connectedComponentsWithStats(hole.astype(np.uint8))
    order = np.argsort(-boxes[1:, cv2.CC_STAT_AREA])[:MOST_RINGS] + 1
    for place in order:
        reach = max(boxes[place, cv2.CC_STAT_WIDTH], boxes[place, cv2.CC_STAT_HEIGHT])
        if reach < SMALL * longest:
            x, y = (round(each) for each in middles[place])
            cv2.circle(drawn, (x, y), round(0.012 * longest + reach / 2), (255, 220, 0), 1, cv2.LINE_AA)


@dataclass(frozen=True)
class GridOverlay:
    """The photo, reduced, in a margin that carries the numbers of its grid; a pen and a size for what is drawn."""

    picture: Image.Image
    pen: ImageDraw.ImageDraw
    margin: int
    width: int
    height: int
    radius: float  # of a numbered disc

    @classmethod
    def of(cls, photo: Srgb | Pixels) -> "GridOverlay":
        """Photo (h, w, 3) as floats 0..1, uint8 or uint16, under its grid."""
        h, w = photo.shape[:2]
        small = resize(photo, fit_size((h, w), min(SHORT_SIDE, h, w), long_side=LONG_SIDE))
        height, width = small.shape[:2]
        radius = max(8.0, min(height, width) / 45)
        margin = round(2.4 * radius)
        picture = Image.new("RGB", (width + 2 * margin, height + 2 * margin), WHITE)
        picture.paste(Image.fromarray(_eight_bits(small)), (margin, margin))
        overlay = cls(picture, ImageDraw.Draw(picture, "RGBA"), margin, width, height, radius)
        overlay._grid()
        return overlay

    def at(self, x: float, y: float) -> Point:
        """Where a place, given as fractions of the photo, lies on the overlay."""
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
    overlay, hint_list = GridOverlay.of(photo), list(hints)
    for hint in hint_list:
        if hint.region is not None:
            overlay.outline(hint.region, hint.hex)
    for number, hint in enumerate(hint_list, start=1):
        covered = hint.radius * min(overlay.width, overlay.height)
        if covered > overlay.radius:  # the hint is meant as far as this ring
            x, y = overlay.at(hint.x, hint.y)
            overlay.pen.ellipse(
                (x - covered, y - covered, x + covered, y + covered), outline=hint.hex, width=3
            )
        overlay.disc(overlay.at(hint.x, hint.y), overlay.radius, hint.hex, str(number))
    return overlay.pixels()


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


def draw_suggestions(photo: Srgb | Pixels, suggestions: Sequence[Suggestion]) -> Pixels:
    """uint8 (h, w, 3): the photo under its grid, a numbered disc at each place, its colors in a row beside it.

    The likeliest color is always the leftmost: near the right edge the whole row lies to the left of its place.
    """
    overlay = GridOverlay.of(photo)
    step = 2.1 * overlay.radius
    for number, each in enumerate(suggestions, start=1):
        x, y = overlay.at(each.x, each.y)
        row = len(each.colors) * step
        first = x + step if x + row + overlay.radius <= overlay.margin + overlay.width else x - row
        for k, (color, _) in enumerate(each.colors):
            overlay.disc((first + k * step, y), 0.85 * overlay.radius, color)
        overlay.disc((x, y), overlay.radius, WHITE, str(number))
    return overlay.pixels()


def describe_suggestion(suggestion: Suggestion) -> str:
    """Place, as --hint takes it, worth, and the likely colors."""
    colors = ", ".join(f"{_named(color)} ({share:.0%})" for color, share in suggestion.colors)
    return (
        f"{suggestion.x:.3f},{suggestion.y:.3f}  a hint here removes {suggestion.worth:.0%} of the uncertainty; "
        f"guesses: {colors}"
    )


def _named(color: str) -> str:
    red, green, blue = (int(color[k : k + 2], 16) / 255 for k in (1, 3, 5))
    return f"{in_words((red, green, blue))} {color}"
