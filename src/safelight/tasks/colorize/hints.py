"""Color hints: what a person (or a sampler) says about the color at some places of a picture.

A `HintSet` is portable: places are fractions of the picture, so that one file can be replayed on the same
photo at any size, on any model. `Points` are the same hints on the pixel grid of one network input.
"""

import itertools
import json
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from reprlib import repr as brief
from typing import Any, TypeAlias

import numpy as np

from safelight.errors import HintError, in_short, shown
from safelight.files import new_file
from safelight.json_text import RepeatedKeyError, parsed_settings, place_of
from safelight.pixels.color import srgb_to_lab
from safelight.shaped import Float32, Int32
from safelight.tasks.colorize.hint_values import (
    OF_THE_SHORTER_SIDE,
    Region,
    color_of,
    number,
    one_line,
    region_of,
)

FORMAT = "safelight-hints"
VERSION = 1
MARK, SUFFIX = ".hints", ".json"  # NAME.hints.json lies beside its photo
MAX_HINTS = 2000
MAX_FILE_BYTES = 4_000_000


@dataclass(frozen=True)
class Hint:
    """This color at this place.

    x, y: fractions from the left and from the top, 0..1.
    color: "#rrggbb", "#rgb", a CSS name ("firebrick", "Dark Red"), or three sRGB floats 0..1; kept as floats. Its
      lightness is not used: the photo's is kept.
    radius: fraction of the shorter side over which the place is meant, 0..0.5; 0 is one pixel.
    region: None, or a lasso: at least three (x, y) corners outside of which the hint has no effect at all.
    Raises HintError.
    """

    x: float
    y: float
    color: tuple[float, float, float] | str
    radius: float = 0.01
    region: Region | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "x", number(self.x, "x"))
        object.__setattr__(self, "y", number(self.y, "y"))
        object.__setattr__(self, "color", color_of(self.color))
        object.__setattr__(self, "radius", number(self.radius, "radius", 0.5, OF_THE_SHORTER_SIDE))
        if self.region is not None:
            object.__setattr__(self, "region", region_of(self.region))

    @property
    def hex(self) -> str:
        """The color as #rrggbb."""
        return "#" + "".join(f"{round(part * 255):02x}" for part in color_of(self.color))

    def to_json(self) -> dict[str, Any]:
        """This hint as the hint file writes it: nothing is lost, and a color of 8 bits is #rrggbb."""
        color = self.hex if color_of(self.hex) == self.color else list(color_of(self.color))
        row: dict[str, Any] = {"x": self.x, "y": self.y, "color": color, "radius": self.radius}
        if self.region is not None:
            row["region"] = [list(corner) for corner in self.region]
        return row


@dataclass(frozen=True)
class HintSet:
    """Hints for one picture, saved and loaded as a versioned JSON file (docs/hints.md, hints.schema.json).

    hints: Hints, or tuples (x, y, color), (x, y, color, radius), in any iterable. Raises HintError.
    """

    hints: tuple[Hint, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "hints", _each_a_hint(self.hints))
        if len(self.hints) > MAX_HINTS:
            raise HintError(f"found {len(self.hints)} hints; at most {MAX_HINTS} are used on one picture")

    def __len__(self) -> int:
        return len(self.hints)

    def __iter__(self) -> Iterator[Hint]:
        return iter(self.hints)

    def to_json(self) -> dict[str, Any]:
        """The document that a hint file holds: nothing is lost."""
        return {"format": FORMAT, "version": VERSION, "hints": [hint.to_json() for hint in self.hints]}

    def save(self, path: Path | str) -> Path:
        """Write the hint file, whole or not at all, in place of an older one; returns its path. Raises HintError."""
        path = _path_of(path)
        try:
            with new_file(path, overwrite=True) as file:
                file.write((json.dumps(self.to_json(), indent=1) + "\n").encode())
        except OSError as error:
            raise HintError(f"{shown(path)}: cannot be written ({error.strerror or error})") from None
        return path

    @classmethod
    def load(cls, path: Path | str) -> "HintSet":
        """Read a hint file. Raises HintError with the file's name and the first thing that is wrong in it."""
        path = _path_of(path)
        try:
            text = _read_file(path).decode("utf-8-sig")  # some editors begin with a mark
            return cls.from_json(parsed_settings(text))
        except FileNotFoundError:
            raise HintError(f"there is no hint file {shown(path)}") from None
        except OSError as error:
            raise HintError(f"{shown(path)}: cannot be read ({error.strerror or error})") from None
        except (HintError, RepeatedKeyError) as error:
            raise HintError(f"{shown(path)}: {error}") from None
        except ValueError as error:  # of JSON, of UTF-8, of numbers with thousands of digits
            raise HintError(
                f"{shown(path)}: is not JSON{place_of(error)}; expected a hint file (see docs/hints.md)"
            ) from None

    @classmethod
    def from_json(cls, document: object) -> "HintSet":
        """The hints of a parsed hint file. Raises HintError."""
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise HintError(f'has no "format": "{FORMAT}"; expected a hint file (see docs/hints.md)')
        version = document.get("version")
        if version != VERSION or isinstance(version, bool):
            raise HintError(f"has version {brief(version)}; this safelight reads version {VERSION}")
        rows = document.get("hints")
        if not isinstance(rows, list):
            raise HintError('has no list "hints"')
        return cls(tuple(_hint_from_row(row, number) for number, row in enumerate(rows, start=1)))


GivenHints: TypeAlias = (
    HintSet | Hint | Iterable[Hint | tuple[Any, ...]] | None
)  # what callers may give for hints


def as_hint_set(hints: object) -> HintSet:
    """What callers give for hints: a HintSet, one Hint, one tuple (x, y, color), a list of them, or None for none.

    Raises HintError if it is none of these.
    """
    if hints is None:
        return HintSet()
    if isinstance(hints, HintSet):
        return hints
    one = isinstance(hints, Hint) or (
        isinstance(hints, (tuple, list)) and hints and isinstance(hints[0], (int, float, str, np.number))
    )
    return HintSet((hints,) if one else hints)  # type: ignore[arg-type]  # HintSet looks at each


EXPECTED = 'expected a HintSet, or a list of Hints or of tuples such as (0.5, 0.7, "#8c2f39")'


def _each_a_hint(hints: object) -> tuple[Hint, ...]:
    no_list = (
        isinstance(hints, (str, bytes, dict, Path)) or getattr(hints, "ndim", 1) == 0
    )  # as NumPy's numbers
    if no_list or not isinstance(hints, Iterable):
        advice = "; HintSet.load reads a hint file" if isinstance(hints, (str, Path)) else ""
        raise HintError(f"hints: {EXPECTED}, found {one_line(brief(hints))}{advice}")
    taken = itertools.islice(hints, 10 * MAX_HINTS)  # an endless one ends here
    return tuple(_as_hint(each, number) for number, each in enumerate(taken, start=1))


def _as_hint(value: object, number: int) -> Hint:
    if isinstance(value, Hint):
        return value
    if not isinstance(value, (tuple, list)) or not 3 <= len(value) <= 4:
        raise HintError(f"hints: {EXPECTED}; number {number} is {one_line(brief(value))}")
    try:
        return Hint(*value)
    except HintError as error:
        raise HintError(f"hint {number}: {error}") from None


def _path_of(path: object) -> Path:
    if not isinstance(path, (str, Path)) or not str(path):
        raise HintError(f"the hint file is {in_short(path)}; expected its path")
    return Path(path)


def _read_file(path: Path) -> bytes:
    """All of a hint file. A pipe would never end, nor would some devices. Raises HintError, OSError."""
    if not stat.S_ISREG(path.stat().st_mode) and not path.is_dir():  # a folder has its own error
        raise HintError("is not a regular file; expected a hint file (see docs/hints.md)")
    with path.open("rb") as file:
        content = file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise HintError(f"is larger than {MAX_FILE_BYTES // 1_000_000} MB; a hint file is a few kB")
    return content


KEYS = ("x", "y", "color", "radius", "region")


def _hint_from_row(row: object, number: int) -> Hint:
    if not isinstance(row, dict):
        raise HintError(f"hint {number} is not an object with x, y and color")
    unknown, missing = sorted(set(row) - set(KEYS)), sorted({"x", "y", "color"} - set(row))
    if unknown or missing:
        what = f"an unknown key {brief(unknown[0])}" if unknown else f"no {missing[0]!r}"
        near = get_close_matches(unknown[0][:99].lower(), KEYS, 1) if unknown else []
        raise HintError(
            f"hint {number} has {what}; it takes x, y, color, and optionally radius and region"
            + (f": write {near[0]!r}" if near else "")
        )
    try:
        return Hint(**row)
    except HintError as error:
        raise HintError(f"hint {number}: {error}") from None


@dataclass(frozen=True)
class Points:
    """Hints on the pixel grid of one picture: rows and columns, colors (ab of Lab), radii in pixels."""

    y: Int32[np.ndarray, " n"]
    x: Int32[np.ndarray, " n"]
    ab: Float32[np.ndarray, "n 2"]
    radius: Float32[np.ndarray, " n"]

    def __len__(self) -> int:
        return len(self.y)

    def first(self, count: int) -> "Points":
        """The first `count` of them: questions with more hints contain those with fewer."""
        return Points(self.y[:count], self.x[:count], self.ab[:count], self.radius[:count])

    @classmethod
    def none(cls) -> "Points":
        """No hints: automatic color."""
        nothing = np.zeros(0, np.int32)
        return cls(nothing, nothing, np.zeros((0, 2), np.float32), np.zeros(0, np.float32))


def to_points(hints: HintSet, size: tuple[int, int]) -> Points:
    """Hints on a grid of size (h, w). Where two hints fall on one pixel, the later one counts."""
    h, w = size
    at: dict[tuple[int, int], Hint] = {}
    for hint in hints:
        place = (min(int(hint.y * h), h - 1), min(int(hint.x * w), w - 1))
        at.pop(place, None)
        at[place] = hint
    if not at:
        return Points.none()
    colors = np.array([hint.color for hint in at.values()], np.float32)[None]
    places = np.array(list(at), np.int32)
    radius = np.array([hint.radius * min(h, w) for hint in at.values()], np.float32)
    ab = np.ascontiguousarray(srgb_to_lab(colors)[0, :, 1:], np.float32)
    return Points(places[:, 0], places[:, 1], ab, radius)
