"""Where a further hint would help most: the place from which the most uncertainty of a picture's colors goes.

The network says how uncertain each place is; kriging says how far a hint reaches, given those that are there.
Together they are a covariance, cov(x, y) = s(x) s(y) r(x, y), with s the network's standard deviation and r the
correlation after the known hints (Rasmussen & Williams 2006, equation 2.24). A hint at x takes
sum over y of cov(x, y)² / (cov(x, x) + noise) away. Places are chosen one after the other, each as if those
before it had been given (greedy; within 1 - 1/e of the best set, Krause et al. 2008).
"""

from typing import NamedTuple

import numpy as np

from safelight.arrays import Lightness
from safelight.pixels.color import lab_to_srgb
from safelight.pixels.geometry import LONGEST, Size, resize
from safelight.runtime.cores import one_thread
from safelight.shaped import Float32, Int32
from safelight.tasks.colorize.bins import gamut_bins, likely_colors, variance
from safelight.tasks.colorize.hints import Points
from safelight.tasks.colorize.kriging import COLORS, FEATURES, Covariance, describe
from safelight.tasks.colorize.propagation import shrink_points

MOST_PLACES = 200  # that are looked for at a time; a picture has some hundred cells
CELL = 8  # pixels of the network's picture a side: the network predicts a distribution over colors for each


class Place(NamedTuple):
    """A cell of the grid, and the share of all uncertainty in the picture that a hint there takes away, 0..1."""

    y: int
    x: int
    worth: float


def where_next(
    L: Lightness,
    variance: Float32[np.ndarray, "h w"],
    known: Points,
    count: int,
    covariance: Covariance = COLORS,
) -> list[Place]:
    """The `count` places where further hints would help most, best first; fewer if nothing is uncertain.

    variance: of the color at each cell, given the known hints. known: hints on the same grid.
    """
    with one_thread:
        return _where_next(L, variance, known, count, covariance)


def _where_next(
    L: Lightness,
    variance: Float32[np.ndarray, "h w"],
    known: Points,
    count: int,
    covariance: Covariance,
) -> list[Place]:
    width = L.shape[1]
    places = describe(L).reshape(-1, FEATURES)
    noise = covariance.noise
    prior = _given_colors(covariance(places, places), known.y * width + known.x, noise)
    remaining = variance.reshape(-1).astype(np.float32)
    whole, chosen = float(remaining.sum()), list[Place]()
    while len(chosen) < count and whole > 0:
        reach = _squared_correlation(prior, noise)
        gain = reach @ remaining
        best = int(gain.argmax())
        chosen.append(Place(best // width, best % width, float(gain[best]) / whole))
        remaining = remaining * (1 - reach[best])
        prior = _given_color(prior, best, noise)
    return chosen


def _given_colors(
    covariance: Float32[np.ndarray, "n n"], at: Int32[np.ndarray, " m"], noise: float
) -> Float32[np.ndarray, "n n"]:
    """What is left of it once the colors at these places are known (equation 2.24)."""
    if not len(at):
        return covariance
    columns = covariance[:, at].astype(np.float64)
    inner = columns[at] + noise * np.eye(len(at))
    return np.asarray(covariance - columns @ np.linalg.solve(inner, columns.T), np.float32)


def _given_color(covariance: Float32[np.ndarray, "n n"], at: int, noise: float) -> Float32[np.ndarray, "n n"]:
    """What is left of it once the color at one place is known."""
    column = covariance[:, at]
    return np.asarray(covariance - np.outer(column, column / (column[at] + noise)), np.float32)


def _squared_correlation(covariance: Float32[np.ndarray, "n n"], noise: float) -> Float32[np.ndarray, "n n"]:
    """Share of the variance at y (columns) that a hint at x (rows) takes away."""
    variances = np.maximum(covariance.diagonal(), 1e-6)
    return np.asarray(covariance**2 / ((variances + noise)[:, None] * variances), np.float32)


class Suggestion(NamedTuple):
    """A place (fractions from the left and the top), its worth as in `Place`, and the colors that it may have.

    colors: "#rrggbb" as that color looks there, and how likely it is; the likeliest first.
    """

    x: float
    y: float
    worth: float
    colors: tuple[tuple[str, float], ...]


def suggest(
    L: Lightness, shares: Float32[np.ndarray, "q h8 w8"], known: Points, count: int
) -> list[Suggestion]:
    """Where `count` further hints would help most in a picture of lightness L (h, w), best first.

    shares: how likely each bin of color is, given the known hints, in cells of CELL x CELL pixels; cells may
    reach beyond L, by its padding. known: hints on the grid of L.
    """
    h, w = -(-L.shape[0] // CELL), -(-L.shape[1] // CELL)
    shares, small, bins = shares[:, :h, :w], resize(L, (h, w)), gamut_bins()
    places = _on_fewer_cells(small, variance(shares, bins), shrink_points(known, (h, w), CELL), count)
    return [
        Suggestion(
            min((place.x + 0.5) * CELL / L.shape[1], 1 - 1e-6),
            min((place.y + 0.5) * CELL / L.shape[0], 1 - 1e-6),
            place.worth,
            tuple(
                (hex_at(float(small[place.y, place.x]), likely.ab), likely.share)
                for likely in likely_colors(shares[:, place.y, place.x], bins)
            ),
        )
        for place in places
    ]


def _on_fewer_cells(
    L: Lightness, variance: Float32[np.ndarray, "h w"], known: Points, count: int
) -> list[Place]:
    """`where_next`, for a panorama on a coarser grid: the covariance of all its cells would grow with their square."""
    size = (L.shape[0], L.shape[1])
    step = 1
    while max(size) > LONGEST * min(size) and _area(fewer := _over(size, step)) > LONGEST * min(size) ** 2:
        step += 1
    if step == 1:
        return where_next(L, variance, known, count)
    coarse = where_next(
        resize(L, fewer), np.asarray(resize(variance, fewer)), shrink_points(known, fewer, step), count
    )
    return [
        Place(
            min(place.y * step + step // 2, size[0] - 1),
            min(place.x * step + step // 2, size[1] - 1),
            place.worth,
        )
        for place in coarse
    ]


def _over(size: Size, step: int) -> Size:
    """A size in steps, rounded up."""
    return -(-size[0] // step), -(-size[1] // step)


def _area(size: Size) -> int:
    return size[0] * size[1]


def hex_at(L: float, ab: tuple[float, float]) -> str:
    """The color #rrggbb of ab at this lightness, clipped to sRGB."""
    srgb = lab_to_srgb(np.array([[[L, *ab]]], np.float32))[0, 0]
    return "#" + "".join(f"{round(255 * float(value)):02x}" for value in srgb.clip(0, 1))
