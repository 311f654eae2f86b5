"""Runs read back: recipe.json as settings, metrics.csv as curves, a run folder as a Record, and all under a root.

Recipes are read as the plain JSON that they are, so that runs of any task and of older versions can be listed and
compared, and without torch.
"""

import csv
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from safelight.errors import RunError
from safelight.journal.run import Run
from safelight.json_text import parsed, read_lines
from safelight.shaped import Float64, Int64
from safelight.tasks.registry import task_in
from safelight.verdicts.test_split_log import SplitLog, split_logs
from safelight.verdicts.verdict import Verdict, load_verdicts

Settings: TypeAlias = dict[str, Any]  # "optimizer.lr" -> 0.002
Difference: TypeAlias = dict[str, tuple[Any, Any]]  # setting -> (the one's, the other's); None: it has none

SEED = "train.seed"
NAME = "name"
GUARD = "guard.jsonl"
DOCTOR = Path("doctor") / "findings.json"
PICTURES = (".jpg", ".jpeg", ".png")
STEP, EPOCH = "step", "epoch"


def flatten(tree: Mapping[str, Any], prefix: str = "") -> Settings:
    """All settings of a recipe by dotted name."""
    flat: Settings = {}
    for key, value in tree.items():
        flat |= flatten(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return flat


def differences(one: Settings, other: Settings) -> Difference:
    """What differs, but for the name: it makes nothing different."""
    names = [name for name in {**one, **other} if name != NAME]
    return {name: (one.get(name), other.get(name)) for name in names if one.get(name) != other.get(name)}


def show_value(value: Any) -> str:
    """A setting as it is typed: 0.0003, true, 64,96, flowers=0.5,osie=2."""
    if value is None:
        return "(not there)"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, (list, tuple)):
        pair = all(isinstance(part, (list, tuple)) and len(part) == 2 for part in value)
        return ",".join("=".join(map(show_value, part)) if pair else show_value(part) for part in value)
    return str(value)


def show_difference(difference: Mapping[str, Any], most: int = 3) -> str:
    """A difference in one line: "optimizer.lr 0.002 → 0.001, and 2 more"."""
    words = [
        f"{name} {show_value(one)} → {show_value(other)}"
        for name, (one, other) in list(difference.items())[:most]
    ]
    rest = len(difference) - len(words)
    return ", ".join(words) + (f", and {rest} more" if rest else "")


@dataclass(frozen=True)
class Curve:
    """One measure: steps ascending, and a value at each; values may be nan or infinite."""

    steps: Int64[np.ndarray, " n"]
    values: Float64[np.ndarray, " n"]

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def last(self) -> float:
        """The newest value."""
        return float(self.values[-1])

    @property
    def finite(self) -> "Curve":
        """Without what is no number."""
        return self.where(np.isfinite(self.values))

    def where(self, chosen: np.ndarray) -> "Curve":
        """The chosen places of the curve, by mask or slice."""
        return Curve(self.steps[chosen], self.values[chosen])

    def after(self, step: float) -> "Curve":
        """From this step on."""
        return self.where(self.steps >= step)


def make_curve(steps: object, values: object) -> Curve:
    """A curve of any two sequences of numbers."""
    return Curve(np.asarray(steps, np.int64), np.asarray(values, np.float64))


def read_metrics(path: Path) -> dict[str, Curve]:
    """The curves of a metrics.csv by column, empty where there is no file.

    A last line that is being written is left out; of a step that stands there twice the later row counts.
    """
    if not path.is_file():
        return {}
    points: defaultdict[str, dict[int, float]] = defaultdict(dict)
    written = path.read_text(encoding="utf-8", errors="replace")
    for row in csv.DictReader(written[: written.rfind("\n") + 1].splitlines()):
        step = _number(row.pop(STEP, None))
        if step is None or not math.isfinite(step):
            continue
        for name, text in row.items():
            value = _number(text)
            if name and name != EPOCH and value is not None:
                points[name][int(step)] = value
    return {
        name: make_curve(sorted(own), [own[step] for step in sorted(own)]) for name, own in points.items()
    }


def _number(text: object) -> float | None:
    try:
        return float(str(text)) if text not in (None, "") else None
    except ValueError:
        return None


@dataclass(frozen=True)
class Record:
    """One run as its folder tells it. What it has of curves, verdicts and pictures is read when asked for."""

    folder: Path
    facts: dict[str, Any]  # run.json
    recipe: dict[str, Any]  # recipe.json

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def state(self) -> str:
        """running, finished, stopped or failed."""
        return str(self.facts.get("state", "unknown"))

    @property
    def task(self) -> str:
        """The name of its task, as the registry has it."""
        return task_in(self.recipe)

    @property
    def parent(self) -> str | None:
        parent = self.facts.get("parent")
        return str(parent) if parent else None

    @property
    def difference(self) -> Difference:
        """Against the parent."""
        stored = self.facts.get("difference") or {}
        return {name: (pair[0], pair[1]) for name, pair in stored.items()}

    @property
    def scores(self) -> dict[str, float]:
        """What run.json holds, else the newest of each val/ measure."""
        stored = self.facts.get("scores")
        if stored:
            return {str(name): float(value) for name, value in stored.items()}
        return {name: curve.last for name, curve in self.curves.items() if name.startswith("val/")}

    @property
    def steps_planned(self) -> int:
        return int(self.settings.get("train.steps", 0))

    @property
    def step(self) -> int:
        """How many steps were taken, as far as known."""
        seen = max((int(curve.steps[-1]) for curve in self.curves.values() if len(curve)), default=0)
        stored = self.facts.get("step")  # None again while a resumed run goes on
        return seen if stored is None else int(stored)

    @property
    def seconds(self) -> float | None:
        """From start to end by the clock; None while it runs."""
        try:
            started = datetime.fromisoformat(self.facts["started"])
            return (datetime.fromisoformat(self.facts["ended"]) - started).total_seconds()
        except (KeyError, TypeError, ValueError):
            return None

    @cached_property
    def settings(self) -> Settings:
        """Every setting by dotted name."""
        return flatten(self.recipe)

    @cached_property
    def curves(self) -> dict[str, Curve]:
        return read_metrics(self.folder / "metrics.csv")

    @cached_property
    def verdicts(self) -> list[Verdict]:
        """The oldest first."""
        return load_verdicts(self.folder / "verdicts")

    @cached_property
    def guard_events(self) -> list[dict[str, Any]]:
        """What the guard saw and did, line by line."""
        return read_lines(self.folder / GUARD)

    @cached_property
    def findings(self) -> list[dict[str, Any]] | None:
        """What the doctor found when it last looked; None if it never did."""
        try:
            stored = parsed((self.folder / DOCTOR).read_text(encoding="utf-8"))
            return [dict(finding) for finding in stored["findings"]]
        except (OSError, ValueError, KeyError, TypeError):
            return None

    @cached_property
    def pictures(self) -> list[Path]:
        """The validation samples at fixed steps, the oldest first."""
        folder = self.folder / "pictures"
        found = folder.iterdir() if folder.is_dir() else iter(())
        return sorted(path for path in found if path.suffix in PICTURES)


def read_record(folder: Path | str) -> Record:
    """One run. Raises RunError."""
    run = Run.open(folder)
    try:
        facts, recipe = run.facts, parsed(run.recipe_json)
        if not isinstance(facts, dict) or not isinstance(recipe, dict):
            raise ValueError("not an object")
    except RunError:
        raise
    except (OSError, ValueError) as error:
        raise RunError(
            f"{folder}: run.json or recipe.json is damaged ({error}); the run cannot be read"
        ) from None
    return Record(run.folder, facts, recipe)


def read_records(root: Path) -> tuple[list[Record], list[str]]:
    """All runs directly under a folder, the oldest first, and what could not be read. Raises RunError for none."""
    if not root.is_dir():
        raise RunError(f"{root} is not a folder; give the one that holds the runs, such as runs/")
    records, damaged = [], []
    for folder in sorted(root.iterdir()):
        if (folder / "run.json").is_file():
            try:
                records.append(read_record(folder))
            except RunError as error:
                damaged.append(str(error))
    if not records and not damaged:
        raise RunError(f"{root} holds no run; train one with: safelight train color --data DATASET")
    return sorted(records, key=lambda record: (str(record.facts.get("started", "")), record.name)), damaged


def split_logs_of(records: Sequence[Record]) -> list[SplitLog]:
    """The evaluations on the test split of every dataset that these runs were trained or judged on."""
    paths = [(record.facts.get("dataset") or {}).get("path") for record in records]
    verdicts = (verdict for record in records for verdict in record.verdicts)
    return split_logs([Path(path) for path in paths if path], verdicts)
