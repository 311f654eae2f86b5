"""The doctor's vocabulary: a case (the evidence of one run), symptoms, readings, findings, and a task's checklist."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from safelight.journal.doctor.remedies import Remedy
from safelight.journal.records import Curve, Settings
from safelight.tasks.registry import task_in

if TYPE_CHECKING:
    from safelight.journal.records import Record

YOUNG = 0.25  # of the planned steps


@dataclass(frozen=True)
class Leaks:
    """Held-out pictures that have a near-duplicate among the training pictures.

    held_out: how many pictures are held out. twins: (number of the held-out one, of the training one) in the
    dataset, one for each held-out picture that has any.
    """

    held_out: int
    twins: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Case:
    """One run's evidence. step: steps taken so far. leaks: None where the dataset was not at hand."""

    settings: Settings
    curves: Mapping[str, Curve]
    step: int
    guard: Sequence[Mapping[str, Any]] = ()
    error: str = ""
    leaks: Leaks | None = None

    @property
    def task(self) -> str:
        """The name of its task, as the registry has it."""
        return task_in(self.settings)

    @property
    def seen(self) -> float:
        """Training pictures drawn so far."""
        return self.step * self.number("data.batch", 1)

    @property
    def young(self) -> bool:
        """Too early in the run to tell much: every network begins brown, or grey, or empty."""
        return self.progress < YOUNG

    @property
    def planned(self) -> int:
        """Steps in all."""
        return max(1, int(self.settings.get("train.steps", self.step)))

    @property
    def progress(self) -> float:
        """Share of the run that is done, 0 to 1."""
        return min(1.0, self.step / self.planned)

    def curve(self, name: str, least: int = 1) -> Curve | None:
        """The finite values of a measure; None where there are fewer than `least`."""
        found = self.curves.get(name)
        found = found.finite if found is not None else None
        return found if found is not None and len(found) >= least else None

    def last(self, name: str) -> float | None:
        """The newest value of a measure."""
        found = self.curve(name)
        return found.last if found is not None else None

    def number(self, name: str, otherwise: float) -> float:
        """A setting that is a number."""
        value = self.settings.get(name, otherwise)
        return float(value) if isinstance(value, (int, float)) else otherwise


@dataclass(frozen=True)
class Reading:
    """What one check measured. figure and limit are in `unit`; evidence: the evidence in a sentence.

    curves: the measures to draw. marks: steps to point at. below: it is sick below the limit, not above. but:
    the second condition that it must meet to be sick, told where the figure alone is beyond its limit.
    """

    figure: float
    limit: float
    unit: str
    sick: bool
    evidence: str
    curves: tuple[str, ...] = ()
    marks: tuple[int, ...] = ()
    below: bool = False
    but: str = ""

    @property
    def beyond(self) -> bool:
        """Whether the figure alone is beyond its limit."""
        return self.figure < self.limit if self.below else self.figure > self.limit


@dataclass(frozen=True)
class Finding:
    """A symptom that a run has. flags: what to try next, as typed; picture: a file beside the report.

    draw: draws that picture; None: the curves of the reading.
    """

    name: str
    reading: Reading
    cause: str
    flags: str
    advice: str
    draw: "Draw | None" = None
    picture: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "name": self.name,
            "evidence": self.reading.evidence,
            "figure": float(f"{self.reading.figure:.6g}"),
            "limit": self.reading.limit,
            "unit": self.reading.unit,
            "cause": self.cause,
            "try": self.flags,
            "advice": self.advice,
            "picture": self.picture,
        }


@dataclass(frozen=True)
class Examination:
    """What was found, and what every check of the run's task read; None: what it needs was not measured.

    young: the run is too short for most checks (case.py: YOUNG).
    """

    findings: tuple[Finding, ...]
    readings: Mapping[str, Reading | None] = field(default_factory=dict)
    young: bool = False

    @property
    def healthy(self) -> bool:
        return not self.findings


# Draws a finding into the file; False where there is nothing to draw.
Draw: TypeAlias = Callable[["Record", Case, Finding, Path], bool]


@dataclass(frozen=True)
class Symptom:
    """One thing that can go wrong.

    remedies: the first that the recipe can take is suggested; docs/doctor.md has what each did on a short run.
    advice: what else helps, and what helps where no setting does. draw: the finding's picture (None: its curves).
    instead_of: symptoms that this one explains; they are not reported beside it. of_answers: it shows in the answers,
    so a network that has seen few pictures is first given more time. at_once: reported of young runs too.
    """

    name: str
    measure: Callable[[Case], Reading | None]
    cause: str
    remedies: tuple[Remedy, ...]
    advice: str
    draw: Draw | None = None
    instead_of: tuple[str, ...] = ()
    of_answers: bool = False
    at_once: bool = False


def no_evidence(record: "Record") -> dict[str, Curve]:
    """For tasks whose pictures are not measured afterwards."""
    return {}


@dataclass(frozen=True)
class Checklist:
    """What the doctor checks of one task's runs, in this order.

    evidence_from_pictures: probe/ curves measured on a run's pictures, for runs that logged none.
    """

    symptoms: tuple[Symptom, ...]
    evidence_from_pictures: Callable[["Record"], dict[str, Curve]] = no_evidence
