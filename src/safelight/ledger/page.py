"""The page of a batch: failures first, then what was remarked on, then all others, each with its photo beside it.

One HTML file that holds its pictures and loads nothing. Photos beyond the most that a page takes are counted, and
said to be in the ledger.
"""

import heapq
import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps

from safelight.errors import SafelightError, shown
from safelight.files import put_text
from safelight.ledger.index import Index
from safelight.ledger.rows import LEDGER, Row
from safelight.ledger.status import Status, examine
from safelight.reports.pages import is_ours, render
from safelight.reports.text import count

PAGE = "safelight-report.html"
MOST_PICTURES = 300  # pairs; about 12 KB each
MOST_FAILURES = 1000
SIDE = 160  # pixels
QUALITY = 70  # of the small JPEGs


@dataclass(frozen=True)
class Pair:
    """A photo and its result, small, as JPEG (None where they cannot be read); what was remarked on it."""

    source: str
    result: str
    before: bytes | None
    after: bytes | None
    remarks: tuple[str, ...]
    note: str


def write_page(folder: Path, page: Path | None = None, most: int = MOST_PICTURES) -> Path:
    """Write the page of a folder of results in place of an older one; its path. most: pictures that it shows.

    Raises SafelightError where there is no ledger, or another's file of this name, which is not replaced; OSError.
    """
    if page is not None:
        check_place(page)
    status, index = examine(folder), Index(folder)
    pairs = [_pair(folder, row, status) for row in _first(index, most)]
    done = status.photos["done"]
    values = {
        "title": f"{shown(folder.resolve().name)}: {count(done, 'photo')} done",
        "summary": _summary(status),
        "failures": [
            (shown(source), shown(error))
            for source, error in itertools.islice(status.failures.items(), MOST_FAILURES)
        ],
        "failed": status.photos["failed"],
        "amiss": [
            (title, [shown(name) for name in found.names[:MOST_FAILURES]], found.count)
            for title, found in (
                ("Edited since", status.edited),
                ("Missing", status.missing),
                ("The photo was changed since", status.sources_changed),
            )
            if found.count
        ],
        "settings": [line.strip() for line in status.lines() if line.startswith("  ")],
        "pairs": pairs,
        "rest": done - len(pairs),
        "ledger": LEDGER,
    }
    return put_text(folder / PAGE if page is None else page, render("batch.html", values))


def check_place(page: Path) -> None:
    """Raises SafelightError for a name that a file has which is no page of safelight's."""
    if page.exists() and not (page.is_file() and is_ours(page)):
        raise SafelightError(
            f"{shown(page)} is there and is no page of safelight's; give another name for the page"
        )


def _summary(status: Status) -> str:
    counts = [
        f"{status.photos[state]:,} {state}" for state in ("failed", "left", "done") if status.photos[state]
    ]
    return f"{', '.join(counts) or 'no photos'}; {status.seconds:,.0f} s of work"


def _first(index: Index, most: int) -> Iterator[Row]:
    """The results to be shown, those with remarks first, in the order of the photos."""
    done = (row for row in index.rows() if row.state == "done")
    return iter(heapq.nsmallest(most, done, key=lambda row: (not row.remarks, row.number)))


def _pair(folder: Path, row: Row, status: Status) -> Pair:
    note = "edited since" if row.result in status.edited.names else ""
    return Pair(
        shown(row.source),
        shown(row.result),
        small(folder / row.source),
        small(folder / row.result),
        tuple(map(shown, row.remarks)),
        note,
    )


def small(path: Path) -> bytes | None:
    """A picture as a small JPEG; None if there is none that can be read."""
    try:
        with Image.open(path) as picture:
            picture.draft("RGB", (2 * SIDE, 2 * SIDE))
            turned = ImageOps.exif_transpose(picture)
            turned.thumbnail((SIDE, SIDE))
            file = io.BytesIO()
            _in_rgb(turned).save(file, "JPEG", quality=QUALITY)
    except (OSError, ValueError, SyntaxError, MemoryError, Image.DecompressionBombError, OverflowError):
        return None
    return file.getvalue()


def _in_rgb(picture: Image.Image) -> Image.Image:
    """The picture in 8 bits: grey of 16 bits is scaled, what is transparent lies on white."""
    if picture.mode.startswith("I") or picture.mode == "F":
        return picture.convert("F").point(lambda value: value / 257).convert("L").convert("RGB")
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    return picture.convert("RGB")
