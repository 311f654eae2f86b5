"""How a judge asks: picture size, how large the hints' patches are, where they lie, how many there are.

Results of two protocols must not be mixed: one hint of siggraph17 covers nine times the area of iColoriT's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Int

from safelight.arrays import Ab
from safelight.errors import RecipeError
from safelight.tasks.colorize.hint_sampling import report_colors
from safelight.tasks.colorize.hints import Points

LEAST_AB_RANGE = 5.0  # pictures below it are as good as grey, where the grey answer scores 50 to 100 dB

Corners: TypeAlias = Int[np.ndarray, "n 2"]  # row and column of each patch's first pixel


@dataclass(frozen=True)
class Protocol:
    """One way of asking.

    size: side of the square, in pixels, to which pictures are squashed.
    patch: side of the square, in pixels, whose mean color a hint tells.
    places: "uniform", "normal" around the centre with standard deviation size/4 and clipped, or "cells" of a
      grid of patches.
    counts: numbers of hints, ascending. Hints nest: the first 5 of 10 are the 5-hint question.
    source: where the protocol comes from.
    """

    name: str
    size: int
    patch: int
    places: Literal["uniform", "normal", "cells"]
    counts: tuple[int, ...]
    source: str

    def __post_init__(self) -> None:
        if not 1 <= self.patch <= self.size:
            raise RecipeError(f"protocol {self.name}: a {self.patch}-px patch does not fit in {self.size} px")
        if sorted(set(self.counts)) != list(self.counts) or not self.counts or self.counts[0] != 0:
            raise RecipeError(
                f"protocol {self.name}: counts are {self.counts}; expected 0 first, then rising"
            )
        if self.most > (self.size // self.patch) ** 2:
            raise RecipeError(f"protocol {self.name}: {self.most} patches do not fit side by side")

    @property
    def most(self) -> int:
        """The largest number of hints."""
        return self.counts[-1]


SIGGRAPH17_COUNTS = (0, 1, 2, 5, 10, 20, 50, 100, 200)

PROTOCOLS: dict[str, Protocol] = {
    "compact": Protocol(
        "compact", 128, 3, "uniform", SIGGRAPH17_COUNTS,
        "ours: siggraph17's patch, as a share of the picture, at half its size, with uniform places",
    ),
    "siggraph17": Protocol(
        "siggraph17", 256, 6, "normal", SIGGRAPH17_COUNTS, "Zhang et al. 2017, figure 6",
    ),
    "icolorit": Protocol(
        "icolorit", 224, 2, "cells", (0, 1, 5, 10, 50), "Yun et al. 2023 (iColoriT), section 4",
    ),
}  # fmt: skip


def protocol_named(name: str) -> Protocol:
    """The protocol of that name. Raises RecipeError with the names there are."""
    if name not in PROTOCOLS:
        raise RecipeError(f"there is no protocol {name!r}; choose one of {', '.join(PROTOCOLS)}")
    return PROTOCOLS[name]


def draw_hints(ab: Ab, protocol: Protocol, rng: np.random.Generator) -> Points:
    """As many hints as the protocol's largest count, each the mean true color of its patch.

    Patches lie wholly inside the picture. A point is its patch's middle pixel; for even sides, left above.
    """
    corners = PLACES[protocol.places](protocol, rng)
    middle = corners + (protocol.patch - 1) // 2
    side = np.full(len(corners), protocol.patch)
    return report_colors(ab, middle[:, 0], middle[:, 1], side)


def _uniform(protocol: Protocol, rng: np.random.Generator) -> Corners:
    """Any place, none twice."""
    places = protocol.size - protocol.patch + 1
    return _rows_columns(rng.choice(places**2, protocol.most, replace=False), places)


def _cells(protocol: Protocol, rng: np.random.Generator) -> Corners:
    """Cells of a grid of patches, none twice: hints never overlap."""
    cells = protocol.size // protocol.patch
    return _rows_columns(rng.choice(cells**2, protocol.most, replace=False), cells) * protocol.patch


def _normal(protocol: Protocol, rng: np.random.Generator) -> Corners:
    """Around the centre; one place may come twice."""
    last = protocol.size - protocol.patch
    middle, spread = (last + 1) / 2, (last + 1) / 4
    return np.clip(rng.normal(middle, spread, (protocol.most, 2)), 0, last).astype(np.int64)


def _rows_columns(indices: np.ndarray, width: int) -> Corners:
    return np.stack(np.divmod(indices, width), axis=-1).astype(np.int64)


PLACES: dict[str, Callable[[Protocol, np.random.Generator], Corners]] = {
    "uniform": _uniform,
    "normal": _normal,
    "cells": _cells,
}
