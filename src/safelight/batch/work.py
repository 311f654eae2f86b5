"""What is to be done with a photo, and what was done: order, job, report, and the worker between them.

An order holds for all photos of a batch and decides, with a photo and the files that lie with it, every byte of the
result. Orders, jobs and reports are plain data: they go as JSON into a ledger, to other processes and other machines.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

from safelight.batch.defaults import first_defaults, settings_kind
from safelight.errors import SafelightError, in_short
from safelight.runtime.ahead import opened_ahead
from safelight.runtime.names import Namer, alike, carrying

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from safelight.runtime.card import ModelCard

Json: TypeAlias = Any  # what json.dumps takes: None, bool, int, float, str, list, dict with str as keys
WORKERS = {  # command -> "module:class", called as class(order, threads)
    "colorize": "safelight.batch.colorize:ColorizeWorker",
    "fill": "safelight.batch.fill:FillWorker",
    "scratches": "safelight.batch.scratches:ScratchesWorker",
    "repair": "safelight.batch.repair:RepairWorker",
    "reconstruct": "safelight.batch.reconstruct:ReconstructWorker",
}


@dataclass(frozen=True)
class Manner:
    """How an order is carried out, in what does not change a result.

    overwrite: what is there is replaced. preview: NAME-preview.jpg is written too. keep_mask: so is NAME-mask.png.
    picture: where the photo with its hints is drawn, "" for nowhere.
    """

    overwrite: bool = False
    preview: bool = False
    keep_mask: bool = False
    picture: str = ""


DEFAULT_MANNER = Manner()


@dataclass(frozen=True)
class Order:
    """A command and its settings, by the names of its options; JSON values, defaults included.

    Models are given by name or path, hints as the JSON of a hint file. The manner is no part of the hash.
    """

    command: str
    settings: Mapping[str, Json]
    manner: Manner = DEFAULT_MANNER

    @property
    def canonical(self) -> str:
        """Command and settings as one line of JSON, the same for equal ones: keys sorted, 1.0 written 1.

        Settings at their first defaults are left out (batch.defaults): one that is added later changes no line.
        """
        kind = settings_kind(self.command)
        usual = {
            name: canonical_json(value) for name, value in (first_defaults(kind) if kind else {}).items()
        }
        settings = {
            name: value for name, value in self.settings.items() if canonical_json(value) != usual.get(name)
        }
        return canonical_json({"command": self.command, "settings": settings})

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical line, in hexadecimal digits."""
        return hashlib.sha256(self.canonical.encode()).hexdigest()

    def to_json(self) -> dict[str, Json]:
        """All of it, as `from_json` reads it."""
        return {"command": self.command, "settings": dict(self.settings), "manner": asdict(self.manner)}

    @classmethod
    def from_json(cls, row: Mapping[str, Json]) -> "Order":
        """The order that `to_json` wrote. Raises SafelightError for a manner that there is not."""
        return cls(row["command"], row["settings"], _made(Manner, row.get("manner", {}), "manner"))


def canonical_json(value: Json) -> str:
    """One line of JSON, the same for equal values: keys sorted, no blanks, whole floats as whole numbers."""
    return json.dumps(
        _plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def _plain(value: Json) -> Json:
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@dataclass(frozen=True)
class Found:
    """The file that belongs to a photo, if one does; and what is to be remarked on how it was chosen.

    place: where an option says that it is: the file itself, or a folder. None where it was looked for beside the photo.
    further: those of the further pages of a TIFF, by the number in their names (NAME-2-mask.png).
    """

    file: Path | None = None
    remarks: tuple[str, ...] = ()
    place: Path | None = None
    further: tuple[tuple[int, Path], ...] = ()

    def of_page(self, number: int) -> "Found":
        """The file of one of the further pages, if it has one."""
        return Found(dict(self.further).get(number), place=self.place)

    def to_json(self) -> dict[str, Json]:
        """All of it, as `from_json` reads it."""
        paths = {"file": self.file, "place": self.place}
        further = [[number, str(path)] for number, path in self.further]
        return {
            **{name: path and str(path) for name, path in paths.items()},
            "remarks": list(self.remarks),
            **({"further": further} if further else {}),
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Json]) -> "Found":
        """What `to_json` wrote."""
        file, place = (None if row[name] is None else Path(row[name]) for name in ("file", "place"))
        further = tuple((int(number), Path(path)) for number, path in row.get("further", ()))
        return cls(file, tuple(row["remarks"]), place, further)


NOTHING = Found()


@dataclass(frozen=True)
class Job:
    """One photo, where its result goes, and the files that lie with it.

    inner: the folder that it lies in, in the folder that was given. rivals: the other photos of its folder with the
    same name but for kind or case. called: another stem that what is made of it is named by. trouble: why
    it cannot even be looked at, if it cannot. hints, mask: what the plan found for it. when: the time that the mark
    is to state (ISO 8601), "" for that of the work.
    """

    photo: Path
    result: Path
    inner: Path = Path()
    rivals: tuple[Path, ...] = ()
    called: str = ""
    trouble: str = ""
    hints: Found = NOTHING
    mask: Found = NOTHING
    when: str = ""

    def name(self, namer: Namer) -> str:
        """The file name of something made of the photo: NAME-jpg-mask.png where NAME-mask.png is a rival's."""
        if self.called:
            return namer(self.photo.with_name(self.called + self.photo.suffix))
        own = namer(self.photo)
        taken = any(_is_taken(own, self.photo.suffix, namer(rival)) for rival in self.rivals)
        return namer(carrying(self.photo)) if taken else own

    def to_json(self) -> dict[str, Json]:
        """All of it, as `from_json` reads it."""
        return {
            "photo": str(self.photo),
            "result": str(self.result),
            "inner": str(self.inner),
            "rivals": [str(rival) for rival in self.rivals],
            "called": self.called,
            "trouble": self.trouble,
            "hints": self.hints.to_json(),
            "mask": self.mask.to_json(),
            "when": self.when,
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Json]) -> "Job":
        """The job that `to_json` wrote."""
        return cls(
            Path(row["photo"]),
            Path(row["result"]),
            Path(row["inner"]),
            tuple(map(Path, row["rivals"])),
            row["called"],
            row["trouble"],
            Found.from_json(row["hints"]),
            Found.from_json(row["mask"]),
            row.get("when", ""),
        )


def _is_taken(name: str, suffix: str, other: str) -> bool:
    """Whether a name that is not of the photo's own kind is that of a rival too, letter by letter or but for case."""
    own = Path(name).suffix
    return (name == other and own != suffix) or (
        alike(name) == alike(other) and own.lower() != suffix.lower()
    )


@dataclass(frozen=True)
class Report:
    """What a worker says of a photo that it is done with.

    remarks: lines to be read. left: nothing was made of it, on purpose. facts: numbers and words for the summary and
    the ledger, as JSON. written: every file that was written, the result first.
    """

    remarks: tuple[str, ...] = ()
    left: bool = False
    facts: Mapping[str, Json] = field(default_factory=dict)
    written: tuple[Path, ...] = ()


class Worker(Protocol):
    """Works photos from file to file by one order; may be called from several threads at once.

    cards: of the models that it uses.
    """

    cards: tuple["ModelCard", ...]

    def __call__(self, job: Job) -> Report:
        """Do one photo. Raises SafelightError or OSError for one that cannot be done; nothing is then written."""


def worker_of(order: Order, threads: int = 1) -> Worker:
    """The worker for an order, its models loaded. threads: of the networks; their number may change bytes.

    Raises SafelightError for a command or settings that there are not, ModelError for a model.
    """
    if order.command not in WORKERS:
        raise SafelightError(
            f"there is no work {in_short(order.command)} for photos; expected one of {', '.join(WORKERS)}"
        )
    module, _, name = WORKERS[order.command].partition(":")
    kind = getattr(import_module(module), name)
    with opened_ahead():
        worker: Worker = kind(order, threads)
    return worker


S = TypeVar("S", bound="DataclassInstance")


def order_of(command: str, settings: "DataclassInstance", manner: Manner = DEFAULT_MANNER) -> Order:
    """The order with these settings, a frozen dataclass whose fields are called as the options are."""
    return Order(command, asdict(settings), manner)


def settings_of(order: Order, kind: type[S]) -> S:
    """The settings of an order; what it does not name is as it was before there was such a setting.

    Raises SafelightError for names that there are not.
    """
    return _made(kind, {**first_defaults(kind), **order.settings}, f"settings of {order.command}")


def _made(kind: type[S], row: Mapping[str, Json], what: str) -> S:
    known = [each.name for each in fields(kind)]
    unknown = sorted(set(row) - set(known))
    if unknown:
        raise SafelightError(
            f"the {what} have an unknown {in_short(unknown[0])}; expected {', '.join(known)}: upgrade safelight"
        )
    return kind(**row)
