"""Augmentation: the same photo, seen a little differently each time. Every draw takes a numpy Generator."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8

from safelight.arrays import Lightness
from safelight.errors import RecipeError
from safelight.pixels.geometry import resize


@dataclass(frozen=True)
class Augmentation:
    """size: side of the square that the network is trained on, a multiple of 32.
    smallest: the smallest crop's side as a share of the picture's, up to 1 (the whole of it).
    flip: mirror left and right, half of the time.
    aging: share of pictures whose lightness is aged (contrast, fading, blur, grain), as old prints are.
    """

    size: int = 128
    smallest: float = 0.6
    flip: bool = True
    aging: float = 0.2

    def __post_init__(self) -> None:
        if self.size < 32 or self.size % 32:
            raise RecipeError(f"augment.size is {self.size}; expected a multiple of 32")
        if not 0 < self.smallest <= 1 or not 0 <= self.aging <= 1:
            raise RecipeError("augment.smallest and augment.aging are shares, 0 to 1")


def augment(
    picture: UInt8[np.ndarray, "h w 3"], how: Augmentation, rng: np.random.Generator
) -> UInt8[np.ndarray, "s s 3"]:
    """A random square crop of the picture at the training size, perhaps mirrored."""
    shorter = min(picture.shape[:2])
    side = max(1, round(shorter * rng.uniform(how.smallest, 1.0)))
    top, left = rng.integers(0, picture.shape[0] - side + 1), rng.integers(0, picture.shape[1] - side + 1)
    crop = picture[top : top + side, left : left + side]
    if how.flip and rng.random() < 0.5:
        crop = crop[:, ::-1]
    return resize(np.ascontiguousarray(crop), (how.size, how.size))


def age(L: Lightness, rng: np.random.Generator) -> Lightness:
    """Lightness (0..100) as an old print might show it: another tone curve, faded, soft and grainy."""
    import cv2

    tone = 100 * np.power(np.clip(L, 0, 100) / 100, np.exp(rng.uniform(-0.4, 0.4)))
    black, white = rng.uniform(0, 20), rng.uniform(80, 100)
    faded = black + tone * (white - black) / 100
    if rng.random() < 0.5:
        faded = cv2.GaussianBlur(faded.astype(np.float32), (0, 0), rng.uniform(0.3, 1.2))
    grain = rng.normal(0, rng.uniform(0, 4), L.shape)
    return np.asarray(np.clip(faded + grain, 0, 100), np.float32)
