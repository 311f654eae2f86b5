"""What a task brings to training; the training loop itself (fit.py) is the same for all of them."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from safelight.nn.initialize import initialize, needs_data
from safelight.nn.plain_unet import PlainUNet
from safelight.shaped import UInt8
from safelight.tasks.registry import task_named
from safelight.training.batches import Pictures
from safelight.training.recipe import Recipe

INITIAL_BATCH = (
    16  # pictures at most that first weights are fitted to; more would fit no better and cost memory
)

R = TypeVar("R", bound=Recipe)
N = TypeVar("N", bound=nn.Module)
S = TypeVar("S")  # a sample
B = TypeVar("B", bound=tuple[Tensor, ...])  # samples as one batch: a NamedTuple of tensors
N_contra = TypeVar("N_contra", bound=nn.Module, contravariant=True)


class ValidationSet(Protocol[N_contra]):
    """A few fixed held-out samples that the network is scored on all through a run.

    measured: how many held-out pictures `metadata` looks at, at the most.
    """

    measured: int

    def __len__(self) -> int: ...

    def score(self, network: N_contra) -> dict[str, float]:
        """Measures by name, such as {"gain_10": 5.2}; they are logged as val/NAME."""

    def sheet(self, network: N_contra) -> UInt8[np.ndarray, "h w 3"]:
        """A contact sheet: inputs, answers, the truth."""

    def metadata(self, network: N_contra) -> dict[str, Any]:
        """What is measured of a finished run's network beside the scores; it goes into run.json."""


class TrainingTask(ABC, Generic[R, N, S, B]):
    """How one task is trained. Everything that it draws at random comes from (seed, number of the sample).

    recipe: the class of its recipes.
    """

    recipe: type[R]

    @abstractmethod
    def network(self, recipe: R) -> N:
        """The network, new. Raises RecipeError."""

    @abstractmethod
    def dataset(self, pictures: Pictures, recipe: R) -> Dataset[S]:
        """The run's endless sequence of samples, by number."""

    @abstractmethod
    def collate(self, samples: list[S]) -> B:
        """Samples as one batch."""

    @abstractmethod
    def loss_terms(self, network: N, batch: B, recipe: R, progress: float) -> dict[str, Tensor]:
        """Each term of the loss, weighted; their sum is lowered. progress: share of the run done, 0..1."""

    @abstractmethod
    def validation(self, held_out: Pictures, recipe: R) -> ValidationSet[N]:
        """The samples that the run is followed by."""

    def initialize(self, network: N, dataset: Dataset[S], recipe: R) -> None:
        """Fit first weights to the run's first samples, before the first step: those of a plain U-Net that asks for it.

        The same in every process and every time: from the recipe's seed and the first samples.
        """
        for unet in [module for module in network.modules() if isinstance(module, PlainUNet)]:
            how = unet.settings.initialization
            if needs_data(how):
                batch = self.collate([dataset[k] for k in range(min(recipe.data.batch, INITIAL_BATCH))])
                generator = torch.Generator().manual_seed(recipe.train.seed)
                initialize(network, how, (batch[0],), generator, unet.settings.activation)

    def prepare_loss(self, network: N, pictures: Pictures, recipe: R) -> None:
        """Give the network what its loss has to know of the run's pictures; called whenever a run begins or goes on."""

    def contradiction(self, batch: B) -> Tensor | None:
        """Share of what a batch's inputs say that its truths contradict, 0..1; None where that means nothing.

        0 where they say too little. The guard watches it.
        """
        return None

    def with_measured(self, recipe: R, facts: Mapping[str, Any]) -> R:
        """The recipe with what a finished run measured (`ValidationSet.metadata`, from run.json)."""
        return recipe


class GeneratorStep(NamedTuple):
    """The weighted terms of the network's own loss, and what a discriminator is shown of its answers."""

    terms: dict[str, Tensor]
    fake: Tensor
    real: Tensor


class AdversarialTask(TrainingTask[R, N, S, B]):
    """A task that can be trained against a discriminator."""

    @abstractmethod
    def discriminator(self, recipe: R) -> nn.Module:
        """Pictures to logits, above 0 for true ones."""

    @abstractmethod
    def generator_step(self, network: N, batch: B, recipe: R, progress: float) -> GeneratorStep:
        """The loss's terms, and what the discriminator is shown."""

    def loss_terms(self, network: N, batch: B, recipe: R, progress: float) -> dict[str, Tensor]:
        """Each term of the loss, weighted."""
        return self.generator_step(network, batch, recipe, progress).terms


def training_task(recipe: Recipe) -> TrainingTask[Any, Any, Any, Any]:
    """How this recipe is trained."""
    return task_named(recipe.task).training
