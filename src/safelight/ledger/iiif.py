"""A IIIF manifest of photos and their results: a canvas a photo, on it a choice between the two.

Viewers show what browsers do. A photo or result that is a JPEG, PNG or WebP in the folder is named where it lies; of
all others, and of pages of a TIFF, a JPEG is written beside the manifest. Sources: IIIF Presentation API 3.0; cookbook
recipe 0033 (choice).
"""

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from safelight.errors import SafelightError, in_short, shown
from safelight.files import put_text
from safelight.ledger.index import Index
from safelight.ledger.rows import LEDGER
from safelight.pixels import read_metadata
from safelight.pixels.files import read_photo, write_photo
from safelight.pixels.opening import open_picture
from safelight.pixels.pages import pages_of

CONTEXT = "http://iiif.io/api/presentation/3/context.json"
MANIFEST = "manifest.json"
COPIES = "iiif"  # the folder of copies, in that of the results
AS_SCANNED = "as scanned"
STATEMENT = (
    "What safelight, a machine, added is a guess and no record of the scene: its colors, and what it filled in. "
    "The picture as scanned is the document."
)
_BROWSERS = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}
_DONE = {"colorize": "colored", "fill": "filled", "repair": "repaired"}
_QUALITY = 92
_ODD = re.compile(r"[\s<>\"{}|\\^`#?]")


@dataclass(frozen=True)
class Pair:
    """A photo and what was made of it, by which command ("colorize", ...). name: what the canvas is called by."""

    photo: Path
    result: Path
    command: str = "colorize"
    colored: bool = False
    name: str = ""


@dataclass(frozen=True)
class _Image:
    """A picture at an address, of this size (h, w)."""

    url: str
    media: str
    size: tuple[int, int]


def pairs_of(folder: Path) -> Iterator[Pair]:
    """The pairs that the ledger of a folder of results says were made. Raises SafelightError where there is none."""
    if not (folder / LEDGER).is_file():
        raise SafelightError(f"{shown(folder)} has no {LEDGER}; give the folder of results of a batch")
    for row in Index(folder).rows():
        if row.state == "done" and row.command in _DONE:
            yield Pair(
                folder / row.source,
                folder / row.result,
                row.command,
                bool(row.facts.get("colored")),
                row.result,
            )


def checked_base(url: str) -> str:
    """The address that the folder has on the web, without a slash at its end. Raises SafelightError."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or _ODD.search(url):
        raise SafelightError(
            f"the base URL is {in_short(url)}; expected the address of the folder, such as https://example.org/album"
        )
    return url.rstrip("/")


class ManifestWriter:
    """Makes the manifest of one folder, and the copies that it needs. base: the folder's address.

    Of pairs that could not be shown, `failures` has a line each.
    """

    def __init__(self, folder: Path, base: str, label: str = "") -> None:
        self._folder, self._base = folder, checked_base(base)
        self._label = label or folder.resolve().name
        self.failures: list[str] = []

    def manifest(self, pairs: Iterable[Pair]) -> dict[str, Any]:
        """The manifest as JSON. Raises SafelightError where no pair can be shown."""
        canvases = []
        for pair in pairs:
            try:
                canvases += self._canvases(pair)
            except (SafelightError, OSError) as error:
                self.failures.append(" ".join(f"{shown(pair.photo)}: {error}".split()))
        if not canvases:
            raise SafelightError(f"{shown(self._folder)} has no photo with its result that can be shown")
        return {
            "@context": CONTEXT,
            "id": f"{self._base}/{MANIFEST}",
            "type": "Manifest",
            "label": {"none": [self._label]},
            "requiredStatement": {"label": {"en": ["What is added"]}, "value": {"en": [STATEMENT]}},
            "items": canvases,
        }

    def _canvases(self, pair: Pair) -> list[dict[str, Any]]:
        """One, or of a TIFF one for each page that both have."""
        before, after = pages_of(pair.photo), pages_of(pair.result)
        if min(before.count, after.count) == 1 or before.count != after.count:
            return [self._canvas(pair, None)]
        return [self._canvas(pair, number) for number in range(1, before.count + 1)]

    def _canvas(self, pair: Pair, page: int | None) -> dict[str, Any]:
        name = pair.name if pair.name and self._inside(self._folder / pair.name) else pair.result.name
        scanned, made = (
            self._image(path, f"{name}-{role}", page)
            for path, role in ((pair.photo, "scanned"), (pair.result, "made"))
        )
        canvas = f"{self._base}/canvas/{_quoted(name)}{f'/{page}' if page else ''}"
        height, width = scanned.size
        return {
            "id": canvas,
            "type": "Canvas",
            "label": {"none": [_words(pair.photo.name) + (f", page {page}" if page else "")]},
            "height": height,
            "width": width,
            "items": [
                {
                    "id": f"{canvas}/page",
                    "type": "AnnotationPage",
                    "items": [
                        {
                            "id": f"{canvas}/painting",
                            "type": "Annotation",
                            "motivation": "painting",
                            "body": {
                                "type": "Choice",
                                "items": [_body(scanned, AS_SCANNED), _body(made, _made_words(pair))],
                            },
                            "target": canvas,
                        }
                    ],
                }
            ],
        }

    def _image(self, path: Path, name: str, page: int | None) -> _Image:
        """The picture where it lies, if a browser shows it there; else a copy of it."""
        inside = self._inside(path)
        media = _BROWSERS.get(path.suffix.lower())
        if inside and media and page is None:
            size = _upright_size(path)
            if size:
                return _Image(f"{self._base}/{_quoted(inside)}", media, size)
        photo = read_photo(path, page=page)
        number = f"-{page}" if page else ""
        copy = self._folder / COPIES / f"{name}{number}.jpg"
        copy.parent.mkdir(parents=True, exist_ok=True)
        write_photo(copy, replace(photo, native=None), overwrite=True, quality=_QUALITY)
        return _Image(f"{self._base}/{COPIES}/{_quoted(f'{name}{number}.jpg')}", "image/jpeg", photo.size)

    def _inside(self, path: Path) -> str | None:
        """The path as seen from the folder; None if it lies elsewhere."""
        try:
            there = path.resolve().relative_to(self._folder.resolve())
        except ValueError:
            return None
        return there.as_posix()


def write_manifest(file: Path, manifest: Mapping[str, Any]) -> Path:
    """Write it as JSON in place of an older one; its path. Raises OSError."""
    return put_text(file, json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")


def _body(image: _Image, label: str) -> dict[str, Any]:
    height, width = image.size
    return {
        "id": image.url,
        "type": "Image",
        "label": {"en": [label]},
        "format": image.media,
        "height": height,
        "width": width,
    }


def _made_words(pair: Pair) -> str:
    done = _DONE[pair.command] + " and colored" * (pair.colored and pair.command == "repair")
    return f"as {done} by safelight (machine)"


def _upright_size(path: Path) -> tuple[int, int] | None:
    """(h, w) of a picture that is shown as it lies; None for one that its file says to be turned. Raises PhotoError."""
    with open_picture(path) as opened:
        width, height = opened.size
        return (height, width) if read_metadata.read_block(opened.image).turn == 1 else None


def _quoted(path: str) -> str:
    """A path as a part of an address."""
    return quote(os.fsencode(path), safe="/")


def _words(name: str) -> str:
    return shown(name).encode("utf-8", "replace").decode()
