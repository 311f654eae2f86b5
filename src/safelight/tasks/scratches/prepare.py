"""Finding damage as a question and its answer: the one preparation for training, judging and use.

A question is the picture: red, green, blue, -1..1. The answer is one plane: how likely each pixel is damaged.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from safelight.arrays import Lightness, Mask, Planes, Srgb
from safelight.errors import RecipeError
from safelight.masks.edit import grow, resize_mask
from safelight.masks.shapes import Hole, Size
from safelight.pixels.geometry import reckoned_side
from safelight.tasks.scratches.frame import without_print_edges
from safelight.tasks.scratches.ridge_filter import USUAL, ScratchSettings, continued, long_parts

SWAY = 6.0  # by so much sensitivity 0 to 1 lowers the log-odds from which on a pixel is damaged
WIDEST = (11, 19)  # pixels, on small photos and on large ones: what is wider was never trained on as damage
SHARE = 1 / 24  # of the long side, between the two
MOST_ENLARGED = 4.0
WEAK = 0.7  # log-odds, see `continues`
LEAST = np.float32(1e-5)  # of a likelihood, in the mean of log-odds


@dataclass(frozen=True)
class ScratchesPreparation:
    """How a photo is looked at. In the card, so that a model is used as it was trained.

    working: long side in pixels at which photos are looked at; smaller ones as they are.
    threshold: likelihood from which on a pixel is damaged, at the middle sensitivity; a finished run has measured
      its own.
    enlarge: photos are looked at enlarged so many times: a network that learned from soft pictures takes what is
      sharp for damage.
    two_scales: likelihoods are the mean of those of the photo as it is and enlarged: at one scale wide damage is
      overlooked, at the other sharp detail is taken for damage.
    scales: sizes at which photos are looked at, 0.25 to 4 times theirs; likelihoods are the mean of all, so that
      what one scale alone takes for damage is none. None: as enlarge and two_scales say.
    scale_weights: of the scales, in the mean of log-odds, which then takes the place of the mean of likelihoods (a
      logarithmic opinion pool, Genest & Zidek 1986): thin damage, which vanishes at a small scale, is outvoted less.
    mirrored: those of the scales at which the photo is looked at mirrored as well, which takes as long again; the
      mean of both log-odds is that of the scale.
    continues: log-odds below the threshold at which what continues damage is damage too.
    worn_from: a photo with so much sure damage, in per mille of its area, is a worn one, and what would continue
      damage is damage there by itself; 0 for never.
    """

    working: int = 1024
    threshold: float = 0.5
    enlarge: float = 1.0
    two_scales: bool = False
    scales: tuple[float, ...] = ()
    scale_weights: tuple[float, ...] = ()
    mirrored: tuple[float, ...] = ()
    continues: float = WEAK
    worn_from: float = 0.0

    def __post_init__(self) -> None:
        if self.working < 64:
            raise RecipeError(f"preparation.working is {self.working}; expected a long side from 64 pixels")
        if not 0 < self.threshold < 1:
            raise RecipeError(f"preparation.threshold is {self.threshold}; expected a likelihood, 0 to 1")
        if not 1 <= self.enlarge <= MOST_ENLARGED:
            raise RecipeError(f"preparation.enlarge is {self.enlarge}; expected 1 to {MOST_ENLARGED:g}")
        if any(not 1 / MOST_ENLARGED <= scale <= MOST_ENLARGED for scale in self.scales):
            raise RecipeError(
                f"preparation.scales is {self.scales}; expected numbers from {1 / MOST_ENLARGED:g} to {MOST_ENLARGED:g}"
            )
        weights = self.scale_weights
        if weights and (len(weights) != len(self.looks) or min(weights) < 0 or not sum(weights) > 0):
            raise RecipeError(
                f"preparation.scale_weights is {weights}; expected a weight from 0 for each of the {len(self.looks)} "
                "scales, not all 0; or none, for the mean of likelihoods"
            )
        if not set(self.mirrored) <= set(self.looks):
            raise RecipeError(
                f"preparation.mirrored is {self.mirrored}; expected some of the scales, {self.looks}"
            )
        if self.continues < 0:
            raise RecipeError(f"preparation.continues is {self.continues}; expected log-odds, from 0")
        if not 0 <= self.worn_from <= 1000:
            raise RecipeError(f"preparation.worn_from is {self.worn_from}; expected per mille, 0 to 1000")

    @property
    def looks(self) -> tuple[float, ...]:
        """The sizes at which a photo is looked at, in multiples of its own."""
        return self.scales or ((1.0, self.enlarge) if self.two_scales else (self.enlarge,))


PLAIN = ScratchesPreparation()


def preprocess(srgb: Srgb) -> Planes:
    """The question: planes (3, h, w), -1..1, for a picture (h, w, 3), 0..1."""
    return np.ascontiguousarray(np.moveaxis(srgb * np.float32(2) - np.float32(1), 2, 0))


def postprocess(reply: Planes) -> Mask:
    """Likelihood of damage (h, w), 0..1, from a network's reply (1, h, w)."""
    return np.asarray(reply[0].clip(0, 1), np.float32)


def pool(likelihoods: Sequence[Mask], weights: Sequence[float] = ()) -> Mask:
    """Likelihoods (h, w), 0..1, of several scales as one: their mean; with weights, that of their log-odds."""
    if len(likelihoods) == 1:
        return likelihoods[0]
    if not weights:
        return np.asarray(np.mean(likelihoods, axis=0), np.float32)
    shares = np.array(weights) / sum(weights)
    odds = np.zeros(likelihoods[0].shape, np.float32)
    for likelihood, share in zip(likelihoods, shares, strict=True):
        clipped = likelihood.clip(LEAST, 1 - LEAST)
        odds += np.float32(share) * np.log(clipped / (1 - clipped))
    return np.asarray(1 / (1 + np.exp(-odds)), np.float32)


@dataclass(frozen=True)
class Likely:
    """The mask (h, w), float32, 1 = damaged, that a likelihood comes to.

    worn: whether so much of the photo is surely damaged that what is less sure was marked by itself.
    """

    mask: Mask
    worn: bool


def likely_damage(
    likelihood: Mask,
    size: Size,
    settings: ScratchSettings = USUAL,
    preparation: ScratchesPreparation = PLAIN,
    L: Lightness | None = None,
) -> Likely:
    """The mask of this size, of a likelihood at the working size.

    A pixel that is less likely than the threshold by up to `continues`, in log-odds, counts where it continues one
    that is likely enough (hysteresis, Canny 1986); in a worn photo (`worn_from`) it counts anywhere. What is wider
    than WIDEST is left: it is a collar or a flower. L: the photo's lightness at the working size, where what only
    follows the print's own edge is left as well.
    """
    threshold = preparation.threshold
    odds = math.log(threshold / (1 - threshold)) + SWAY * (0.5 - settings.sensitivity)
    likely, perhaps = (likelihood > _share(limit) for limit in (odds, odds - preparation.continues))
    found = _damage(continued(likely, perhaps), settings, L)
    worn = bool(0 < preparation.worn_from <= 1000 * found.mean())
    if worn:
        found |= _damage(np.asarray(perhaps), settings, L)
    return Likely(resize_mask(grow(found, settings.margin), size).astype(np.float32), worn)


def likely_mask(
    likelihood: Mask,
    size: Size,
    settings: ScratchSettings = USUAL,
    preparation: ScratchesPreparation = PLAIN,
) -> Mask:
    """The mask of `likely_damage` alone."""
    return likely_damage(likelihood, size, settings, preparation).mask


def _damage(found: Hole, settings: ScratchSettings, L: Lightness | None) -> Hole:
    """What was found, without what is too wide, the print's own edge and, if they are not wanted, specks."""
    found = found & ~_wide(found, max(reckoned_side((found.shape[0], found.shape[1])), settings.part_of))
    if L is not None:
        found = without_print_edges(found, L)
    return found if settings.dust else long_parts(found, settings)


def _wide(found: Hole, photo: int) -> Hole:
    """Where a disc of the widest damage fits into what was found, and just beside. photo: its long side."""
    import cv2

    widest = round(min(max(photo * SHARE, WIDEST[0]), WIDEST[1]))
    disc, beside = (cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)) for side in (widest, 7))
    core = cv2.morphologyEx(found.astype(np.uint8), cv2.MORPH_OPEN, disc)
    return np.asarray(cv2.dilate(core, beside) > 0)


def _share(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))
