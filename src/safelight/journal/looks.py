"""How often a test split was looked at: a model chosen by looking at it is no longer tested by it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safelight.journal.records import Record, read_lines

LOOKS = "test_looks.jsonl"
TIMES = {1: "once", 2: "twice"}


def times(count: int) -> str:
    """How often, in words."""
    return TIMES.get(count, f"{count} times")


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
        return f"{split} was looked at {times(len(self))}"


def count_looks(records: Sequence[Record]) -> list[SplitLooks]:
    """The looks of every dataset that these runs were trained or judged on.

    The dataset's own list counts, which holds looks by other models too; where it is gone, the verdicts do. Of
    datasets with one name each has its own count, and bears its parent's name too.
    """
    paths = [(record.facts.get("dataset") or {}).get("path") for record in records]
    places = dict.fromkeys(Path(path).resolve() for path in paths if path)
    judged, found = _by_verdicts(records), []
    for name in sorted({place.name for place in places} | set(judged)):
        kept = {place: read_lines(place / LOOKS) for place in places if place.name == name}
        if any(kept.values()):
            labels = {place: place.parent.name + "/" + name if len(kept) > 1 else name for place in kept}
            found += [_in_order(labels[place], rows) for place, rows in kept.items()]
        else:
            found.append(_in_order(name, judged.get(name, ())))
    return found


def _by_verdicts(records: Sequence[Record]) -> dict[str, list[dict[str, Any]]]:
    """The looks that the runs' verdicts tell of, each once, by the dataset's name."""
    judged: dict[str, dict[str, dict[str, Any]]] = {}
    for verdict in (each for record in records for each in record.verdicts if each.split == "test"):
        row = {"judged": verdict.judged, "model": verdict.model, "protocol": verdict.protocol}
        judged.setdefault(verdict.dataset, {})[f"{verdict.judged} {verdict.model}"] = row
    return {name: list(rows.values()) for name, rows in judged.items()}


def _in_order(name: str, rows: Iterable[dict[str, Any]]) -> SplitLooks:
    return SplitLooks(name, tuple(sorted(rows, key=lambda row: str(row.get("judged", "")))))
