"""The card of a model: what a person or a program must know before using it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from safelight.errors import ModelError
from safelight.runtime.card_fields import (
    Row,
    number_of,
    object_of,
    range_of,
    rows_of,
    shape_of,
    shown,
    text_of,
    whole_of,
)
from safelight.runtime.familiar import Familiarity

FORMAT = 1
LARGEST = 4096  # pixels: a network that runs at more would need more memory than there is


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
        """Read a card file's text. Raises ModelError with the first thing that is wrong in it.

        Fields that are not known are passed over, in the card, in its ports, its sets and its familiarity.
        """
        try:
            row = json.loads(text)
        except (ValueError, RecursionError):  # ValueError: no JSON, or a number of more than 4,300 digits
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
        return "\n\n".join(part for part in _page(self) if part) + "\n"


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
