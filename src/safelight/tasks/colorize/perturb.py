"""Small changes of a photo that should hardly change its colors: pixels, bits, JPEG, a shift, brightness."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from safelight.arrays import Ab, Pixels

Change: TypeAlias = Callable[[Pixels, np.random.Generator], Pixels]  # uint8 (h, w, 3) to another
Back: TypeAlias = Callable[[Ab], Ab]  # an answer about the changed photo, as one about the photo


@dataclass(frozen=True)
class Perturbation:
    """One small change. back: undoes in the answer what the change did to places."""

    name: str
    change: Change
    back: Back = lambda ab: ab


def set_pixels(count: int) -> Change:
    """So many pixels, at random places, become black or white."""

    def change(pixels: Pixels, rng: np.random.Generator) -> Pixels:
        height, width = pixels.shape[:2]
        places = rng.choice(height * width, min(count, height * width), replace=False)
        changed = pixels.reshape(-1, 3).copy()
        changed[places] = rng.choice(np.array([0, 255], np.uint8), (len(places), 1))
        return changed.reshape(pixels.shape)

    return change


def flip_lowest_bit(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """The lowest bit of half of all pixels, at random: what no eye sees."""
    flips = rng.integers(0, 2, (*pixels.shape[:2], 1), np.uint8)
    return np.asarray(pixels ^ flips)


def jpeg(quality: int) -> Change:
    """Saved and opened again at this quality."""

    def change(pixels: Pixels, rng: np.random.Generator) -> Pixels:
        import cv2

        _, coded = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
        opened = cv2.imdecode(coded, cv2.IMREAD_COLOR)
        assert opened is not None  # it was coded just now
        return np.ascontiguousarray(opened[..., ::-1])

    return change


def shift(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """One pixel to the right; the first column stands twice."""
    return np.concatenate([pixels[:, :1], pixels[:, :-1]], axis=1)


def unshift(ab: Ab) -> Ab:
    """One pixel to the left; the last column stands twice."""
    return np.concatenate([ab[:, 1:], ab[:, -1:]], axis=1)


def brighten(factor: float) -> Change:
    """All values times this factor."""

    def change(pixels: Pixels, rng: np.random.Generator) -> Pixels:
        return (pixels * np.float32(factor) + np.float32(0.5)).clip(0, 255).astype(np.uint8)

    return change


PERTURBATIONS: tuple[Perturbation, ...] = (
    *(
        Perturbation(f"{count} pixel{'s' if count > 1 else ''} black or white", set_pixels(count))
        for count in (1, 4, 16, 64, 256)
    ),
    Perturbation("lowest bit of half the pixels flipped", flip_lowest_bit),
    *(Perturbation(f"JPEG quality {quality}", jpeg(quality)) for quality in (90, 50)),
    Perturbation("shifted by one pixel", shift, unshift),
    *(
        Perturbation(f"{word} by 2 %", brighten(factor))
        for word, factor in (("darker", 0.98), ("brighter", 1.02))
    ),
)
