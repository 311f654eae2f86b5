"""The questions of a sitting: which pictures are judged, and which hints are given on each.

A question is a pure function of the picture's pixels, the protocol and the seed: it does not depend on which
other pictures are judged. So everybody who judges the same pictures answers the same questions, their hash
proves it, and scores of baselines can be kept.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from safelight.arrays import Lightness, Pixels, Srgb
from safelight.errors import DatasetError
from safelight.evaluation.metrics import ab_range
from safelight.files import new_file
from safelight.pixels.color import srgb_to_lab
from safelight.pixels.geometry import resize
from safelight.tasks.autoencode.prepare import inside
from safelight.tasks.colorize.hints import Points
from safelight.tasks.colorize.protocols import LEAST_AB_RANGE, draw_hints
from safelight.tasks.colorize.protocols import Protocol as Asking

VERSION = 2  # raise it when a hint's color at the same place changes by more than rounding


class Pictures(Protocol):
    """What is judged: squares of sRGB uint8 (s, s, 3) by number, and a metadata row for each."""

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


@dataclass(frozen=True)
class Question:
    """One picture and its hints, all of them; fewer hints are the first of them.

    index: number of the picture among those given. pixels: uint8 (size, size, 3) at the protocol's size.
    """

    index: int
    pixels: Pixels
    points: Points

    @property
    def L(self) -> Lightness:  # noqa: N802 - the field's own name
        """What the model is shown."""
        return srgb_to_lab(self.pixels)[..., 0]

    @property
    def truth(self) -> Srgb:
        """What the picture is: sRGB 0..1."""
        return (self.pixels / np.float32(255)).astype(np.float32)

    @property
    def sha256(self) -> str:
        """Hash of picture and hints: the places and sizes of these, from which their colors follow.

        The colors themselves are left out: their last bit may differ from one machine to the next.
        """
        digest = hashlib.sha256(f"question v{VERSION}".encode() + self.pixels.tobytes())
        for part in (self.points.y, self.points.x, self.points.radius):
            digest.update(np.ascontiguousarray(part).tobytes())
        return digest.hexdigest()


@dataclass(frozen=True)
class Questions:
    """All questions of a sitting. left_out: how many pictures were as good as grey."""

    protocol: Asking
    seed: int
    asked: tuple[Question, ...]
    left_out: int

    def __len__(self) -> int:
        return len(self.asked)

    def __iter__(self) -> Iterator[Question]:
        return iter(self.asked)

    @property
    def sha256(self) -> str:
        """Hash of all questions, whatever their order."""
        together = [f"{self.protocol.counts}", *sorted(question.sha256 for question in self.asked)]
        return hashlib.sha256("\n".join(together).encode()).hexdigest()

    def save(self, folder: Path) -> Path:
        """Write the questions as an npz whose name carries the hash; returns its path."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"questions-{self.protocol.name}-{self.sha256[:12]}.npz"
        if not path.exists():
            points = [question.points for question in self.asked]
            with new_file(path, overwrite=True) as file:
                np.savez_compressed(
                    file,
                    sha256=np.array([question.sha256 for question in self.asked]),
                    counts=np.array(self.protocol.counts),
                    y=np.stack([own.y for own in points]),
                    x=np.stack([own.x for own in points]),
                    ab=np.stack([own.ab for own in points]),
                    radius=np.stack([own.radius for own in points]),
                )
        return path


def ask(pictures: Pictures, protocol: Asking, seed: int = 0, limit: int | None = None) -> Questions:
    """The questions for these pictures. Raises DatasetError where no picture is left.

    Pictures whose ab range is under 5 are left out. With `limit`, a sample is judged: those whose hash is
    smallest, so that it is the same for everybody and two limits share their pictures.
    """
    asked, left_out = [], 0
    for index in fixed_sample(pictures, limit):
        question = question_about(pictures, index, protocol, seed)
        if ab_range(srgb_to_lab(question.pixels)[..., 1:]) < LEAST_AB_RANGE:
            left_out += 1
        else:
            asked.append(question)
    if not asked:
        raise DatasetError(
            f"no picture to judge: {len(pictures)} given, {left_out} of them without color; give others"
        )
    return Questions(protocol, seed, tuple(asked), left_out)


def question_about(pictures: Pictures, index: int, protocol: Asking, seed: int) -> Question:
    """The question about one picture."""
    pixels = fit(pictures[index], pictures.rows(index), protocol.size)
    rng = np.random.default_rng([seed, number_of(pixels)])
    return Question(index, pixels, draw_hints(srgb_to_lab(pixels)[..., 1:], protocol, rng))


def fit(pixels: Pixels, row: Mapping[str, Any], size: int) -> Pixels:
    """The picture without the border of a padded dataset, squashed to a square of this side."""
    return np.ascontiguousarray(resize(inside(pixels, row.get("box")), (size, size)))


def count_enlarged(pictures: Pictures, numbers: Iterable[int], size: int) -> int:
    """How many of these pictures are smaller, without their border, than the square that is asked about."""
    photos = (inside(pictures[number], pictures.rows(number).get("box")) for number in numbers)
    return sum(min(photo.shape[:2]) < size for photo in photos)


def fixed_sample(pictures: Pictures, limit: int | None) -> list[int]:
    """Numbers of at most so many pictures, ascending: of those whose hash is smallest; of all for None."""
    everything = range(len(pictures))
    if limit is None or limit >= len(pictures):
        return list(everything)
    return sorted(sorted(everything, key=lambda index: number_of(pictures[index]))[:limit])


def number_of(pixels: Pixels) -> int:
    """A number drawn from the pixels: half of a sha256."""
    return int.from_bytes(hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).digest()[:16])
