"""A folder of pictures: which files it holds, and what its folders and the files beside them say of each."""

import hashlib
import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from safelight.data.layouts import Layout, read_layout
from safelight.data.rows import Row, read_row, read_rows_at
from safelight.data.tables import Tables, is_table, read_tables
from safelight.errors import DatasetError
from safelight.runtime.folders import PassedOver, walk
from safelight.runtime.names import MARKS, is_photo, made_of_others

SIDECAR = "metadata.jsonl"
DATASET = "dataset.json"  # marks a folder as a built dataset


@dataclass(frozen=True)
class Found:
    """A picture file: its name relative to the source folder (with /), its bytes, when it changed (ns)."""

    name: str
    bytes: int
    changed: int


@dataclass(frozen=True)
class Listing:
    """All pictures of a folder in the order of their names, and where each one's metadata row is."""

    source: Path
    pictures: list[Found]
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
    files, made = list[Found](), set[str]()
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
    tables = read_tables([source / found.name for found in files if is_table(Path(found.name).name)])
    return Listing(source, pictures, missing, rows, seen.hexdigest()[:16], layout, tables, passed)


def _walk(source: Path, leave_out: Path | None, passed: PassedOver) -> Iterator[tuple[str, bool]]:
    """Pictures, metadata and tables, by their names below the source; whether each was made of another one here."""

    def is_dataset(folder: Path, names: Sequence[str]) -> bool:
        return DATASET in names and folder != source

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


def _stat(path: Path, name: str) -> Found:
    try:
        status = path.stat()
    except OSError:  # a link to nowhere: listed, and later refused as unreadable
        return Found(name, 0, 0)
    return Found(name, status.st_size, status.st_mtime_ns)


def _index(source: Path, sidecar: str) -> dict[str, tuple[Path, int]]:
    path = source / sidecar
    rows = {}
    for offset, row in read_rows_at(path):
        if not isinstance(row.get("file_name"), str):
            raise DatasetError(f"{path} has a row without file_name; give each row the name of its picture")
        name = posixpath.normpath(posixpath.join(posixpath.dirname(sidecar), row["file_name"]))
        rows[name] = (path, offset)
    return rows
