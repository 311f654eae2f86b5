"""A recipe.json as settings by dotted name, and what differs between two of them.

Recipes are read here as the plain JSON that they are, so that runs of any task and of older versions can be
listed and compared, and without torch.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

Settings: TypeAlias = dict[str, Any]  # "optimizer.lr" -> 0.002
Difference: TypeAlias = dict[str, tuple[Any, Any]]  # setting -> (the one's, the other's); None: it has none

SEED = "train.seed"
NAME = "name"


def flatten(tree: Mapping[str, Any], prefix: str = "") -> Settings:
    """All settings of a recipe by dotted name."""
    flat: Settings = {}
    for key, value in tree.items():
        flat |= flatten(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return flat


def differences(one: Settings, other: Settings) -> Difference:
    """What differs, but for the name: it makes nothing different."""
    names = [name for name in {**one, **other} if name != NAME]
    return {name: (one.get(name), other.get(name)) for name in names if one.get(name) != other.get(name)}


def show_value(value: Any) -> str:
    """A setting as it is typed: 0.0003, true, 64,96, flowers=0.5,osie=2."""
    if value is None:
        return "(not there)"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, (list, tuple)):
        pair = all(isinstance(part, (list, tuple)) and len(part) == 2 for part in value)
        return ",".join("=".join(map(show_value, part)) if pair else show_value(part) for part in value)
    return str(value)


def show_difference(difference: Mapping[str, Any], most: int = 3) -> str:
    """A difference in one line: "optimizer.lr 0.002 → 0.001, and 2 more"."""
    words = [
        f"{name} {show_value(one)} → {show_value(other)}"
        for name, (one, other) in list(difference.items())[:most]
    ]
    rest = len(difference) - len(words)
    return ", ".join(words) + (f", and {rest} more" if rest else "")
