"""The input and output of a colorization network: the same for training, evaluation and use.

The input is seven planes, in this order and these ranges (they stand in every model's card):
  0    (L - 50) / 100                      -0.5..0.5
  1-2  ab of the painted hints / 110       0 where nothing is painted
  3    mask of the painted hints           1 = painted (not centred), 0 elsewhere
  4-5  ab of the hints, propagated / 110   posterior mean of kriging
  6    confidence of the propagation       0..1
The output is ab / 110 and the expected chroma / 110.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from safelight.arrays import Ab, Lightness, Planes
from safelight.errors import RecipeError
from safelight.pixels.color import chroma
from safelight.shaped import Float32
from safelight.tasks.colorize.hints import Points
from safelight.tasks.colorize.kriging import COLORS, RESIDUALS, Covariance
from safelight.tasks.colorize.propagation import Propagator, paint

AB_SCALE = 110.0
PLANES = 7
MOST_GAIN = 4.0  # of chroma
# Where a hint reaches (limit_reach):
NEARBY = 2.0  # times the correlation with the nearest hints: half of it still counts as the same thing
DECIDED = (0.25, 0.6)  # a change of so much of that at the hints: by-effect below, meant above
WISHED = (45.0, 60.0)  # change of ab at the hints: news of the photo below, a wish above
SAME = (0.15, 0.4)  # from a hint's color, in shares of that change: the hint's own below, another's above
LEAST_SIDE, MOST_SIDE = 32, 1024  # of a coarse look
MOST_VIVID = 16.0  # of a vivid_gain: four times the most that training measures


class Spreading(Protocol):
    """What spreads hints over a picture, as Propagator does."""

    def spread(self, points: Points, covariance: Covariance = COLORS) -> Float32[np.ndarray, "h w 3"]:
        """Kriged ab (in units of Lab) and confidence of the hints at every pixel."""

    def correct(self, ab: Ab, points: Points) -> Ab:
        """`ab` with each hint's color at its place."""


@dataclass(frozen=True)
class ColorizePreparation:
    """How hints become planes. In the card, so that a model is used as it was trained.

    soft_mask: hints are painted as Gaussians instead of hard discs.
    propagate: give the network the kriged hints (else zeros).
    vivid_gain: how many times the expected chroma vivid 1 asks for; measured after training
      (tasks/colorize/validation.py) so that pictures then come out as colorful as the truth.
    coarse_side: short side, in pixels, of a smaller copy that the network looks at as well, of pictures at least
      twice as large (multi-scale inference, tasks/colorize/coarse.py); 0 for none. Samples of a run that are smaller
      than that are scored, and their vivid_gain is measured, without it.
    coarse_share: share of the answer to that copy, above 0 to 1, where no hint is near.
    """

    soft_mask: bool = False
    propagate: bool = True
    vivid_gain: float = 1.0
    coarse_side: int = 0
    coarse_share: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.vivid_gain <= MOST_VIVID:
            raise RecipeError(
                f"preparation.vivid_gain is {self.vivid_gain:g}; expected a number above 0, up to {MOST_VIVID:g}"
            )
        if self.coarse_side and not LEAST_SIDE <= self.coarse_side <= MOST_SIDE:
            raise RecipeError(
                f"preparation.coarse_side is {self.coarse_side}; expected a short side of {LEAST_SIDE} to {MOST_SIDE} "
                "pixels, or 0 for none"
            )
        if not 0 < self.coarse_share <= 1:
            raise RecipeError(
                f"preparation.coarse_share is {self.coarse_share:g}; expected a share, above 0 to 1 "
                "(preparation.coarse_side 0 is for no coarse look)"
            )
        if self.coarse_side and not self.propagate:
            raise RecipeError(
                "preparation.coarse_side needs preparation.propagate true, which says where hints are near; take "
                "preparation.coarse_side 0"
            )


def normalize_lightness(L: Lightness) -> Lightness:
    """L 0..100 to -0.5..0.5."""
    return np.asarray((L - np.float32(50)) / np.float32(100), np.float32)


def lightness_of(planes: Planes) -> Lightness:
    """L (h, w), 0..100, of an input."""
    return np.asarray(planes[0] * 100 + 50, np.float32)


def preprocess(
    L: Lightness,
    points: Points,
    preparation: ColorizePreparation = ColorizePreparation(),
    picture: Spreading | None = None,
) -> Planes:
    """The input: planes (7, h, w) for lightness L (h, w), 0..100, and hints on the same grid.

    picture: what spreads hints over this L, where somebody keeps it.
    """
    planes = np.zeros((PLANES, *L.shape), np.float32)
    planes[0] = normalize_lightness(L)
    if len(points):
        ab, mask = paint(points, (L.shape[0], L.shape[1]), preparation.soft_mask)
        planes[1:3], planes[3] = np.moveaxis(ab, 2, 0) / AB_SCALE, mask
        if preparation.propagate:
            planes[4:7] = np.moveaxis((picture or Propagator(L)).spread(points), 2, 0)
            planes[4:6] /= AB_SCALE
    return planes


def postprocess(
    ab: Float32[np.ndarray, "2 h w"],
    expected_chroma: Float32[np.ndarray, "1 h w"],
    planes: Planes,
    points: Points,
    vivid: float = 0.0,
    vivid_gain: float = 1.0,
    picture: Spreading | None = None,
) -> Ab:
    """Colors (h, w, 2) from a network's output (both / 110) for these planes.

    vivid 0 keeps the cautious mean; 1 gives each color the chroma expected there times `vivid_gain`, where no
    hint decides: the expected chroma of blurred colors is less than that of true ones.
    The error that then remains at the hints is kriged away, so that each hint has its color.
    """
    colors = np.moveaxis(ab, 0, 2) * np.float32(AB_SCALE)
    if vivid:
        target = expected_chroma[0] * np.float32(AB_SCALE * vivid_gain)
        colors = boost_chroma(colors, target, vivid * (1 - planes[6]))
    return picture.correct(colors, points) if picture else enforce_hints(colors, planes, points)


def boost_chroma(ab: Ab, expected: Lightness, share: Lightness) -> Ab:
    """Raise the chroma of `ab` toward the expected one, by this share (0..1), at most fourfold; hue is kept."""
    saturation = np.maximum(chroma(ab), 1e-3)
    gain = np.clip(expected / saturation, 1, MOST_GAIN)
    return np.asarray(ab * (1 + share * (gain - 1))[..., None], np.float32)


def limit_reach(hinted: Ab, automatic: Ab, picture: Spreading, points: Points, reach: float) -> Ab:
    """The hinted colors where hints apply, the automatic ones elsewhere. picture: made of its lightness.

    At reach 0 a hint applies to what lies near it and looks alike (the kriging of residuals, which has no
    far-reaching term), and where the network's output changes as decidedly as at the hints; where the hints are
    far from what the network thought, only where it becomes a hint's color, too. At 1 it changes the whole picture:
    the true color of one thing says something of all others (a dress in evening light), but a color that somebody
    wishes for does not, and the sky should stay as it was.
    """
    if reach >= 1 or not len(points):
        return hinted
    near = np.minimum(NEARBY * np.sqrt(picture.spread(points, RESIDUALS)[..., 2]), 1)
    change = hinted - automatic
    size = chroma(change)
    at_hints = max(float(np.sqrt(np.mean(size[points.y, points.x] ** 2))), 1e-3)
    decided = _smooth_step(size / at_hints, *DECIDED)
    wish = float(_smooth_step(np.array(at_hints, np.float32), *WISHED))
    uncertain = (decided > 0) & (near < 1)
    if wish and uncertain.any():
        decided[uncertain] *= 1 - wish * _smooth_step(
            _nearest(hinted[uncertain], points.ab) / at_hints, *SAME
        )
    share = reach + (1 - reach) * (near + (1 - near) * decided)
    return np.asarray(automatic + share[..., None] * change, np.float32)


def _nearest(ab: Float32[np.ndarray, "n 2"], colors: Float32[np.ndarray, "m 2"]) -> Float32[np.ndarray, " n"]:
    """Distance of each ab from the nearest of the colors."""
    distance = np.full(len(ab), np.inf, np.float32)
    for color in np.unique(colors, axis=0):
        np.minimum(distance, chroma(ab - color), out=distance)
    return distance


def _smooth_step(x: Lightness, low: float, high: float) -> Lightness:
    """0 below `low`, 1 above `high`, 3 t² - 2 t³ between."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def enforce_hints(ab: Ab, planes: Planes, points: Points) -> Ab:
    """`ab` corrected so that each hint has its color. planes: the network's input, for its lightness."""
    return Propagator(lightness_of(planes)).correct(ab, points) if len(points) else ab
