"""A folder of pictures: which files it holds, and what its folders and the text files beside them say of each.

How public sets lie on disk, their folders being splits or classes:

    ImageNet             train/n01440764/*.JPEG          val/n01440764/*.JPEG or val/*.JPEG
    Places2              train/airfield/*.jpg            val/airfield/*.jpg
    Places2, as packed   data_256/a/airfield/*.jpg       val_256/*.jpg  test_256/*.jpg
    Paris StreetView     paris_train_original/*.JPG      paris_eval_gt/*.png
    any                  train/ beside val/, valid/, test/ or eval/

A folder counts as a split only beside another one that is a different split: a folder "train" full of railways
stays what it is. The innermost folder that is neither a split nor a single letter is the picture's class.

Text files that they bring beside their pictures, with attributes, landmarks, splits, class names:

    CelebA, CelebA-HQ    list_attr_celeba.txt or .csv, *attribute-anno.txt      attributes of 1 become tags
                         list_landmarks_*.txt or .csv                           landmarks, the eyes the subject
                         list_eval_partition.txt or .csv                        0 train, 1 val, 2 test
    ImageNet             LOC_val_solution.csv                                   the class of pictures of val
                         LOC_synset_mapping.txt                                 n01440764 is a tench

A table names pictures without their folders; only the place of each line is kept in memory. It is of the pictures in
its own folder, and if there are none in the nearest folder above.
"""

import hashlib
import posixpath
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import TypeAlias

from safelight.data.rows import Row, read_row, read_rows_at
from safelight.errors import DatasetError
from safelight.runtime.folders import PassedOver, walk
from safelight.runtime.names import MARKS, is_photo, made_of_others

SPLIT_WORDS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
    "testing": "test",
    "eval": "test",
    "evaluation": "test",
}


@dataclass(frozen=True)
class Layout:
    """What the folders of a set say. splits: folder, relative to the set's -> the split it holds."""

    set_name: str
    splits: dict[str, str] = field(default_factory=dict)

    def row(self, name: str) -> Row:
        """What the place of a picture says of it: split and source in a set with splits; its folder as a tag."""
        folders = PurePosixPath(name).parts[:-1]
        for depth in range(1, len(folders) + 1):
            split = self.splits.get("/".join(folders[:depth]))
            if split:
                above = folders[: depth - 1]
                source = above[0] if above else self.set_name
                return {"split": split, "source": source, **_class_of_folder(folders[depth:])}
        return _class_of_folder(folders)


def read_layout(set_name: str, names: Iterable[str]) -> Layout:
    """The layout of a set with pictures of these names."""
    children: dict[str, dict[str, str]] = defaultdict(dict)
    for folder in {PurePosixPath(name).parent for name in names}:
        for inner in (folder, *folder.parents):
            split = split_named(inner.name)
            if split:
                children[inner.parent.as_posix()][inner.as_posix()] = split
    splits: dict[str, str] = {}
    for inside in children.values():
        if len(set(inside.values())) > 1:
            splits |= inside
    return Layout(set_name, splits)


def split_named(text: object) -> str | None:
    """The split that a name stands for: "val" for "val_256" or "validation"; None for other names."""
    words = re.split(r"[^a-z]+", str(text).lower())
    found = {SPLIT_WORDS[word] for word in words if word in SPLIT_WORDS}
    if not found and "data" in words:  # of Places2; "test_data" is test
        return "train"
    return found.pop() if len(found) == 1 else None


def _class_of_folder(folders: tuple[str, ...]) -> Row:
    names = [folder for folder in folders if len(folder) > 1]
    return {"tags": [names[-1]]} if names else {}


Read: TypeAlias = Callable[[list[str], list[str]], Row]  # columns, cells -> what they say

PARTITIONS = {"0": "train", "1": "val", "2": "test"}
SYNSETS = "LOC_synset_mapping.txt"
WHOLE = "img_celeba"  # how CelebA's folders of pictures that were not aligned are called


def _attributes(columns: list[str], cells: list[str]) -> Row:
    return {"tags": [name for name, cell in zip(columns, cells, strict=True) if cell == "1"]}


def _landmarks(columns: list[str], cells: list[str]) -> Row:
    """Places in pixels of the file, by name."""
    numbers = dict(zip(columns, map(float, cells), strict=True))
    names = [name.removesuffix("_x") for name in columns if name.endswith("_x")]
    return {"landmarks": {name: [numbers[f"{name}_x"], numbers[f"{name}_y"]] for name in names}}


def _partition(columns: list[str], cells: list[str]) -> Row:
    return {"split": PARTITIONS[cells[0]]}


def _classes(columns: list[str], cells: list[str]) -> Row:
    return {"tags": [cells[0]]}


TABLES: dict[str, Read] = {
    "list_attr_*": _attributes,
    "*attribute-anno.txt": _attributes,
    "list_landmarks_*": _landmarks,
    "list_eval_partition.*": _partition,
    "LOC_val_solution.csv": _classes,
}


def is_table(name: str) -> bool:
    """Whether a file of this name is read as a table."""
    return name == SYNSETS or (
        name.endswith((".txt", ".csv")) and any(fnmatch(name, pattern) for pattern in TABLES)
    )


@dataclass(frozen=True)
class Table:
    """One table: its columns, and for each picture (its name without folders and suffix) where its line is.

    inside: the folder whose pictures it is of, relative to the source.
    """

    path: Path
    read: Read
    columns: list[str]
    lines: dict[str, int]
    inside: PurePosixPath

    def is_of(self, name: str) -> bool:
        """Whether a picture lies where it is meant: other sets have numbers for names too."""
        return self.inside in PurePosixPath(name).parents

    def fits(self, name: str) -> bool:
        """Whether it is of this copy of a picture: CelebA has landmarks of aligned faces, and of whole pictures."""
        is_whole = any(folder.startswith(WHOLE) for folder in PurePosixPath(name).parts[:-1])
        return self.read is not _landmarks or is_whole != ("align" in self.path.name)

    def row(self, stem: str) -> Row:
        """What the table says of a picture. Raises DatasetError for a line of the wrong shape."""
        if stem not in self.lines:
            return {}
        with self.path.open("rb") as file:
            file.seek(self.lines[stem])
            cells = _cells(file.readline())
        try:
            return self.read(self.columns, cells[1:])
        except (ValueError, KeyError, IndexError):
            raise DatasetError(
                f"{self.path} says {' '.join(cells[:4])} … under {len(self.columns)} columns; repair or remove it"
            ) from None


@dataclass(frozen=True)
class Tables:
    """All tables of a set, and the readable names of its classes."""

    tables: tuple[Table, ...] = ()
    words: dict[str, str] = field(default_factory=dict)

    def row(self, name: str) -> Row:
        """What all tables say of a picture, their tags together."""
        row: Row = {}
        of_it = [table for table in self.tables if table.is_of(name)]
        for table in sorted(of_it, key=lambda table: table.fits(name)):  # those that fit say it last
            found = table.row(PurePosixPath(name).stem)
            row |= found | ({"tags": [*row.get("tags", []), *found["tags"]]} if "tags" in found else {})
        return row

    def with_words(self, tags: list[str]) -> list[str]:
        """The tags, each class followed by its readable name."""
        return [word for tag in tags for word in (tag, self.words.get(tag)) if word]


def read_tables(source: Path, names: Iterable[str], pictures: Iterable[str]) -> Tables:
    """The tables among the files of these names (see is_table). Raises DatasetError for one that cannot be read.

    A table is of the pictures in its own folder and below, or if there are none of the nearest folder above.
    """
    tables, words = [], {}
    with_pictures = {
        PurePosixPath(),
        *(folder for name in pictures for folder in PurePosixPath(name).parents),
    }
    for name in (each for each in names if is_table(PurePosixPath(each).name)):
        path = source / name
        if path.name == SYNSETS:
            words = _read_words(path)
        else:
            read = next(read for pattern, read in TABLES.items() if fnmatch(path.name, pattern))
            inside = next(folder for folder in PurePosixPath(name).parents if folder in with_pictures)
            tables.append(_table_rows(path, read, inside))
    return Tables(tuple(tables), words)


def _table_rows(path: Path, read: Read, inside: PurePosixPath) -> Table:
    """Where each picture's line starts. Columns are named by the line after a lone count, or one of a .csv."""
    columns: list[str] = []
    lines: dict[str, int] = {}
    offset, counted = 0, False
    with path.open("rb") as file:
        for line in file:
            cells = _cells(line)
            if not columns and (counted or (cells and cells[0].lower().startswith("image"))):
                columns = cells
            elif len(cells) > 1:
                lines[PurePosixPath(cells[0]).stem] = offset
                columns = columns[-(len(cells) - 1) :]  # a .csv names the column of the pictures too
            counted = len(cells) == 1
            offset += len(line)
    if not lines:
        raise DatasetError(f"{path} names no picture; repair or remove it")
    return Table(path, read, columns, lines, inside)


def _cells(line: bytes) -> list[str]:
    return line.decode("utf-8", "replace").replace(",", " ").split()


def _read_words(path: Path) -> dict[str, str]:
    """n01440764 tench, Tinca tinca: the first name of each class."""
    pairs = (line.split(maxsplit=1) for line in path.read_text("utf-8", "replace").splitlines())
    return {pair[0]: pair[1].split(",")[0].strip() for pair in pairs if len(pair) == 2}


SIDECAR = "metadata.jsonl"
DATASET, PIXELS = "dataset.json", "pixels.npy"  # together they mark a folder as a built dataset


@dataclass(frozen=True)
class PictureFile:
    """A picture file: its name relative to the source folder (with /), its bytes, when it changed (ns)."""

    name: str
    bytes: int
    changed: int


@dataclass(frozen=True)
class Listing:
    """All pictures of a folder in the order of their names, and where each one's metadata row is."""

    source: Path
    pictures: list[PictureFile]
    missing: list[str]  # named in a metadata.jsonl, but not there
    rows: dict[str, tuple[Path, int]]  # picture name -> (metadata.jsonl, byte offset)
    digest: str  # changes when a picture, a metadata.jsonl or a table is added, removed or touched
    layout: Layout
    tables: Tables
    passed: PassedOver

    def metadata(self, name: str) -> Row:
        """What is known about a picture: its metadata.jsonl says most, then the set's tables, then its folders."""
        place = self.rows.get(name)
        stated = read_row(*place) if place else {}
        folders, table = self.layout.row(name), self.tables.row(name)
        tags = self.tables.with_words(table.get("tags") or folders.get("tags", []))
        return folders | table | ({"tags": tags} if tags else {}) | stated


def scan(source: Path, leave_out: Path | None = None) -> Listing:
    """List a folder and all folders in it, linked ones too; datasets and the folder `leave_out` are passed over.

    So is what is hidden, what servers and systems keep for themselves, and what safelight made of photos.

    Raises DatasetError if the folder is not there, or a metadata.jsonl in it is not JSON Lines.
    """
    if not source.is_dir():
        raise DatasetError(f"{source} is not a folder; give a folder of pictures")
    passed = PassedOver()
    files, made = list[PictureFile](), set[str]()
    for name, is_made in _walk(source, leave_out, passed):
        files.append(_stat(source / name, name))
        made |= {name} if is_made else set()
    files.sort(key=lambda found: found.name)
    _require_files([source / found.name for found in files if not is_photo(found.name)])
    rows: dict[str, tuple[Path, int]] = {}
    sidecars = [found.name for found in files if Path(found.name).name == SIDECAR]
    for name in sorted(sidecars, key=lambda name: name.count("/")):  # a deeper one says more
        rows |= _index(source, name)
    made -= set(rows)  # what a row names is a picture, whatever it is called
    passed.made = sorted(made)
    files = [found for found in files if found.name not in made]
    pictures = [found for found in files if is_photo(found.name)]
    there = {found.name for found in pictures}
    missing = sorted(name for name in rows if name not in there)
    seen = hashlib.sha256(
        "".join(f"{f.name}\0{f.bytes}\0{f.changed}\n" for f in files).encode("utf-8", "surrogatepass")
    )
    layout = read_layout(source.name, (found.name for found in pictures))
    tables = read_tables(source, (found.name for found in files), there)
    return Listing(source, pictures, missing, rows, seen.hexdigest()[:16], layout, tables, passed)


def _walk(source: Path, leave_out: Path | None, passed: PassedOver) -> Iterator[tuple[str, bool]]:
    """Pictures, metadata and tables, by their names below the source; whether each was made of another one here."""

    def is_dataset(folder: Path, names: Sequence[str]) -> bool:
        return {DATASET, PIXELS} <= set(names) and folder != source  # others have a dataset.json too

    for folder, names in walk(source, passed, [leave_out] if leave_out else [], is_dataset):
        made = made_of_others(names, MARKS)
        for name in names:
            if is_photo(name) or name == SIDECAR or is_table(name):
                yield (folder / name).relative_to(source).as_posix(), name in made
            else:
                passed.other(name)


def _require_files(paths: Sequence[Path]) -> None:
    """Raises DatasetError for metadata or a table that is a pipe, a device or a link to nowhere: it might never end."""
    for path in paths:
        if not path.is_file():
            raise DatasetError(f"{path} is not a regular file; repair or remove it")


def _stat(path: Path, name: str) -> PictureFile:
    try:
        status = path.stat()
    except OSError:  # a link to nowhere: listed, and later refused as unreadable
        return PictureFile(name, 0, 0)
    return PictureFile(name, status.st_size, status.st_mtime_ns)


def _index(source: Path, sidecar: str) -> dict[str, tuple[Path, int]]:
    path = source / sidecar
    rows = {}
    for offset, row in read_rows_at(path):
        if not isinstance(row.get("file_name"), str):
            raise DatasetError(f"{path} has a row without file_name; give each row the name of its picture")
        name = posixpath.normpath(posixpath.join(posixpath.dirname(sidecar), row["file_name"]))
        rows[name] = (path, offset)
    return rows
