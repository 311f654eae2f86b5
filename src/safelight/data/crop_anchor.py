"""What a picture is cropped around, as its metadata say: a point (eyes, say) or a box; and the square cut around it."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

from safelight.data.rows import Row
from safelight.data.settings import BuildSettings
from safelight.errors import DatasetError, PhotoError
from safelight.pixels.geometry import Box, Size, fit_size, square_of_dataset
from safelight.pixels.opening import open_picture

AROUND = 1.25  # side of the square over the longer side of a box: the subject is never cut where it fits


@dataclass(frozen=True)
class CropAnchor:
    """A box in fractions of the upright picture; a point is a box without extent."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def middle(self) -> tuple[float, float]:
        """(x, y) in fractions."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2


def crop_anchor_of(row: Row, path: Path) -> CropAnchor | None:
    """The subject that the metadata row of a picture file names.

    "subject": [x, y] or [left, top, right, bottom] in fractions; or "landmarks": the middle of the eyes, or of all
    landmarks, which are in pixels. Landmarks outside the picture (made for another crop of it) name no subject.
    Raises DatasetError for a subject or landmarks of another shape.
    """
    stated = row.get("subject")
    if stated is None:
        return _middle_of(row["landmarks"], path) if row.get("landmarks") else None
    if isinstance(stated, (list, tuple)) and all(_is_fraction(number) for number in stated):
        if len(stated) == 2:
            return CropAnchor(*stated, *stated)
        if len(stated) == 4 and stated[0] <= stated[2] and stated[1] <= stated[3]:
            return CropAnchor(*stated)
    raise DatasetError(
        f"{path} has the subject {stated!r} in its metadata; expected [x, y] or [left, top, right, bottom] "
        "in fractions of the picture, 0 to 1"
    )


def _middle_of(landmarks: object, path: Path) -> CropAnchor | None:
    if not isinstance(landmarks, dict) or not all(_is_place(place) for place in landmarks.values()):
        raise DatasetError(
            f"{path} has the landmarks {landmarks!r} in its metadata; expected "
            '{"left_eye": [x, y], ...} in pixels of the picture'
        )
    eyes = [place for name, place in landmarks.items() if "eye" in name.lower()]
    places = eyes or list(landmarks.values())
    try:
        with open_picture(path) as picture:
            width, height = picture.size
    except (PhotoError, OSError):
        return None  # screening will say what is wrong with the file
    x, y = (sum(place[axis] for place in places) / len(places) for axis in (0, 1))
    inside = 0 <= x <= width and 0 <= y <= height
    return CropAnchor(x / width, y / height, x / width, y / height) if inside else None


def _is_place(place: object) -> bool:
    return isinstance(place, (list, tuple)) and len(place) == 2 and all(_is_number(each) for each in place)


def _is_fraction(number: object) -> bool:
    return _is_number(number) and 0 <= number <= 1


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def window(size: Size, subject: CropAnchor, share: float) -> Box:
    """The square around a subject in a picture (h, w), inside it.

    share: its side over the picture's shorter side, 0..1; larger where a box needs it.
    """
    height, width = size
    extent = max((subject.right - subject.left) * width, (subject.bottom - subject.top) * height)
    side = min(*size, max(1, math.ceil(max(share * min(size), AROUND * extent))))
    x, y = subject.middle
    top, left = round(y * height - side / 2), round(x * width - side / 2)
    return Box(min(max(top, 0), height - side), min(max(left, 0), width - side), side, side)


@dataclass(frozen=True)
class View:
    """The part of a picture that its square shows, in fractions of the picture; with fit "pad" it goes beyond."""

    left: float
    top: float
    width: float
    height: float

    def place(self, x: float, y: float) -> tuple[float, float]:
        """A place of the picture in fractions of the square, brought inside it."""
        right, down = (x - self.left) / self.width, (y - self.top) / self.height
        return min(max(right, 0.0), 1.0), min(max(down, 0.0), 1.0)


def view(size: Size, settings: BuildSettings, box: Box | None = None) -> View:
    """What the square of a whole picture (h, w) shows; box: what a padded picture fills of the square."""
    if box is not None:
        width, height = settings.size / box.width, settings.size / box.height
        return View(-box.left / box.width, -box.top / box.height, width, height)
    if settings.fit == "stretch":
        return View(0.0, 0.0, 1.0, 1.0)
    height_px, width_px = fit_size(size, settings.size)
    top, left = square_of_dataset(height_px, width_px, settings.size)
    return View(left / width_px, top / height_px, settings.size / width_px, settings.size / height_px)
