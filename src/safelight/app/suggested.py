"""A photo with the places of suggested hints, numbered, and the likely colors beside each."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from safelight.arrays import Pixels, Srgb
from safelight.pixels.geometry import fit_size, resize
from safelight.tasks.suggest import Suggestion

SIDE = 720  # pixels of the picture's shorter side, at most


def draw(photo: Srgb, suggestions: Sequence[Suggestion]) -> Pixels:
    """uint8 (h, w, 3): the photo with a numbered ring at each place and its colors as discs to the right."""
    small = resize(photo, fit_size((photo.shape[0], photo.shape[1]), min(SIDE, *photo.shape[:2])))
    picture = Image.fromarray((255 * small.clip(0, 1)).round().astype(np.uint8))
    pen, radius = ImageDraw.Draw(picture), max(8.0, min(picture.size) / 45)
    font = ImageFont.load_default(1.3 * radius)
    for number, each in enumerate(suggestions, start=1):
        x, y = each.x * picture.width, each.y * picture.height
        left = -1 if x > 0.8 * picture.width else 1  # discs stay inside of the picture
        _disc(pen, x, y, radius, "#ffffff")
        pen.text((x, y), str(number), fill="#000000", font=font, anchor="mm")
        for place, (color, _) in enumerate(each.colors, start=1):
            _disc(pen, x + left * 2.1 * radius * place, y, 0.9 * radius, color)
    return np.asarray(picture)


def _disc(pen: ImageDraw.ImageDraw, x: float, y: float, radius: float, color: str) -> None:
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=color, outline="#ffffff", width=2)
