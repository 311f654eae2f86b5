"""A model is a file of numbers (ONNX) and a card that says what they are: task, ranges, origin, checksum.

`MODEL.onnx` has `MODEL.card.json` beside it, and `MODEL.card.md` for people. A model is data: opening one
never runs code from it. The bundled ones lie beside this code or, where the package is in a zip, in a copy for this
process.
"""

import atexit
import difflib
import hashlib
import os
import shutil
import tempfile
from dataclasses import MISSING, Field, dataclass, fields
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from safelight.errors import ModelError, SafelightError
from safelight.files import new_file
from safelight.runtime.card import ModelCard, is_number, shown

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


MOST_THREADS = 1024
MODEL = "color"  # the bundled model: weights/color.onnx

NAME = "weights"


def weights_folder() -> Path:
    """The folder of the bundled models."""
    folder = Path(__file__).with_name(NAME)
    if folder.is_dir():
        return folder
    packed = files(__package__) / NAME
    return _copied(packed) if packed.is_dir() else folder


def _copied(packed: Traversable) -> Path:
    """The files in a folder of their own, which goes when the process ends."""
    folder = Path(tempfile.mkdtemp(prefix="safelight-weights-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for file in packed.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return folder


P = TypeVar("P", bound="DataclassInstance")  # a task's Preparation
LARGEST_CARD = 16 << 20  # bytes
WEIGHTS = weights_folder()
HALVES = (".encoder", ".decoder")  # what the names of an autoencoder's two files end in


@dataclass(frozen=True)
class ModelFile:
    """An ONNX file and its card."""

    path: Path
    card: ModelCard

    def read(self) -> bytes:
        """The ONNX file's bytes. Raises ModelError if they are not the ones that the card was written for."""
        try:
            content = self.path.read_bytes()
        except OSError as error:
            raise ModelError(f"{self.path}: cannot be read ({error.strerror or error})") from None
        found = hashlib.sha256(content).hexdigest()
        if found != self.card.sha256:
            raise ModelError(
                f"{self.path}: its checksum is {found[:12]}…, its card says {self.card.sha256[:12]}…; "
                "the file was damaged or replaced: copy the model and its card again"
            )
        return content

    def prepared(self, kind: type[P], aside: str = "") -> P:
        """The preparation that its card asks for. aside: a key that is not one of its settings.

        Raises ModelError for settings that this safelight does not have, and for values that it cannot use.
        """
        stored = {name: value for name, value in self.card.preparation.items() if name != aside}
        known = {each.name: each for each in fields(kind)}
        if not stored.keys() <= known.keys():
            raise ModelError(
                f"{self.path}: asks for a preparation {shown(stored)} that this safelight "
                "does not have; upgrade safelight"
            )
        for name, value in stored.items():
            if not _is_like(value, known[name]):
                raise ModelError(
                    f"{self.path}: its card says {name} {shown(value)}; expected "
                    f"{_KINDS[type(known[name].default)]}: export the model again"
                )
        try:
            return kind(**{name: tuple(v) if isinstance(v, list) else v for name, v in stored.items()})
        except SafelightError as error:
            raise ModelError(f"{self.path}: {error}; export the model again") from None


_KINDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    tuple: "a list of numbers",
}


def _is_like(value: object, field: "Field[Any]") -> bool:
    """Whether a value of JSON is of the kind of a setting's default."""
    assert field.default is not MISSING
    kind = type(field.default)
    if kind in (bool, str):
        return type(value) is kind
    if kind is tuple:
        return isinstance(value, list) and all(map(is_number, value))
    return is_number(value) and (kind is float or isinstance(value, int))


def card_path(model: Path) -> Path:
    """Where the card of MODEL.onnx is: MODEL.card.json."""
    return model.with_suffix(".card.json")


def write_card(card: ModelCard, model: Path) -> ModelCard:
    """Write the card beside its model, as JSON and as a page, with the checksum; returns that card."""
    try:
        checksum = hashlib.sha256(model.read_bytes()).hexdigest()
    except OSError as error:
        raise ModelError(
            f"{model}: cannot be read ({error.strerror or error}); write the model first"
        ) from None
    sealed = card.sealed(checksum)
    page = card_path(model).with_suffix(".md")
    for path, text in ((card_path(model), sealed.to_json()), (page, sealed.to_page())):
        with new_file(path, overwrite=True) as file:
            file.write(text.encode())
    return sealed


def find_model(model: str | Path = MODEL, task: str | tuple[str, ...] = "colorize") -> ModelFile:
    """The model of that name (bundled) or path, made for `task`, or for one of several.

    Raises ModelError: no such model, no card, a card of a newer safelight, or another task.
    """
    check_name(model)
    path = _path_of(model)
    found = ModelFile(path, _read_card(path))
    tasks = (task,) if isinstance(task, str) else task
    if found.card.task not in tasks:
        expected = " or ".join(map(repr, tasks))
        raise ModelError(
            f"{model}: is made for the task {found.card.task!r}; expected a model for {expected}"
        )
    return found


def check_threads(threads: object) -> None:
    """Raises ModelError unless this is a number of threads."""
    whole = isinstance(threads, int) and not isinstance(threads, bool)
    if not whole or threads not in range(MOST_THREADS + 1):
        raise ModelError(
            f"threads is {shown(threads)}; expected a whole number from 0 (one a core) to {MOST_THREADS}"
        )


def check_name(model: object) -> None:
    """Raises ModelError unless this can be a model's name or path."""
    if not isinstance(model, (str, os.PathLike)) or not os.fspath(model):
        raise ModelError(
            f"the model is {shown(model)}; expected the name of a bundled one (safelight models), or the path of a "
            "MODEL.onnx"
        )


def list_bundled(folder: Path = WEIGHTS) -> list[ModelFile]:
    """The models that come with safelight, by name."""
    return [ModelFile(path, _read_card(path)) for path in sorted(folder.glob("*.onnx"))]


def is_bundled(name: str) -> bool:
    """Whether a model of that name comes with safelight."""
    return (WEIGHTS / f"{name}.onnx").is_file()


def _path_of(model: str | Path) -> Path:
    path = expanded(Path(model))
    if path.is_file():
        if path.suffix.lower() != ".onnx":
            raise ModelError(
                f"{model}: is no .onnx model; expected a MODEL.onnx with its MODEL.card.json beside it"
            )
        return path
    bundled = {file.stem: file for file in sorted(WEIGHTS.glob("*.onnx"))}
    if str(model) in bundled:
        return bundled[str(model)]
    if path.is_dir():
        raise ModelError(
            f"{model}: is a folder; of a run, export the model first: safelight export {model} -o MODEL.onnx"
        )
    if f"{model}{HALVES[0]}" in bundled:
        raise ModelError(
            f"{model} is an autoencoder; safelight reconstruct, sample, interpolate and encode take it"
        )
    if path.suffix == ".onnx" or len(path.parts) != 1:
        raise ModelError(
            f"{model}: there is no such file; expected a MODEL.onnx with its MODEL.card.json beside it"
        )
    names = list(dict.fromkeys(name.removesuffix(HALVES[0]).removesuffix(HALVES[1]) for name in bundled))
    near = difflib.get_close_matches(str(model), names, n=1)
    advice = f"did you mean {near[0]!r}?" if near else f"bundled are: {', '.join(names) or 'none'}"
    raise ModelError(f"there is no model {str(model)!r}; {advice} (a file works too: MODEL.onnx)")


def expanded(path: Path) -> Path:
    """The path with ~ or ~NAME replaced; as it is where there is no such user."""
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def _read_card(model: Path) -> ModelCard:
    path = card_path(model)
    try:
        if path.exists() and (not path.is_file() or path.stat().st_size > LARGEST_CARD):
            raise ModelError(f"{path}: is no file of at most {LARGEST_CARD >> 20} MB; expected a model card")
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ModelError(
            f"{model}: has no card; expected {path.name} beside it (safelight export writes both)"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: cannot be read ({error})") from None
    try:
        return ModelCard.from_json(text)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None
