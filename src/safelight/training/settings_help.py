"""What each setting means, read from the docstring of its class: the one place where it is said.

In such a docstring a line begins with the names of one setting or more and a colon, and goes on in lines that
are indented; all else is said of the whole class.
"""

import dataclasses
import inspect
import re
import typing
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

ENTRY = re.compile(r"([a-z]\w*(?:, [a-z]\w*)*): (.*)")
WORDS = {int: "whole number", float: "number", str: "text", bool: "true or false"}
COUNTS = {2: "two", 3: "three", 4: "four", 5: "five"}


class Explained(NamedTuple):
    """A setting by its dotted name."""

    name: str
    value: Any
    typed: str | tuple[str, ...]  # what may be typed: in words, or all choices
    meaning: str  # "" if its class does not say


def explain(tree: Any, prefix: str = "", kinds: tuple[str, ...] = ()) -> Iterator[Explained]:
    """All settings of a recipe, or of a part of it whose own `kind` is one of these, in order."""
    hints, said = typing.get_type_hints(type(tree)), meanings(type(tree))
    for each in dataclasses.fields(tree):
        value, annotation = getattr(tree, each.name), hints[each.name]
        if dataclasses.is_dataclass(value):
            others = tuple(other.kind for other in members(annotation) if hasattr(other, "kind"))
            yield from explain(value, f"{prefix}{each.name}.", others)
        else:
            typed = kinds if each.name == "kind" and kinds else _typed(annotation)
            yield Explained(prefix + each.name, value, typed, said.get(each.name, ""))


def meanings(kind: type) -> dict[str, str]:
    """What the docstrings of a class of settings, and of those that it extends, say of each, on one line."""
    said: dict[str, str] = {}
    for each in reversed(kind.__mro__):
        said |= _read(each)[0]
    return said


def summary(kind: type) -> str:
    """What the docstring of a class of settings says of all of them, on one line."""
    return _read(kind)[1]


def classes(recipe: type) -> dict[str, tuple[type[Any], ...]]:
    """The parts of a class of recipes, each with the classes that its settings may be of."""
    parts = {name: members(annotation) for name, annotation in typing.get_type_hints(recipe).items()}
    return {name: kinds for name, kinds in parts.items() if kinds}


def members(annotation: Any) -> tuple[Any, ...]:
    """The classes of settings in an annotation, one or a choice of several."""
    return tuple(filter(dataclasses.is_dataclass, typing.get_args(annotation) or (annotation,)))


def _read(kind: type) -> tuple[dict[str, str], str]:
    said: dict[str, str] = {}
    whole: list[str] = []
    names: list[str] = []
    for line in inspect.cleandoc(kind.__doc__ or "").splitlines():
        entry = ENTRY.fullmatch(line)
        if entry and set(entry[1].split(", ")) <= _names(kind):
            names = entry[1].split(", ")
            said |= dict.fromkeys(names, entry[2])
        elif names and line.startswith(" "):
            said |= {name: f"{said[name]} {line.strip()}" for name in names}
        else:
            names = []
            whole += [line] if line else []
    return said, " ".join(whole)


def _names(kind: type) -> set[str]:
    fields: Mapping[str, Any] = getattr(kind, "__dataclass_fields__", {})
    return set(fields)


def _typed(annotation: Any) -> str | tuple[str, ...]:
    """An annotation in the words of the command line."""
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        return tuple(map(str, inner))
    if origin is not tuple:
        return WORDS[annotation]
    if typing.get_origin(inner[0]) is tuple:
        return "name=number, ..."
    many = f"{WORDS[inner[0]]}s"
    return many if inner[-1] is Ellipsis else f"{COUNTS[len(inner)]} {many}"
