"""JSON that somebody else may have written."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from safelight.errors import in_short


class RepeatedKeyError(ValueError):
    """An object has a key twice; the message says so, and begins with "has"."""


def each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object, as the `object_pairs_hook` of a decoder. Raises RepeatedKeyError.

    JSON itself leaves open which of two equal keys counts (RFC 8259, section 4); Python takes the last.
    """
    members = dict(pairs)
    if len(members) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        twice = max(counts, key=counts.__getitem__)
        raise RepeatedKeyError(f"has the key {in_short(twice)} twice in one object; keep one")
    return members


def parsed_settings(text: str) -> Any:
    """What a text says that decides a result: as `parsed`, and each key once. Raises ValueError, RepeatedKeyError."""
    try:
        return json.loads(text, object_pairs_hook=each_key_once)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def parsed(text: str) -> Any:
    """What the text says. Raises ValueError if it is not JSON, or JSON that is nested too deeply to be read."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def place_of(error: ValueError) -> str:
    """Where a text that a person has edited is no JSON, in brackets; nothing of other errors."""
    if not isinstance(error, json.JSONDecodeError):
        return ""
    return f" (line {error.lineno}, column {error.colno}: {error.msg[:1].lower()}{error.msg[1:]})"


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSON-lines file, those that can be read; none where there is no file."""
    if not path.is_file():
        return []
    found = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            row = parsed(line)
        except ValueError:
            continue
        if isinstance(row, dict):
            found.append(row)
    return found
