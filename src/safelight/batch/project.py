"""A project: all that somebody decided about one photo, in one JSON file that replays it.

Shared by the page, the service and `safelight colorize|fill|repair --project FILE`: the steps, hints and settings of
color, the mask and settings of mending, and the checksum of the photo they are of. docs/project.md has the format.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

from safelight.batch.colorize import ColorizeSettings
from safelight.batch.fill import FillSettings
from safelight.batch.repair import RepairSettings
from safelight.batch.work import DEFAULT_MANNER, Found, Job, Manner, Order, order_of
from safelight.errors import HintError, ProjectError, in_short, shown
from safelight.files import new_file
from safelight.json_text import RepeatedKeyError, parsed_settings, place_of
from safelight.masks.files import Missing
from safelight.runtime.names import Namer, filled_name, repaired_name, result_name
from safelight.tasks.colorize.hint_values import share
from safelight.tasks.colorize.hints import FORMAT as HINTS_FORMAT
from safelight.tasks.colorize.hints import VERSION as HINTS_VERSION
from safelight.tasks.colorize.hints import HintSet
from safelight.tasks.colorize.task import REACH, VIVID

FORMAT, VERSION = "safelight-project", 1
SUFFIX = ".safelight.json"
LARGEST = 256 << 20  # bytes of a project file
MOST_PIXELS = 500.0  # by which a mask is grown or feathered
CHECKSUM = re.compile(r"[0-9a-f]{64}")

Step = Literal["mend", "color"]
Method = Literal["auto", "model", "biharmonic", "telea"]
Json: TypeAlias = dict[str, Any]
PNG_KIND, OPAQUE = 25, (b"\0", b"\2")  # where a PNG says its kind of color: grey and RGB have no alpha


@dataclass(frozen=True)
class ColorPart:
    """How a photo is colorized; as the options of `safelight colorize`."""

    hints: HintSet = field(default_factory=HintSet)
    vivid: float = VIVID
    reach: float = REACH
    recolor: bool = False
    keep_toning: bool = False
    mount: bool = True

    def to_json(self) -> Json:
        """As the project file writes it."""
        return {
            "hints": [hint.to_json() for hint in self.hints],
            "vivid": self.vivid,
            "reach": self.reach,
            "recolor": self.recolor,
            "keep_toning": self.keep_toning,
            "mount": self.mount,
        }


@dataclass(frozen=True)
class MaskRef:
    """The mask: its bytes, the name of a file beside the project, or the checksum of one that a service has."""

    png: bytes | None = None
    file: str | None = None
    sha256: str | None = None

    def to_json(self) -> Json:
        """As the project file writes it: one of the three."""
        if self.png is not None:
            return {"png": base64.b64encode(self.png).decode()}
        return {"file": self.file} if self.file is not None else {"sha256": self.sha256}


@dataclass(frozen=True)
class MendPart:
    """What is filled and how; as the options of `safelight fill`."""

    mask: MaskRef | None = None
    method: Method = "auto"
    grow: float = 0.0
    feather: float = 0.0
    grain: float = 0.0  # projects from before there was any

    @property
    def missing(self) -> Missing:
        """How its mask is read: of one in the project without transparency, white is missing, however much it is."""
        png = self.mask.png if self.mask else None
        return "white" if png and png[PNG_KIND : PNG_KIND + 1] in OPAQUE else "auto"

    def to_json(self) -> Json:
        """As the project file writes it."""
        mask = self.mask.to_json() if self.mask else None
        return {
            "mask": mask,
            "method": self.method,
            "grow": self.grow,
            "feather": self.feather,
            "grain": self.grain,
        }


@dataclass(frozen=True)
class Project:
    """A project. saved: when, in UTC and whole seconds (2026-11-29T19:00:00Z), which marks in the result state.

    name, sha256: of the photo; None where it is not said. page: what the page keeps for itself.
    """

    steps: tuple[Step, ...] = ("color",)
    color: ColorPart = ColorPart()
    mend: MendPart = MendPart()
    name: str | None = None
    sha256: str | None = None
    saved: str | None = None
    page: Mapping[str, Any] = field(default_factory=dict)

    @property
    def command(self) -> Literal["colorize", "fill", "repair"]:
        """The command that replays all of it."""
        mends = "mend" in self.steps and self.mend.mask is not None
        if mends:
            return "repair" if "color" in self.steps else "fill"
        return "colorize"

    def to_json(self) -> Json:
        """The project file as a document."""
        document: Json = {"format": FORMAT, "version": VERSION}
        if self.name or self.sha256:
            document["photo"] = {"name": self.name, "sha256": self.sha256}
        document |= {"steps": list(self.steps), "color": self.color.to_json(), "mend": self.mend.to_json()}
        if self.saved:
            document["saved"] = self.saved
        return document | ({"page": dict(self.page)} if self.page else {})

    @classmethod
    def from_json(cls, document: object) -> "Project":
        """The project of a parsed file. Raises ProjectError."""
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise ProjectError(f'has no "format": "{FORMAT}"; expected a project file (docs/project.md)')
        version = document.get("version")
        if version != VERSION or isinstance(version, bool):
            raise ProjectError(f"has version {in_short(version)}; this safelight reads version {VERSION}")
        known = ("format", "version", "photo", "steps", "color", "mend", "saved", "page")
        _check_keys(document, known, "the project")
        photo = _part(document, "photo", ("name", "sha256"))
        return cls(
            _steps(document.get("steps", ["color"])),
            _color(_part(document, "color", tuple(ColorPart().to_json()))),
            _mend(_part(document, "mend", tuple(MendPart().to_json()))),
            _text(photo.get("name"), "photo.name"),
            _checksum(photo.get("sha256"), "photo.sha256"),
            _time(document.get("saved")),
            _page(_part(document, "page", None)),
        )

    @classmethod
    def load(cls, path: Path) -> "Project":
        """Read a project file. Raises ProjectError with its name."""
        try:
            if not path.is_file():
                raise ProjectError("is no file; expected a project file (docs/project.md)")
            with path.open("rb") as file:
                content = file.read(LARGEST + 1)
            if len(content) > LARGEST:
                raise ProjectError(f"is larger than {LARGEST >> 20} MB")
            return cls.from_json(parsed_settings(content.decode("utf-8-sig")))
        except OSError as error:
            raise ProjectError(f"{shown(path)}: cannot be read ({error.strerror or error})") from None
        except (ProjectError, HintError, RepeatedKeyError) as error:
            raise ProjectError(f"{shown(path)}: {error}") from None
        except ValueError as error:
            raise ProjectError(
                f"{shown(path)}: is not JSON{place_of(error)}; expected a project file"
            ) from None

    def save(self, path: Path, overwrite: bool = True) -> Path:
        """Write the project file, whole or not at all; returns its path. Raises OSError."""
        with new_file(path, overwrite) as file:
            file.write(self.to_bytes())
        return path

    def to_bytes(self) -> bytes:
        """The project file."""
        return (json.dumps(self.to_json(), indent=1, ensure_ascii=False) + "\n").encode()

    def check_photo(self, photo: Path) -> None:
        """Raises ProjectError if the project is of another photo; one that was only renamed is the same."""
        if self.sha256 is None:
            return
        with photo.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != self.sha256:
            name = f" ({shown(self.name)})" if self.name else ""
            raise ProjectError(
                f"{shown(photo)} is not the photo that the project is of{name}: its checksum is {found[:12]}…, "
                f"expected {self.sha256[:12]}…"
            )

    def write_mask(self, beside: Path, into: Path) -> Path | None:
        """The mask as a file; None if there is none. beside: the folder of the project file; into: of a new file.

        Raises ProjectError for a mask that only a service has.
        """
        mask = self.mend.mask
        if mask is None:
            return None
        if mask.file is not None:
            return beside / mask.file
        if mask.png is None:
            raise ProjectError("its mask is only named by its checksum; save the project from the darkroom")
        path = into / f"mask-{hashlib.sha256(mask.png).hexdigest()[:16]}.png"
        path.write_bytes(mask.png)
        return path


class Replay(NamedTuple):
    """A project as work: the order, and the job that puts the result into a folder under its usual name."""

    order: Order
    job: Job


NAMERS: dict[str, Namer] = {"colorize": result_name, "fill": filled_name, "repair": repaired_name}


def order_for(project: Project, command: str, models: Mapping[str, str | None], manner: Manner) -> Order:
    """The order of a command that does of the project what its name says.

    models: names or paths by "color" and "fill"; None is the bundled one.
    """
    color, mend = project.color, project.mend
    hints = color.hints.to_json()
    if command == "colorize":
        settings = ColorizeSettings(
            models.get("color"),
            hints,
            color.vivid,
            color.reach,
            color.recolor,
            color.keep_toning,
            not color.mount,
        )
        return order_of(command, settings, manner)
    if command == "fill":
        filling = FillSettings(
            models.get("fill"), mend.method, mend.missing, mend.grow, mend.feather, grain=mend.grain
        )
        return order_of(command, filling, manner)
    repairing = RepairSettings(
        grow=mend.grow,
        method=mend.method,
        feather=mend.feather,
        grain=mend.grain,
        missing=mend.missing,
        color="color" in project.steps,
        hints=hints,
        vivid=color.vivid,
        reach=color.reach,
        recolor=color.recolor,
        keep_toning=color.keep_toning,
        no_mount=not color.mount,
        color_model=models.get("color"),
        fill_model=models.get("fill"),
    )
    return order_of(command, repairing, manner)


def replayed(
    project: Project,
    photo: Path,
    folder: Path,
    models: Mapping[str, str | None] = MappingProxyType({}),
    beside: Path = Path(),
) -> Replay:
    """All of a project as work on the photo. folder: of the result and of the mask's file; beside: the project's own.

    Raises ProjectError.
    """
    command = project.command
    mask = project.write_mask(beside, folder) if command != "colorize" else None
    found = Found(mask, place=mask)
    job = Job(photo, folder / NAMERS[command](photo), mask=found, when=project.saved or "")
    return Replay(order_for(project, command, models, DEFAULT_MANNER), job)


def now() -> str:
    """The time as projects state it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _check_keys(found: Mapping[str, object], known: tuple[str, ...], where: str) -> None:
    unknown = sorted(set(found) - set(known))
    if unknown:
        raise ProjectError(f"{where} has an unknown key {in_short(unknown[0])}; it takes {', '.join(known)}")


def _part(document: Json, name: str, known: tuple[str, ...] | None) -> Json:
    part = document.get(name, {})
    if not isinstance(part, dict):
        raise ProjectError(f"{name} is {in_short(part)}; expected an object")
    if known is not None:
        _check_keys(part, known, name)
    return part


def _steps(value: object) -> tuple[Step, ...]:
    known = get_args(Step)
    if not isinstance(value, list) or not value or any(each not in known for each in value):
        raise ProjectError(f'steps is {in_short(value)}; expected "mend", "color" or both')
    if len(set(value)) < len(value) or value == ["color", "mend"]:
        raise ProjectError(f"steps is {in_short(value)}; expected each once, mend before color")
    return tuple(value)


def _color(part: Json) -> ColorPart:
    rows = part.get("hints", [])
    hints = HintSet.from_json({"format": HINTS_FORMAT, "version": HINTS_VERSION, "hints": rows})
    return ColorPart(
        hints,
        share(part.get("vivid", VIVID), "color.vivid"),
        share(part.get("reach", REACH), "color.reach"),
        _flag(part.get("recolor", False), "color.recolor"),
        _flag(part.get("keep_toning", False), "color.keep_toning"),
        _flag(part.get("mount", True), "color.mount"),
    )


def _mend(part: Json) -> MendPart:
    method = part.get("method", "auto")
    if method not in get_args(Method):
        raise ProjectError(f"mend.method is {in_short(method)}; expected {', '.join(get_args(Method))}")
    return MendPart(
        _mask(part.get("mask")),
        method,
        share(part.get("grow", 0.0), "mend.grow", MOST_PIXELS),
        share(part.get("feather", 0.0), "mend.feather", MOST_PIXELS),
        share(part.get("grain", 0.0), "mend.grain"),
    )


def _page(part: Json) -> Json:
    """What the page keeps for itself: anything that JSON can write again."""
    try:
        json.dumps(part, allow_nan=False)
    except ValueError:
        raise ProjectError("page has a number that is too large, or none; leave it out") from None
    return part


def _mask(value: object) -> MaskRef | None:
    if value is None:
        return None
    if not isinstance(value, dict) or len(value) != 1 or not set(value) <= {"png", "file", "sha256"}:
        raise ProjectError(f"mend.mask is {in_short(value)}; expected an object with png, file or sha256")
    ((kind, said),) = value.items()
    text = _text(said, f"mend.mask.{kind}") or ""
    if kind == "png":
        try:
            return MaskRef(png=base64.b64decode(text, validate=True))
        except (binascii.Error, ValueError):
            raise ProjectError("mend.mask.png is not base64") from None
    if kind == "sha256":
        return MaskRef(sha256=_checksum(text, "mend.mask.sha256"))
    if text in ("", ".", "..") or any(sign in text for sign in "/\\:\0"):  # ":" of another drive
        raise ProjectError(
            f"mend.mask.file is {in_short(text)}; expected the name of a file beside the project"
        )
    return MaskRef(file=text)


def _text(value: object, name: str) -> str | None:
    if value is not None and not isinstance(value, str):
        raise ProjectError(f"{name} is {in_short(value)}; expected a text")
    return value


def _checksum(value: object, name: str) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not CHECKSUM.fullmatch(value):
        raise ProjectError(f"{name} is {in_short(value)}; expected a SHA-256 in hexadecimal")
    return value


def _flag(value: object, name: str) -> bool:
    if not isinstance(value, bool):
        raise ProjectError(f"{name} is {in_short(value)}; expected true or false")
    return value


def _time(value: object) -> str | None:
    if value is None:
        return None
    try:
        datetime.strptime(str(value), "%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        raise ProjectError(
            f"saved is {in_short(value)}; expected a time such as 2026-11-29T19:00:00Z"
        ) from None
    return str(value)
