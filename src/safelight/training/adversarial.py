"""Training against a discriminator: two networks, two optimizers, one step of each at a time."""

from typing import Any, ClassVar, cast

import torch
from lightning.pytorch.core.optimizer import LightningOptimizer
from torch import Tensor

from safelight.losses.adversarial import (
    DISCRIMINATOR_LOSSES,
    GENERATOR_LOSSES,
    AdversarialSettings,
    r1_penalty,
)
from safelight.training.modules import AnyModule, TrainingModule
from safelight.training.recipe import AdversarialRecipe, Recipe
from safelight.training.task import AdversarialTask, B, GeneratorStep, N, R, S, TrainingTask


def module_for(recipe: Recipe, task: TrainingTask[Any, Any, Any, Any]) -> AnyModule:
    """The module that trains a recipe: with a discriminator if its adversarial.weight is above 0."""
    settings = adversarial_of(recipe)
    if settings and isinstance(task, AdversarialTask):
        return AdversarialModule(recipe, task, settings)
    return TrainingModule(recipe, task)


def adversarial_of(recipe: Recipe) -> AdversarialSettings | None:
    """How the recipe is trained against a discriminator, if it is."""
    return recipe.adversarial if isinstance(recipe, AdversarialRecipe) and recipe.adversarial.weight else None


class AdversarialModule(TrainingModule[R, N, S, B]):
    """A recipe's network and the discriminator that judges it.

    The discriminator's step comes first, then the network's, which alone counts as a step of the run. Of the two
    only the network's averaged weights are used; the discriminator goes on from its own.
    """

    strategy: ClassVar[str] = (
        "ddp_find_unused_parameters_true"  # each backward pass is through one of the two
    )

    task: AdversarialTask[R, N, S, B]

    def __init__(self, recipe: R, task: AdversarialTask[R, N, S, B], settings: AdversarialSettings) -> None:
        super().__init__(recipe, task)
        self.automatic_optimization = False
        self.adversarial = settings
        self.discriminator = task.discriminator(recipe)
        self.first = round(settings.start * recipe.train.steps)

    def training_step(self, batch: B, batch_idx: int) -> dict[str, Tensor]:
        """One step of each network; their losses before it."""
        step = self.global_step
        made = self.generator_step(batch)
        terms, losses = dict(made.terms), {}
        if step >= self.first:
            losses["discriminator"] = self._step_discriminator(made, step - self.first)
            terms["adversarial"] = self.generator_loss(made.fake)
        loss = torch.stack(list(terms.values())).sum()
        self.take_note(terms | losses, loss)
        self._step_network(loss)
        return {"loss": loss.detach(), **losses}

    def generator_step(self, batch: B) -> GeneratorStep:
        """The network's own terms on a batch, and what the discriminator is shown."""
        progress = self.global_step / self.recipe.train.steps
        return self.task.generator_step(self.network, self.laid_out(batch), self.recipe, progress)

    def discriminator_loss(self, real: Tensor, fake: Tensor, penalized: bool) -> list[Tensor]:
        """The discriminator's loss and, where it is penalized now, its gradient penalty."""
        settings = self.adversarial
        loss = DISCRIMINATOR_LOSSES[settings.loss](self.discriminator(real), self.discriminator(fake))
        if not (settings.r1 and penalized):
            return [loss]
        return [loss, settings.r1_every * settings.r1 * r1_penalty(self.discriminator, real.detach())]

    def generator_loss(self, fake: Tensor) -> Tensor:
        """What the network lowers, weighted. The discriminator is looked through, and learns nothing by it."""
        self.discriminator.requires_grad_(False)
        loss = GENERATOR_LOSSES[self.adversarial.loss](self.discriminator(fake))
        self.discriminator.requires_grad_(True)
        return self.adversarial.weight * loss

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
        self.clip(self.network)

    def _step_discriminator(self, made: GeneratorStep, taken: int) -> Tensor:
        """Its loss before the step. Its optimizer is torch's own: lightning would count a step of the run."""
        optimizer = cast(list[torch.optim.Optimizer], self.optimizers(use_pl_optimizer=False))[1]
        penalized = taken % self.adversarial.r1_every == 0
        losses = self.discriminator_loss(made.real.detach(), made.fake.detach(), penalized)
        optimizer.zero_grad()
        self.manual_backward(torch.stack(losses).sum() if len(losses) > 1 else losses[0])
        self.clip(self.discriminator)
        optimizer.step()
        self._schedules()[1].step()
        return losses[0].detach()

    def _step_network(self, loss: Tensor) -> None:
        optimizer = cast(list[LightningOptimizer], self.optimizers())[0]
        optimizer.zero_grad()
        self.manual_backward(loss)
        optimizer.step()
        self._schedules()[0].step()

    def _schedules(self) -> list[torch.optim.lr_scheduler.LRScheduler]:
        return cast(list[torch.optim.lr_scheduler.LRScheduler], self.lr_schedulers())
