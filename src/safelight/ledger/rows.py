"""The lines of a ledger: a row a photo, and before the first row of each order a header with the whole of it.

A row is one flat JSON object, to be read by any table program (`pandas.read_json(..., lines=True)`). Paths are
relative to the folder of the ledger and have forward slashes; that of a source may lead out of it, or be absolute
where it lies on another drive. Of several rows with the same result the last one holds.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, cast, get_args

from safelight.json_text import parsed
from safelight.ledger.facts import FileFacts

LEDGER = "safelight-ledger.jsonl"  # its name in the folder of the results
VERSION = 1
State: TypeAlias = Literal["done", "left", "failed"]
DIGITS = frozenset("0123456789abcdef")


@dataclass(frozen=True)
class Header:
    """What holds for all rows with the same `settings`.

    settings: SHA-256 of the order. order: all of it, as JSON. version: of safelight. when: in UTC, ISO 8601.
    """

    settings: str
    order: Mapping[str, Any]
    version: str = ""
    when: str = ""

    def line(self) -> bytes:
        """The header as a line."""
        return _line(
            {
                "ledger": VERSION,
                "settings": self.settings,
                "order": self.order,
                "version": self.version,
                "when": self.when,
            }
        )


@dataclass(frozen=True)
class Row:
    """What became of one photo.

    number: of the photo in the plan of its run, from 0. source: None for a photo that could not be read. settings:
    of the header. models: what a model is for -> SHA-256 of its file. engine: what ran it, with its version. beside:
    "hints" or "mask" -> the file that was used. result: where it is, or was to be. made: the result itself, None
    unless the state is "done". written: every other file that was written -> its SHA-256. facts: numbers and words
    for summaries. error: one line, of a photo that failed. when: in UTC, ISO 8601.
    """

    number: int
    source: str
    state: State
    settings: str
    command: str
    result: str = ""
    source_facts: FileFacts | None = None
    made: FileFacts | None = None
    models: Mapping[str, str] = field(default_factory=dict)
    engine: str = ""
    beside: Mapping[str, tuple[str, FileFacts]] = field(default_factory=dict)
    written: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    facts: Mapping[str, Any] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    error: str = ""
    when: str = ""

    @property
    def key(self) -> str:
        """What it is a row of: the result, or a source that no result was planned for."""
        return key_of(self.result, self.source)

    def line(self) -> bytes:
        """The row as a line."""
        source, made = self.source_facts, self.made
        return _line(
            {
                "id": self.number,
                "source": self.source,
                "size": source and source.size,
                "mtime": source and source.mtime,
                "sha256": source and source.sha256,
                "settings": self.settings,
                "command": self.command,
                "models": dict(self.models),
                "engine": self.engine,
                "beside": {
                    role: {"file": path, **facts.to_json()} for role, (path, facts) in self.beside.items()
                },
                "result": self.result,
                "result_size": made and made.size,
                "result_mtime": made and made.mtime,
                "result_sha256": made and made.sha256,
                "written": dict(self.written),
                "seconds": round(self.seconds, 3),
                "facts": dict(self.facts),
                "remarks": list(self.remarks),
                "error": self.error,
                "state": self.state,
                "when": self.when,
            }
        )


def key_of(result: str, source: str) -> str:
    """What rows are told apart by."""
    return result or f"\0{source}"


def read_line(line: bytes) -> Row | Header | None:
    """What a line says; None for one that is torn, damaged, or of a kind that this version does not know."""
    try:
        found = parsed(line.decode("utf-8"))
        return _header(found) if "order" in found else _row(found)
    except (ValueError, KeyError, TypeError):
        return None


def read_place(line: bytes) -> tuple[str, int] | Header | None:
    """Key and number of a row, or a header: what an index needs, at a quarter of the time. None as in `read_line`."""
    try:
        found = parsed(line.decode("utf-8"))
        if "order" in found:
            return _header(found)
        number = found["id"]
        if not isinstance(number, int) or not -(2**63) <= number < 2**63:
            return None
        return key_of(_text(found["result"]), _text(found["source"])), number
    except (ValueError, KeyError, TypeError):
        return None


def is_inside(path: str) -> bool:
    """Whether a relative path stays in its folder, whoever wrote it."""
    parts = path.split("/")
    of_a_drive = os.name == "nt" and ":" in parts[0]  # elsewhere a colon is a letter, as in 12:30.jpg
    return bool(path) and "\0" not in path and not of_a_drive and not {"", "..", "."} & set(parts)


def _header(found: Mapping[str, Any]) -> Header:
    return Header(
        _text(found["settings"]), _mapping(found["order"]), _text(found["version"]), _text(found["when"])
    )


def _row(found: Mapping[str, Any]) -> Row:
    state = found["state"]
    if state not in get_args(State):
        raise ValueError(state)
    result, written = _text(found["result"]), _texts(found["written"])
    if not all(map(is_inside, [*written, *([result] if result else [])])):
        raise ValueError(result)
    number, seconds = found["id"], found["seconds"]
    if not isinstance(number, int) or not isinstance(seconds, (int, float)):
        raise TypeError(number)
    return Row(
        number,
        _text(found["source"]),
        cast("State", state),
        _text(found["settings"]),
        _text(found["command"]),
        result,
        _facts(found["size"], found["mtime"], found["sha256"]),
        _facts(found["result_size"], found["result_mtime"], found["result_sha256"]),
        _texts(found["models"]),
        _text(found["engine"]),
        {role: _beside(each) for role, each in _mapping(found["beside"]).items()},
        written,
        float(seconds),
        _mapping(found["facts"]),
        tuple(map(_text, found["remarks"])),
        _text(found["error"]),
        _text(found["when"]),
    )


def _beside(found: Any) -> tuple[str, FileFacts]:
    facts = _facts(found["size"], found["mtime"], found["sha256"])
    if facts is None:
        raise ValueError(found)
    return _text(found["file"]), facts


def _facts(size: Any, mtime: Any, sha256: Any) -> FileFacts | None:
    if size is None:
        return None
    if not isinstance(size, int) or len(_text(sha256)) != 64 or not DIGITS.issuperset(sha256):
        raise ValueError(size)
    return FileFacts(size, _text(mtime), sha256)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _texts(value: Any) -> dict[str, str]:
    return {name: _text(each) for name, each in _mapping(value).items()}


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(value)
    return value


def _line(value: Mapping[str, Any]) -> bytes:
    """One line of UTF-8; bytes of a name that are no UTF-8 become JSON's own escapes (\\udc80)."""
    text = json.dumps(value, ensure_ascii=False, separators=(", ", ": "))
    return text.encode("utf-8", "backslashreplace") + b"\n"
