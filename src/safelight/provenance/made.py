"""The record of one step: all that decides the bytes of a result, and when it was made. JSON in, JSON out.

Files are told by name and checksum, never by path: a picture that is published says nothing of its owner's folders.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import lru_cache
from pathlib import Path, PurePath
from typing import Any, TypeAlias, get_args

from safelight import __version__
from safelight.errors import PhotoError, in_short, shown
from safelight.json_text import parsed
from safelight.provenance.terms import Kind

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
FORMAT = 1
LARGEST = 1 << 24  # characters of a record
_IDS = uuid.UUID(
    "5afe1197-0000-5000-8000-000000000001"
)  # the name space of what is derived here (RFC 9562, 5.5)


def now() -> str:
    """The time in UTC, ISO 8601, to the second; that of SOURCE_DATE_EPOCH (reproducible-builds.org) if it is set."""
    stated = os.environ.get("SOURCE_DATE_EPOCH", "")
    seconds = int(stated) if stated.isdecimal() and len(stated) < 12 else None
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


@dataclass(frozen=True)
class UsedModel:
    """A model: its name, and the checksum of its ONNX file (of an autoencoder: of its decoder)."""

    name: str
    sha256: str


@dataclass(frozen=True)
class UsedFile:
    """A file beside the photo (mask, hints): its name, and the checksum of its bytes."""

    name: str
    sha256: str


@dataclass(frozen=True)
class Source:
    """The photo that a result is made of: name, checksum of its bytes, and what it said of itself, if it did.

    source_type: IPTC's term or its address. document_id, instance_id: those of XMP.
    """

    name: str
    sha256: str
    source_type: str = ""
    document_id: str = ""
    instance_id: str = ""


@dataclass(frozen=True)
class Region:
    """What was changed: a box in pixels of the result, and how many pixels in it."""

    left: int
    top: int
    width: int
    height: int
    pixels: int

    def __str__(self) -> str:
        """The box as a media fragment (W3C)."""
        return f"xywh={self.left},{self.top},{self.width},{self.height}"


@dataclass(frozen=True)
class Made:
    """How a result was made.

    command, settings: the command and all of its settings that count, as JSON. kind: learned color or fill,
    classical fill, generated from codes, or nothing changed. models: those that ran. sources: the photos. files:
    role ("mask", "hints") to the file that lay beside the photo. region: None for the whole picture.
    source_type: the term that the user asked for in place of the one that follows from the kind. engine, libraries:
    what computed it. when: UTC, ISO 8601.
    """

    command: str
    kind: Kind
    settings: Mapping[str, Json] = field(default_factory=dict)
    models: tuple[UsedModel, ...] = ()
    sources: tuple[Source, ...] = ()
    files: Mapping[str, UsedFile] = field(default_factory=dict)
    region: Region | None = None
    source_type: str = ""
    engine: str = ""
    libraries: Mapping[str, str] = field(default_factory=dict)
    version: str = __version__
    when: str = field(default_factory=now)

    def to_json(self) -> str:
        """One line of JSON in ASCII, always the same for the same record; what is empty is left out."""
        said = {name: value for name, value in asdict(self).items() if value not in ("", (), {}, None)}
        return json.dumps({"format": FORMAT, **said}, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Made:
        """The record that somebody wrote, perhaps not safelight. Raises ValueError in words."""
        if len(text) > LARGEST:
            raise ValueError(f"it has more than {LARGEST >> 20} million letters")
        said = parsed(text)
        if not isinstance(said, dict) or said.get("format") != FORMAT:
            raise ValueError("it is of a newer safelight, or none of its")
        try:
            return _made(said)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"it lacks something, or holds it in another shape ({error})") from None

    @property
    def id(self) -> str:
        """An identifier of the result, the same for the same record."""
        return derived_id(self.to_json())

    @property
    def software(self) -> str:
        """The program with its version."""
        return f"safelight {self.version}"


def derived_id(text: str) -> str:
    """A version 5 UUID: the same for the same text, and for no other."""
    return str(uuid.uuid5(_IDS, text))


def checksum(path: Path) -> str:
    """SHA-256 of a file's bytes. Raises PhotoError if it cannot be read.

    Of the files that were asked for last it is remembered while size and time stay: a photo of many pages is read once.
    """
    try:
        facts = path.stat()
        return _checksum(path, facts.st_size, facts.st_mtime_ns, facts.st_ino)
    except OSError as error:
        raise PhotoError(
            f"{shown(path)} cannot be read ({error.strerror or error}); check its rights"
        ) from None


@lru_cache(maxsize=32)
def _checksum(path: Path, size: int, time: int, number: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def used_file(path: Path) -> UsedFile:
    """A file by its name and the checksum of its bytes. Raises PhotoError."""
    return UsedFile(path.name, checksum(path))


def _made(said: dict[str, Any]) -> Made:
    region = said.get("region")
    return Made(
        command=_text(said["command"]),
        kind=_kind(said["kind"]),
        settings=dict(said.get("settings", {})),
        models=tuple(UsedModel(_text(row["name"]), _text(row["sha256"])) for row in said.get("models", [])),
        sources=tuple(_source(row) for row in said.get("sources", [])),
        files={
            role: UsedFile(_name(row["name"]), _text(row["sha256"]))
            for role, row in said.get("files", {}).items()
        },
        region=Region(*(int(region[each.name]) for each in fields(Region))) if region else None,
        source_type=_text(said.get("source_type", "")),
        engine=_text(said.get("engine", "")),
        libraries={_text(name): _text(value) for name, value in said.get("libraries", {}).items()},
        version=_text(said.get("version", "")),
        when=_text(said.get("when", "")),
    )


def _source(row: dict[str, Any]) -> Source:
    texts = (_text(row.get(each.name, "")) for each in fields(Source)[2:])
    return Source(_name(row["name"]), _text(row["sha256"]), *texts)


def _kind(value: object) -> Kind:
    kinds: tuple[Kind, ...] = get_args(Kind)
    for kind in kinds:
        if kind == value:
            return kind
    raise ValueError(f"its kind is {in_short(value)}; expected one of {', '.join(kinds)}")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{in_short(value)} is no text")
    return value


def _name(value: object) -> str:
    """The name of a file, whatever folders stand before it: they would be somebody else's."""
    return PurePath(_text(value).replace("\\", "/")).name
