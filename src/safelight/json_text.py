"""JSON that somebody else may have written."""

import json
from typing import Any


def parsed(text: str) -> Any:
    """What the text says. Raises ValueError if it is not JSON, or JSON that is nested too deeply to be read."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
