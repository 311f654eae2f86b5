"""Colors in words: CSS's names read, and a word for a color, as a person would say it."""

from difflib import get_close_matches
from functools import cache
from typing import TypeAlias

import numpy as np

from safelight.pixels.color import srgb_to_lab

Rgb: TypeAlias = tuple[float, float, float]  # sRGB, 0..1

# What a color is called that lies nearest to one of these in Lab. The words are those of everyday; "dark grey" is
# darker than "grey", as in speech, but not as in CSS.
SAID = {
    "black": ("#000000", "#1c1a1a"),
    "dark grey": ("#404040",),
    "grey": ("#606060", "#808080", "#9c9c9c"),
    "light grey": ("#b8b8b8", "#d2d2d2"),
    "white": ("#f0f0f0", "#ffffff"),
    "dark brown": ("#3a2a20", "#4d3526"),
    "brown": ("#654321", "#7b4f2c", "#8b5a3c", "#96705c"),
    "light brown": ("#b08968", "#a68a72"),
    "beige": ("#d9c7a8", "#e6d8c0", "#c8b48f"),
    "dark red": ("#6b1a1e", "#801818"),
    "red": ("#b02a30", "#d0302f", "#ff0000", "#a0403c"),
    "pink": ("#ffc0cb", "#e0a0a8", "#e880a0", "#ff69b4"),
    "orange": ("#ffa500", "#e07a28", "#d2691e"),
    "yellow": ("#ffff00", "#e8d44d", "#d4b840"),
    "olive": ("#808000", "#6b6a45", "#8c8a5a", "#4f4d2c"),
    "dark green": ("#1f3d20", "#006400", "#34452c"),
    "green": ("#008000", "#4f8a3c", "#00c000", "#6f9a5e"),
    "light green": ("#90ee90", "#a8c890", "#00ff00"),
    "turquoise": ("#40e0d0", "#30a0a0", "#008080", "#00ffff"),
    "dark blue": ("#1a2450", "#000080", "#2c3850"),
    "blue": ("#0000ff", "#3050b0", "#4a6a9c", "#5b6f8f"),
    "light blue": ("#add8e6", "#87aede", "#8fa6c4"),
    "purple": ("#800080", "#7050a0", "#5c4470", "#ee82ee"),
    "lilac": ("#c8a2c8", "#a88cb8"),
    "magenta": ("#ff00ff", "#c02080"),
}


@cache
def names() -> dict[str, str]:
    """CSS's names of colors, and #rrggbb of each (CSS Color Module 4, section 6.1)."""
    from PIL import ImageColor

    return {name: str(color) for name, color in ImageColor.colormap.items()}


def hex_of_name(name: str) -> str | None:
    """#rrggbb of a CSS name, in any case and with spaces ("Dark Red"); None if it is none."""
    return names().get("".join(name.lower().split()))


def like(name: str) -> str | None:
    """The CSS name that is spelled most like this one, if one is."""
    matches = get_close_matches("".join(name.lower().split()), names(), 1)
    return matches[0] if matches else None


def in_words(color: Rgb) -> str:
    """What a person would call the color: the word of SAID whose colors come nearest in Lab."""
    words, lab = _said()
    distance = ((lab - srgb_to_lab(np.array([color], np.float32))) ** 2).sum(1)
    return words[int(distance.argmin())]


@cache
def _said() -> tuple[tuple[str, ...], np.ndarray]:
    pairs = [(word, color) for word, colors in SAID.items() for color in colors]
    srgb = np.array([[int(color[k : k + 2], 16) for k in (1, 3, 5)] for _, color in pairs], np.float32)
    return tuple(word for word, _ in pairs), srgb_to_lab(srgb / 255)
