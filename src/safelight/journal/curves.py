"""metrics.csv read back: a curve for each measure, by step."""

import csv
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float64, Int64

STEP, EPOCH = "step", "epoch"


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
        if step is None:
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
