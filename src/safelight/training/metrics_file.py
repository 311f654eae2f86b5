"""metrics.csv: a row for each step at which something was measured, a column for each measure."""

import csv
import shutil
import sys
from argparse import Namespace
from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers.logger import Logger

STEP = "step"


class MetricsFile(Logger):
    """Writes each row as it comes. A run that goes on keeps the rows up to the step it goes on from.

    Lightning's CSVLogger would begin the file anew.
    """

    name, version = "metrics", ""

    def __init__(self, path: Path, kept_steps: int = 0) -> None:
        super().__init__()
        self.path = path
        columns, self._rows = _read(path, kept_steps)
        self._columns = columns if self._rows else [STEP]  # in the order in which they first came
        if path.exists():
            self._write("w", self._rows)

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Add measures of this step (how many steps were taken)."""
        measured = {name: f"{value:.6g}" for name, value in metrics.items() if name != "epoch"}
        step = step or 0
        amended = step in self._rows
        self._rows.setdefault(step, {}).update(measured)
        unknown = sorted(set(measured) - set(self._columns))
        self._columns += unknown
        if amended or unknown:
            self._write("w", self._rows)
        else:
            self._write("a", [step])

    def log_hyperparams(self, params: dict[str, Any] | Namespace, *args: Any, **kwargs: Any) -> None:
        """Nothing: they stand in recipe.json."""

    def _write(self, mode: str, steps: Any) -> None:
        path = self.path if mode == "a" else self.path.with_suffix(".new")  # whole, whenever we are killed
        with path.open(mode, newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, self._columns)
            if mode == "w":
                writer.writeheader()
            writer.writerows({STEP: step, **self._rows[step]} for step in steps)
        if mode == "w":
            path.replace(self.path)


def whole_lines(lines: Iterable[str]) -> Iterator[str]:
    """The lines up to the first without its break, which was cut off or is being written: its rest is no line."""
    return takewhile(lambda line: line.endswith("\n"), lines)


def _read(path: Path, kept_steps: int) -> tuple[list[str], dict[int, dict[str, str]]]:
    """The columns, and measures by step, up to and with this step.

    Of a damaged table the rows that can be read; the file as it was is kept beside the new one, and that is said.
    """
    if not path.is_file():
        return [], {}
    with path.open(newline="", encoding="utf-8", errors="replace") as file:
        whole = list(whole_lines(file))
    reader = csv.DictReader(line for line in whole if "\0" not in line)
    rows, strange = {}, len(whole) - sum("\0" not in line for line in whole)
    for row in reader:
        step = _step_of(row)
        if step is None:
            strange += 1
        else:
            rows[step] = row
    if strange or (whole and STEP not in (reader.fieldnames or ())):
        kept = path.with_suffix(".damaged.csv")
        shutil.copyfile(path, kept)
        print(
            f"safelight: {path} was damaged; its readable rows are kept, the file is {kept.name}",
            file=sys.stderr,
        )
    kept_rows = {
        step: {name: value for name, value in row.items() if value}
        for step, row in rows.items()
        if step <= kept_steps
    }
    return [STEP, *(name for name in reader.fieldnames or () if name != STEP)], kept_rows


def _step_of(row: dict[str | None, str]) -> int | None:
    """A row's step, taken out of it; None for a row that is none."""
    step = row.pop(STEP, None)
    if step is None or not step.isdecimal() or None in row:
        return None
    return int(step)
