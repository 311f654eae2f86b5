"""The photos that are open: files uploaded or named on the command line, and those that were mended from them.

A path never comes from a request: a photo is asked for by its id, a random word. What was uploaded lies in a folder
of the service's own, which goes with it. Decoded pixels are kept while there is room (`Limits.pixels_kept`).
"""

import contextlib
import hashlib
import os
import re
import secrets
import shutil
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np

from safelight.arrays import Pixels
from safelight.errors import SafelightError
from safelight.masks.shapes import Hole
from safelight.pixels.files import Photo, read_photo
from safelight.pixels.geometry import Box, Size
from safelight.pixels.space import on_white
from safelight.service.limits import Limits
from safelight.service.problems import ProblemError
from safelight.tasks.colorize.tone_and_mount import Analysis, analyze

T = TypeVar("T")
Source = Literal["upload", "command line", "mended"]
LONGEST_NAME = 120  # bytes: file systems count these, and take 255 with all that results add
BLOCK = 1 << 20


@dataclass(frozen=True)
class Facts:
    """What is known of a photo once it was decoded."""

    sha256: str
    width: int
    height: int
    format: str
    depth: int
    has_alpha: bool
    analysis: Analysis
    remarks: tuple[str, ...]


class Mask:
    """What is missing of a photo: the picture file as it was sent, and the hole (h, w) at the photo's size.

    Both lie in files, not in memory, since each of a thousand photos may have several masks. They go with the last one
    that uses the mask, so that a job has its own until it ends.
    """

    def __init__(self, file: Path, hole: Hole, remarks: tuple[str, ...] = ()) -> None:
        self.file, self.remarks = file, remarks
        self.size: Size = (hole.shape[0], hole.shape[1])
        self.marked = float(hole.mean())
        self.sha256 = _checksum(file)
        self._packed = file.with_name("hole.npy")
        np.save(self._packed, np.packbits(hole))
        weakref.finalize(self, shutil.rmtree, file.parent, ignore_errors=True)

    @property
    def hole(self) -> Hole:
        """Read anew at each call."""
        height, width = self.size
        bits = np.unpackbits(np.load(self._packed), count=height * width)
        return bits.view(bool).reshape(self.size)


@dataclass
class Item:
    """One photo. path: its file, or that of its pixels (.npy) where it was mended."""

    id: str
    name: str
    path: Path
    bytes: int
    source: Source
    of: str | None = None
    facts: Facts | None = None
    sizes: dict[str, Any] | None = None  # of its plane and preview, and how unfamiliar it is
    masks: "OrderedDict[str, Mask]" = field(default_factory=OrderedDict)
    lock: threading.RLock = field(default_factory=threading.RLock)


class Shelf:
    """The open photos, by id. folder: the service's own, in which it may write."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.folder, self.limits = folder, limits
        self._items: OrderedDict[str, Item] = OrderedDict()
        self._pixels: OrderedDict[str, Pixels] = OrderedDict()
        self._lock = threading.RLock()
        self._stored = 0

    def __iter__(self) -> Iterator[Item]:
        with self._lock:
            return iter(list(self._items.values()))

    def add(self, path: Path, name: str, source: Source, of: Item | None = None) -> Item:
        """Another photo, not yet opened. Raises ProblemError where too many are open; an uploaded file is then gone."""
        with self._lock:
            try:
                self.check()
            except ProblemError:
                if source != "command line":
                    discard(path)
                raise
            item = Item(_new_id(), tidy_name(name), path, path.stat().st_size, source, of.id if of else None)
            self._stored += item.bytes if source != "command line" else 0
            self._items[item.id] = item
            return item

    def check(self) -> None:
        """Raises ProblemError where no photo more may be open."""
        with self._lock:
            count = len(self._items)
        if count >= self.limits.photos:
            raise ProblemError(429, f"{count} photos are open, the most there may be", {"Retry-After": "60"})

    @contextlib.contextmanager
    def receiving(self) -> Iterator[Callable[[int], None]]:
        """What is told the bytes of each piece that comes in, and counts them as stored. Raises ProblemError."""
        taken = 0

        def more(length: int) -> None:
            nonlocal taken
            with self._lock:
                taken, self._stored = taken + length, self._stored + length
            if self._stored > self.limits.stored:
                raise ProblemError(
                    429,
                    f"all photos together have more than {self.limits.stored:,} bytes",
                    {"Retry-After": "60"},
                )

        try:
            yield more
        finally:
            with self._lock:
                self._stored -= taken

    def __getitem__(self, photo: str) -> Item:
        with self._lock:
            item = self._items.get(photo)
        if item is None:
            raise gone()
        return item

    def remove(self, item: Item) -> None:
        """Forget a photo; its file too, if it is the service's own."""
        with self._lock:
            known = self._items.pop(item.id, None)
            self._pixels.pop(item.id, None)
            self._stored -= item.bytes if known and item.source != "command line" else 0
        if item.source != "command line":
            discard(item.path)

    def new_path(self, name: str) -> Path:
        """The path of a file to be made in a folder of its own, so that it can be called as people call it."""
        folder = self.folder / secrets.token_hex(16)
        folder.mkdir()
        return folder / tidy_name(name)

    def facts(self, item: Item) -> Facts:
        """What the photo is like; it is opened for that, once. Raises PhotoError."""
        with item.lock:
            if item.facts is None:
                self._open(item)
            assert item.facts is not None
            return item.facts

    def pixels(self, item: Item) -> Pixels:
        """The photo in sRGB, upright, as a colorizer sees it. Raises PhotoError."""
        with item.lock:
            with self._lock:
                if item.id in self._pixels:
                    self._pixels.move_to_end(item.id)
                    return self._pixels[item.id]
            return self._open(item)

    def shown_pixels(self, item: Item) -> Pixels:
        """The same as it is shown: what is transparent laid on white."""
        facts = self.facts(item)
        if not facts.has_alpha:
            return self.pixels(item)
        photo = read_photo(item.path, self.limits.megapixels)
        return photo.pixels if photo.alpha is None else on_white(photo.pixels, photo.alpha)

    def _open(self, item: Item) -> Pixels:
        pixels, item.facts = told(item.path, lambda: self._decoded(item))()
        with self._lock:
            self._pixels[item.id] = pixels
            while len(self._pixels) > 1 and sum(map(_size, self._pixels.values())) > self.limits.pixels_kept:
                self._pixels.popitem(last=False)
        return pixels

    def _decoded(self, item: Item) -> tuple[Pixels, Facts]:
        if item.source == "mended":
            mended: Pixels = np.load(item.path)
            return mended, self._of_mended(item, mended)
        photo = read_photo(item.path, self.limits.megapixels)
        return photo.pixels, item.facts or _facts(photo, item.path)

    def _of_mended(self, item: Item, pixels: Pixels) -> Facts:
        if item.facts is not None:
            return item.facts
        before = self.facts(self[item.of or ""])
        return Facts(
            hashlib.sha256(item.path.read_bytes()).hexdigest(),
            pixels.shape[1],
            pixels.shape[0],
            before.format,
            8 * pixels.itemsize,
            False,
            analyze(pixels),
            (),
        )


def gone() -> ProblemError:
    """There is no such photo, or no longer."""
    return ProblemError(404, "there is no such photo; it was deleted, or the service was started anew")


def discard(path: Path) -> None:
    """Remove a file of the service's own, and its folder."""
    path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        path.parent.rmdir()


def _size(pixels: Pixels) -> int:
    return pixels.nbytes


def _facts(photo: Photo, path: Path) -> Facts:
    height, width = photo.size
    return Facts(
        _checksum(path),
        width,
        height,
        photo.format,
        8 * photo.pixels.itemsize,
        photo.alpha is not None,
        analyze(photo.pixels),
        photo.remarks,
    )


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _new_id() -> str:
    return f"p{secrets.token_hex(10)}"


def tidy_name(name: str) -> str:
    """A file name of what somebody calls a photo: no folders, no signs that are not printed, not too long."""
    last = re.split(r"[/\\]", name)[-1]
    printable = "".join(letter for letter in last if letter.isprintable()).strip(" .")
    stem, dot, suffix = printable.rpartition(".")
    if not (stem and dot and 0 < len(suffix) <= 5):
        stem, suffix = printable, ""
    stem = stem.encode()[:LONGEST_NAME].decode(errors="ignore").strip() or "photo"
    return f"{stem}.{suffix}" if suffix else stem


def box_json(box: Box | None) -> dict[str, int] | None:
    """A box as the service writes it."""
    if box is None:
        return None
    return {"left": box.left, "top": box.top, "width": box.width, "height": box.height}


def photo_json(item: Item) -> dict[str, Any]:
    """A photo as the service writes it; one is open once its facts and sizes are known."""
    known = {"id": item.id, "name": item.name, "bytes": item.bytes, "source": item.source, "of": item.of}
    facts, sizes = item.facts, item.sizes
    if facts is None or sizes is None:
        names = (
            *("sha256", "width", "height", "format", "depth", "alpha", "look", "has_colors", "mount"),
            *("plane", "preview", "unfamiliarity"),
        )
        return known | {"opened": False} | dict.fromkeys(names) | {"remarks": []}
    look = facts.analysis.look
    return known | {
        "opened": True,
        "sha256": facts.sha256,
        "width": facts.width,
        "height": facts.height,
        "format": facts.format,
        "depth": facts.depth,
        "alpha": facts.has_alpha,
        "look": look.kind,
        "has_colors": look.has_colors,
        "mount": box_json(facts.analysis.mount),
        "remarks": list(facts.remarks),
        **sizes,
    }


def told(path: Path, work: Callable[[], T], folder: Path | None = None) -> Callable[[], T]:
    """The work, with the photo's name in what its errors say, in place of a path of the service.

    folder: of other files of the work, which are named without it. Raises ProblemError where the photo was deleted
    meanwhile.
    """

    def telling() -> T:
        try:
            return work()
        except FileNotFoundError:
            if path.exists():
                raise
            raise gone() from None
        except SafelightError as error:
            if not path.exists():
                raise gone() from None
            said = str(error).replace(str(path), path.name)
            raise type(error)(said.replace(f"{folder}{os.sep}", "") if folder else said) from None

    return telling
