"""The log of evaluations on a dataset's test splits: a model chosen by its test score is no longer tested by it."""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safelight.data.split import TESTS
from safelight.json_text import read_lines
from safelight.verdicts.verdict import Verdict

LOG = "test_looks.jsonl"  # in the dataset's folder
COLUMNS = ("judged", "model", "protocol", "questions", "pictures")
TIMES = {1: "once", 2: "twice"}


def times(count: int) -> str:
    """How often, in words."""
    return TIMES.get(count, f"{count} times")


def log_evaluation(folder: Path, verdict: Verdict) -> int:
    """Log an evaluation on a test split of the dataset in this folder; how many of it there are, with this one."""
    row = {column: getattr(verdict, column) for column in COLUMNS if getattr(verdict, column) != ""}
    row |= {} if verdict.split == "test" else {"split": verdict.split}  # the first logs knew that one alone
    path = folder / LOG
    with path.open("ab+") as file:
        last = file.seek(0, os.SEEK_END)
        file.seek(max(0, last - 1))
        between = b"" if file.read(1) in (b"", b"\n") else b"\n"  # behind a row that was written by hand
        file.write(between + json.dumps(row).encode() + b"\n")
    return sum(1 for row in read_lines(path) if _split(row) == verdict.split)


def _split(row: Mapping[str, Any]) -> str:
    """The split that a row of the log is of."""
    return str(row.get("split", "test"))


@dataclass(frozen=True)
class SplitLog:
    """Evaluations on a test split of one dataset. rows: when, which model; the oldest first."""

    dataset: str
    rows: tuple[Mapping[str, Any], ...]
    split: str = "test"

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def said(self) -> str:
        """In words."""
        split = f"the {self.split} split of {self.dataset}"
        if not self.rows:
            return f"{split} was never looked at"
        return f"{split} was looked at {times(len(self))}"


def split_logs(folders: Iterable[Path], verdicts: Iterable[Verdict]) -> list[SplitLog]:
    """The evaluations on the test splits of every dataset in these folders, and of those that the verdicts are on.

    The dataset's own log counts, which holds those of other models too; where it is gone, the verdicts do. Of
    datasets with one name each has its own count, and bears its parent's name too. A foreign split is named where
    it was looked at.
    """
    datasets = list(dict.fromkeys(folder.resolve() for folder in folders))
    from_verdicts, logs = _from_verdicts(verdicts), []
    for name in sorted({folder.name for folder in datasets} | set(from_verdicts)):
        rows = {folder: read_lines(folder / LOG) for folder in datasets if folder.name == name}
        if any(rows.values()):
            for folder, own in rows.items():
                logs += _of_each_split(f"{folder.parent.name}/{name}" if len(rows) > 1 else name, own)
        else:
            logs += _of_each_split(name, list(from_verdicts.get(name, {}).values()))
    return logs


def _from_verdicts(verdicts: Iterable[Verdict]) -> dict[str, dict[str, Mapping[str, Any]]]:
    """The evaluations that verdicts tell of, each once, by the dataset's name."""
    rows: dict[str, dict[str, Mapping[str, Any]]] = {}
    for each in verdicts:
        if each.split in TESTS:
            row = {column: getattr(each, column) for column in ("judged", "split", "model", "protocol")}
            rows.setdefault(each.dataset, {})[f"{each.judged} {each.split} {each.model}"] = row
    return rows


def _of_each_split(name: str, rows: Sequence[Mapping[str, Any]]) -> list[SplitLog]:
    """The log of the test split, and of another one that was looked at, each in order."""
    ordered = sorted(rows, key=lambda row: str(row.get("judged", "")))
    logs = [SplitLog(name, tuple(row for row in ordered if _split(row) == split), split) for split in TESTS]
    return [log for log in logs if log or log.split == "test"]
