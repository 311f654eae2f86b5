"""Synthetic damage: a picture as it would look scratched, cracked, dusty, stained and folded, and its true mask.

Made after old prints. A scratch is thin, nearly straight, bright (the paper shows) or dark (dirt in it), and
interrupted; a crack runs zigzag and branches, its flaking rim bright with a dark side; dust is specks and
short hairs; a stain is a soft darker patch with a sharper rim; a fold is a long straight line, bright along
the ridge and shaded on one side; a flake is a ragged patch whose emulsion is gone. Every kind is textured by
the grain of paper and fades at its edges. The mask holds what the damage changed by more than a viewer would
overlook. All from one numpy Generator.
"""

import math
from dataclasses import dataclass

import numpy as np

from safelight.arrays import Mask, Srgb
from safelight.errors import RecipeError
from safelight.tasks.scratches.damage_kinds import KINDS, Rng, Size, Width

VISIBLE = 0.02  # of the range of light: a smaller change is not in the mask


@dataclass(frozen=True)
class DamageSettings:
    """How much damage: the largest number of each kind on one picture; each number is drawn from 0 to it.

    scratches: most scratches on one picture; 0 draws none.
    cracks: most branching cracks on one picture; 0 draws none.
    dust: most specks on one picture; 0 draws none.
    stains: most stains on one picture; 0 draws none.
    folds: most folds across one picture; 0 draws none.
    flakes: most places of one picture where paper shows; 0 draws none.
    widths: least and most width of a line or speck, in pixels, whatever the picture's size; 0,0 has each
      kind's own, in proportion to the short side.
    visible: least change that is in the mask, of black to white.
    """

    scratches: int = 8
    cracks: int = 3
    dust: int = 60
    stains: int = 2
    folds: int = 1
    flakes: int = 0
    widths: tuple[float, float] = (0.0, 0.0)
    visible: float = VISIBLE

    def __post_init__(self) -> None:
        numbers = tuple(self.most.values())
        if min(numbers) < 0 or not any(numbers):
            raise RecipeError(f"damage is {numbers}; expected numbers from 0, one of them above 0")
        if any(self.widths) and not 0 < self.widths[0] <= self.widths[1]:
            raise RecipeError(f"damage.widths is {self.widths}; expected least and most in pixels, or 0,0")
        if not 0 < self.visible < 1:
            raise RecipeError(f"damage.visible is {self.visible}; expected a share of black to white")

    @property
    def most(self) -> dict[str, int]:
        """The largest number by kind, in the order in which they are laid over each other."""
        return {
            "stains": self.stains,
            "folds": self.folds,
            "cracks": self.cracks,
            "flakes": self.flakes,
            "scratches": self.scratches,
            "dust": self.dust,
        }


def damage(srgb: Srgb, rng: Rng, settings: DamageSettings = DamageSettings()) -> tuple[Srgb, Mask]:
    """The picture (h, w, 3), 0..1, damaged, and the mask of the damage (h, w), 1 = damaged; both float32.

    At least one kind is drawn.
    """
    size = (srgb.shape[0], srgb.shape[1])
    most = {kind: number for kind, number in settings.most.items() if number}
    counts = {kind: int(rng.integers(0, number + 1)) for kind, number in most.items()}
    if not any(counts.values()):
        counts[max(most, key=lambda kind: most[kind])] = 1
    width = _widths(size, settings, rng)
    picture = np.asarray(srgb, np.float32)
    for kind, count in counts.items():
        for _ in range(count):
            picture = KINDS[kind](picture, size, width, rng)
    picture = picture.clip(0, 1)
    return picture, _changed(picture, srgb, settings.visible)


def _changed(picture: Srgb, before: Srgb, visible: float) -> Mask:
    """Where the two differ visibly; pinholes that the grain leaves are closed."""
    import cv2

    changed = (abs(picture - before).max(axis=2) > visible).astype(np.uint8)
    return np.asarray(cv2.morphologyEx(changed, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)), np.float32)


def _widths(size: Size, settings: DamageSettings, rng: Rng) -> Width:
    """How widths are drawn: thin ones often."""
    if any(settings.widths):
        return lambda least, most: _often_small(*settings.widths, rng)
    return lambda least, most: max(_often_small(least, most, rng) * min(size) / 512, 0.5)


def _often_small(least: float, most: float, rng: Rng) -> float:
    return math.exp(rng.uniform(math.log(least), math.log(most)))
