"""Training against a discriminator: two networks, two optimizers, one step of each at a time."""

from typing import Any, ClassVar, NamedTuple, Protocol, cast, runtime_checkable

import torch
from lightning.pytorch.core.optimizer import LightningOptimizer
from torch import Tensor, nn

from safelight.losses.adversarial import (
    DISCRIMINATOR_LOSSES,
    GENERATOR_LOSSES,
    AdversarialSettings,
    r1_penalty,
)
from safelight.training.modules import TrainingModule
from safelight.training.recipe import Recipe
from safelight.training.task import Craft


class Judged(NamedTuple):
    """The weighted terms of the network's own loss, and what a discriminator is shown of its answers."""

    terms: dict[str, Tensor]
    fake: Tensor
    real: Tensor


@runtime_checkable
class AdversarialCraft(Protocol):
    """What a task adds to its craft (training/craft.py) to be trained against a discriminator."""

    def discriminator(self, recipe: Any) -> nn.Module:
        """Pictures to logits, above 0 for true ones."""

    def judged(self, network: nn.Module, batch: Any, recipe: Any, progress: float) -> Judged:
        """The loss's terms, and what the discriminator is shown."""


def module_for(recipe: Recipe, craft: Craft[Any]) -> TrainingModule:
    """The module that trains a recipe: with a discriminator if its adversarial.weight is above 0."""
    settings = adversarial_of(recipe)
    return AdversarialModule(recipe, craft, settings) if settings else TrainingModule(recipe, craft)


def adversarial_of(recipe: Recipe) -> AdversarialSettings | None:
    """How the recipe is trained against a discriminator, if it is."""
    settings = getattr(recipe, "adversarial", None)
    return settings if isinstance(settings, AdversarialSettings) and settings.weight else None


class AdversarialModule(TrainingModule):
    """A recipe's network and the discriminator that judges it.

    The discriminator's step comes first, then the network's, which alone counts as a step of the run. Of the two
    only the network's averaged weights are used; the discriminator goes on from its own.
    """

    strategy: ClassVar[str] = (
        "ddp_find_unused_parameters_true"  # each backward pass is through one of the two
    )

    def __init__(self, recipe: Recipe, craft: Craft[Any], settings: AdversarialSettings) -> None:
        super().__init__(recipe, craft)
        assert isinstance(craft, AdversarialCraft)
        self.automatic_optimization = False
        self.adversarial, self.judging_craft = settings, craft
        self.discriminator = craft.discriminator(recipe)
        self.first = round(settings.start * recipe.train.steps)

    def training_step(self, batch: Any, batch_idx: int) -> dict[str, Tensor]:
        """One step of each network; their losses before it."""
        step = self.global_step
        progress = step / self.recipe.train.steps
        judged = self.judging_craft.judged(self.network, self.laid_out(batch), self.recipe, progress)
        terms, losses = dict(judged.terms), {}
        if step >= self.first:
            losses["discriminator"] = self._step_discriminator(judged, step - self.first)
            terms["adversarial"] = self.adversarial.weight * self._deceived(judged.fake)
        loss = torch.stack(list(terms.values())).sum()
        self.take_note(terms | losses, loss)
        self._step_network(loss)
        return {"loss": loss.detach(), **losses}

    def configure_optimizers(self) -> Any:
        """The network's, and Adam for the discriminator under the same schedule from its own start on."""
        own = super().configure_optimizers()
        share = own["lr_scheduler"]["scheduler"].lr_lambdas[0]
        settings = self.adversarial
        adam = torch.optim.Adam(self.discriminator.parameters(), lr=settings.lr, betas=settings.betas)
        schedule = torch.optim.lr_scheduler.LambdaLR(adam, lambda taken: share(self.first + taken))
        return [own["optimizer"], adam], [own["lr_scheduler"]["scheduler"], schedule]

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Clip, which lightning leaves to those who take their steps themselves; the norm is told before."""
        super().on_before_optimizer_step(optimizer)
        self._clip(self.network)

    def _step_discriminator(self, judged: Judged, taken: int) -> Tensor:
        """Its loss before the step. Its optimizer is torch's own: lightning would count a step of the run."""
        settings = self.adversarial
        optimizer = cast(list[torch.optim.Optimizer], self.optimizers(use_pl_optimizer=False))[1]
        fake, real = judged.fake.detach(), judged.real.detach()
        loss = DISCRIMINATOR_LOSSES[settings.loss](self.discriminator(real), self.discriminator(fake))
        lowered = loss
        if settings.r1 and taken % settings.r1_every == 0:
            lowered = loss + settings.r1_every * settings.r1 * r1_penalty(self.discriminator, real)
        optimizer.zero_grad()
        self.manual_backward(lowered)
        self._clip(self.discriminator)
        optimizer.step()
        self._schedules()[1].step()
        return loss.detach()

    def _deceived(self, fake: Tensor) -> Tensor:
        """What the network lowers. The discriminator is looked through, and learns nothing by it."""
        self.discriminator.requires_grad_(False)
        loss = GENERATOR_LOSSES[self.adversarial.loss](self.discriminator(fake))
        self.discriminator.requires_grad_(True)
        return loss

    def _step_network(self, loss: Tensor) -> None:
        optimizer = cast(list[LightningOptimizer], self.optimizers())[0]
        optimizer.zero_grad()
        self.manual_backward(loss)
        optimizer.step()
        self._schedules()[0].step()

    def _schedules(self) -> list[torch.optim.lr_scheduler.LRScheduler]:
        return cast(list[torch.optim.lr_scheduler.LRScheduler], self.lr_schedulers())

    def _clip(self, network: nn.Module) -> None:
        if self.recipe.optimizer.clip:
            torch.nn.utils.clip_grad_norm_(network.parameters(), self.recipe.optimizer.clip)
