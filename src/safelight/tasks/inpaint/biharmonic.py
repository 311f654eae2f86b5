"""Biharmonic filling: the smoothest surface over the hole, its slope continued from all around.

The hole's pixels minimize the sum over the picture of the squared Laplacian while the known pixels are held:
  A x = b,  A = L² restricted to the hole,  b = -(L² known) there,
L the Laplacian whose border mirrors. It is the system of scikit-image's inpaint_biharmonic (Damelin & Hoang
2018), solved without a sparse library: with two rows of the picture to a block, A is block tridiagonal, and
is eliminated block by block (Golub & Van Loan 2013, section 4.5.1). In use, and as what a network is given, a
hole that would take too long so (a square of 96 pixels, say) is solved at half the size first, and only its rim
again at its own. As a baseline (`exact_biharmonic`) every hole is solved as it is: others are judged against the
real thing.
"""

import math
from dataclasses import dataclass

import numpy as np

from safelight.arrays import Mask, Srgb
from safelight.masks.edit import is_missing, shrink
from safelight.masks.shapes import Hole
from safelight.pixels.geometry import resize
from safelight.shaped import Float, Int

BUDGET = 1e9  # multiplications for one hole; more are saved by halving
SMALLEST = 16  # pixels: a hole in a shorter box is solved as it is
RIM = 4  # pixels: what is solved again at full size around a hole that was solved at half the size

Plane = Float[np.ndarray, "h w c"]  # float64

OFFSETS = np.array(  # of the 13 pixels of L²: itself, neighbors, diagonal ones, two steps away
    [(0, 0), (-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (-1, 1), (1, -1), (1, 1), (-2, 0), (2, 0), (0, -2), (0, 2)]
)  # fmt: skip


def biharmonic(srgb: Srgb, mask: Mask) -> Srgb:
    """The picture with its hole filled, float32; what is known stays, bit by bit. Results stay within the known levels.

    Large holes overshoot: the slope at the rim is continued inward. Where all is missing, nothing is changed.
    """
    return _biharmonic(srgb, mask, BUDGET)


def exact_biharmonic(srgb: Srgb, mask: Mask) -> Srgb:
    """As `biharmonic`, however large the hole: that of scikit-image, for evaluation.

    Its time grows with the fourth power of a hole's side.
    """
    return _biharmonic(srgb, mask, math.inf)


def _biharmonic(srgb: Srgb, mask: Mask, budget: float) -> Srgb:
    hole = is_missing(mask)
    if hole.all() or not hole.any():
        return srgb
    known = srgb[~hole]
    filled = solve(np.asarray(srgb, np.float64), hole, budget).clip(known.min(0), known.max(0))
    return np.where(hole[..., None], filled, srgb).astype(np.float32)


def solve(picture: Plane, hole: Hole, budget: float = BUDGET) -> Plane:
    """The picture, not clipped, with its hole filled: part by part, as far as they do not touch in A."""
    import cv2

    near = cv2.dilate(hole.astype(np.uint8), np.ones((3, 3), np.uint8))  # A reaches two pixels far
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(near)
    result = np.where(hole[..., None], 0, picture)
    right = -laplacian(laplacian(result))
    for label in range(1, count):
        left, top, width, height = (int(side) for side in boxes[label][:4])
        box = slice(max(top - 1, 0), top + height + 1), slice(max(left - 1, 0), left + width + 1)
        part = hole[box] & (labels[box] == label)
        if _cost(part) > budget and min(part.shape) > SMALLEST:
            result[box][part] = _coarsely(picture[box], hole[box], part, budget)[part]
        else:
            result[box][part] = _solve_part(part, right[box][part])
    return result


def laplacian(planes: Plane) -> Plane:
    """Sum of the four neighbors less four times the pixel; beyond the border the picture is mirrored."""
    import cv2

    return np.asarray(cv2.Laplacian(planes, cv2.CV_64F, borderType=cv2.BORDER_REFLECT)).reshape(planes.shape)


def _coarsely(picture: Plane, hole: Hole, part: Hole, budget: float) -> Plane:
    """One large hole: its inside from the solution at half the size, its rim solved between that and the known."""
    h, w = hole.shape
    small = (-(-h // 2), -(-w // 2))
    known = (~hole).astype(np.float64)
    share = resize(known, small)
    shrunk = resize(picture * known[..., None], small) / np.maximum(share, 1e-12)[..., None]
    coarse = resize(solve(shrunk, share <= 0, budget), (h, w))
    inside = shrink(part, RIM)
    result = np.where(inside[..., None], coarse, np.where(hole[..., None], 0, picture))
    rim = part & ~inside
    right = -laplacian(laplacian(result))
    result[rim] = _solve_part(rim, right[rim])
    return result


@dataclass(frozen=True)
class _System:
    """Rows of A: for each unknown pixel the numbers of the 13 others (-1: known, or outside) and their weights.

    starts: the first unknown of each block of two picture rows, and the end.
    """

    others: Int[np.ndarray, "n 13"]
    weights: Float[np.ndarray, "n 13"]
    starts: Int[np.ndarray, " blocks"]

    def blocks(self, number: int) -> Float[np.ndarray, "own own_and_next"]:
        """A's diagonal block and, to its right, the one that couples it to the next block."""
        first, end = self.starts[number], self.starts[number + 1]
        last = self.starts[min(number + 2, len(self.starts) - 1)]
        dense = np.zeros((end - first, last - first))
        others = self.others[first:end] - first
        row, column = np.nonzero(others >= 0)
        dense[row, others[row, column]] = self.weights[first:end][row, column]
        return dense


def _system(hole: Hole) -> _System:
    """A for these unknowns, numbered row by row."""
    h, w = hole.shape
    y, x = np.nonzero(hole)
    numbers = np.full((h + 4, w + 4), -1)
    numbers[y + 2, x + 2] = np.arange(len(y))
    degree = np.zeros((h + 4, w + 4))  # neighbors inside the picture: L has -degree on its diagonal
    degree[2:-2, 2:-2] = 4
    degree[[2, -3]] -= 1
    degree[:, [2, -3]] -= 1
    places = tuple(np.stack([y, x])[:, :, None] + 2 + OFFSETS.T[:, None])
    own, other = degree[y + 2, x + 2][:, None], degree[places]
    weights = np.ones((len(y), len(OFFSETS)))  # two steps away
    weights[:, :1] = own**2 + own
    weights[:, 1:5] = -(own + other[:, 1:5])
    weights[:, 5:9] = 2
    starts = np.searchsorted(y // 2, np.unique(y // 2))
    return _System(numbers[places], weights, np.append(starts, len(y)))


def _solve_part(hole: Hole, right: Float[np.ndarray, "n c"]) -> Float[np.ndarray, "n c"]:
    """x of A x = b for one hole, pixels in row-major order."""
    if _width(hole.T) < _width(hole):  # fewer unknowns to a block the other way around
        order = np.argsort(np.argsort(np.nonzero(hole)[1], kind="stable"))  # row-major -> column-major
        turned = np.empty_like(right)
        turned[order] = right
        return _eliminate(_system(np.ascontiguousarray(hole.T)), turned)[order]
    return _eliminate(_system(hole), right)


def _eliminate(system: _System, right: Float[np.ndarray, "n c"]) -> Float[np.ndarray, "n c"]:
    """Block elimination downward, substitution upward."""
    starts, count = system.starts, len(system.starts) - 1
    kept = []
    carried: tuple[np.ndarray, np.ndarray] | None = None  # what a block leaves in the next one
    for number in range(count):
        own = starts[number + 1] - starts[number]
        dense, b = system.blocks(number), right[starts[number] : starts[number + 1]]
        if carried:
            dense[:, :own] -= carried[0]
            b = b - carried[1]
        coupling = dense[:, own:]
        solved = np.linalg.solve(dense[:, :own], np.concatenate([coupling, b], axis=1))
        width = coupling.shape[1]
        kept.append((solved[:, :width], solved[:, width:]))
        carried = (coupling.T @ solved[:, :width], coupling.T @ solved[:, width:])
    x = np.empty_like(right)
    x[starts[-2] :] = kept[-1][1]
    for number in reversed(range(count - 1)):
        here, below = slice(*starts[number : number + 2]), slice(*starts[number + 1 : number + 3])
        x[here] = kept[number][1] - kept[number][0] @ x[below]
    return x


def _width(hole: Hole) -> float:
    """What an elimination by rows costs: the cubes of the blocks' unknowns."""
    rows = hole.sum(1).astype(np.float64)
    return float((np.add.reduceat(rows, np.arange(0, len(rows), 2)) ** 3).sum())


def _cost(hole: Hole) -> float:
    return 3 * min(_width(hole), _width(hole.T))
