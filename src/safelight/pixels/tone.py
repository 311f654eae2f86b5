"""Toning and casts: is a picture's color its subject's, or did the print, the lamp or the camera put it there?

Two faults, told apart. A toned picture (sepia, a color scan of a yellowed grey print) has one warm hue and no
color of its own: at a given lightness every place has the same ab. A picture with a cast has colors of its own,
all shifted the same way: faded dyes, or a wrong white balance.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, UInt8

from safelight.pixels.color import chroma, srgb_to_lab
from safelight.pixels.geometry import resize

GRID = 40  # the picture is looked at in so many places a side: averaging takes away grain and JPEG's noise
LEVELS = 12  # of lightness, each with as many places as the others
LIGHTEST = 0.02  # share of the places that are the white patch
CLIPPED = 253  # of 255: above it a channel has lost what it was
LEAST_AGREEMENT = 0.95  # of the hues of a toned picture
WARM = (
    20.0,
    110.0,
)  # degrees: sepia, tea, yellowed paper; a blue print cannot be told from a photo of the sky
MOST_CHROMA = 40.0  # no toner colors more than this; a red rose does

Colors = Float64[np.ndarray, "n 2"]
Vector = Float64[np.ndarray, "2"]


@dataclass(frozen=True)
class Tone:
    """What a picture's ab cloud says about toning and casts. Lengths in units of Lab.

    agreement: of the hues, 0..1. hue: degrees, of the mean ab. spread: how far ab strays from its mean at the
    same lightness; near 0 the lightness says all. cast: what grey-world and white-patch agree on, as (a, b).
    balance: Gasparini and Schettini's ratio; above 0 the cloud lies beside grey.
    """

    agreement: float
    hue: float
    spread: float
    cast: tuple[float, float]
    balance: float

    @property
    def shift(self) -> float:
        """Length of the cast."""
        return float(np.hypot(*self.cast))

    def is_toned(self, min_spread: float, mean_chroma: float) -> bool:
        """Whether the picture has one warm hue, and at one lightness strays less than `min_spread` from it."""
        warm = WARM[0] <= self.hue <= WARM[1] and mean_chroma <= MOST_CHROMA
        return warm and self.agreement >= LEAST_AGREEMENT and self.spread < min_spread


def tone_of(pixels: UInt8[np.ndarray, "h w 3"]) -> Tone:
    """The tone of an sRGB picture."""
    few = resize(pixels, (min(GRID, pixels.shape[0]), min(GRID, pixels.shape[1])))
    lab = srgb_to_lab(few).reshape(-1, 3).astype(np.float64)
    L, ab = lab[:, 0], lab[:, 1:]
    mean = ab.mean(axis=0)
    cast = agreed(mean, white_patch(L, ab, few.reshape(-1, 3).max(axis=1) < CLIPPED))
    return Tone(
        agreement=round(hue_agreement(ab), 4),
        hue=round(float(np.degrees(np.arctan2(mean[1], mean[0]))) % 360, 1),
        spread=round(spread_at_lightness(L, ab), 2),
        cast=(round(float(cast[0]), 2), round(float(cast[1]), 2)),
        balance=round(balance(ab), 2),
    )


def hue_agreement(ab: Colors) -> float:
    """Mean resultant length of the hues, each weighted by its chroma: 1 where all places have one hue.

    Source: Mardia & Jupp 2000, "Directional Statistics", section 2.3.
    """
    total = float(chroma(ab).sum())
    return float(np.hypot(*ab.sum(axis=0))) / total if total else 1.0


def spread_at_lightness(L: Float64[np.ndarray, " n"], ab: Colors) -> float:
    """Root mean square distance of ab from its mean over the places of about the same lightness."""
    levels = [level for level in np.array_split(np.argsort(L, kind="stable"), LEVELS) if len(level)]
    squares = [((ab[level] - ab[level].mean(axis=0)) ** 2).sum() for level in levels]
    return float(np.sqrt(sum(squares) / len(ab)))


def white_patch(L: Float64[np.ndarray, " n"], ab: Colors, unclipped: np.ndarray) -> Vector:
    """Mean ab of the lightest places that are not clipped: grey under a white light (Land & McCann 1971)."""
    usable = np.flatnonzero(unclipped) if unclipped.any() else np.arange(len(L))
    count = max(1, round(LIGHTEST * len(usable)))
    lightest = usable[np.argsort(L[usable], kind="stable")[-count:]]
    return np.asarray(ab[lightest].mean(axis=0))


def agreed(grey_world: Vector, white: Vector) -> Vector:
    """The cast that both estimates see: the shorter of the two, less what they differ in direction.

    A green meadow moves the mean (grey-world, Buchsbaum 1980) and leaves white clouds white; a lemon on a table
    moves the lightest places and leaves the mean. A cast moves both alike.
    """
    lengths = float(np.hypot(*grey_world)), float(np.hypot(*white))
    if min(lengths) < 1e-6:
        return np.zeros(2)
    cosine = min(1.0, float(grey_world @ white) / (lengths[0] * lengths[1]))
    shorter = grey_world if lengths[0] <= lengths[1] else white
    return np.asarray(shorter * max(0.0, cosine))


def balance(ab: Colors) -> float:
    """How far the ab cloud lies beside grey, over its own width: (distance - radius) / radius.

    Below 0 grey is inside the cloud. Source: Gasparini & Schettini 2004, "Color balancing of digital photos
    using simple image statistics", the equivalent circle.
    """
    radius = float(np.sqrt(ab.var(axis=0).sum()))
    return (float(np.hypot(*ab.mean(axis=0))) - radius) / max(radius, 1e-3)
