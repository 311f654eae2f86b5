"""The verdict of an evaluation, of any task: how a model stands beside other methods, typed, and as JSON."""

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from safelight.errors import SafelightError
from safelight.files import new_file
from safelight.json_text import parsed
from safelight.verdicts.old_formats import FORMAT, VERSION, in_new_format

ALL = "all"  # the cell of the mean over all others, or the only one

NUMBERS = re.compile(r"(?<=\[)\s+(?:(?:null|[-+.\de]+),?\s+)+(?=\])")  # in a list, a line each
FEWEST = 8  # pictures: under it an interval says nothing
ENOUGH = 50  # pictures: under it an interval is so wide that little can be told

Standing: TypeAlias = Literal["wins", "loses", "cannot tell"]


@dataclass(frozen=True)
class Estimate:
    """A value and its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def numbers(self) -> tuple[float, float, float]:
        """The value, and the interval's ends."""
        return self.value, self.low, self.high

    @property
    def half(self) -> float:
        """Half of the interval's width."""
        return (self.high - self.low) / 2

    @property
    def above_zero(self) -> bool:
        return self.low > 0

    @property
    def below_zero(self) -> bool:
        return self.high < 0


Curve: TypeAlias = Mapping[str, Estimate]  # by cell
Curves: TypeAlias = Mapping[str, Mapping[str, Curve]]  # by method (the model first), statistic and cell


@dataclass(frozen=True)
class Group:
    """Some of the pictures ("chroma low", "source flowers", "tag standing") and how every method did on them."""

    name: str
    pictures: int
    curves: Curves


@dataclass(frozen=True)
class Comparison:
    """The model against one other method on the same samples.

    difference: positive where the model is better, whichever way the statistic counts; paired by picture.
    """

    method: str
    statistic: str
    cell: str
    difference: Estimate
    standing: Standing


@dataclass(frozen=True)
class Measured:
    """One picture: its number and name, and what was measured of the model's answer.

    values: "hole_psnr" -> a number a cell, or a single one of the picture itself ("chroma").
    source: where the picture came from, if its dataset says so.
    """

    index: int
    name: str
    values: Mapping[str, tuple[float, ...]]
    source: str = ""


@dataclass(frozen=True)
class Verdict:
    """A model's standing on one set of samples.

    task: "colorize", "inpaint", "scratches" or "autoencode". protocol: how the samples were made, in a word.
    questions: sha256 of all samples. size: side of the squares in pixels; 0 where unknown. left_out: pictures
    that could not be judged (those without color). enlarged: those stored smaller than the size.
    cells: what the curves run over (numbers of hints, area of the hole, kind and width of damage); where ALL is the
    last of several, it is the mean over the others. curves: how every method did on all pictures.
    best: the best method without training in each cell. leads: the model's lead over these in each picture, by the
    picture's number. per_image: none in verdicts of old versions of safelight. groups: parts of the pictures.
    tables: further estimates of one task alone, by table, row and column. colorize: "vivid" (cautious, vivid):
    colorfulness as a share of the truth's, gain, blotches; "blotches" (truth): level. On old prints: "clean" and
    "lost on prints" (metrics): each cell. autoencode: "bounds"
    (model): elbo, importance-weighted, kl in nats per picture, bits; "distances" (set of pictures): frechet,
    kernel; "nearest_training_picture" (samples, held_out): distance. facts: its plain numbers and words.
    colorize: true_colorfulness. scratches: tolerance in pixels. autoencode: training, latent, active,
    likelihood, sd, features, copies (share of the samples nearer to a training picture than any held-out
    picture is), collapse.
    evaluations: how many times this test or foreign split has been evaluated, this time included; None for others.
    judged: when (ISO 8601, UTC). safelight: its version. sentences: the summary in plain words.
    data: path of the dataset; "" in older ones.
    """

    task: str
    model: str
    dataset: str
    split: str
    protocol: str
    seed: int
    questions: str
    pictures: int
    cells: tuple[str, ...]
    curves: Curves
    comparisons: tuple[Comparison, ...] = ()
    size: int = 0
    left_out: int = 0
    enlarged: int = 0
    best: Mapping[str, str] = field(default_factory=dict)
    leads: Mapping[int, float] = field(default_factory=dict)
    per_image: tuple[Measured, ...] = ()
    groups: tuple[Group, ...] = ()
    tables: Curves = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    evaluations: int | None = None
    judged: str = ""
    safelight: str = ""
    sentences: tuple[str, ...] = ()
    data: str = ""

    @property
    def methods(self) -> tuple[str, ...]:
        """The model first, then the others."""
        return tuple(self.curves)

    @property
    def others(self) -> tuple[str, ...]:
        """The methods beside the model."""
        return self.methods[1:]

    @property
    def parts(self) -> tuple[str, ...]:
        """The cells without their mean."""
        return self.cells[:-1] if self.cells[-1] == ALL and len(self.cells) > 1 else self.cells

    def estimate(self, method: str, statistic: str, cell: str | int) -> Estimate:
        """One estimate over all pictures; the cell by its name, or by its number of hints."""
        return self.curves[method][statistic][str(cell)]

    def of_model(self, statistic: str) -> Curve:
        """The model's own estimates, by cell. Raises KeyError where it has none."""
        return self.curves[next(iter(self.curves), self.model)][statistic]

    def compared(self, method: str, statistic: str, cell: str) -> Comparison | None:
        """The comparison with this method there; None if there is none."""
        wanted = (method, statistic, cell)
        return next((c for c in self.comparisons if (c.method, c.statistic, c.cell) == wanted), None)

    def losses(self) -> tuple[Comparison, ...]:
        """Where the model is behind another method beyond doubt."""
        return tuple(comparison for comparison in self.comparisons if comparison.standing == "loses")

    def to_json(self) -> dict[str, Any]:
        """Plain JSON: an estimate is [value, low, high], a number that does not exist is null."""
        return {"format": FORMAT, "version": VERSION, **as_json(self)}

    def save(self, path: Path) -> Path:
        """Write verdict.json, whole or not at all, a list of numbers on a line; returns its path."""
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self.to_json(), ensure_ascii=False, indent=1)
        text = NUMBERS.sub(lambda numbers: " ".join(numbers.group().split()), text)
        with new_file(path, overwrite=True) as file:
            file.write(f"{text}\n".encode())
        return path


def load_verdict(path: Path) -> Verdict:
    """Read verdict.json, of this or an older version of safelight. Raises SafelightError."""
    try:
        return verdict_from_json(parsed(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise SafelightError(f"{path} is not a verdict that can be read ({error}); judge again") from None


def load_verdicts(folder: Path) -> list[Verdict]:
    """All verdicts in a folder and those in it, the oldest first; files that cannot be read are left out."""
    verdicts = []
    for path in sorted(folder.glob("**/*.json"), key=lambda path: path.name):
        try:
            verdicts.append(load_verdict(path))
        except SafelightError:
            continue
    return sorted(verdicts, key=lambda verdict: verdict.judged)


def verdict_from_json(document: Mapping[str, Any]) -> Verdict:
    """The verdict of a parsed verdict.json. Raises ValueError, KeyError, TypeError or AttributeError."""
    stored = in_new_format(document)
    known = {each.name: stored[each.name] for each in fields(Verdict) if each.name in stored}
    verdict = Verdict(
        **{**known, **{name: read(stored[name]) for name, read in TYPED.items() if name in stored}}
    )
    if not verdict.cells:
        raise ValueError("it has no cells")
    rows = [{column: len(numbers) for column, numbers in row.values.items()} for row in verdict.per_image]
    if any(row != rows[0] or not set(row.values()) <= {1, len(verdict.parts)} for row in rows):
        raise ValueError("its pictures have other numbers of values than it has cells")
    return verdict


def as_json(value: object) -> Any:
    """What json.dumps takes; numbers with six digits."""
    if isinstance(value, Estimate):
        return [as_json(number) for number in value.numbers]
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): as_json(part) for key, part in value.items()}
    if isinstance(value, (tuple, list)):
        return [as_json(part) for part in value]
    if is_dataclass(value):
        return {each.name: as_json(getattr(value, each.name)) for each in fields(value)}
    return value


def estimate_from_json(numbers: Sequence[float | None]) -> Estimate:
    """The estimate that was stored; nan for null."""
    return Estimate(*(math.nan if number is None else float(number) for number in numbers))


def _curves(stored: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Curves:
    return {
        method: {
            statistic: {cell: estimate_from_json(numbers) for cell, numbers in curve.items()}
            for statistic, curve in statistics.items()
        }
        for method, statistics in stored.items()
    }


def _measured(row: Mapping[str, Any]) -> Measured:
    values = {
        column: tuple(math.nan if number is None else float(number) for number in numbers)
        for column, numbers in row["values"].items()
    }
    return Measured(int(row["index"]), str(row["name"]), values, str(row.get("source", "")))


TYPED: dict[str, Callable[[Any], Any]] = {  # others are as JSON has them
    **dict.fromkeys(("task", "model", "dataset", "split", "protocol", "questions", "judged", "data"), str),
    **dict.fromkeys(("seed", "pictures", "size", "left_out", "enlarged"), int),
    "cells": lambda cells: tuple(map(str, cells)),
    "curves": _curves,
    "comparisons": lambda rows: tuple(
        Comparison(**{**row, "difference": estimate_from_json(row["difference"])}) for row in rows
    ),
    "leads": lambda leads: {int(index): lead for index, lead in leads.items()},
    "per_image": lambda rows: tuple(map(_measured, rows)),
    "groups": lambda groups: tuple(
        Group(**{**group, "curves": _curves(group["curves"])}) for group in groups
    ),
    "tables": _curves,
    "facts": dict,
    "best": dict,
    "sentences": lambda sentences: tuple(map(str, sentences)),
}
