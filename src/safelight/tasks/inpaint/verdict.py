"""What the judge of holes found: typed, and written as JSON that needs no safelight to be read."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safelight.evaluation.cells import CellComparison, Curve, as_document, compared, load, save
from safelight.evaluation.measured import Measured

FORMAT, VERSION = "safelight-fill-verdict", 2


@dataclass(frozen=True)
class FillVerdict:
    """A model's standing on one set of holes.

    questions: sha256 of all questions. curves: method -> statistic -> cell -> estimate. best: the classical
    method with the highest mean PSNR in the hole of each cell. gains: a picture's mean lead over those, in
    dB, by the number of the picture. scores: the model's PSNR in each hole of each picture (none in version 1).
    looks: as in the judge of color.
    """

    model: str
    dataset: str
    split: str
    size: int
    seed: int
    questions: str
    pictures: int
    enlarged: int
    cells: tuple[str, ...]
    curves: Mapping[str, Mapping[str, Curve]]
    comparisons: tuple[CellComparison, ...]
    best: Mapping[str, str]
    gains: Mapping[int, float]
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
        return f"holes-{self.size}"

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
    def load(cls, path: Path) -> "FillVerdict":
        """Read verdict.json. Raises SafelightError."""
        return load(cls, FORMAT, VERSION, path, "holes")
