"""What the judge of finders found: typed, and written as JSON that needs no safelight to be read."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safelight.evaluation.cells import CellComparison, Curve, as_document, compared, load, save
from safelight.evaluation.measured import Measured

FORMAT, VERSION = "safelight-scratches-verdict", 2


@dataclass(frozen=True)
class ScratchVerdict:
    """A finder's standing on one set of drawn damage.

    questions: sha256 of all questions. curves: finder -> statistic -> cell -> estimate. gains: a picture's lead in
    F1 over the best ridge filter, all its prints together, by the number of the picture. scores: the pixels that
    F1 is made of, for each picture and cell (none in version 1). enlarged: pictures smaller than
    the size. looks: as in the judge of color.
    """

    model: str
    dataset: str
    split: str
    size: int
    seed: int
    tolerance: float
    questions: str
    pictures: int
    cells: tuple[str, ...]
    curves: Mapping[str, Mapping[str, Curve]]
    comparisons: tuple[CellComparison, ...]
    gains: Mapping[int, float]
    enlarged: int = 0
    scores: tuple[Measured, ...] = ()
    looks: int | None = None
    judged: str = ""
    safelight: str = ""
    sentences: tuple[str, ...] = ()

    @property
    def methods(self) -> tuple[str, ...]:
        """The model first."""
        return tuple(self.curves)

    @property
    def protocol(self) -> str:
        """How it was asked, in a word."""
        return f"scratches-{self.size}"

    def compared(self, method: str, statistic: str, cell: str) -> CellComparison | None:
        """The comparison with this method there; None if there is none."""
        return compared(self.comparisons, method, statistic, cell)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON: an estimate is [value, low, high], a number that does not exist is null."""
        return as_document(self, FORMAT, VERSION)

    def save(self, path: Path) -> Path:
        """Write verdict.json; returns its path."""
        return save(self.to_json(), path)

    @classmethod
    def load(cls, path: Path) -> "ScratchVerdict":
        """Read verdict.json. Raises SafelightError."""
        return load(cls, FORMAT, VERSION, path, "finders")
