"""What a judge found: typed, and written as JSON that needs no safelight to be read."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeAlias

from safelight.errors import SafelightError
from safelight.evaluation.cells import save
from safelight.evaluation.intervals import Estimate, Standing
from safelight.evaluation.plain import as_estimate, plain
from safelight.json_text import parsed

FORMAT, VERSION = "safelight-verdict", 1

Curve: TypeAlias = tuple[Estimate, ...]  # one a number of hints


@dataclass(frozen=True)
class Group:
    """Some of the pictures ("all", "chroma low", "source flowers", "tag standing") and how every method did.

    curves: method -> statistic -> one estimate a number of hints.
    """

    name: str
    pictures: int
    curves: Mapping[str, Mapping[str, Curve]]


@dataclass(frozen=True)
class Comparison:
    """The model against one baseline on the same questions.

    difference: positive where the model is better, whichever way the statistic counts; paired by picture.
    """

    baseline: str
    statistic: str
    hints: int
    difference: Estimate
    standing: Standing


@dataclass(frozen=True)
class PictureScore:
    """One picture: where it came from, its mean chroma, the model's gain over grey (dB) a number of hints."""

    index: int
    name: str
    source: str
    chroma: float
    gain: tuple[float, ...]


@dataclass(frozen=True)
class Vivid:
    """Automatic color, cautious and vivid: colorfulness as a share of the truth's; gain over grey, dB."""

    cautious: Estimate
    vivid: Estimate
    cautious_gain: Estimate
    vivid_gain: Estimate


@dataclass(frozen=True)
class Verdict:
    """A model's standing on one set of questions.

    questions: sha256 of all questions. left_out: pictures without color. enlarged: those stored smaller than
    the protocol's size. looks: how many times this test split has been judged, this time included; None for
    other splits. sentences: the summary in plain words.
    """

    model: str
    dataset: str
    split: str
    protocol: str
    seed: int
    questions: str
    pictures: int
    left_out: int
    enlarged: int
    counts: tuple[int, ...]
    true_colorfulness: float
    groups: tuple[Group, ...]
    comparisons: tuple[Comparison, ...]
    best_baseline: Mapping[int, str]
    scores: tuple[PictureScore, ...]
    vivid: Vivid | None = None
    looks: int | None = None
    judged: str = ""
    safelight: str = ""
    sentences: tuple[str, ...] = ()

    @property
    def everything(self) -> Group:
        """The group of all pictures."""
        return self.groups[0]

    @property
    def methods(self) -> tuple[str, ...]:
        """The model first, then the baselines."""
        return tuple(self.everything.curves)

    def estimate(self, method: str, statistic: str, hints: int) -> Estimate:
        """One estimate over all pictures."""
        return self.everything.curves[method][statistic][self.counts.index(hints)]

    def best_other(self, hints: int) -> str:
        """The method beside the model with the highest mean PSNR there, of all that are shown."""
        rivals = self.methods[1:] or self.methods
        return max(rivals, key=lambda method: self.estimate(method, "psnr", hints).value)

    def losses(self) -> tuple[Comparison, ...]:
        """Where the model is behind a baseline beyond doubt."""
        return tuple(comparison for comparison in self.comparisons if comparison.standing == "loses")

    def to_json(self) -> dict[str, Any]:
        """Plain JSON: an estimate is [value, low, high], a number that does not exist is null."""
        return {"format": FORMAT, "version": VERSION, **plain(self)}

    def save(self, path: Path) -> Path:
        """Write verdict.json; returns its path."""
        return save(self.to_json(), path)

    @classmethod
    def from_json(cls, document: object) -> "Verdict":
        """The verdict of a parsed verdict.json. Raises SafelightError."""
        if (
            not isinstance(document, dict)
            or document.get("format") != FORMAT
            or document.get("version") != VERSION
        ):
            raise SafelightError(f'expected a verdict with "format": "{FORMAT}" and "version": {VERSION}')
        stored = {field.name: document[field.name] for field in fields(cls) if field.name in document}
        stored["groups"] = tuple(_group(group) for group in stored["groups"])
        stored["comparisons"] = tuple(
            Comparison(**{**row, "difference": as_estimate(row["difference"])})
            for row in stored["comparisons"]
        )
        stored["best_baseline"] = {int(hints): name for hints, name in stored["best_baseline"].items()}
        stored["scores"] = tuple(
            PictureScore(**{**row, "gain": tuple(row["gain"])}) for row in stored["scores"]
        )
        if stored.get("vivid"):
            stored["vivid"] = Vivid(**{name: as_estimate(part) for name, part in stored["vivid"].items()})
        return cls(**{**stored, "counts": tuple(stored["counts"]), "sentences": tuple(stored["sentences"])})

    @classmethod
    def load(cls, path: Path) -> "Verdict":
        """Read verdict.json. Raises SafelightError."""
        try:
            return cls.from_json(parsed(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise SafelightError(f"{path} is not a verdict that can be read ({error}); judge again") from None


def _group(stored: Mapping[str, Any]) -> Group:
    curves = {
        method: {name: tuple(map(as_estimate, curve)) for name, curve in statistics.items()}
        for method, statistics in stored["curves"].items()
    }
    return Group(stored["name"], stored["pictures"], curves)
