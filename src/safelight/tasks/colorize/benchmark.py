"""The samples of the evaluation of colorization: pictures, and hints drawn on each by a protocol.

Results of two protocols must not be mixed: one hint of siggraph17 covers nine times the area of iColoriT's.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from safelight.arrays import Ab, Lightness, Pixels, Srgb
from safelight.errors import DatasetError, RecipeError
from safelight.evaluation.samples import (
    Pictures,
    Samples,
    count_enlarged,
    fixed_sample,
    hash_lines,
    seed_from_pixels,
    square,
)
from safelight.pixels.color import srgb_to_lab
from safelight.prints.simulation import VERSION as PRINTS
from safelight.prints.simulation import old_print
from safelight.shaped import Int
from safelight.tasks.colorize.hint_sampling import report_colors
from safelight.tasks.colorize.hints import Points

VERSION = 2  # raise it when a hint's color at the same place changes by more than rounding
LEAST_AB_RANGE = 5.0  # pictures below it are as good as grey, where the grey answer scores 50 to 100 dB

Corners: TypeAlias = Int[np.ndarray, "n 2"]  # row and column of each patch's first pixel


@dataclass(frozen=True)
class Protocol:
    """One way of drawing hints.

    size: side of the square, in pixels, to which pictures are squashed.
    patch: side of the square, in pixels, whose mean color a hint tells.
    places: "uniform", "normal" around the centre with standard deviation size/4 and clipped, or "cells" of a
      grid of patches.
    counts: numbers of hints, ascending. Hints nest: the first 5 of 10 are those of the sample with 5.
    source: where the protocol comes from.
    prints: whether methods are shown the lightness of a simulated old print of the picture. Its colors are then laid
      on the picture's own lightness to be scored, so that nothing but color counts.
    """

    name: str
    size: int
    patch: int
    places: Literal["uniform", "normal", "cells"]
    counts: tuple[int, ...]
    source: str
    prints: bool = False

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
    "print": Protocol(
        "print", 128, 3, "uniform", SIGGRAPH17_COUNTS,
        "ours: compact, shown as simulated old prints (faded, soft, grainy, stained, some in halftone)", True,
    ),
}  # fmt: skip


def protocol_named(name: str) -> Protocol:
    """The protocol of that name. Raises RecipeError with the names there are."""
    if name not in PROTOCOLS:
        raise RecipeError(f"there is no protocol {name!r}; choose one of {', '.join(PROTOCOLS)}")
    return PROTOCOLS[name]


@dataclass(frozen=True)
class ColorSample:
    """One picture and its hints, all of them; fewer hints are the first of them.

    index: number of the picture among those given. pixels: uint8 (size, size, 3) at the protocol's size.
    scan: the old print of it that methods are shown, if they are, uint8 of that size.
    """

    index: int
    pixels: Pixels
    points: Points
    scan: Pixels | None = None

    @property
    def L(self) -> Lightness:  # noqa: N802 - the field's own name
        """What a method is shown."""
        return srgb_to_lab(self.pixels if self.scan is None else self.scan)[..., 0]

    @property
    def truth(self) -> Srgb:
        """What the picture is: sRGB 0..1."""
        return (self.pixels / np.float32(255)).astype(np.float32)

    @property
    def sha256(self) -> str:
        """Hash of picture and hints: the places and sizes of these, from which their colors follow.

        The colors themselves are left out: their last bit may differ from one machine to the next. So are the
        pixels of an old print, which follow from picture and seed and go through JPEG: a version stands for them.
        """
        digest = hashlib.sha256(f"question v{VERSION}".encode() + self.pixels.tobytes())
        for part in (self.points.y, self.points.x, self.points.radius):
            digest.update(np.ascontiguousarray(part).tobytes())
        if self.scan is not None:
            digest.update(f"print v{PRINTS}".encode())
        return digest.hexdigest()


def draw_samples(
    pictures: Pictures, protocol: Protocol, seed: int = 0, limit: int | None = None
) -> Samples[ColorSample]:
    """The samples of these pictures. Raises DatasetError where no picture is left.

    Pictures whose ab range is under 5 are left out. limit: of a fixed sample of so many pictures.
    """
    numbers = fixed_sample(pictures, limit)
    drawn = (draw_sample(pictures, index, protocol, seed) for index in numbers)
    items = tuple(each for each in drawn if ab_range(srgb_to_lab(each.pixels)[..., 1:]) >= LEAST_AB_RANGE)
    left_out = len(numbers) - len(items)
    if not items:
        raise DatasetError(
            f"no picture to judge: {len(pictures)} given, {left_out} of them without color; give others"
        )
    hints = [sample.points for sample in items]
    return Samples(
        protocol=protocol.name,
        size=protocol.size,
        seed=seed,
        items=items,
        sha256=hash_lines([f"{protocol.counts}", *sorted(sample.sha256 for sample in items)]),
        left_out=left_out,
        enlarged=count_enlarged(pictures, (sample.index for sample in items), protocol.size),
        arrays={
            "counts": np.array(protocol.counts),
            **{
                part: np.stack([getattr(each, part) for each in hints]) for part in ("y", "x", "ab", "radius")
            },
        },
    )


def draw_sample(pictures: Pictures, index: int, protocol: Protocol, seed: int) -> ColorSample:
    """The sample of one picture."""
    pixels = square(pictures, index, protocol.size)
    rng = np.random.default_rng([seed, seed_from_pixels(pixels)])
    points = draw_hints(srgb_to_lab(pixels)[..., 1:], protocol, rng)
    return ColorSample(index, pixels, points, old_print(pixels, rng) if protocol.prints else None)


def ab_range(ab: Ab) -> float:
    """Range of a plus range of b: what siggraph17 asks to be at least 5 for a picture to be evaluated."""
    return float(np.ptp(ab.reshape(-1, 2), axis=0).sum())


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
