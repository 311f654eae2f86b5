"""Rows, and folders with a photo and a result, for the tests of ledgers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safelight.ledger.book import Book
from safelight.ledger.facts import facts_of
from safelight.ledger.rows import Row

ORDER: Mapping[str, Any] = {"command": "colorize", "settings": {"vivid": 0.5, "reach": 0.3}}
SETTINGS = "5" * 64
MODELS = {"color": "c" * 64}


def put(path: Path, content: bytes = b"pixels") -> Path:
    """A file, with its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def book_in(folder: Path, settings: str = SETTINGS, order: Mapping[str, Any] = ORDER) -> Book:
    return Book(folder, settings, order, "0.1.0")


def row_of(book: Book, source: Path, file: Path, number: int = 0, **changes: Any) -> Row:
    """The row of a result that is there."""
    values: dict[str, Any] = {
        "number": number,
        "source": book.name(source),
        "state": "done",
        "settings": book.settings,
        "command": "colorize",
        "result": book.name(file),
        "source_facts": facts_of(source),
        "made": facts_of(file),
        "models": MODELS,
        "engine": "onnxruntime 1.32.0",
        "seconds": 0.25,
        "when": "2026-11-29T18:00:00Z",
    }
    return Row(**(values | changes))


def batch(folder: Path, count: int = 3) -> tuple[Path, list[Path], list[Path]]:
    """A folder of photos and one of results, with a ledger: (folder of results, photos, results)."""
    out = folder / "out"
    photos = [put(folder / "scans" / f"{number:03}.jpg", b"photo %d" % number) for number in range(count)]
    results = [put(out / f"{number:03}-color.jpg", b"result %d" % number) for number in range(count)]
    with book_in(out) as book:
        for number, (photo, result) in enumerate(zip(photos, results, strict=True)):
            book.write(row_of(book, photo, result, number))
    return out, photos, results
