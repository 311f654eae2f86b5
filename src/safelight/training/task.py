"""What a task brings to the line of training; the line itself (fit.py) is the same for all of them."""

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

import numpy as np
from jaxtyping import UInt8
from torch import Tensor, nn
from torch.utils.data import Dataset

from safelight.training.batches import Pictures
from safelight.training.recipe import Recipe

R_contra = TypeVar("R_contra", bound=Recipe, contravariant=True)


class Probes(Protocol):
    """A few fixed held-out questions, put to the network all through a run."""

    @property
    def shown(self) -> frozenset[str]:
        """The measures that whoever waits is told."""

    def __len__(self) -> int: ...

    def score(self, network: nn.Module) -> dict[str, float]:
        """Measures by name, such as {"gain_10": 5.2}; they are logged as val/NAME."""

    def sheet(self, network: nn.Module) -> UInt8[np.ndarray, "h w 3"]:
        """A contact sheet: what was asked, what was answered, the truth."""

    def findings(self, network: nn.Module) -> dict[str, Any]:
        """What a finished run should know of its network beside the scores; they go into run.json."""


class Craft(Protocol[R_contra]):
    """How one task is trained. Everything that it draws at random comes from (seed, number of the sample)."""

    def network(self, recipe: R_contra) -> nn.Module:
        """The network, new. Raises RecipeError."""

    def samples(self, pictures: Pictures, recipe: R_contra) -> Dataset[Any]:
        """The run's endless sequence of samples, by number."""

    def collate(self, samples: list[Any]) -> Any:
        """Samples as one batch of tensors."""

    def terms(self, network: nn.Module, batch: Any, recipe: R_contra, progress: float) -> dict[str, Tensor]:
        """Each term of the loss, weighted; their sum is lowered. progress: share of the run done, 0..1."""

    def probes(self, held_out: Pictures, recipe: R_contra) -> Probes:
        """The questions that the run is followed by."""

    def settled(self, recipe: R_contra, facts: Mapping[str, Any]) -> Any:
        """The recipe with what a finished run found out (`Probes.findings`, from run.json)."""
