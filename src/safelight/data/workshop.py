"""The unfinished part of a build: what was screened so far survives a kill, and two builds never mix.

OUT/.building/ holds settings.json, facts.jsonl (a line for each screened picture) and pixels.raw (the
squares, appended). The pixels are written before their line, so that a line without pixels cannot be.
"""

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType

import numpy as np

from safelight.data.facts import Facts, Square
from safelight.data.rows import read_rows, to_line
from safelight.data.settings import BuildSettings
from safelight.errors import DatasetError
from safelight.files import HeldError, held
from safelight.json_text import parsed

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


class Workshop:
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

    def __enter__(self) -> "Workshop":
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
