"""Blotches: colors that change where the picture does not, as orange and blue patches on one wall do. Ours.

All lengths are in spans; a span is 1/16 of the picture's side. At a place p, with x and y a span long,
  e(p) = (|ab(p + x/2) − ab(p − x/2)|² + |ab(p + y/2) − ab(p − y/2)|²)^½                     units of ab
is how much color changes across a span. p is flat where lightness, without its grain, varies by at most 8 within
the square of a span around p and, if the true colors are known, where these have e(p) <= 4.6. Then
  blotches = mean of max(0, e(p) − 2.3) over all flat p                                      units of ab
2.3 is what a person just sees in CIELAB (Mahy et al. 1994), and 4.6 twice that. Grey, or any color that is the same
all over the picture, has 0. True colors have their own level in these places, which is to be looked at beside; where
they are not known they have more than most models (real pictures have borders of color without one of lightness), so
that the figure then compares answers to the same photo, and says nothing of one alone.
"""

from typing import NamedTuple

import numpy as np

from safelight.arrays import Ab, Lab, Lightness, Srgb
from safelight.pixels.color import srgb_to_lab
from safelight.pixels.geometry import resize
from safelight.shaped import Bool, Float

SPAN = 1 / 16  # of the picture's side
VISIBLE = 2.3  # units of ab
SAME_COLOR = 2 * VISIBLE  # units of ab, across a span of the truth
SAME_LIGHTNESS = 8.0  # units of L, within a square of a span
SIDE = 128  # pixels, the root of the area: a photo is looked at in this size


class Blotches(NamedTuple):
    """Of one picture. flat: share of its places that are flat. excess: mean of max(0, e − 2.3), others count as 0."""

    flat: float
    excess: float

    @property
    def mean(self) -> float:
        """Over the flat places, units of ab; NaN where there are none."""
        return self.excess / self.flat if self.flat else float("nan")


def photo_blotches(srgb: Srgb) -> Blotches:
    """Those of a photo (h, w, 3), 0..1, without its true colors: to compare answers to the same photo.

    Flat places follow from its lightness, which all answers to a photo share.
    """
    shrink = min(1.0, SIDE / float(np.sqrt(srgb.shape[0] * srgb.shape[1])))
    height, width = (max(1, round(side * shrink)) for side in srgb.shape[:2])
    lab = srgb_to_lab(resize(np.asarray(srgb, np.float32), (height, width)))
    return blotches(lab[..., 1:], flat_places(lab[..., 0]))


def blotches(ab: Ab, flat: Bool[np.ndarray, "a b"]) -> Blotches:
    """Those of colors (h, w, 2) in the flat places, of `flat_places` at this size."""
    if not flat.size:
        return Blotches(0.0, 0.0)  # narrower than a span
    excess = np.maximum(color_steps(ab) - VISIBLE, 0)
    return Blotches(float(flat.mean()), float((excess * flat).mean()))


def flat_places(L: Lightness, true_ab: Ab | None = None) -> Bool[np.ndarray, "a b"]:
    """Where neither lightness nor true colors, if given, change; for places half a span from the border."""
    import cv2

    half = half_span(L.shape)
    smooth = cv2.GaussianBlur(np.asarray(L, np.float32), (0, 0), half / 4)
    square = np.ones((2 * half + 1, 2 * half + 1), np.uint8)
    varies = cv2.dilate(smooth, square) - cv2.erode(smooth, square)
    flat = np.asarray(varies[half:-half, half:-half] <= SAME_LIGHTNESS)
    return flat if true_ab is None else np.asarray(flat & (color_steps(true_ab) <= SAME_COLOR))


def color_steps(ab: Ab) -> Float[np.ndarray, "a b"]:
    """e(p) of every place that is half a span from the border, or farther."""
    half = half_span(ab.shape)
    across = ab[half:-half, 2 * half :] - ab[half:-half, : -2 * half]
    down = ab[2 * half :, half:-half] - ab[: -2 * half, half:-half]
    return np.asarray(np.sqrt(np.square(across).sum(-1) + np.square(down).sum(-1)))


def half_span(shape: tuple[int, ...]) -> int:
    """Half a span in pixels, of a picture whose side is the root of its area; as much as the picture has room for."""
    half = max(1, round(SPAN * float(np.sqrt(shape[0] * shape[1])) / 2))
    return max(1, min(half, (min(shape[:2]) - 1) // 2))


def lab_blotches(lab: Lab, truth: Lab) -> Blotches:
    """Those of an answer, as it is shown, beside its truth."""
    return blotches(lab[..., 1:], flat_places(truth[..., 0], truth[..., 1:]))
