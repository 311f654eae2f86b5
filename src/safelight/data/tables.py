"""Text files that public sets bring beside their pictures: attributes, landmarks, splits, class names.

    CelebA, CelebA-HQ    list_attr_celeba.txt or .csv, *attribute-anno.txt      attributes of 1 become tags
                         list_landmarks_*.txt or .csv                           landmarks, the eyes the subject
                         list_eval_partition.txt or .csv                        0 train, 1 val, 2 test
    ImageNet             LOC_val_solution.csv                                   the class of pictures of val
                         LOC_synset_mapping.txt                                 n01440764 is a tench

A table names pictures without their folders; only the place of each line is kept in memory.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import TypeAlias

from safelight.data.rows import Row
from safelight.errors import DatasetError

Read: TypeAlias = Callable[[list[str], list[str]], Row]  # columns, cells -> what they say

PARTITIONS = {"0": "train", "1": "val", "2": "test"}
SYNSETS = "LOC_synset_mapping.txt"


def _attributes(columns: list[str], cells: list[str]) -> Row:
    return {"tags": [name for name, cell in zip(columns, cells, strict=True) if cell == "1"]}


def _landmarks(columns: list[str], cells: list[str]) -> Row:
    """Places in pixels of the file, by name."""
    numbers = dict(zip(columns, map(float, cells), strict=True))
    names = [name.removesuffix("_x") for name in columns if name.endswith("_x")]
    return {"landmarks": {name: [numbers[f"{name}_x"], numbers[f"{name}_y"]] for name in names}}


def _partition(columns: list[str], cells: list[str]) -> Row:
    return {"split": PARTITIONS[cells[0]]}


def _class(columns: list[str], cells: list[str]) -> Row:
    return {"tags": [cells[0]]}


TABLES: dict[str, Read] = {
    "list_attr_*": _attributes,
    "*attribute-anno.txt": _attributes,
    "list_landmarks_*": _landmarks,
    "list_eval_partition.*": _partition,
    "LOC_val_solution.csv": _class,
}


def is_table(name: str) -> bool:
    """Whether a file of this name is read as a table."""
    return name == SYNSETS or (
        name.endswith((".txt", ".csv")) and any(fnmatch(name, pattern) for pattern in TABLES)
    )


@dataclass(frozen=True)
class Table:
    """One table: its columns, and for each picture (its name without folders and suffix) where its line is."""

    path: Path
    read: Read
    columns: list[str]
    lines: dict[str, int]

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
        for table in self.tables:
            found = table.row(PurePosixPath(name).stem)
            row |= found | ({"tags": [*row.get("tags", []), *found["tags"]]} if "tags" in found else {})
        return row

    def with_words(self, tags: list[str]) -> list[str]:
        """The tags, each class followed by its readable name."""
        return [word for tag in tags for word in (tag, self.words.get(tag)) if word]


def read_tables(paths: list[Path]) -> Tables:
    """The tables among these files (see is_table). Raises DatasetError for one that cannot be read."""
    tables, words = [], {}
    for path in paths:
        if path.name == SYNSETS:
            words = _read_words(path)
        else:
            read = next(read for pattern, read in TABLES.items() if fnmatch(path.name, pattern))
            tables.append(_index(path, read))
    return Tables(tuple(tables), words)


def _index(path: Path, read: Read) -> Table:
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
    return Table(path, read, columns, lines)


def _cells(line: bytes) -> list[str]:
    return line.decode("utf-8", "replace").replace(",", " ").split()


def _read_words(path: Path) -> dict[str, str]:
    """n01440764 tench, Tinca tinca: the first name of each class."""
    pairs = (line.split(maxsplit=1) for line in path.read_text("utf-8", "replace").splitlines())
    return {pair[0]: pair[1].split(",")[0].strip() for pair in pairs if len(pair) == 2}
