"""Pictures of a dataset, read through a memory map: opening takes no time and no memory."""

import hashlib
import json
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from safelight.data.build_state import BUILDING
from safelight.data.finished import Finished, hold, require_finished, require_held, split_number
from safelight.data.rows import Row
from safelight.data.scan import DATASET
from safelight.data.settings import BuildSettings, Progress
from safelight.data.split import TESTS
from safelight.errors import DatasetError
from safelight.pixels.geometry import inside
from safelight.shaped import Int64, UInt8

FEW = 8  # pictures that a split should have at least


class PictureSet:
    """Some or all pictures of a dataset, as it was when it was opened, though it is brought up to date meanwhile.

    Pickled, it carries the place of the pixels, not the pixels.
    """

    def __init__(self, dataset: Finished, name: str, numbers: Int64[np.ndarray, " n"]) -> None:
        self.dataset = dataset
        self.name = name
        self.numbers = numbers  # of its pictures in the whole dataset
        self._index = dataset.held.index
        self._pixels = dataset.held.pixels

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, i: int) -> UInt8[np.ndarray, "size size 3"]:
        """The i-th picture, sRGB: a read-only view of the memory map."""
        return np.asarray(self._pixels[self.numbers[i]])

    def rows(self, i: int) -> Row:
        """The metadata row of the i-th picture."""
        return self.dataset.held.metadata.row(int(self._index["offset"][self.numbers[i]]))

    def photo(self, i: int) -> UInt8[np.ndarray, "h w 3"]:
        """The i-th picture without the border that a padded dataset has."""
        return inside(self[i], self._box(i))

    def subject(self, i: int) -> tuple[float, float] | None:
        """(x, y) of the i-th picture's subject in fractions of photo(i); None where its metadata name none."""
        at, box = self.rows(i).get("at"), self._box(i)
        if at is None or box is None:
            return None if at is None else (float(at[0]), float(at[1]))
        top, left, height, width = box
        x, y = (at[0] * self.size - left) / width, (at[1] * self.size - top) / height
        return min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)

    def _box(self, i: int) -> Sequence[int] | None:
        """Top, left, height and width of what is no border; None where there is none."""
        return self.rows(i).get("box") if self.dataset.settings.fit == "pad" else None

    @property
    def size(self) -> int:
        """Side of the pictures in pixels."""
        return int(self._pixels.shape[1])

    @property
    def fingerprint(self) -> str:
        """Changes with any row or pixel of the dataset, and with the choice of pictures."""
        return hashlib.sha256(self.dataset.fingerprint.encode() + self.numbers.tobytes()).hexdigest()[:16]

    @property
    def sources(self) -> list[str]:
        """Where each picture comes from."""
        names = self.dataset.about["sources"]
        return [names[number] for number in self._column("source")]

    @property
    def groups(self) -> np.ndarray:
        """A number for each picture (uint64), equal for near-duplicates."""
        return self._column("group")

    @property
    def chroma(self) -> np.ndarray:
        """Mean chroma of each picture, in units of Lab (float32)."""
        return self._column("chroma")

    def _column(self, name: str) -> np.ndarray:
        return np.asarray(self._index[name][self.numbers])

    def __getstate__(self) -> dict[str, Any]:
        dataset = self.dataset
        return {
            "folder": dataset.folder,
            "fingerprint": dataset.fingerprint,
            "name": self.name,
            "numbers": self.numbers,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        dataset = require_held(state["folder"], state["fingerprint"])
        self.__init__(dataset, state["name"], state["numbers"])  # type: ignore[misc]


@runtime_checkable
class WithPhotos(Protocol):
    """Pictures that know which part of each is a photo."""

    def photo(self, i: int) -> UInt8[np.ndarray, "h w 3"]: ...


class Album(Protocol):
    """Pictures by number."""

    def __getitem__(self, index: int) -> UInt8[np.ndarray, "h w 3"]: ...


def photo_in(pictures: Album, number: int) -> UInt8[np.ndarray, "h w 3"]:
    """A picture without its border, if these know of any."""
    return pictures.photo(number) if isinstance(pictures, WithPhotos) else pictures[number]


def open_dataset(
    path: Path | str,
    split: str | None = None,
    settings: BuildSettings | None = None,
    progress: Progress | None = None,
) -> PictureSet:
    """The pictures of a built dataset, or of a plain folder of photos; all, or those of one split.

    A plain folder is built into the user's cache first (and brought up to date each time), with `settings`.
    Raises DatasetError if the folder is neither, or the split has no picture.
    """
    dataset = open_source(path, settings, progress)
    if split is not None:
        return split_of(dataset, path, split)
    return _checked(PictureSet(dataset, _name(path), np.arange(len(dataset.held.index))))


def open_splits(path: Path | str) -> tuple[PictureSet, PictureSet]:
    """The train and the val split, of one and the same build of the dataset. Raises DatasetError."""
    dataset = open_source(path)
    return split_of(dataset, path, "train"), split_of(dataset, path, "val")


def split_of(dataset: Finished, path: Path | str, split: str) -> PictureSet:
    """The pictures of one split. Raises DatasetError if it has none."""
    chosen = np.flatnonzero(dataset.held.index["split"] == split_number(split))
    return _checked(PictureSet(dataset, f"{_name(path)}/{split}", chosen))


def open_fold(path: Path | str, fold: int, of: int | None = None) -> tuple[PictureSet, PictureSet]:
    """Training and held-out pictures of one fold, for cross-validation; test and foreign are in neither.

    of: into how many folds; fewer than the dataset has put some of its folds together.
    Raises DatasetError if the path is no dataset, or has no such fold.
    """
    return fold_of(open_source(path), path, fold, of)


def fold_of(
    dataset: Finished, path: Path | str, fold: int, of: int | None = None
) -> tuple[PictureSet, PictureSet]:
    """The same of a dataset that is open."""
    most = dataset.settings.folds
    folds = most if of is None else of
    if folds < 2:
        raise DatasetError(
            f"{folds} folds leave nothing to train on; expected 2 to {most}, as {path} has them"
        )
    if folds > most:
        raise DatasetError(f"{path} has {most} folds, not {folds}; for more, build it with --folds {folds}")
    if not 0 <= fold < folds:
        raise DatasetError(f"there is no fold {fold}; {path} has folds 0 to {folds - 1}")
    index = dataset.held.index
    tests, held = [split_number(name) for name in TESTS], index["fold"] % folds == fold
    usable = ~np.isin(index["split"], tests)
    name = f"{_name(path)}/fold{fold}"
    train = PictureSet(dataset, f"{name}/train", np.flatnonzero(usable & ~held))
    return _checked(train), _checked(PictureSet(dataset, f"{name}/held", np.flatnonzero(usable & held)))


def cache_folder(source: Path, settings: BuildSettings) -> Path:
    """Where the dataset of a plain folder is kept: in $SAFELIGHT_CACHE, else ~/.cache/safelight."""
    root = Path(os.environ.get("SAFELIGHT_CACHE") or Path.home() / ".cache" / "safelight")
    key = json.dumps([str(source.resolve()), settings.to_json()])
    return root / "datasets" / f"{source.resolve().name}-{hashlib.sha256(key.encode()).hexdigest()[:12]}"


def open_source(
    path: Path | str, settings: BuildSettings | None = None, progress: Progress | None = None
) -> Finished:
    """A dataset, or that of a plain folder, with its files open (see `open_dataset`). Raises DatasetError."""
    path = Path(path)
    if not path.is_dir():
        raise DatasetError(f"{path} is not a folder; give a dataset or a folder of pictures")
    dataset = hold(path)
    if dataset:
        return dataset
    if (path / BUILDING).is_dir() and not (path / DATASET).is_file():
        raise DatasetError(f"{path} is an unfinished dataset; run its safelight data build again")
    from safelight.data.build import build_dataset

    settings = settings or BuildSettings()
    folder = build_dataset(path, cache_folder(path, settings), settings, progress).folder
    return require_held(folder, require_finished(folder).fingerprint)


def _name(path: Path | str) -> str:
    """A dataset's or a folder's name, as its user knows it."""
    return Path(path).resolve().name


def _checked(pictures: PictureSet) -> PictureSet:
    """Raises DatasetError, with what there is and how many would be needed, for a set without pictures."""
    if len(pictures):
        return pictures
    about, settings = pictures.dataset.about, pictures.dataset.settings
    counts = ", ".join(f"{count} {split}" for split, count in about["splits"].items())
    left_out = ", ".join(f"{count} {reason}" for reason, count in about["refused"].items())
    share = min(each for each in (settings.val, settings.test, 1.0) if each)
    lacking = f"{pictures.name} has no pictures ({counts}{f'; left out: {left_out}' if left_out else ''})"
    if pictures.name.endswith("/foreign"):
        raise DatasetError(
            f"{lacking}; build the dataset with --hold-out SOURCE, which keeps a source out of training"
        )
    split = pictures.name.rpartition("/")[2]
    if {"val": settings.val, "test": settings.test}.get(split) == 0:
        raise DatasetError(f"{lacking}; it was built with --{split} 0: build another with a share for it")
    raise DatasetError(
        f"{lacking}; add pictures, about {math.ceil(FEW / share)} in all; a plain folder can be evaluated whole with "
        "safelight judge --split all"
    )
