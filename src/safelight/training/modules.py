"""The thin LightningModule of every task: loss, optimizer and schedule of a recipe."""

from collections.abc import Callable
from typing import Any, ClassVar, Generic, TypeAlias

import lightning.pytorch as pl
import torch
from lightning_utilities.core.apply_func import apply_to_collection
from torch import Tensor, nn

from safelight.training.optimizers import Plateau, learning_rate_share, make_optimizer
from safelight.training.task import B, N, R, S, TrainingTask


class TrainingModule(pl.LightningModule, Generic[R, N, S, B]):
    """A recipe's network with its task's loss; the network itself is a plain nn.Module.

    strategy: how lightning puts several processes to work on it.
    """

    strategy: ClassVar[str] = "ddp"

    def __init__(self, recipe: R, task: TrainingTask[R, N, S, B]) -> None:
        super().__init__()
        self.recipe, self.task = recipe, task
        self.plateau: Plateau | None = None
        self.network: N = task.network(recipe)
        if recipe.train.channels_last:
            self.network = self.network.to(memory_format=torch.channels_last)

    def loss_terms(self, batch: B) -> dict[str, Tensor]:
        """The terms of the loss on a batch; their sum is what is lowered."""
        progress = self.global_step / self.recipe.train.steps
        return self.task.loss_terms(self.network, self.laid_out(batch), self.recipe, progress)

    def laid_out(self, batch: B) -> B:
        """A batch in the network's memory layout."""
        return _each_tensor(batch, _channels_last) if self.recipe.train.channels_last else batch

    def to_device(self, batch: B, device: torch.device) -> B:
        """A batch on this device; the Trainer does so by itself."""
        return _each_tensor(batch, lambda part: part.to(device))

    def make_optimizer(self) -> torch.optim.Optimizer:
        """The network's, at its peak learning rate."""
        return make_optimizer(self.network, self.recipe.optimizer)

    def clip(self, network: nn.Module) -> None:
        """Scale gradients down to the recipe's largest norm; the Trainer does so by itself where it takes the steps."""
        if self.recipe.optimizer.clip:
            torch.nn.utils.clip_grad_norm_(network.parameters(), self.recipe.optimizer.clip)

    def training_step(self, batch: B, batch_idx: int) -> Any:
        """One step's loss."""
        terms = self.loss_terms(batch)
        loss = torch.stack(list(terms.values())).sum()
        self.take_note(terms, loss)
        return loss

    def take_note(self, terms: dict[str, Tensor], loss: Tensor) -> None:
        """Log the loss of the step that is about to be taken, and let the schedule see it."""
        if self._is_logged():
            self.log("step", float(self.trainer.global_step + 1))
            self.log_dict({f"train/{name}": term.detach() for name, term in terms.items()})
            self.log("train/loss", loss.detach(), prog_bar=True)
        if self.plateau is not None:
            mean = self.trainer.strategy.reduce(loss.detach(), reduce_op="mean")
            self.plateau.observe(float(mean))

    def validation_step(self, batch: Tensor, batch_idx: int) -> None:
        """Nothing: ValidationCallback scores the validation samples when validation ends."""

    def configure_optimizers(self) -> Any:
        """The optimizer and its schedule."""
        optimizer = self.make_optimizer()
        share = learning_rate_share(self.recipe.optimizer, self.recipe.train.steps)
        self.plateau = share if isinstance(share, Plateau) else None
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, share)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """The gradient's norm before clipping, beside the learning rate."""
        if self._is_logged():
            gradients = [p.grad for p in self.network.parameters() if p.grad is not None]
            self.log("train/gradient_norm", torch.nn.utils.get_total_norm(gradients))
            self.log("train/lr", optimizer.param_groups[0]["lr"])

    def _is_logged(self) -> bool:
        """Whether the Trainer writes down this step's measures; those of others need not be taken."""
        step = self.trainer.global_step + 1
        every: int = self.trainer.log_every_n_steps  # type: ignore[attr-defined]
        return step % every == 0 or step == self.trainer.max_steps


def _each_tensor(batch: B, change: Callable[[Tensor], Tensor]) -> B:
    changed: B = apply_to_collection(batch, Tensor, change)
    return changed


def _channels_last(part: Tensor) -> Tensor:
    return part.contiguous(memory_format=torch.channels_last) if part.ndim == 4 else part


AnyModule: TypeAlias = TrainingModule[Any, Any, Any, Any]
