"""Levin, Lischinski and Weiss 2004, "Colorization using Optimization": scribbles spread by a sparse solve.

Every pixel without a hint is to have the weighted mean color of its eight neighbours, with weights that fall
where the lightness changes (equation 2). That is one linear equation a pixel; hints are fixed. The equations
of the free pixels are solved exactly, as by the authors' program, so every answer lies between the hints.
"""

from itertools import product
from typing import Any

import numpy as np

from safelight.arrays import Ab, Lightness
from safelight.shaped import Float, Int
from safelight.tasks.colorize.hints import Points

NEIGHBORS = [step for step in product((-1, 0, 1), repeat=2) if step != (0, 0)]
VARIANCE_SHARE = 0.6  # 2σ² of equation 2 is this share of the window's variance, as in the authors' program
LEAST_WEIGHT = 0.01  # σ is widened until the most similar neighbour weighs at least this
LEAST_VARIANCE = 2e-6  # for L in 0..1: keeps flat windows from dividing by zero


class Levin:
    """A baseline that predicts ab. It keeps the last picture's equations: more hints only fix more pixels."""

    def __init__(self) -> None:
        self._L: Lightness | None = None
        self._system: Any = None

    def __call__(self, L: Lightness, points: Points) -> Ab:
        """The hints spread over the picture (h, w, 2); grey where there are none."""
        if not len(points):
            return np.zeros((*L.shape, 2), np.float32)
        if self._L is None or not np.array_equal(self._L, L):
            self._L, self._system = L.copy(), equations(L)
        fixed, colors = constraints(points, (L.shape[0], L.shape[1]))
        return solve(self._system, fixed, colors).reshape(*L.shape, 2).astype(np.float32)


def neighbor_weights(L: Lightness) -> Float[np.ndarray, "8 h w"]:
    """Weight of each of the eight neighbours (order of NEIGHBORS), summing to 1; 0 outside the picture."""
    h, w = L.shape
    around = np.pad(L.astype(np.float64) / 100, 1, constant_values=np.nan)
    shifted = [around[1 + dy : 1 + dy + h, 1 + dx : 1 + dx + w] for dy, dx in NEIGHBORS]
    center, neighbours = around[1:-1, 1:-1], np.stack(shifted)
    squared = np.square(neighbours - center)
    variance = VARIANCE_SHARE * np.nanvar(np.concatenate([neighbours, center[None]]), axis=0)
    enough = -np.nanmin(squared, axis=0) / np.log(LEAST_WEIGHT)
    variance = np.maximum(np.maximum(variance, enough), LEAST_VARIANCE)
    weights = np.nan_to_num(np.exp(-squared / variance))
    return np.asarray(weights / weights.sum(axis=0))


def equations(L: Lightness) -> Any:
    """Identity minus neighbour weights: a sparse (h·w, h·w) matrix whose rows sum to 0."""
    from scipy import sparse

    h, w = L.shape
    weights = neighbor_weights(L)
    diagonals, offsets = [np.ones(h * w)], [0]
    for (dy, dx), weight in zip(NEIGHBORS, weights, strict=True):
        offset = dy * w + dx
        # A diagonal is indexed by its column, the neighbour: roll each pixel's weight to where it points.
        diagonals.append(np.roll(-weight.ravel(), offset))
        offsets.append(offset)
    return sparse.dia_array((np.stack(diagonals), offsets), shape=(h * w, h * w)).tocsr()


def constraints(
    points: Points, size: tuple[int, int]
) -> tuple[Int[np.ndarray, " fixed"], Float[np.ndarray, "fixed 2"]]:
    """Indices of the pixels that the hints' patches cover, ascending, and their colors; later hints win."""
    h, w = size
    hint = np.full(size, -1)
    for number, (y, x, radius) in enumerate(zip(points.y, points.x, points.radius, strict=True)):
        side = round(2 * float(radius)) + 1
        top, left = max(y - (side - 1) // 2, 0), max(x - (side - 1) // 2, 0)
        hint[top : y + side // 2 + 1, left : x + side // 2 + 1] = number
    fixed = np.flatnonzero(hint >= 0)
    return fixed, points.ab[hint.reshape(h * w)[fixed]].astype(np.float64)


def solve(
    system: Any, fixed: Int[np.ndarray, " fixed"], colors: Float[np.ndarray, "fixed 2"]
) -> Float[np.ndarray, "pixels 2"]:
    """The color of every pixel, given those of the fixed ones: one sparse LU for a and b together."""
    from scipy.sparse.linalg import splu

    free = np.ones(system.shape[0], bool)
    free[fixed] = False
    result = np.empty((system.shape[0], 2))
    result[fixed] = colors
    if free.any():
        rows = system[free]
        # Rows are diagonally dominant: no pivoting is needed, and the fill stays small.
        lu = splu(
            rows[:, free].tocsc(),
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )
        result[free] = lu.solve(-(rows[:, fixed] @ colors))
    return result
