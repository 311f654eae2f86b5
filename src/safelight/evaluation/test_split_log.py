"""Looks at a test split, counted: a model chosen by looking at it is no longer tested by it."""

import json
from pathlib import Path
from typing import Protocol

LOOKS = "test_looks.jsonl"
COLUMNS = ("judged", "model", "protocol", "questions", "pictures")


class Look(Protocol):
    """What is written down of a look, and the hash of the questions where there is one."""

    @property
    def judged(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def protocol(self) -> str: ...
    @property
    def pictures(self) -> int: ...


def count_look(folder: Path, verdict: Look) -> int:
    """Write down that this dataset's test split was looked at; how many looks there have been, with this one."""
    row = {column: getattr(verdict, column) for column in COLUMNS if hasattr(verdict, column)}
    path = folder / LOOKS
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
    return sum(1 for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
