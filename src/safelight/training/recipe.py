"""What the recipes of all tasks share: which pictures, which optimizer, how long.

A recipe is a frozen dataclass, a tree of settings. An experiment is `replace(parent, ...)` in Python or
`--model.norm group` on the command line.
"""

import re
from dataclasses import dataclass
from typing import Literal, Protocol

from safelight.errors import RecipeError
from safelight.training.augment import Augmentation
from safelight.training.guard.settings import GuardSettings
from safelight.training.optimizers import OptimizerSettings

__all__ = ["DataSettings", "OptimizerSettings", "Recipe", "TrainSettings", "check_name"]

LARGEST_SEED = 2**32 - 1  # that all generators take


@dataclass(frozen=True)
class DataSettings:
    """Which pictures, how many at a time.

    batch: pictures in a step.
    workers: loading processes; 0 loads in the training process itself.
    weights: how often a source is drawn relative to its share, as pairs source=weight; sources not named have 1.
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
class TrainSettings:
    """How long and how.

    steps: optimizer steps in all.
    ema: decay of the averaged weights that are judged and exported, 0 for off.
    precision: bits of a number in the network: "bf16" (autocast, faster) or "32".
    channels_last: memory layout of the network; true is the faster one with bf16.
    seed: decides first weights, pictures, crops and hints; the same seed gives the same run.
    checkpoint_every: steps between two checkpoints, from which a run resumes and the guard goes back.
    validate_every: steps between two rounds of scores on held-out pictures.
    picture_every: steps between two sheets of answers in the run's pictures/.
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
        if not 0 <= self.seed <= LARGEST_SEED:
            raise RecipeError(f"train.seed is {self.seed}; expected 0 to {LARGEST_SEED}")


class Recipe(Protocol):
    """What every task's recipe has; each adds its own network, loss and questions."""

    @property
    def task(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def data(self) -> DataSettings: ...
    @property
    def augment(self) -> Augmentation: ...
    @property
    def optimizer(self) -> OptimizerSettings: ...
    @property
    def train(self) -> TrainSettings: ...
    @property
    def guard(self) -> GuardSettings: ...


def check_name(name: str) -> None:
    """Raises RecipeError for a name that a run's folder cannot have."""
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise RecipeError(f"name is {name!r}; expected letters, digits, and - _ . (runs are named by it)")
