"""What a model says of how far a photo is from those that it was trained on: the figure, in words."""

from collections.abc import Sequence
from dataclasses import dataclass

FAR = 1.0  # the threshold: what is above it is called unfamiliar


@dataclass(frozen=True)
class Familiarity:
    """How a model's unfamiliarity was measured and where its threshold lies. Part of its card.

    kept: training pictures that it remembers. nearest: which of them, by distance, counts.
    quantile: this share of the held-out pictures of the same kind lies below the threshold.
    held_out: how many these were. distance: the threshold in the features' own units.
    """

    method: str
    source: str
    features: str
    kept: int
    nearest: int
    quantile: float
    held_out: int
    distance: float

    def to_page(self) -> str:
        """The card's paragraph."""
        return (
            f"Unfamiliarity is the {self.method} ({self.source}) on the {self.features}: to number {self.nearest} "
            f"of {self.kept} training pictures, as a share of a distance of {self.distance:.4g}, below which "
            f"{100 * self.quantile:g} % of {self.held_out} held-out pictures of the same sets lie. "
            "Above 1 the colors are guesses about something that the model hardly saw."
        )


def in_words(unfamiliarities: Sequence[float]) -> str:
    """How many of several photos are unlike the training pictures; nothing where none is, or of one photo."""
    far = sum(each > FAR for each in unfamiliarities)
    return f"{far} unlike the training photos" if far and len(unfamiliarities) > 1 else ""


def warning(unfamiliarity: float) -> tuple[str, ...]:
    """One line for a photo past the threshold, else none."""
    if unfamiliarity <= FAR:
        return ()
    return (
        f"is unlike the photos that the model was trained on (distance {_beyond(unfamiliarity)}, limit {FAR:g}): "
        "expect poor colors, or give hints",
    )


def _beyond(figure: float) -> str:
    """A figure above the limit with so many digits that it can be seen to be above."""
    digits = 2
    while float(f"{figure:.{digits}f}") <= FAR and digits < 9:
        digits += 1
    return f"{figure:.{digits}f}"
