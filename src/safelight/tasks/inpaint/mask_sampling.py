"""Random holes: which pixels of a picture are missing, for training and for judging. 1 = missing.

Free-form strokes follow DeepFill v2 (Yu et al. 2019), the six bins of area with and without a free border
partial convolution (Liu et al. 2018, section 4.1). Every draw takes a numpy Generator.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from safelight.arrays import Mask
from safelight.errors import RecipeError
from safelight.masks.shapes import SHAPES, Hole, Size

Bin: TypeAlias = tuple[float, float]  # least and most share of the area

BINS: tuple[Bin, ...] = ((0.01, 0.1), (0.1, 0.2), (0.2, 0.3), (0.3, 0.4), (0.4, 0.5), (0.5, 0.6))
FREE_BORDER = 1 / 16  # of the short side: what stays known where a mask has no border
FREE_FORM = ("strokes", "strokes", "blobs", "rectangles", "scratches")  # pieces of a mask in a bin


@dataclass(frozen=True)
class HoleSampling:
    """How holes are drawn.

    rectangles: how often rectangles are drawn, as a weight beside the other kinds; 0 leaves them out.
    strokes: how often strokes of a brush are drawn, as a weight; 0 leaves them out.
    blobs: how often stains with a waving rim are drawn, as a weight; 0 leaves them out.
    scratches: how often thin lines are drawn, as a weight; 0 leaves them out.
    borders: how often a strip along one side is torn off, as a weight; 0 leaves them out.
    mixed: share of masks whose pieces are of any of these kinds, instead of one.
    pieces: fewest and most pieces of a mask.
    area: least and most share of the picture that is missing. Scratches may miss the least: they are thin.
    start_area: size curriculum: the most begins here and reaches its own value when the run ends; 0 is off.
      Small holes first, then big ones, is how note 001 trained best.
    """

    rectangles: float = 1.0
    strokes: float = 2.0
    blobs: float = 1.0
    scratches: float = 0.5
    borders: float = 0.25
    mixed: float = 0.25
    pieces: tuple[int, int] = (1, 6)
    area: Bin = (0.01, 0.5)
    start_area: float = 0.0

    def __post_init__(self) -> None:
        if min(self.weights) < 0 or not any(self.weights):
            raise RecipeError(f"the kinds of holes have the weights {self.weights}; expected one above 0")
        if not 0 <= self.mixed <= 1:
            raise RecipeError(f"holes.mixed is {self.mixed}; expected a share from 0 to 1")
        if not 1 <= self.pieces[0] <= self.pieces[1]:
            raise RecipeError(f"holes.pieces is {self.pieces}; expected fewest and most, from 1")
        if not 0 < self.area[0] < self.area[1] <= 0.95:
            raise RecipeError(f"holes.area is {self.area}; expected least and most share, 0 < a < b <= 0.95")
        if self.start_area and not self.area[0] < self.start_area <= self.area[1]:
            raise RecipeError(
                f"holes.start_area is {self.start_area}; expected 0 (off) or a share above the least area "
                f"({self.area[0]}), up to the most ({self.area[1]})"
            )

    @property
    def weights(self) -> tuple[float, ...]:
        """In the order of SHAPES."""
        return self.rectangles, self.strokes, self.blobs, self.scratches, self.borders

    def most_at(self, progress: float) -> float:
        """The largest share of the area that may be missing at this share (0..1) of the run."""
        if not self.start_area:
            return self.area[1]
        return self.start_area + (self.area[1] - self.start_area) * min(max(progress, 0.0), 1.0)


def draw_mask(size: Size, sampling: HoleSampling, rng: np.random.Generator, progress: float = 1.0) -> Mask:
    """A random mask (h, w), float32, 1 = missing, at this share (0..1) of the run.

    At least one pixel is missing, and at most the share `sampling.most_at(progress)`, but for one pixel.
    """
    chances = np.array(sampling.weights) / sum(sampling.weights)
    kinds = list(SHAPES)
    if rng.random() >= sampling.mixed:
        chances = np.eye(len(kinds))[rng.choice(len(kinds), p=chances)]
    least, most = sampling.area[0], sampling.most_at(progress)
    count, target = int(rng.integers(sampling.pieces[0], sampling.pieces[1] + 1)), rng.uniform(least, most)
    hole, share = np.zeros(size, bool), target / count
    for _ in range(4 * count):
        piece = SHAPES[kinds[rng.choice(len(kinds), p=chances)]](size, share, rng)
        hole, fits = _join(hole, piece, most)
        share *= 1 if fits else 0.5
        if hole.mean() >= target * 0.9:
            break
    if not hole.any():
        hole[rng.integers(0, size[0]), rng.integers(0, size[1])] = True
    return hole.astype(np.float32)


def draw_in_bin(size: Size, area: Bin, border: bool, rng: np.random.Generator) -> Mask:
    """A random free-form mask (h, w), float32, 1 = missing, whose share of the area lies in the bin.

    border: whether holes may touch the picture's edge; else a sixteenth of the short side stays known there.
    Raises ValueError for a picture too small to have that share.
    """
    allowed, pixels = inner(size, border), size[0] * size[1]
    least = int(np.ceil(area[0] * pixels))
    if least > area[1] * pixels or least > allowed.sum():
        raise ValueError(
            f"no mask of {size[0]} × {size[1]} pixels has {area[0]:.0%} to {area[1]:.0%} missing"
        )
    hole, share = np.zeros(size, bool), rng.uniform(area[0], area[1]) / int(rng.integers(1, 5))
    while hole.sum() < least:
        piece = SHAPES[FREE_FORM[rng.integers(len(FREE_FORM))]](size, share, rng) & allowed
        hole, fits = _join(hole, piece, area[1])
        if not fits:
            share /= 2
        if share < 1 / pixels:  # the last pixels, one by one
            free = np.flatnonzero(allowed & ~hole)
            hole.flat[rng.choice(free, least - hole.sum(), replace=False)] = True
    return hole.astype(np.float32)


def inner(size: Size, border: bool) -> Hole:
    """Where holes may lie."""
    allowed = np.ones(size, bool)
    if not border:
        margin = max(round(min(size) * FREE_BORDER), 1)
        allowed[:] = False
        allowed[margin:-margin, margin:-margin] = True
    return allowed


def _join(hole: Hole, piece: Hole, most: float) -> tuple[Hole, bool]:
    """Both together, and True, unless that is more than the most share: then the hole as it was."""
    joined = hole | piece
    return (joined, True) if joined.mean() <= most else (hole, False)
