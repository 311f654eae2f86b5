"""The card of a model: what a person or a program must know before using it; read field by field, and checked."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, TypeAlias

from safelight.errors import ModelError, in_short
from safelight.json_text import RepeatedKeyError, parsed_settings
from safelight.runtime.familiar import Familiarity

Row: TypeAlias = Mapping[str, Any]
shown = in_short  # a wrong value in a message


def text_of(row: Row, name: str) -> str:
    """A text that can be printed."""
    value = row[name]
    if not isinstance(value, str):
        raise ValueError(f"{name} is {shown(value)}, not text")
    value.encode()  # half a surrogate pair is no text: UnicodeEncodeError, which is a ValueError
    return value


def whole_of(row: Row, name: str, low: int, high: int | None = None) -> int:
    """A whole number from `low`, and up to `high` where there is one."""
    value = row[name]
    if not _is_whole(value) or value < low or (high is not None and value > high):
        above = f"above {low - 1}" if high is None else f"from {low} to {high}"
        raise ValueError(f"{name} is {shown(value)}, not a whole number {above}")
    return int(value)


def number_of(row: Row, name: str, low: float, high: float) -> float:
    """A finite number from `low` to `high`."""
    value = row[name]
    if not is_number(value) or not low <= value <= high:
        raise ValueError(f"{name} is {shown(value)}, not a number from {low:g} to {high:g}")
    return float(value)


def object_of(row: Row, name: str) -> dict[str, Any]:
    """An object of JSON; empty where there is none."""
    value = row.get(name, {})
    if not isinstance(value, dict):
        raise ValueError(f"{name} is {shown(value)}, not an object")
    return value


def rows_of(row: Row, name: str) -> list[dict[str, Any]]:
    """A list of objects. Raises KeyError, ValueError."""
    value = row[name]
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise ValueError(f"{name} is {shown(value)}, not a list of objects")
    return value


def range_of(row: Row, name: str) -> tuple[float, float]:
    """Two finite numbers, the lower first."""
    value = row[name]
    pair = isinstance(value, list) and len(value) == 2 and all(is_number(each) for each in value)
    if not pair or not value[0] <= value[1]:
        raise ValueError(f"{name} is {shown(value)}, not two numbers, the lower first")
    return float(value[0]), float(value[1])


def shape_of(row: Row, name: str) -> tuple[int | str, ...]:
    """Whole numbers above 0, and texts for sizes that are free."""
    value = row[name]
    if not isinstance(value, list) or not all(
        isinstance(each, str) or (_is_whole(each) and each > 0) for each in value
    ):
        raise ValueError(f"{name} is {shown(value)}, not a list of sizes above 0 and their names")
    return tuple(value)


def is_number(value: object) -> bool:
    """Whether it is a finite number of JSON. True and false are none; nor is a whole number beyond all floats."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


FORMAT = 1
LARGEST = 4096  # pixels: a network that runs at more would need more memory than there is


@dataclass(frozen=True)
class Port:
    """One input or output of the network: its name, shape (names are free sizes), range and meaning."""

    name: str
    shape: tuple[int | str, ...]
    range: tuple[float, float]
    meaning: str

    @property
    def row(self) -> tuple[str, str, str, str]:
        """It in words, for the card's page."""
        shape, (low, high) = " × ".join(map(str, self.shape)), self.range
        return self.name, shape, f"{low:g} … {high:g}", self.meaning


@dataclass(frozen=True)
class TrainingSet:
    """Pictures that the model was trained on: name of the set, its licence, how many."""

    name: str
    license: str
    pictures: int


@dataclass(frozen=True)
class ModelCard:
    """What a model is.

    size: the short side at which its network runs, in pixels. preparation: how its task's questions were made
    in training (tasks/colorize/prepare.py: ColorizePreparation). sha256: of the ONNX file.
    familiarity: how the model measures that a picture is unlike those it was trained on.
    """

    name: str
    task: str
    version: str
    created: str
    size: int
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    parameters: int
    license: str
    preparation: Mapping[str, Any] = field(default_factory=dict)
    data: tuple[TrainingSet, ...] = ()
    recipe_name: str = ""
    recipe: Mapping[str, Any] = field(default_factory=dict)
    command: str = ""
    scores: Mapping[str, Any] = field(default_factory=dict)
    familiarity: Familiarity | None = None
    notes: str = ""
    sha256: str = ""
    format: int = FORMAT

    def sealed(self, sha256: str) -> "ModelCard":
        """This card with the checksum of its ONNX file."""
        return replace(self, sha256=sha256)

    def with_notes(self, notes: str) -> "ModelCard":
        """This card with these notes behind those that it has."""
        return replace(self, notes=" ".join(filter(None, [self.notes, notes])))

    def to_json(self) -> str:
        """The card file's text."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "ModelCard":
        """Read a card file's text. Raises ModelError with the first thing that is wrong in it.

        Fields that are not known are passed over, in the card, in its ports, its sets and its familiarity.
        """
        try:
            row = parsed_settings(text)
        except RepeatedKeyError as error:
            raise ModelError(f"{error}; export the model again") from None
        except ValueError:  # ValueError: no JSON, or a number of more than 4,300 digits
            raise ModelError("is not JSON; expected a safelight model card") from None
        _check_format(row)
        try:
            return cls(**_typed(row))
        except KeyError as error:
            raise ModelError(f"lacks {error}; export the model again") from None
        except (TypeError, ValueError) as error:
            raise ModelError(f"does not hold together ({error}); export the model again") from None

    def to_page(self) -> str:
        """The card as a Markdown page."""
        from safelight.reports.pages import render
        from safelight.reports.text import Markdown, code

        working = self.preparation.get("working")  # of a finder
        runs = (
            f"a short side of {self.size} pixels" if working is None else f"a long side of {working} at most"
        )
        network = f"{self.parameters:,} parameters, runs with {runs}"
        values = {
            "card": self,
            "summary": [
                ("task", self.task),
                ("version", self.version),
                ("made", self.created),
                ("network", network),
                ("license", self.license),
                ("checksum", Markdown(f"sha256 {code(self.sha256)}")),
            ],
            "ports": [port.row for port in (*self.inputs, *self.outputs)],
            "data": self._sets(),
            "recipe": Markdown(json.dumps(self.recipe, indent=1)),
        }
        return render("card.md", values)

    def _sets(self) -> list[tuple[int, str, str]]:
        """Pictures, name and licenses of each set, the largest set and its most frequent license first."""
        licenses: dict[str, dict[str, int]] = {}
        for each in sorted(self.data, key=lambda each: -each.pictures):
            licenses.setdefault(each.name, {})[each.license] = each.pictures
        rows = [(sum(pictures.values()), name, "; ".join(pictures)) for name, pictures in licenses.items()]
        return sorted(rows, key=lambda row: -row[0])


def _check_format(row: object) -> None:
    """Raises ModelError unless this is a card of a format that is known here."""
    found = row.get("format") if isinstance(row, dict) else None
    if not isinstance(found, int) or isinstance(found, bool):
        raise ModelError('has no "format" number; expected a safelight model card')
    if found < 1:
        raise ModelError(f"has format {shown(found)}; expected {FORMAT}: no safelight wrote this card")
    if found > FORMAT:
        raise ModelError(f"has format {shown(found)}, this safelight reads up to {FORMAT}; upgrade safelight")


def _typed(row: Row) -> dict[str, Any]:
    """Fields of a ModelCard from parsed JSON, without unknown ones. Raises KeyError, ValueError."""
    needed = ("name", "task", "version", "created", "license", "sha256")
    texts = (*needed, *(name for name in ("recipe_name", "command", "notes") if name in row))
    return {
        **{name: text_of(row, name) for name in texts},
        **{name: object_of(row, name) for name in ("preparation", "recipe", "scores")},
        "size": whole_of(row, "size", 1, LARGEST),
        "parameters": whole_of(row, "parameters", 1),
        "inputs": tuple(_port(port) for port in rows_of(row, "inputs")),
        "outputs": tuple(_port(port) for port in rows_of(row, "outputs")),
        "data": tuple(_training_set(each) for each in (rows_of(row, "data") if "data" in row else ())),
        "familiarity": _familiarity(row["familiarity"]) if row.get("familiarity") is not None else None,
        "format": row["format"],
    }


def _port(row: Row) -> Port:
    return Port(text_of(row, "name"), shape_of(row, "shape"), range_of(row, "range"), text_of(row, "meaning"))


def _training_set(row: Row) -> TrainingSet:
    return TrainingSet(text_of(row, "name"), text_of(row, "license"), whole_of(row, "pictures", 0))


def _familiarity(row: object) -> Familiarity:
    if not isinstance(row, dict):
        raise ValueError(f"familiarity is {shown(row)}, not an object")
    return Familiarity(
        method=text_of(row, "method"),
        source=text_of(row, "source"),
        features=text_of(row, "features"),
        kept=whole_of(row, "kept", 1),
        nearest=whole_of(row, "nearest", 1),
        quantile=number_of(row, "quantile", 0, 1),
        held_out=whole_of(row, "held_out", 0),
        distance=number_of(row, "distance", 0, 1e9),
    )
