"""The thin LightningModule around a colorizing network."""

from typing import Any

import lightning.pytorch as pl
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from safelight.losses.colour import (
    ColorLossSettings,
    bin_cross_entropy,
    chroma_error,
    huber_distance,
    log_error,
)
from safelight.models.unet import Colors, ColorUNet
from safelight.training.recipe import Recipe
from safelight.training.schedules import learning_rate_share

Batch = tuple[Float[Tensor, "b 7 h w"], Float[Tensor, "b 2 h w"]]


def color_terms(
    answer: Colors,
    guess: Tensor,
    truth: Float[Tensor, "b 2 h w"],
    network: ColorUNet,
    settings: ColorLossSettings,
) -> dict[str, Tensor]:
    """Each term of the loss times its weight; their sum is what is lowered."""
    terms = {}
    if settings.huber:
        terms["huber"] = settings.huber * huber_distance(answer.ab, truth, settings.beta)
    if settings.l1:
        terms["l1"] = settings.l1 * F.l1_loss(answer.ab, truth)
    if settings.log_error:
        terms["log_error"] = settings.log_error * log_error(answer.ab, truth, settings.floor)
    if settings.chroma:
        terms["chroma"] = settings.chroma * chroma_error(answer.chroma, truth)
    if settings.guess:
        terms["guess"] = settings.guess * huber_distance(guess.float(), F.avg_pool2d(truth, 8), settings.beta)
    if settings.bins and answer.logits is not None and network.bins is not None:
        small = F.avg_pool2d(truth, truth.shape[-1] // answer.logits.shape[-1])
        terms["bins"] = settings.bins * bin_cross_entropy(answer.logits, network.bins.encode(small))
    return terms


class ColorizeModule(pl.LightningModule):
    """Loss, optimiser and schedule of a recipe; the network itself is a plain nn.Module."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        self.recipe = recipe
        self.network = ColorUNet(recipe.model)
        if recipe.train.channels_last:
            self.network = self.network.to(memory_format=torch.channels_last)

    def forward(self, planes: Float[Tensor, "b 7 h w"]) -> Colors:
        """The network's answer."""
        colors: Colors = self.network(planes)
        return colors

    def terms(self, batch: Batch) -> dict[str, Tensor]:
        """The terms of the loss on a batch; their sum is what is lowered."""
        planes, truth = batch
        if self.recipe.train.channels_last:
            planes = planes.contiguous(memory_format=torch.channels_last)
        levels, features = self.network.look(planes)
        answer = self.network.answer(planes, levels, features)
        return color_terms(answer, self.network.guess(features), truth, self.network, self.recipe.loss)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """One step's loss."""
        terms = self.terms(batch)
        loss = torch.stack(list(terms.values())).sum()
        if self._is_logged():
            self.log("step", float(self.trainer.global_step + 1))
            self.log_dict({f"train/{name}": term.detach() for name, term in terms.items()})
            self.log("train/loss", loss.detach(), prog_bar=True)
        return loss

    def validation_step(self, batch: Tensor, batch_idx: int) -> None:
        """Nothing: the probes are looked at by ProbeCallback when validation ends."""

    def configure_optimizers(self) -> Any:
        """AdamW over what is trained; norms and biases are not decayed."""
        settings = self.recipe.optimizer
        groups = []
        for inside, lr in ((False, settings.lr), (True, settings.lr * settings.encoder)):
            named = [(n, p) for n, p in self.network.named_parameters() if n.startswith("encoder.") == inside]
            trained = [p for _, p in named if p.requires_grad]
            groups += [
                {
                    "params": [p for p in trained if p.ndim > 1],
                    "weight_decay": settings.weight_decay,
                    "lr": lr,
                },
                {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0, "lr": lr},
            ]
        groups = [group for group in groups if group["params"]]
        optimizer = torch.optim.AdamW(groups, lr=settings.lr, betas=settings.betas)
        share = learning_rate_share(settings, self.recipe.train.steps)
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
