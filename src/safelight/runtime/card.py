"""The card of a model: what a person or a program must know before using it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from safelight.errors import ModelError
from safelight.runtime.familiar import Familiarity

FORMAT = 1


@dataclass(frozen=True)
class Port:
    """One input or output of the network: its name, shape (names are free sizes), range and meaning."""

    name: str
    shape: tuple[int | str, ...]
    range: tuple[float, float]
    meaning: str


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
    in training (tasks/colorize.py: Preparation). sha256: of the ONNX file.
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

    def to_json(self) -> str:
        """The card file's text."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "ModelCard":
        """Read a card file's text. Raises ModelError with the first thing that is wrong in it."""
        try:
            row = json.loads(text)
        except (json.JSONDecodeError, RecursionError):
            raise ModelError("is not JSON; expected a safelight model card") from None
        if not isinstance(row, dict) or not isinstance(row.get("format"), int):
            raise ModelError('has no "format" number; expected a safelight model card')
        if row["format"] > FORMAT:
            raise ModelError(
                f"has format {row['format']}, this safelight reads up to {FORMAT}; upgrade safelight"
            )
        try:
            return cls(**_typed(row))
        except KeyError as error:
            raise ModelError(f"lacks {error}; export the model again") from None
        except (TypeError, ValueError) as error:
            raise ModelError(f"does not hold together ({error}); export the model again") from None

    def to_page(self) -> str:
        """The card as a Markdown page."""
        return "\n\n".join(part for part in _page(self) if part) + "\n"


def _typed(row: dict[str, Any]) -> dict[str, Any]:
    """Fields of a ModelCard from parsed JSON, without unknown ones. Raises KeyError, ValueError."""
    known = {each.name for each in fields(ModelCard)}
    card = {name: value for name, value in row.items() if name in known}
    for name in ("name", "task", "version", "created", "license", "sha256"):
        if not isinstance(row[name], str):
            raise TypeError(f"{name} is {row[name]!r}, not text")
    for name in ("size", "parameters"):
        if not isinstance(row[name], int) or row[name] <= 0:
            raise ValueError(f"{name} is {row[name]!r}, not a whole number above 0")
    for name in ("preparation", "recipe", "scores"):
        if not isinstance(row.get(name, {}), dict):
            raise TypeError(f"{name} is {row[name]!r}, not an object")
    card["inputs"] = tuple(_port(port) for port in row["inputs"])
    card["outputs"] = tuple(_port(port) for port in row["outputs"])
    card["data"] = tuple(TrainingSet(**each) for each in row.get("data", ()))
    card["familiarity"] = Familiarity(**row["familiarity"]) if row.get("familiarity") else None
    return card


def _port(row: dict[str, Any]) -> Port:
    low, high = row["range"]
    return Port(str(row["name"]), tuple(row["shape"]), (float(low), float(high)), str(row["meaning"]))


def _page(card: ModelCard) -> list[str]:
    return [
        f"# {card.name}",
        card.notes,
        _table(
            ("", ""),
            [
                ("task", card.task),
                ("version", card.version),
                ("made", card.created),
                ("network", f"{card.parameters:,} parameters, runs with a short side of {card.size} pixels"),
                ("license", card.license),
                ("checksum", f"sha256 `{card.sha256}`"),
            ],
        ),
        "## Inputs and outputs",
        _table(
            ("name", "shape", "range", "meaning"), [_port_row(port) for port in (*card.inputs, *card.outputs)]
        ),
        "## Trained on" if card.data else "",
        _table(
            ("pictures", "set", "license"), [(each.pictures, each.name, each.license) for each in card.data]
        ),
        f"## Unfamiliar pictures\n\n{card.familiarity.to_page()}" if card.familiarity else "",
        "## Scores" if card.scores else "",
        _table(("measure", "value"), list(card.scores.items())),
        f"## How it was made\n\nRecipe `{card.recipe_name}`:\n\n```\n{card.command}\n```"
        if card.command
        else "",
        f"```json\n{json.dumps(card.recipe, indent=1)}\n```" if card.recipe else "",
    ]


def _port_row(port: Port) -> tuple[object, ...]:
    return port.name, " × ".join(map(str, port.shape)), f"{port.range[0]:g} … {port.range[1]:g}", port.meaning


def _table(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    if not rows:
        return ""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(_cell(value) for value in line) + " |" for line in lines)


def _cell(value: object) -> str:
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return text.replace("|", "\\|").replace("\n", " ")
