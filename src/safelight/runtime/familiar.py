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
    """Of one photo what its warning does not say: "familiar: distance 0.84, limit 1"; of several how many are."""
    far = sum(each > FAR for each in unfamiliarities)
    if len(unfamiliarities) > 1:
        return f"{len(unfamiliarities) - far} familiar, {far} unfamiliar"
    return "".join(f"familiar: distance {each:.2f}, limit {FAR:g}" for each in unfamiliarities if each <= FAR)


def warning(unfamiliarity: float) -> tuple[str, ...]:
    """One line for a photo past the threshold, else none."""
    if unfamiliarity <= FAR:
        return ()
    return (
        f"is unlike the pictures that the model was trained on (distance {unfamiliarity:.2f}, limit {FAR:g}); "
        "its colors are guesses: give hints, or judge them with care",
    )
