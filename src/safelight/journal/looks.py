"""How often a test split was looked at: a model chosen by looking at it is no longer tested by it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safelight.journal.records import Record, read_lines

LOOKS = "test_looks.jsonl"
TIMES = {1: "once", 2: "twice"}


@dataclass(frozen=True)
class SplitLooks:
    """Looks at the test split of one dataset. rows: when, which model; the oldest first."""

    dataset: str
    rows: tuple[dict[str, Any], ...]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def said(self) -> str:
        """In words."""
        split = f"the test split of {self.dataset}"
        if not self.rows:
            return f"{split} was never looked at"
        return f"{split} was looked at {TIMES.get(len(self), f'{len(self)} times')}"


def count_looks(records: Sequence[Record]) -> list[SplitLooks]:
    """The looks of every dataset that these runs were trained or judged on.

    The dataset's own list counts, which holds looks by other models too; where it is gone, the verdicts do.
    """
    paths: dict[str, Path] = {}
    judged: dict[str, dict[str, dict[str, Any]]] = {}
    for record in records:
        path = (record.facts.get("dataset") or {}).get("path")
        if path:
            paths.setdefault(Path(path).name, Path(path))
        for verdict in record.verdicts:
            if verdict.split == "test":
                row = {"judged": verdict.judged, "model": verdict.model, "protocol": verdict.protocol}
                judged.setdefault(verdict.dataset, {})[f"{verdict.judged} {verdict.model}"] = row
    found = []
    for name in sorted({*paths, *judged}):
        kept = read_lines(paths[name] / LOOKS) if name in paths else []
        rows = kept if kept else list(judged.get(name, {}).values())
        found.append(SplitLooks(name, tuple(sorted(rows, key=lambda row: str(row.get("judged", ""))))))
    return found
