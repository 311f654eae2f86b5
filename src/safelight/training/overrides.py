"""Recipes as trees of settings: listed, changed and compared by dotted name, read with every value checked.

What is unknown, ill-typed or impossible is refused by name before anything starts.
"""

import dataclasses
import difflib
import json
import math
import types
import typing
from collections.abc import Collection, Mapping
from typing import Any, Literal, TypeVar

from safelight.errors import RecipeError

FIRST = ("optimizer", "train", "data", "model")  # the parts of a recipe that are changed most
T = TypeVar("T")
R = TypeVar("R")


def to_json(recipe: Any) -> str:
    """The recipe as indented JSON, complete."""
    return json.dumps(dataclasses.asdict(recipe), indent=1)


def from_tree(kind: type[T], tree: object) -> T:
    """A recipe of this kind from a tree of plain values (parsed JSON). Raises RecipeError."""
    return _build(kind, tree, "")


def settings(recipe: Any) -> dict[str, Any]:
    """All settings by dotted name, such as {"model.norm": "batch"}; of a part of a recipe from there on."""
    return flattened(dataclasses.asdict(recipe))


def as_typed(value: Any) -> str:
    """A setting's value in the words of the command line: 0.0003, true, 64,96, flowers=0.5,osie=2.0."""
    if isinstance(value, (tuple, list)):
        pairs = (each if isinstance(each, (tuple, list)) else [each] for each in value)
        return ",".join("=".join(map(str, pair)) for pair in pairs)
    return str(value).lower() if isinstance(value, bool) else str(value)


def override(recipe: R, changes: Mapping[str, str]) -> R:
    """The recipe with settings changed by dotted name, values as they are typed. Raises RecipeError."""
    tree: dict[str, Any] = dataclasses.asdict(recipe)  # type: ignore[call-overload]
    _change_kinds(type(recipe), tree, changes)
    known = flattened(tree)
    for name, text in changes.items():
        if name not in known:
            raise RecipeError(f"no setting {name!r}; {_advice(name, known)}")
        *path, leaf = name.split(".")
        node, kind = tree, typing.cast(Any, type(recipe))
        for part in path:
            node, kind = node[part], _chosen(typing.get_type_hints(kind)[part], node[part], part)
        node[leaf] = _parse(text, typing.get_type_hints(kind)[leaf], name)
    return _build(type(recipe), tree, "")


def difference(parent: Any, child: Any) -> dict[str, tuple[Any, Any]]:
    """Settings that differ, by dotted name: (parent's, child's)."""
    old, new = settings(parent), settings(child)
    return {name: (old.get(name), new.get(name)) for name in {**old, **new} if old.get(name) != new.get(name)}


SAME = {  # what others call settings
    **dict.fromkeys(("learning_rate", "max_lr", "base_lr"), "optimizer.lr"),
    "batch_size": "data.batch",
    **dict.fromkeys(("epochs", "max_steps", "iterations", "num_steps"), "train.steps"),
    **dict.fromkeys(("num_workers", "n_workers"), "data.workers"),
    **dict.fromkeys(("image_size", "img_size", "crop_size", "resolution"), "augment.size"),
    "random_seed": "train.seed",
}


def _advice(name: str, known: Collection[str]) -> str:
    """The setting that was probably meant; of several of one name, the one that people change most."""
    leaf = {each: each.rpartition(".")[2] for each in known}
    usual = SAME.get(name.rpartition(".")[2].replace("-", "_").lower())
    if usual in known:
        return f"did you mean {usual}?"
    near = difflib.get_close_matches(name, known, 1) or difflib.get_close_matches(
        leaf.get(name, name.rpartition(".")[2]), leaf.values(), 1
    )
    meant = [each for each in known if near and near[0] in (each, leaf[each])]
    if not meant:
        return "see --settings"
    return f"did you mean {min(meant, key=lambda each: _rank(each.partition('.')[0]))}?"


def _rank(part: str) -> int:
    return FIRST.index(part) if part in FIRST else len(FIRST)


def flattened(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """A tree of settings by dotted name."""
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        flat |= flattened(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return flat


def _build(kind: type[T], tree: object, prefix: str) -> T:
    """A dataclass of this kind from a tree of plain values, every value checked against its annotation."""
    if not isinstance(tree, dict):
        raise RecipeError(f"{prefix.rstrip('.') or 'recipe'} is {tree!r}; expected an object with settings")
    hints = typing.get_type_hints(kind)
    unknown = sorted(set(tree) - set(hints))
    if unknown:
        near = difflib.get_close_matches(unknown[0], hints, 1)
        raise RecipeError(
            f"no setting {prefix + unknown[0]!r}" + (f"; did you mean {prefix}{near[0]}?" if near else "")
        )
    for each in dataclasses.fields(typing.cast(Any, kind)):
        if each.default is each.default_factory and each.name not in tree:  # both MISSING
            raise RecipeError(f"{prefix}{each.name} is missing")
    return kind(**{key: _check(value, hints[key], f"{prefix}{key}") for key, value in tree.items()})


def _change_kinds(recipe: type, tree: dict[str, Any], changes: Mapping[str, str]) -> None:
    """Where another kind of network is asked for (model.kind), begin from that kind's own settings."""
    for part, union in typing.get_type_hints(recipe).items():
        asked = changes.get(f"{part}.kind")
        if _is_choice(union) and asked not in (None, tree[part]["kind"]):
            tree[part] = dataclasses.asdict(_chosen(union, {"kind": asked}, part)())


def _is_choice(kind: Any) -> bool:
    """Whether a setting is one of several kinds of settings."""
    return isinstance(kind, types.UnionType) and all(map(dataclasses.is_dataclass, typing.get_args(kind)))


def _chosen(kind: Any, value: Any, name: str) -> Any:
    """Of a choice between settings, the one that the value's "kind" names, the first if none; else as it is."""
    if not _is_choice(kind):
        return kind
    choices = {member.kind: member for member in typing.get_args(kind)}
    asked = value.get("kind", next(iter(choices))) if isinstance(value, dict) else next(iter(choices))
    if not isinstance(asked, str) or asked not in choices:
        raise RecipeError(f"{name}.kind is {asked!r}; expected one of {', '.join(choices)}")
    return choices[asked]


def _check(value: Any, kind: Any, name: str) -> Any:
    """The value as its annotation wants it: lists become tuples, whole numbers floats. Raises RecipeError."""
    kind = _chosen(kind, value, name)
    if dataclasses.is_dataclass(kind):
        return _build(typing.cast(type, kind), value, f"{name}.")
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin is Literal:
        if value in inner:
            return value
        raise RecipeError(f"{name} is {value!r}; expected one of {', '.join(map(str, inner))}")
    if origin is tuple and isinstance(value, (list, tuple)):
        kinds = [inner[0]] * len(value) if inner[-1] is Ellipsis else list(inner)
        if len(kinds) == len(value):
            return tuple(_check(part, k, name) for part, k in zip(value, kinds, strict=True))
    elif kind is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        if math.isfinite(value):
            return float(value)
    elif isinstance(kind, type) and isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
        return value
    raise RecipeError(
        f"{name} is {value!r}; expected {getattr(kind, '__name__', kind) if not origin else kind}"
    )


def _parse(text: str, kind: Any, name: str) -> Any:
    """A command-line word as a value of this annotation: 3e-4, true, 64,96, flowers=0.5,osie=2."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin is tuple:
        words = [word for word in text.split(",") if word]
        if typing.get_origin(inner[0]) is tuple:
            return [
                [key, _parse(number, float, name)]
                for key, _, number in (word.partition("=") for word in words)
            ]
        return [_parse(word, inner[0], name) for word in words]
    if kind is bool and text.lower() in {"true", "yes", "on", "1", "false", "no", "off", "0"}:
        return text.lower() in {"true", "yes", "on", "1"}
    if kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            raise RecipeError(
                f"{name} is {text!r}; expected {'a whole number' if kind is int else 'a number'}"
            ) from None
    return text
