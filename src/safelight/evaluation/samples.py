"""The samples of an evaluation: which pictures of a set are taken, and their hash.

A sample is a pure function of the picture's pixels, the protocol and the seed: it does not depend on which other
pictures are evaluated. So everybody who evaluates the same pictures takes the same samples, their hash proves it,
and scores of baselines can be cached.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from safelight.arrays import Pixels
from safelight.files import new_file
from safelight.pixels.geometry import Box, resize


class Pictures(Protocol):
    """What is evaluated on: squares of sRGB uint8 (s, s, 3) by number, and a metadata row for each."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> Pixels: ...
    def rows(self, index: int, /) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class PictureList:
    """Pictures in memory. Without metadata, every row is empty."""

    pixels: Sequence[Pixels]
    metadata: Sequence[Mapping[str, Any]] = ()

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, index: int) -> Pixels:
        return self.pixels[index]

    def rows(self, index: int) -> Mapping[str, Any]:
        """The metadata of one picture."""
        return self.metadata[index] if self.metadata else {}


class Sample(Protocol):
    """One picture and what is asked about it. index: number of the picture among those given."""

    @property
    def index(self) -> int: ...
    @property
    def sha256(self) -> str: ...


S = TypeVar("S", bound=Sample)


@dataclass(frozen=True)
class Samples(Generic[S]):
    """All samples of an evaluation.

    protocol: how they were made, in a word. size: side of the squares, pixels. sha256: hash of all, whatever their
    order. left_out: pictures that could not be taken. enlarged: those smaller than the size. arrays: what is stored
    of the samples beside their hashes.
    """

    protocol: str
    size: int
    seed: int
    items: tuple[S, ...]
    sha256: str
    left_out: int = 0
    enlarged: int = 0
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[S]:
        return iter(self.items)

    def save(self, folder: Path) -> Path | None:
        """Write the arrays as an npz whose name carries the hash; returns its path, None where there are none."""
        if not self.arrays:
            return None
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.protocol}-{self.sha256[:12]}.npz"
        if not path.exists():
            with new_file(path, overwrite=True) as file:
                hashes = np.array([sample.sha256 for sample in self.items])
                np.savez_compressed(file, allow_pickle=False, sha256=hashes, **self.arrays)
        return path


def hash_lines(lines: Iterable[str]) -> str:
    """One hash of several."""
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def square(pictures: Pictures, index: int, size: int) -> Pixels:
    """A picture without the border of a padded dataset, squashed to a square of this side."""
    return np.ascontiguousarray(resize(_without_border(pictures, index), (size, size)))


def count_enlarged(pictures: Pictures, numbers: Iterable[int], size: int) -> int:
    """How many of these pictures are smaller, without their border, than squares of this side."""
    return sum(min(_without_border(pictures, number).shape[:2]) < size for number in numbers)


def fixed_sample(pictures: Pictures, limit: int | None) -> list[int]:
    """Numbers of at most so many pictures, ascending: of those whose hash is smallest; of all for None.

    So the sample is the same for everybody, and two limits share their pictures.
    """
    everything = range(len(pictures))
    if limit is None or limit >= len(pictures):
        return list(everything)
    return sorted(sorted(everything, key=lambda index: seed_from_pixels(pictures[index]))[:limit])


def seed_from_pixels(pixels: Pixels) -> int:
    """A number made of the pixels: half of their sha256."""
    return int.from_bytes(hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).digest()[:16])


def _without_border(pictures: Pictures, index: int) -> Pixels:
    pixels, box = pictures[index], pictures.rows(index).get("box")
    return pixels[Box(*box).slices] if box else pixels
