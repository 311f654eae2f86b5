"""JSON that somebody else may have written."""

import json
from pathlib import Path
from typing import Any


def parsed(text: str) -> Any:
    """What the text says. Raises ValueError if it is not JSON, or JSON that is nested too deeply to be read."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


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
