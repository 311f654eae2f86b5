"""A recipe: every setting of a training run, as a tree of frozen dataclasses.

An experiment is `replace(parent, ...)` in Python or `--model.norm group` on the command line. What is
unknown, ill-typed or impossible is refused by name before anything starts.
"""

import dataclasses
import difflib
import json
import math
import re
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from safelight.errors import RecipeError
from safelight.losses.colour import ColorLossSettings
from safelight.models.unet import UNetSettings
from safelight.tasks.colorize import Preparation
from safelight.tasks.sampling import HintSampling
from safelight.training.augment import Augmentation

T = TypeVar("T")


@dataclass(frozen=True)
class DataSettings:
    """Which pictures, how many at a time.

    batch: pictures a step. workers: loading processes. weights: how often a source is drawn relative to its
    share, as (source, weight) pairs; sources not named have 1.
    """

    batch: int = 16
    workers: int = 2
    weights: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        if self.batch < 1 or self.workers < 0:
            raise RecipeError(
                f"data.batch is {self.batch} and data.workers {self.workers}; expected 1 and 0 at least"
            )


@dataclass(frozen=True)
class OptimizerSettings:
    """AdamW (Loshchilov & Hutter 2019) under a schedule.

    lr: peak learning rate. warmup: share of the run that rises to it. schedule: "one_cycle" (Smith & Topin
    2018, cosine both ways) or "constant" (after the warm-up).
    clip: largest gradient norm; 0 leaves gradients as they are.
    encoder: share of the learning rate that a trained encoder gets: it has less to learn, and more to forget.
    """

    lr: float = 2e-3
    encoder: float = 0.1
    weight_decay: float = 1e-2
    betas: tuple[float, float] = (0.9, 0.99)
    schedule: Literal["one_cycle", "constant"] = "one_cycle"
    warmup: float = 0.1
    clip: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.lr < 10:
            raise RecipeError(f"optimizer.lr is {self.lr}; expected above 0 and below 10")
        if not 0 <= self.warmup < 1:
            raise RecipeError(f"optimizer.warmup is {self.warmup}; expected a share of the run, 0 to below 1")
        if not all(0 <= beta < 1 for beta in self.betas):
            raise RecipeError(f"optimizer.betas is {self.betas}; expected two numbers, 0 to below 1")
        if min(self.encoder, self.weight_decay, self.clip) < 0:
            raise RecipeError(
                "optimizer.encoder, optimizer.weight_decay and optimizer.clip cannot be negative"
            )


@dataclass(frozen=True)
class TrainSettings:
    """How long and how.

    steps: optimiser steps in all. ema: decay of the averaged weights that are judged and exported, 0 for off.
    precision: "bf16" (autocast) or "32". channels_last: memory layout of the network.
    checkpoint_every, validate_every, picture_every: in steps.
    """

    steps: int = 4000
    ema: float = 0.998
    precision: Literal["bf16", "32"] = "bf16"
    channels_last: bool = True
    seed: int = 0
    checkpoint_every: int = 250
    validate_every: int = 500
    picture_every: int = 500

    def __post_init__(self) -> None:
        if self.steps < 1 or min(self.checkpoint_every, self.validate_every, self.picture_every) < 1:
            raise RecipeError("train.steps and the intervals of train are counted in steps, from 1")
        if not 0 <= self.ema < 1:
            raise RecipeError(f"train.ema is {self.ema}; expected 0 (off) to below 1")


@dataclass(frozen=True)
class Recipe:
    """Everything that a colorization run is made of."""

    name: str
    model: UNetSettings = field(default_factory=UNetSettings)
    hints: HintSampling = field(default_factory=HintSampling)
    preparation: Preparation = field(default_factory=Preparation)
    augment: Augmentation = field(default_factory=Augmentation)
    loss: ColorLossSettings = field(default_factory=ColorLossSettings)
    data: DataSettings = field(default_factory=DataSettings)
    optimizer: OptimizerSettings = field(default_factory=OptimizerSettings)
    train: TrainSettings = field(default_factory=TrainSettings)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"\w[\w.-]*", self.name):
            raise RecipeError(
                f"name is {self.name!r}; expected letters, digits, and - _ . (runs are named by it)"
            )
        if (self.loss.bins > 0) != (self.model.head == "bins"):
            raise RecipeError(
                f"model.head is {self.model.head} and loss.bins {self.loss.bins:g}; "
                "bins need both: --model.head bins --loss.bins 1"
            )

    def to_json(self) -> str:
        """The recipe as indented JSON, complete."""
        return json.dumps(dataclasses.asdict(self), indent=1)


def from_json(text: str) -> Recipe:
    """The recipe of `Recipe.to_json`. Raises RecipeError."""
    try:
        return _build(Recipe, json.loads(text), "")
    except json.JSONDecodeError as error:
        raise RecipeError(f"recipe is not JSON ({error})") from None


def settings(recipe: Recipe) -> dict[str, Any]:
    """All settings by dotted name, such as {"model.norm": "batch"}."""
    return _flatten(dataclasses.asdict(recipe))


def override(recipe: Recipe, changes: Mapping[str, str]) -> Recipe:
    """The recipe with settings changed by dotted name, values as they are typed. Raises RecipeError."""
    known = settings(recipe)
    tree = dataclasses.asdict(recipe)
    for name, text in changes.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, 1) or difflib.get_close_matches(
                name.rpartition(".")[2], [k.rpartition(".")[2] for k in known], 1
            )
            full = next((k for k in known if near and (k == near[0] or k.endswith("." + near[0]))), None)
            raise RecipeError(
                f"no setting {name!r}" + (f"; did you mean {full}?" if full else "; see --settings")
            )
        *path, leaf = name.split(".")
        node, kind = tree, typing.cast(Any, Recipe)
        for part in path:
            node, kind = node[part], typing.get_type_hints(kind)[part]
        node[leaf] = _parse(text, typing.get_type_hints(kind)[leaf], name)
    return _build(Recipe, tree, "")


def difference(parent: Recipe, child: Recipe) -> dict[str, tuple[Any, Any]]:
    """Settings that differ, by dotted name: (parent's, child's)."""
    old, new = settings(parent), settings(child)
    return {name: (old.get(name), new.get(name)) for name in {**old, **new} if old.get(name) != new.get(name)}


def _flatten(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        flat |= _flatten(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
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


def _check(value: Any, kind: Any, name: str) -> Any:
    """The value as its annotation wants it: lists become tuples, whole numbers floats. Raises RecipeError."""
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
