"""Suggested hints: a picture of their places, numbered, the likely colors beside each; and in words."""

from collections.abc import Sequence

from safelight.arrays import Pixels, Srgb
from safelight.cli.places import WHITE, Sheet
from safelight.tasks.colorize.color_names import in_words
from safelight.tasks.colorize.suggest import Suggestion


def draw(photo: Srgb | Pixels, suggestions: Sequence[Suggestion]) -> Pixels:
    """uint8 (h, w, 3): the photo under its grid, a numbered disc at each place, its colors in a row beside it.

    The likeliest color is always the leftmost: near the right edge the whole row lies to the left of its place.
    """
    sheet = Sheet.of(photo)
    step = 2.1 * sheet.radius
    for number, each in enumerate(suggestions, start=1):
        x, y = sheet.at(each.x, each.y)
        row = len(each.colors) * step
        first = x + step if x + row + sheet.radius <= sheet.margin + sheet.width else x - row
        for k, (color, _) in enumerate(each.colors):
            sheet.disc((first + k * step, y), 0.85 * sheet.radius, color)
        sheet.disc((x, y), sheet.radius, WHITE, str(number))
    return sheet.pixels()


def told(suggestion: Suggestion) -> str:
    """Place, as --hint takes it, worth, and the likely colors."""
    colors = ", ".join(f"{_named(color)} ({share:.0%})" for color, share in suggestion.colors)
    return (
        f"{suggestion.x:.3f},{suggestion.y:.3f}  a hint here answers {suggestion.worth:.0%} of the open question; "
        f"guesses: {colors}"
    )


def _named(color: str) -> str:
    red, green, blue = (int(color[k : k + 2], 16) / 255 for k in (1, 3, 5))
    return f"{in_words((red, green, blue))} {color}"
