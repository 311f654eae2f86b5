"""One recipe's network, loss and optimizer without the Trainer: for measuring before a run."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor, nn

from safelight.losses.adversarial import r1_penalty
from safelight.training.accelerators import CPU
from safelight.training.adversarial import adversarial_of
from safelight.training.batches import Pictures
from safelight.training.optimizers import make_optimizer
from safelight.training.recipe import Recipe
from safelight.training.task import AdversarialTask, training_task


class Painted:
    """Pictures made of noise, for what depends on their size alone."""

    def __init__(self, side: int, count: int = 8) -> None:
        self.side, self.count = side, count

    @property
    def sources(self) -> list[str]:
        """One source."""
        return ["painted"] * self.count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> UInt8[np.ndarray, "side side 3"]:
        rng = np.random.default_rng(index)
        return np.asarray(rng.integers(0, 256, (self.side, self.side, 3), np.uint8))


class BareTraining:
    """Steps of a recipe on this device, one by one. Its network is new, and nothing is kept."""

    def __init__(self, recipe: Recipe, device: torch.device = CPU) -> None:
        torch.manual_seed(recipe.train.seed)
        self.recipe, self.task, self.device = recipe, training_task(recipe), device
        self.network = self.task.network(recipe).to(device)
        if recipe.train.channels_last:
            self.network = self.network.to(memory_format=torch.channels_last)
        self.network.train()
        self.optimizer = make_optimizer(self.network, recipe.optimizer)
        self.adversarial = adversarial_of(recipe)
        self.discriminator: nn.Module | None = None
        if self.adversarial and isinstance(self.task, AdversarialTask):
            self.discriminator = self.task.discriminator(recipe).to(device).train()
        self._peaks = [group["lr"] for group in self.optimizer.param_groups]

    def batches(self, pictures: Pictures, size: int) -> Iterator[Any]:
        """The run's own samples in order, so many at a time, without loading processes."""
        samples = self.task.dataset(pictures, self.recipe)
        first = 0
        while True:
            yield self.task.collate([samples[k] for k in range(first, first + size)])
            first += size

    def loss(self, batch: Any) -> Tensor:
        """The loss of a batch, in the recipe's precision, as the run would take it; a discriminator has no say."""
        batch = self._laid_out(batch)
        with self._precision():
            terms = self.task.loss_terms(self.network, batch, self.recipe, 0.0)
        return torch.stack(list(terms.values())).sum()

    def whole_loss(self, batch: Any) -> Tensor:
        """The same and, against a discriminator, both its passes beside it: all that a step keeps at once."""
        if self.adversarial is None or self.discriminator is None:
            return self.loss(batch)
        assert isinstance(self.task, AdversarialTask)
        with self._precision():
            judged = self.task.generator_step(self.network, self._laid_out(batch), self.recipe, 0.0)
            seen = [self.discriminator(pictures).float().mean() for pictures in (judged.real, judged.fake)]
        if self.adversarial.r1:
            seen.append(r1_penalty(self.discriminator, judged.real.detach()))
        return torch.stack([*judged.terms.values(), *seen]).sum()

    def _precision(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.recipe.train.precision == "bf16")

    def _laid_out(self, batch: Any) -> Any:
        batch = tuple(part.to(self.device) for part in batch)
        if self.recipe.train.channels_last:
            batch = tuple(
                part.contiguous(memory_format=torch.channels_last) if part.ndim == 4 else part
                for part in batch
            )
        return batch

    def step(self, batch: Any, lr: float | None = None) -> float:
        """One step of the optimizer; the loss before it. lr: in place of the recipe's peak."""
        for group, peak in zip(self.optimizer.param_groups, self._peaks, strict=True):
            group["lr"] = peak * (1.0 if lr is None else lr / self.recipe.optimizer.lr)
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.loss(batch)
        torch.autograd.backward(loss)
        if self.recipe.optimizer.clip:
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.recipe.optimizer.clip)
        self.optimizer.step()
        return float(loss.detach())
