"""A second, coarse look: the network's answer to a smaller copy of the picture, pooled with that at its own size.

Multi-scale inference: at a small size a network sees more of the whole at once, and agrees with itself from one end
of a wall to the other; at a larger one it sees what things are. docs/experiments.md has what their mean gains.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from safelight.arrays import Lightness, Planes
from safelight.pixels.geometry import Size, pad_to_multiple, resize
from safelight.shaped import Float32
from safelight.tasks.colorize.hints import Points

STRIDE = 32  # the network halves its planes five times
LEAST_SHRUNK = 2  # times smaller, at least


class Answer(NamedTuple):
    """What a network answers: ab / 110 (2, h, w) and the expected chroma / 110 (1, h, w)."""

    ab: Float32[np.ndarray, "2 h w"]
    chroma: Float32[np.ndarray, "1 h w"]


@dataclass(frozen=True)
class CoarseCopy:
    """A smaller copy of a picture.

    L: its lightness, with sides that are multiples of STRIDE. size: what of it shows the picture. of: the picture's,
    before it was padded.
    """

    L: Lightness
    size: Size
    of: Size

    def points(self, points: Points) -> Points:
        """Hints on the picture's grid, on that of the copy."""
        (h, w), (small_h, small_w) = self.of, self.size
        y, x = (2 * points.y + 1) * small_h // (2 * h), (2 * points.x + 1) * small_w // (2 * w)
        scale = np.float32(min(self.size) / min(self.of))
        return Points(y.astype(np.int32), x.astype(np.int32), points.ab, points.radius * scale)

    def pooled(self, fine: Answer, coarse: Answer, planes: Planes, share: float) -> Answer:
        """The answer to the picture (`planes`) with so large a share, 0..1, of that to the copy in it.

        Where hints are near the share is less: they say more than the whole does, and at a finer grain.
        """
        (h, w), padded = self.size, planes.shape[1:]
        both = np.moveaxis(np.concatenate(coarse), 0, 2)[:h, :w]
        enlarged = resize(np.ascontiguousarray(both), self.of)
        beyond = ((0, padded[0] - self.of[0]), (0, padded[1] - self.of[1]), (0, 0))
        seen = np.moveaxis(np.pad(enlarged, beyond, "edge"), 2, 0)
        weight = np.float32(share) * (1 - planes[6])
        return Answer(
            fine.ab + weight * (seen[:2] - fine.ab), fine.chroma + weight * (seen[2:] - fine.chroma)
        )


def coarse_copy(L: Lightness, side: int) -> CoarseCopy | None:
    """The copy whose short side is `side`, of a picture of lightness L (h, w); None of one that is not twice as large.

    Little is seen at three quarters of the size that is not seen at the whole. side: 0 for no copy.
    """
    short = min(L.shape)
    if not 0 < side <= short // LEAST_SHRUNK:
        return None
    size = (round(L.shape[0] * side / short), round(L.shape[1] * side / short))
    padded, _ = pad_to_multiple(resize(L, size), STRIDE)
    return CoarseCopy(padded, size, (L.shape[0], L.shape[1]))
