"""The archive: every run folder under a root, read for listing, drawing, comparing and the doctor."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from safelight.errors import RunError
from safelight.journal.curves import Curve, read_metrics
from safelight.journal.run import Run
from safelight.journal.settings import Difference, Settings, flatten
from safelight.journal.verdicts import StoredVerdict, read_verdicts
from safelight.json_text import parsed

GUARD = "guard.jsonl"
DOCTOR = Path("doctor") / "findings.json"
PICTURES = (".jpg", ".jpeg", ".png")


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
        """colorize, fill or code; the oldest recipes do not say, and are of colors."""
        task = str(self.recipe.get("task", "colorize"))
        return "colorize" if task == "color" else task

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
    def verdicts(self) -> list[StoredVerdict]:
        """The oldest first."""
        return read_verdicts(self.folder / "verdicts")

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
        """The probes at fixed steps, the oldest first."""
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


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSON-lines file, those that can be read; none where there is no file."""
    if not path.is_file():
        return []
    found = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            row = parsed(line)
        except ValueError:
            continue
        if isinstance(row, dict):
            found.append(row)
    return found
