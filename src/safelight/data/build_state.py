"""The state of an unfinished build: what was screened so far survives a kill, and two builds never mix.

OUT/.building/ holds settings.json, facts.jsonl (a line for each screened picture) and pixels.raw (the
squares, appended). The pixels are written before their line, so that a line without pixels cannot be.
Facts about a picture file are kept, so that no build opens it twice.
"""

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, TypeAlias

import numpy as np

from safelight.data.crop_anchor import CropAnchor
from safelight.data.rows import read_rows, to_line
from safelight.data.scan import PictureFile
from safelight.data.settings import BuildSettings
from safelight.errors import DatasetError
from safelight.files import HeldError, held
from safelight.json_text import parsed
from safelight.pixels.tone import Tone
from safelight.shaped import UInt8

Square: TypeAlias = UInt8[np.ndarray, "size size 3"]  # a fitted picture, sRGB

THUMB = 16  # side of the lightness thumbnail that near-duplicates are compared by


@dataclass(frozen=True)
class Facts:
    """What screening found about one picture file; everything a later build needs to not open it again."""

    file_name: str
    bytes: int
    changed: int  # when the file changed, in ns
    sha256: str = ""  # of the file
    refused: str = ""  # "" when usable, else a reason of one word
    detail: str = ""  # the reason in numbers
    height: int = 0  # of the file, upright
    width: int = 0
    chroma: float = 0.0  # mean distance from grey in the ab plane
    ab_range: float = 0.0  # extent of a plus extent of b
    colorfulness: float = 0.0  # Hasler & Süsstrunk 2003
    phash: str = ""  # 64 bits, hexadecimal
    thumb: str = ""  # THUMB × THUMB lightness bytes, hexadecimal
    pixels: str = ""  # sha256 of the fitted pixels: equal for exact duplicates
    box: tuple[int, int, int, int] | None = None  # top, left, height, width inside the square, with fit "pad"
    slot: int | None = None  # where its pixels are stored
    tone: Tone | None = None  # None where an older version screened it
    subject: CropAnchor | None = None  # as its metadata named it then
    at: tuple[float, float] | None = None  # (x, y) of the subject in fractions of the square

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Facts":
        box, at, tone, subject = (stored.get(name) for name in ("box", "at", "tone", "subject"))
        typed = {
            "box": tuple(box) if box else None,
            "at": tuple(at) if at else None,
            "tone": Tone(**{**tone, "cast": tuple(tone["cast"])}) if tone else None,
            "subject": CropAnchor(**subject) if subject else None,
        }
        return cls(**{**stored, **typed})

    def describes(self, found: PictureFile, subject: CropAnchor | None = None) -> bool:
        """Whether the file, and the subject that its metadata name, still are what was screened."""
        return (self.bytes, self.changed, self.subject) == (found.bytes, found.changed, subject)


BUILDING = ".building"
LOCK = ".lock"


@contextlib.contextmanager
def only_builder(out: Path) -> Iterator[None]:
    """Hold the folder alone. Raises DatasetError if another process builds into it, or if it cannot be written."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with held(out / LOCK, f"process {os.getpid()}"):
            yield
    except HeldError as error:
        raise DatasetError(f"{out} is being built by {error}; wait, or choose another folder") from None
    except OSError as error:
        reason = error.strerror or error
        raise DatasetError(f"{out} cannot be written ({reason}); see to it and build again") from error


class BuildState:
    """Facts and pixels screened so far, kept in a folder as they come."""

    def __init__(self, folder: Path, settings: BuildSettings) -> None:
        self.folder = folder
        self.size = settings.size
        self.facts: dict[str, Facts] = {}
        self.slots = 0
        if not _same_settings(folder, settings):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            (folder / "settings.json").write_text(json.dumps(settings.to_json()))
        self._facts_path, self._pixels_path = folder / "facts.jsonl", folder / "pixels.raw"
        self._resume()
        self._facts_file = self._facts_path.open("ab")
        self._pixels_file = self._pixels_path.open("ab")

    def add(self, facts: Facts, square: Square | None) -> Facts:
        """Keep a screened picture; returns its facts with the slot of its pixels."""
        if square is not None:
            self._pixels_file.write(square.tobytes())
            self._pixels_file.flush()
            facts = replace(facts, slot=self.slots)
            self.slots += 1
        self._facts_file.write(to_line(facts.to_json()))
        self._facts_file.flush()
        self.facts[facts.file_name] = facts
        return facts

    def pixels(self) -> np.ndarray:
        """All squares so far, memory-mapped: (slots, size, size, 3) uint8."""
        shape = (self.slots, self.size, self.size, 3)
        if not self.slots:
            return np.empty(shape, np.uint8)
        return np.memmap(self._pixels_path, np.uint8, "r", shape=shape)

    def close(self) -> None:
        self._facts_file.close()
        self._pixels_file.close()

    def __enter__(self) -> "BuildState":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.close()

    def _resume(self) -> None:
        """Take up what an interrupted build left, and cut off what it left half-written."""
        self._facts_path.touch()
        self._pixels_path.touch()
        _cut_to_whole_lines(self._facts_path)
        square = self.size * self.size * 3
        stored = self._pixels_path.stat().st_size // square
        for row in read_rows(self._facts_path):
            facts = Facts.from_json(row)
            if facts.slot is None or facts.slot < stored:
                self.facts[facts.file_name] = facts
                self.slots = max(self.slots, 1 + (-1 if facts.slot is None else facts.slot))
        os.truncate(self._pixels_path, self.slots * square)


def _same_settings(folder: Path, settings: BuildSettings) -> bool:
    try:
        stored = parsed((folder / "settings.json").read_text())
        return BuildSettings.from_json(stored) == settings
    except (OSError, ValueError, TypeError):
        return False


def _cut_to_whole_lines(path: Path) -> None:
    data = path.read_bytes()
    os.truncate(path, data.rfind(b"\n") + 1)
