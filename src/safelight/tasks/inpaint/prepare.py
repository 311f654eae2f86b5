"""Inpainting as a question and its answer: the one preparation for training, judging and use.

A question is four planes, or seven with a guess, in this order and these ranges (they stand in every card):
  0-2  red, green, blue of what is known   -1..1 ("centered"), 0 in the hole
  3    mask                                1 = missing, 0 elsewhere
  4-6  a classical filling, if asked for   -1..1, what is known as in 0-2
The answer is red, green and blue everywhere, in the range of planes 0-2. Only the hole is taken from it.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from safelight.arrays import Mask, Planes, Srgb
from safelight.errors import RecipeError
from safelight.masks.edit import is_missing
from safelight.shaped import Float32
from safelight.tasks.inpaint.classical import CLASSICAL

Span = Literal["centered", "unit", "bytes"]
SPANS: dict[Span, tuple[float, float]] = {  # what black and white are in planes 0-2
    "centered": (-1.0, 1.0),
    "unit": (0.0, 1.0),
    "bytes": (0.0, 255.0),
}
GUESSES = ("none", "mean color", "telea", "navier-stokes", "biharmonic")
CROSSOVER = 12.0  # pixels


@dataclass(frozen=True)
class InpaintPreparation:
    """How a picture and its hole become planes. In the card, so that a model is used as it was trained.

    span: the range of the colors: "centered" -1..1, "unit" 0..1, or "bytes" 0..255 (only to show what it costs:
      note 001 found 0..1 to train better).
    guess: a classical method whose filling is given to the network in planes 4 to 6; "none" leaves them out.
    crossover: the width of a hole, in pixels at the network's size, from which on the model does better than
      the classical methods; measured after training (safelight judge). Thinner damage is not given to it.
    """

    span: Span = "centered"
    guess: Literal["none", "mean color", "telea", "navier-stokes", "biharmonic"] = "none"
    crossover: float = CROSSOVER

    def __post_init__(self) -> None:
        if self.span not in SPANS:
            raise RecipeError(f"preparation.span is {self.span!r}; expected one of {', '.join(SPANS)}")
        if self.guess not in GUESSES:
            raise RecipeError(f"preparation.guess is {self.guess!r}; expected one of {', '.join(GUESSES)}")
        if not self.crossover >= 0:
            raise RecipeError(
                f"preparation.crossover is {self.crossover}; expected a width in pixels, from 0"
            )

    @property
    def planes(self) -> int:
        """How many planes a question has."""
        return 4 if self.guess == "none" else 7


def preprocess(srgb: Srgb, mask: Mask, preparation: InpaintPreparation = InpaintPreparation()) -> Planes:
    """The question: planes (4 or 7, h, w) for a picture (h, w, 3), 0..1, and its mask (h, w), 1 = missing.

    What the picture holds in its hole has no effect. Raises ValueError for a picture that is not floats 0..1.
    """
    _check_range(srgb)
    hole = is_missing(mask)
    planes = np.zeros((preparation.planes, *hole.shape), np.float32)
    planes[:3] = to_span(np.moveaxis(srgb, 2, 0), preparation.span)
    planes[:3, hole] = 0  # in "centered" the middle grey
    planes[3] = hole
    if preparation.guess != "none":
        emptied = np.where(hole[..., None], np.float32(0), srgb)
        guess = CLASSICAL[preparation.guess](emptied, hole)
        planes[4:] = to_span(np.moveaxis(guess, 2, 0), preparation.span)
    return planes


def postprocess(
    reply: Float32[np.ndarray, "3 h w"],
    srgb: Srgb,
    mask: Mask,
    preparation: InpaintPreparation = InpaintPreparation(),
) -> Srgb:
    """The picture (h, w, 3), 0..1, with its hole filled from a network's reply; what is known is untouched."""
    fill = from_span(np.moveaxis(reply, 0, 2), preparation.span).clip(0, 1)
    return np.where(is_missing(mask)[..., None], fill, srgb).astype(np.float32)


def to_span(levels: np.ndarray, span: Span) -> np.ndarray:
    """0..1 to the range of the planes."""
    black, white = SPANS[span]
    return np.asarray(levels * np.float32(white - black) + np.float32(black), np.float32)


def from_span(levels: np.ndarray, span: Span) -> np.ndarray:
    """The range of the planes to 0..1, not clipped."""
    black, white = SPANS[span]
    return np.asarray((levels - np.float32(black)) / np.float32(white - black), np.float32)


def _check_range(srgb: Srgb) -> None:
    low, high = float(srgb.min()), float(srgb.max())
    if srgb.dtype.kind != "f" or not (low >= -1e-3 and high <= 1.001):  # NaN fails this too
        raise ValueError(
            f"the picture is {srgb.dtype} from {low:.4g} to {high:.4g}; expected floats 0..1: divide it by 255"
        )
