"""Many small pictures of an autoencoder: samples, the pictures between two photos, pairs; as one grid or as files.

All of them follow from an order and the photos, so that each can be made again.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from safelight.arrays import Pixels, Srgb
from safelight.batch.marks import LabelSettings, without_folders
from safelight.batch.work import Json, Order, settings_of
from safelight.pixels.color import eight_bits
from safelight.pixels.files import Photo, read_photo, write_photo
from safelight.provenance.info import source_on_disk
from safelight.provenance.made import Made, Source, UsedModel, now
from safelight.provenance.mark import labeled, libraries
from safelight.provenance.terms import Kind
from safelight.reports.text import count
from safelight.runtime.inference import engine_name
from safelight.runtime.names import WRITTEN
from safelight.shaped import UInt8
from safelight.tasks.autoencode.prepare import unframe
from safelight.tasks.autoencode.restore import Autoencoder, between

GAP = 2  # white pixels between pictures
MOST_COLUMNS = 16  # of the pictures between two photos
NUMBER = "number"  # in a mark's settings: which of the pictures; none for the grid


@dataclass(frozen=True)
class SampleSettings(LabelSettings):
    """The options that decide samples, by their names. source: what codes are drawn from."""

    model: str | None = None
    count: int = 64
    seed: int = 0
    source: Literal["mixture", "prior"] = "mixture"


@dataclass(frozen=True)
class InterpolateSettings(LabelSettings):
    """The options that decide the pictures between two photos, by their names."""

    model: str | None = None
    steps: int = 8


@dataclass(frozen=True)
class PairsSettings(LabelSettings):
    """The options that decide a grid of photos above their reconstructions, by their names."""

    model: str | None = None


def _samples(vae: Autoencoder, order: Order, photos: Sequence[Path]) -> list[Srgb]:
    """Pictures of random codes: the same ones for the same seed."""
    settings = settings_of(order, SampleSettings)
    codes = vae.sample(settings.count, np.random.default_rng(settings.seed), settings.source)
    return list(vae.decode(codes))


def _between(vae: Autoencoder, order: Order, photos: Sequence[Path]) -> list[Srgb]:
    """The pictures from the first photo to the second, both ends included."""
    ends = vae.encode(photos)
    return list(vae.decode(between(ends[0], ends[1], settings_of(order, InterpolateSettings).steps)))


def _pairs(vae: Autoencoder, order: Order, photos: Sequence[Path]) -> list[Srgb]:
    """Each photo as the network sees it, and below it the reconstruction."""
    return [pair(vae, photo) for photo in photos]


def pair(vae: Autoencoder, path: Path) -> Srgb:
    """A photo as the network sees it, and below it the reconstruction."""
    photo = read_photo(path)
    framed = vae.frame(photo)
    return np.vstack([unframe(framed.planes, framed.box), vae.reconstruct(photo)])


Maker: TypeAlias = Callable[[Autoencoder, Order, Sequence[Path]], list[Srgb]]
MAKERS: dict[str, tuple[Maker, Kind]] = {  # command -> what makes its pictures, and what they are
    "sample": (_samples, "generated"),
    "interpolate": (_between, "generated"),
    "pairs": (_pairs, "learned"),
}


def pictures_of(vae: Autoencoder, order: Order, photos: Sequence[Path] = ()) -> list[Srgb]:
    """The pictures of an order, sRGB 0..1. Raises SafelightError."""
    return MAKERS[order.command][0](vae, order, photos)


def columns_of(order: Order, number: int) -> int:
    """How many pictures stand beside each other in the grid of so many."""
    if order.command == "interpolate":
        return min(number, MOST_COLUMNS)
    return math.ceil(math.sqrt(number))


class PictureMarker:
    """Marks the pictures of one order. photos: what they were made of. when: the time to be stated."""

    def __init__(self, order: Order, vae: Autoencoder, photos: Sequence[Path] = (), when: str = "") -> None:
        self._order, self._when = order, when or now()
        self._labels = LabelSettings(
            **{
                name: order.settings[name]
                for name in ("no_mark", "source_type", "caption")
                if name in order.settings
            }
        ).labels
        self._models = tuple(UsedModel(card.name, card.sha256) for card in vae.cards)
        self._sources: tuple[Source, ...] = tuple(map(source_on_disk, photos)) if self._labels.mark else ()

    def __call__(self, pixels: Pixels, number: int | None) -> Photo:
        """A picture as it is to be written; number: which it is, None for the grid of all."""
        settings: dict[str, Json] = without_folders(self._order.settings)
        if number is not None:
            settings = {**settings, NUMBER: number}
        made = Made(
            self._order.command,
            MAKERS[self._order.command][1],
            settings,
            self._models,
            self._sources,
            engine=engine_name(),
            libraries=libraries(),
            when=self._when,
        )
        return labeled(Photo(pixels), made, self._labels)


def is_file(out: Path) -> bool:
    """Whether this is the name of one picture file rather than of a folder."""
    return not out.is_dir() and out.suffix.lower() in WRITTEN


def write_pictures(
    pictures: Sequence[Srgb], out: Path, overwrite: bool, columns: int, mark: PictureMarker
) -> str:
    """Write pictures 0..1 into one grid, or a folder; one line that says what was written.

    Raises PhotoError if a file is in the way.
    """
    written = count(len(pictures), "picture")
    if is_file(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        write_photo(out, mark(grid(pictures, columns), None), overwrite=overwrite)
        return f"{out}: {written} in one grid"
    out.mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(pictures):
        name = f"{number:0{len(str(len(pictures) - 1))}}.png"
        write_photo(out / name, mark(eight_bits(picture), number), overwrite=overwrite)
    return f"{out}: {written}"


def grid(pictures: Sequence[Srgb], columns: int) -> UInt8[np.ndarray, "h2 w2 3"]:
    """Pictures 0..1 row by row, each centered in its cell. The rest is white."""
    height, width = (max(picture.shape[axis] for picture in pictures) for axis in (0, 1))
    rows = math.ceil(len(pictures) / columns)
    sheet = np.full((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, 3), 255, np.uint8)
    for number, picture in enumerate(pictures):
        row, column = divmod(number, columns)
        h, w = picture.shape[:2]
        top = row * (height + GAP) + (height - h) // 2
        left = column * (width + GAP) + (width - w) // 2
        sheet[top : top + h, left : left + w] = eight_bits(picture)
    return sheet
