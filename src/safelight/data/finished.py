"""A finished dataset folder: its files, how they are put in place at once, and how they are opened again.

dataset.json     settings, counts, fingerprint; put in place last: without it there is no dataset
metadata.jsonl   a row for each kept picture, in the layout of Hugging Face's ImageFolder: file_name is
                 relative to the folder of pictures, so that a copy of it there is all that
                 load_dataset("imagefolder", data_dir=PICTURES) needs
index.npy        for each row its byte offset, split, fold, source, group and chroma
pixels.npy       (n, size, size, 3) uint8 sRGB
refused.jsonl    a row for each picture left out, with the reason
facts.jsonl      what screening found about every file, so that the next build opens only new ones
report.md, report.html, report_*.png
"""

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from safelight.data.build_state import BUILDING, Facts
from safelight.data.rows import Row, RowFile, read_rows
from safelight.data.scan import DATASET, PIXELS
from safelight.data.settings import BuildSettings
from safelight.data.split import SPLITS, Place
from safelight.errors import DatasetError
from safelight.json_text import parsed
from safelight.shaped import UInt8

FORMAT, VERSION = "safelight dataset", 1
METADATA, INDEX, REFUSED, FACTS = "metadata.jsonl", "index.npy", "refused.jsonl", "facts.jsonl"
READY = "ready"  # the folder inside .building whose files replace those of the dataset

INDEX_TYPE = np.dtype(
    [
        ("offset", np.int64),  # of the row in metadata.jsonl
        ("split", np.uint8),  # number in SPLITS
        ("fold", np.uint16),
        ("source", np.uint32),  # number in dataset.json's "sources"
        ("group", np.uint64),
        ("chroma", np.float32),
    ]
)


PLACING, ATTEMPTS = (
    0.1,
    20,
)  # seconds between two looks at a dataset whose files are being put in place, and how many


@dataclass(frozen=True)
class Held:
    """The files of a dataset that are read at any time, open: whatever takes their names, they stay the same."""

    index: np.ndarray
    pixels: UInt8[np.ndarray, "n size size 3"]
    metadata: RowFile


@dataclass(frozen=True)
class Finished:
    """A finished dataset, opened for reading."""

    folder: Path
    about: dict[str, Any]  # dataset.json

    @cached_property
    def held(self) -> Held:
        """Its files, open from when they were first asked for."""
        return Held(self.index(), self.pixels(), RowFile(self.folder / METADATA))

    @property
    def settings(self) -> BuildSettings:
        return BuildSettings.from_json(self.about["settings"])

    @property
    def fingerprint(self) -> str:
        return str(self.about["fingerprint"])

    def rows(self) -> Iterator[Row]:
        """The metadata rows one after the other, in constant memory."""
        return read_rows(self.folder / METADATA)

    def names(self) -> set[str]:
        return {row["file_name"] for row in self.rows()}

    def refused(self) -> Iterator[Row]:
        return read_rows(self.folder / REFUSED)

    def facts(self) -> Iterator[Facts]:
        return (Facts.from_json(row) for row in read_rows(self.folder / FACTS))

    def places(self) -> dict[str, Place]:
        """Where each kept picture was placed, by the sha256 of its file and by `of_pixels` that of its pixels."""
        places = {row["sha256"]: Place(row["split"], row["fold"], row["group"]) for row in self.rows()}
        pixels = {of_pixels(facts): places[facts.sha256] for facts in self.facts() if facts.sha256 in places}
        return pixels | places

    def index(self) -> np.ndarray:
        """(n,) of INDEX_TYPE, memory-mapped."""
        return _map(self.folder / INDEX)

    def pixels(self) -> UInt8[np.ndarray, "n size size 3"]:
        """All pictures, memory-mapped."""
        return _map(self.folder / PIXELS)


def of_pixels(facts: Facts) -> str:
    """What a picture is known by when its file is written again with the same pixels, as another's metadata is."""
    return f"pixels {facts.pixels}"


def open_finished(folder: Path) -> Finished | None:
    """The dataset in a folder, or None where there is none; other programs have a dataset.json too.

    Raises DatasetError for one that is damaged, unfinished, or of a newer version.
    """
    path = folder / DATASET
    if not path.is_file():
        return None
    about: Any = None
    try:
        about = parsed(path.read_text())
        version, files = about["version"], about["files"]
    except (ValueError, KeyError, TypeError):
        version, files = VERSION, None
    if not (is_dataset(folder) or (isinstance(about, dict) and about.get("format") == FORMAT)):
        return None
    if version != VERSION:
        raise DatasetError(f"{path} has version {version}, not {VERSION}; {_anew(folder)}")
    if files is None or not _holds_together(about):
        raise DatasetError(f"{path} is damaged; {_anew(folder)}")
    for name, size in files.items():
        found = (folder / name).stat().st_size if (folder / name).is_file() else None
        if found != size:
            damage = "is missing" if found is None else f"has {found} bytes, not {size}"
            raise DatasetError(f"{folder / name} {damage}; {_anew(folder)}")
    return Finished(folder, about)


def _anew(folder: Path) -> str:
    """What to do about a damaged dataset. The count of looks at its test split is not to be lost with it."""
    return f"build it in another folder, and copy {folder.name}/test_looks.jsonl there if it has one"


def is_dataset(folder: Path) -> bool:
    """Whether what lies here was built, by the names of its files."""
    return (folder / DATASET).is_file() and (folder / PIXELS).is_file()


def _holds_together(about: dict[str, Any]) -> bool:
    """Whether what is read of dataset.json is of the kinds that building writes."""
    files, sources = about["files"], about.get("sources")
    if not isinstance(files, dict) or not isinstance(about.get("fingerprint"), str):
        return False
    if not isinstance(sources, list) or not all(isinstance(each, str) for each in sources):
        return False
    try:
        BuildSettings.from_json(about["settings"])
    except (ValueError, KeyError, TypeError, AttributeError):  # DatasetError is a ValueError
        return False
    return True


def require_finished(folder: Path) -> Finished:
    """The dataset in a folder. Raises DatasetError where there is none."""
    dataset = open_finished(folder)
    if dataset is None:
        raise DatasetError(
            f"{folder} is no finished dataset; build it with: safelight data build PICTURES -o {folder}"
        )
    return dataset


def hold(folder: Path) -> Finished | None:
    """The dataset in a folder with its files open, all of one build; None where there is none.

    A dataset that is being brought up to date is waited for while its new files are put in place. Raises
    DatasetError.
    """
    for _ in range(ATTEMPTS):
        try:
            dataset = open_finished(folder)
            if dataset is None and not (folder / BUILDING / READY).is_dir():
                return None
            if dataset is not None and _is_of_one_build(dataset):
                return dataset
        except (DatasetError, OSError):
            if not (folder / BUILDING / READY).is_dir():
                raise
        time.sleep(PLACING)
    raise DatasetError(f"{folder} is an unfinished dataset; run its safelight data build again")


def require_held(folder: Path, fingerprint: str) -> Finished:
    """The same dataset in another process. Raises DatasetError where it was brought up to date meanwhile."""
    dataset = hold(folder)
    if dataset is None or dataset.fingerprint != fingerprint:
        raise DatasetError(f"{folder} was brought up to date while it was read; start again")
    return dataset


def _is_of_one_build(dataset: Finished) -> bool:
    """Whether the files that are now open are those of its dataset.json."""
    count = len(dataset.held.index)
    if len(dataset.held.pixels) != count:
        return False
    now = open_finished(dataset.folder)
    return now is not None and now.about == dataset.about


def prepare(building: Path) -> Path:
    """An empty folder for the files of a dataset."""
    draft = building / "draft"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    return draft


def put_in_place(out: Path, draft: Path) -> None:
    """Replace the dataset by the draft. From the first rename on, a kill is made good by `finish_placing`."""
    draft.rename(out / BUILDING / READY)
    finish_placing(out)


def finish_placing(out: Path) -> None:
    """Move the files of a ready draft, dataset.json last; nothing where there is none."""
    ready = out / BUILDING / READY
    if not ready.is_dir():
        return
    names = sorted(path.name for path in ready.iterdir())
    if DATASET in names:
        (out / DATASET).unlink(missing_ok=True)
        files = parsed((ready / DATASET).read_text())["files"]
        for path in out.glob("report_*.png"):
            if path.name not in files:
                path.unlink()
    for name in sorted(names, key=lambda name: name == DATASET):
        (ready / name).replace(out / name)
    shutil.rmtree(out / BUILDING)


def split_number(split: str) -> int:
    """Its number in the index. Raises DatasetError for an unknown split."""
    if split not in SPLITS:
        raise DatasetError(f"there is no split {split!r}; expected one of {', '.join(SPLITS)}")
    return SPLITS.index(split)


def _map(path: Path) -> np.ndarray:
    try:
        array: np.ndarray = np.load(path, mmap_mode="r")
    except (ValueError, EOFError):
        raise DatasetError(f"{path} is damaged; {_anew(path.parent)}") from None
    return array
