"""What is written in a hint, checked: numbers, colors, the corners of a lasso. Each raises HintError in one line."""

import contextlib
import math
import re
from reprlib import repr as brief
from typing import TypeAlias

import numpy as np

from safelight.errors import HintError

MAX_CORNERS = 10_000  # of a region; a lasso drawn by hand has thousands at most
Region: TypeAlias = tuple[tuple[float, float], ...]  # a closed polygon of (x, y) fractions
HEX = re.compile(r"#?([0-9a-fA-F]{6})|#([0-9a-fA-F]{3})")


OF_THE_PICTURE = ", as a fraction of the picture, not pixels"
OF_THE_SHORTER_SIDE = ", as a fraction of the shorter side, not pixels"
OF_SRGB = ", or #rrggbb"


def share(value: object, name: str, high: float = 1.0, advice: str = "") -> float:
    """A number from 0 to `high`, as float. Raises HintError, which calls it `name`."""
    number = math.nan
    if isinstance(value, (int, float, np.number)) and not isinstance(value, bool):
        with contextlib.suppress(OverflowError, TypeError):  # JSON's may have any size; complex ones
            number = float(value)
    if not 0 <= number <= high:  # NaN fails this too
        shown = f"{number:g}" if math.isfinite(number) else brief(value)
        raise HintError(f"{name} is {one_line(shown)}; expected a number from 0 to {high:g}{advice}")
    return number


def one_line(text: str) -> str:
    """The text with every white space as one blank."""
    return " ".join(text.split())


def number(value: object, name: str, high: float = 1.0, advice: str = OF_THE_PICTURE) -> float:
    """A number of a hint, from 0 to `high`."""
    return share(value, f"hint {name}", high, advice)


def color_of(value: object) -> tuple[float, float, float]:
    """sRGB 0..1 of #rrggbb, #rgb, a CSS name or three numbers."""
    if isinstance(value, str):
        match = HEX.fullmatch(value.strip())
        digits = (
            "".join(match.group(1) or (2 * digit for digit in match.group(2))) if match else _named(value)
        )
        red, green, blue = (int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4))
        return red, green, blue
    if not isinstance(value, (list, tuple)) or len(value) != 3:
        raise HintError(
            f"hint color is {one_line(brief(value))}; expected #rrggbb or three numbers from 0 to 1, or a CSS name"
        )
    red, green, blue = (number(part, "color", advice=OF_SRGB) for part in value)
    return red, green, blue


def _named(color: str) -> str:
    """rrggbb of a CSS name."""
    from safelight.tasks.colorize.color_names import hex_of_name, like

    code = hex_of_name(color)
    if code is None:
        near = like(color)
        raise HintError(
            f"hint color is {brief(color)}; expected #rrggbb, such as #c04030, #rgb, or a CSS name, such as firebrick"
            + (f"; did you mean {near}?" if near else "")
        )
    return code[1:]


def region_of(value: object) -> Region:
    """The corners of a lasso, as tuples."""
    if not isinstance(value, (list, tuple)) or len(value) < 3:
        raise HintError("a hint region needs at least three [x, y] corners")
    if len(value) > MAX_CORNERS:
        raise HintError(
            f"a hint region has {len(value)} corners; expected {MAX_CORNERS} at most: leave out every other one"
        )
    corners = []
    for corner in value:
        if not isinstance(corner, (list, tuple)) or len(corner) != 2:
            raise HintError(f"a corner of a hint region is {one_line(brief(corner))}; expected [x, y]")
        corners.append((number(corner[0], "region x"), number(corner[1], "region y")))
    return tuple(corners)
