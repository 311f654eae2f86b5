"""Finding scratches, cracks and dust: a picture -> a mask to correct and to fill.

The classical finder looks for ridges: places brighter (or darker) than both sides, over several widths, along
straight pieces in sixteen directions (a line's matched filter, as Chaudhuri et al. 1989 for blood vessels).
A response counts by how far it stands out of the texture around it; weak ones count where they continue
strong ones (hysteresis, Canny 1986); and what is left must be long for its width, or a small, hard speck. It knows
nothing of what pictures show: thin bright things, such as wires and whiskers, look like scratches to it.
"""

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from safelight.arrays import Lightness, Mask
from safelight.errors import RecipeError
from safelight.masks.edit import grow, resize_mask
from safelight.masks.shapes import Hole
from safelight.pixels.color import srgb_to_lightness
from safelight.pixels.geometry import reckoned_side, resize, working_size
from safelight.shaped import Float32

WIDTHS = (
    0.6,
    1.0,
    1.7,
    2.8,
)  # standard deviations across, in pixels at the working size, of the ridges looked for
FULL = 800  # pixels: a long side from which on these are the widths
APART = 3.0  # widths between a ridge and the lines beside it
DIRECTIONS = 16
LENGTH = 6.0  # standard deviation along a ridge, in pixels
WORKING = 1024  # long side, in pixels, at which is looked
STRONG, WEAK = 9.0, 3.0  # responses, in typical responses of the neighborhood, at sensitivity 0.5
FAINTEST, PLAIN = 1.2, 10.0  # levels of L: the least and the most that a typical response is made of
DARK = 2.5  # dark ridges are this many times as often part of the picture: hair, eyes, wire
NEIGHBORHOOD = 24.0  # pixels: standard deviation of the window in which "typical" is measured
LONGEST_GAP = 2  # pixels between pieces of one scratch

Response: TypeAlias = Float32[np.ndarray, "h w"]


@dataclass(frozen=True)
class ScratchSettings:
    """What counts as a scratch.

    sensitivity: 0 only what is plain .. 1 much that is none. bright, dark: which are looked for; most damage of
      prints is bright, and most thin dark things are eyes, mouths and hair.
    dust: whether specks count too. shortest: length of a scratch, as a share of the short side. elongation:
      least length in widths. margin: pixels by which the mask is grown, to cover soft edges.
    part_of: long side, in pixels, of the photo that the picture was cut from; 0 is a whole photo. On a small
      photo the same scratch is thinner.
    edges: whether a network may mark the print's own edge (frame.py).
    """

    sensitivity: float = 0.5
    bright: bool = True
    dark: bool = False
    dust: bool = True
    shortest: float = 0.03
    elongation: float = 4.0
    margin: int = 1
    part_of: int = 0
    edges: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.sensitivity, (int, float, np.number)) or not 0 <= self.sensitivity <= 1:
            raise RecipeError(f"sensitivity is {self.sensitivity!r}; expected 0 (plain scratches only) to 1")
        if not (self.bright or self.dark):
            raise RecipeError("neither bright nor dark scratches are looked for; choose one")
        if min(self.shortest, self.margin, self.part_of) < 0 or self.elongation < 1:
            raise RecipeError("shortest, margin and part_of cannot be negative, and elongation is at least 1")


USUAL = ScratchSettings()


def find_scratches(srgb: np.ndarray, settings: ScratchSettings = USUAL) -> Mask:
    """The mask (h, w), float32, 1 = damaged, of a picture (h, w, 3): uint8, uint16 or floats 0..1.

    Larger pictures are looked at with a long side of 1024 pixels, panoramas as their parts.
    """
    return find_ridges(srgb, settings)[0]


def find_ridges(srgb: np.ndarray, settings: ScratchSettings = USUAL) -> tuple[Mask, Mask]:
    """The mask, and how far each place stands out, 0..1, at the working size: what a judge ranks places by."""
    size = (srgb.shape[0], srgb.shape[1])
    L = srgb_to_lightness(resize(srgb, working_size(size, WORKING)))
    found, most = np.zeros(L.shape, bool), np.zeros(L.shape, np.float32)
    for sign, caution in ((1, 1.0), (-1, DARK)):
        if settings.bright if sign > 0 else settings.dark:
            outstanding = _outstanding(np.float32(sign) * L, settings)
            found |= _marked(np.float32(sign) * L, outstanding, caution, settings)
            most = np.maximum(most, outstanding / np.float32(caution))
    mask = resize_mask(grow(found, settings.margin), size).astype(np.float32)
    return mask, np.asarray(1 - np.exp2(-most / np.float32(STRONG)), np.float32)


def _marked(L: Lightness, outstanding: Response, caution: float, settings: ScratchSettings) -> Hole:
    """Bright ridges (and specks) of L. caution: how much more they have to stand out than light ones."""
    factor = caution * 3 ** (1 - 2 * settings.sensitivity)  # thresholds: threefold at 0, a third at 1
    lines = long_parts(continued(outstanding > STRONG * factor, outstanding > WEAK * factor), settings)
    return lines | _specks(L, factor) if settings.dust else lines


def _outstanding(L: Lightness, settings: ScratchSettings) -> Response:
    """The response of bright ridges, in typical responses of the neighborhood."""
    response = ridge_response(L, settings.part_of) * _stands_out(L)
    return np.asarray(response / _typical(response), np.float32)


def ridge_response(L: Lightness, part_of: int = 0) -> Response:
    """How much each place is brighter than both its sides, in levels of L; the most of all widths and directions.

    The line through the place is compared with the brighter of two lines beside it, so that an edge, which is
    brighter than one side only, gives nothing.
    """
    import cv2

    best = np.zeros(L.shape, np.float32)
    scale = min(
        max(max(reckoned_side((L.shape[0], L.shape[1])), part_of) / FULL, 0.5), 1
    )  # on a small picture the same scratch is thinner
    for width in np.array(WIDTHS) * scale:
        for direction in range(DIRECTIONS):
            angle = math.pi * direction / DIRECTIONS
            line = cv2.filter2D(L, cv2.CV_32F, _kernel(width, angle), borderType=cv2.BORDER_REPLICATE)
            beside = np.maximum(_moved(line, angle, APART * width), _moved(line, angle, -APART * width))
            best = np.maximum(best, line - beside)
    return best


def _kernel(width: float, angle: float) -> Float32[np.ndarray, "side side"]:
    """A short line: a Gaussian, longer in one direction; sums to 1."""
    reach = math.ceil(2.5 * LENGTH)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float64)
    across, along = x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)
    kernel = np.exp(-(across**2) / (2 * width**2) - along**2 / (2 * LENGTH**2))
    return np.asarray(kernel / kernel.sum(), np.float32)


def _moved(line: Response, angle: float, distance: float) -> Response:
    """What is this far across, at each place; the border is continued."""
    import cv2

    step = np.array([[1, 0, distance * math.cos(angle)], [0, 1, distance * math.sin(angle)]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(line, step, line.shape[::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)
    )


def _stands_out(L: Lightness) -> Response:
    """0..1: whether a place is brighter than most around it: paper that shows is brighter than the picture."""
    import cv2

    mean = cv2.GaussianBlur(L, (0, 0), NEIGHBORHOOD / 2, borderType=cv2.BORDER_REFLECT)
    spread = np.sqrt(
        np.maximum(
            cv2.GaussianBlur(L * L, (0, 0), NEIGHBORHOOD / 2, borderType=cv2.BORDER_REFLECT) - mean**2, 1
        )
    )
    return np.asarray(((L - mean) / spread).clip(0, 1), np.float32)


def _typical(response: Response) -> Response:
    """The usual response around each place, at least FAINTEST; one ridge counts for little in it."""
    import cv2

    usual = cv2.GaussianBlur(np.minimum(response, PLAIN), (0, 0), NEIGHBORHOOD, borderType=cv2.BORDER_REFLECT)
    return np.asarray(np.maximum(usual, np.float32(FAINTEST)))


def continued(strong: Hole, weak: Hole) -> Hole:
    """The connected weak places that hold a strong one."""
    import cv2

    count, labels = cv2.connectedComponents(weak.astype(np.uint8))
    holds = np.zeros(count, bool)
    holds[np.unique(labels[strong & weak])] = True
    holds[0] = False
    return np.asarray(holds[labels])


def long_parts(found: Hole, settings: ScratchSettings) -> Hole:
    """The parts that are long enough, and long for their width."""
    import cv2

    joined = cv2.morphologyEx(
        found.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((2 * LONGEST_GAP + 1,) * 2, np.uint8)
    )
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(joined)
    length = np.hypot(boxes[:, cv2.CC_STAT_WIDTH], boxes[:, cv2.CC_STAT_HEIGHT])
    width = boxes[:, cv2.CC_STAT_AREA] / np.maximum(length, 1)
    keep = (length >= settings.shortest * min(found.shape)) & (length >= settings.elongation * width)
    keep[0] = False
    return np.asarray(keep[labels] & found) if count > 1 else np.zeros_like(found)


def _specks(L: Lightness, factor: float) -> Hole:
    """Small bright places with hard edges: what an opening with a disc removes, where that is much."""
    import cv2

    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))
    top = cv2.morphologyEx(L, cv2.MORPH_TOPHAT, disc)
    typical = np.maximum(_typical(top), FAINTEST)
    found = continued(top > 9 * factor * typical, top > 4 * factor * typical)
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(found.astype(np.uint8))
    small = boxes[:, cv2.CC_STAT_AREA] <= 64
    small[0] = False
    return np.asarray(small[labels]) if count > 1 else found
