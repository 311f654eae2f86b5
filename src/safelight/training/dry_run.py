"""Steps of a recipe without a run, one by one, for measuring before it: the run's module, and nothing kept."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from safelight.shaped import UInt8
from safelight.training.adversarial import AdversarialModule, module_for
from safelight.training.batches import Pictures
from safelight.training.hardware import CPU, autocast
from safelight.training.recipe import Recipe
from safelight.training.task import training_task


class RandomImages:
    """Pictures made of noise, for what depends on their size alone."""

    def __init__(self, side: int, count: int = 8) -> None:
        self.side, self.count = side, count

    @property
    def sources(self) -> list[str]:
        """One source."""
        return ["noise"] * self.count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> UInt8[np.ndarray, "side side 3"]:
        rng = np.random.default_rng(index)
        return np.asarray(rng.integers(0, 256, (self.side, self.side, 3), np.uint8))


class DryRun:
    """Steps of a recipe on this device. Its network is new.

    Layout, precision, loss, optimizer and clipping are those of the module that trains a run; the Trainer's
    loop, the guard and what is logged are left out.
    """

    def __init__(self, recipe: Recipe, device: torch.device = CPU) -> None:
        torch.manual_seed(recipe.train.seed)
        self.recipe, self.task, self.device = recipe, training_task(recipe), device
        self.module = module_for(recipe, self.task).to(device).train()
        self.optimizer = self.module.make_optimizer()
        self._peaks = [group["lr"] for group in self.optimizer.param_groups]

    @property
    def network(self) -> nn.Module:
        """What is trained."""
        network: nn.Module = self.module.network
        return network

    @property
    def discriminator(self) -> nn.Module | None:
        """What it is trained against, if anything."""
        return self.module.discriminator if isinstance(self.module, AdversarialModule) else None

    def batches(self, pictures: Pictures, size: int) -> Iterator[Any]:
        """The run's own samples in order, so many at a time, without loading processes."""
        dataset = self.task.dataset(pictures, self.recipe)
        first = 0
        while True:
            yield self.task.collate([dataset[k] for k in range(first, first + size)])
            first += size

    def loss(self, batch: Any) -> Tensor:
        """The loss of a batch, in the recipe's precision, as the run would take it; a discriminator has no say."""
        with autocast(self.recipe.train.precision, self.device):
            terms = self.module.loss_terms(self.module.to_device(batch, self.device))
        return torch.stack(list(terms.values())).sum()

    def whole_loss(self, batch: Any) -> Tensor:
        """The same and, against a discriminator, both its passes beside it: all that a step keeps at once."""
        if not isinstance(self.module, AdversarialModule):
            return self.loss(batch)
        with autocast(self.recipe.train.precision, self.device):
            made = self.module.generator_step(self.module.to_device(batch, self.device))
            of_discriminator = self.module.discriminator_loss(made.real, made.fake, penalized=True)
        return torch.stack([*made.terms.values(), *of_discriminator]).sum()

    def step(self, batch: Any, lr: float | None = None) -> float:
        """One step of the optimizer; the loss before it. lr: in place of the recipe's peak."""
        return self._descend(self.loss(batch), lr)

    def step_against(self, batch: Any, penalized: bool = False) -> float:
        """The same, with what a discriminator adds to it but the step of its own optimizer. Needs one.

        penalized: with the gradient penalty.
        """
        assert isinstance(self.module, AdversarialModule)
        with autocast(self.recipe.train.precision, self.device):
            made = self.module.generator_step(self.module.to_device(batch, self.device))
            of_discriminator = self.module.discriminator_loss(
                made.real.detach(), made.fake.detach(), penalized=penalized
            )
        torch.autograd.backward(torch.stack(of_discriminator).sum())
        self.module.discriminator.zero_grad(set_to_none=True)
        with autocast(self.recipe.train.precision, self.device):
            terms = [*made.terms.values(), self.module.generator_loss(made.fake)]
        return self._descend(torch.stack(terms).sum())

    def _descend(self, loss: Tensor, lr: float | None = None) -> float:
        for group, peak in zip(self.optimizer.param_groups, self._peaks, strict=True):
            group["lr"] = peak * (1.0 if lr is None else lr / self.recipe.optimizer.lr)
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        self.module.clip(self.network)
        self.optimizer.step()
        return float(loss.detach())
