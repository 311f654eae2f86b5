"""A folder of pictures: which files it holds, and what its folders and the files beside them say of each."""

import hashlib
import os
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from safelight.data.layouts import Layout, read_layout
from safelight.data.rows import Row, read_row, read_rows_at
from safelight.data.tables import Tables, is_table, read_tables
from safelight.errors import DatasetError

SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".tif", ".tiff", ".webp", ".gif", ".bmp"})
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

    def metadata(self, name: str) -> Row:
        """What is known about a picture: its metadata.jsonl says most, then the set's tables, then its folders."""
        place = self.rows.get(name)
        stated = read_row(*place) if place else {}
        folders, table = self.layout.row(name), self.tables.row(name)
        tags = self.tables.with_words(table.get("tags") or folders.get("tags", []))
        return folders | table | ({"tags": tags} if tags else {}) | stated


def scan(source: Path, leave_out: Path | None = None) -> Listing:
    """List a folder and all folders in it; hidden files, datasets and the folder `leave_out` are passed over.

    Raises DatasetError if the folder is not there, or a metadata.jsonl in it is not JSON Lines.
    """
    if not source.is_dir():
        raise DatasetError(f"{source} is not a folder; give a folder of pictures")
    files = sorted(_walk(source, leave_out), key=lambda found: found.name)
    pictures = [found for found in files if Path(found.name).suffix.lower() in SUFFIXES]
    rows: dict[str, tuple[Path, int]] = {}
    sidecars = [found.name for found in files if Path(found.name).name == SIDECAR]
    for name in sorted(sidecars, key=lambda name: name.count("/")):  # a deeper one says more
        rows |= _index(source, name)
    there = {found.name for found in pictures}
    missing = sorted(name for name in rows if name not in there)
    seen = hashlib.sha256(
        "".join(f"{f.name}\0{f.bytes}\0{f.changed}\n" for f in files).encode("utf-8", "surrogatepass")
    )
    layout = read_layout(source.name, (found.name for found in pictures))
    tables = read_tables([source / found.name for found in files if is_table(Path(found.name).name)])
    return Listing(source, pictures, missing, rows, seen.hexdigest()[:16], layout, tables)


def _walk(source: Path, leave_out: Path | None) -> Iterator[Found]:
    for folder, folders, names in os.walk(source):
        here = Path(folder)
        if DATASET in names and here != source:
            folders.clear()
            continue
        folders[:] = [name for name in folders if not name.startswith(".") and here / name != leave_out]
        for name in names:
            is_picture = Path(name).suffix.lower() in SUFFIXES and not name.startswith(".")
            if is_picture or name == SIDECAR or is_table(name):
                path = here / name
                yield _stat(path, path.relative_to(source).as_posix())


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
