"""Optimizers: Adam and AdamW with all that they can be told; what is decayed, and what learns slowly."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import nn

from safelight.errors import RecipeError

ScheduleName = Literal["one_cycle", "cosine", "constant", "steps", "plateau"]
OPTIMIZERS: dict[str, type[torch.optim.Adam]] = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}


@dataclass(frozen=True)
class OptimizerSettings:
    """An optimizer under a schedule of its learning rate.

    name: the algorithm: "adamw" (Loshchilov & Hutter 2019), or "adam" (Kingma & Ba 2015), whose decay joins the
      gradient.
    lr: peak learning rate.
    encoder: share of `lr` that a trained encoder gets: it has less to learn, and more to forget.
    weight_decay: how fast weights shrink by themselves; norms and biases are not decayed.
    betas: Adam's: how slowly the running mean of the gradient, and of its square, follow.
    eps: what Adam adds to the root it divides by, against division by nearly nothing.
    amsgrad: never forget the largest squared gradient (Reddi et al. 2018).
    schedule: how the rate goes: "one_cycle", "cosine", "constant", "steps" or "plateau" (training/schedules.py).
    warmup: share of the run in which the rate rises to its peak.
    drops: shares of the peak that "steps" and "plateau" go down to, one after the other.
    drop_at: at which steps "steps" does so, one for each of `drops`.
    patience: how many steps the loss may fail to fall by `least` before "plateau" does.
    least: the share by which the loss has to fall for that.
    clip: largest gradient norm; 0 leaves gradients as they are.
    """

    name: Literal["adamw", "adam"] = "adamw"
    lr: float = 2e-3
    encoder: float = 0.1
    weight_decay: float = 1e-2
    betas: tuple[float, float] = (0.9, 0.99)
    eps: float = 1e-8
    amsgrad: bool = False
    schedule: ScheduleName = "one_cycle"
    warmup: float = 0.1
    drops: tuple[float, ...] = (1 / 3, 0.1)
    drop_at: tuple[int, ...] = ()
    patience: int = 1000
    least: float = 0.01
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
        if self.eps <= 0:
            raise RecipeError(f"optimizer.eps is {self.eps:g}; expected above 0, such as 1e-8")
        self._check_drops()

    def _check_drops(self) -> None:
        if self.schedule in ("steps", "plateau") and not self.drops:
            raise RecipeError(f"optimizer.schedule {self.schedule} needs optimizer.drops, such as 0.33,0.1")
        if not all(
            1 > high > low > 0 for high, low in zip((1 - 1e-9, *self.drops), self.drops, strict=False)
        ):
            raise RecipeError(
                f"optimizer.drops is {self.drops}; expected falling shares, below 1 and above 0"
            )
        if (self.schedule == "steps") != bool(self.drop_at):
            raise RecipeError(
                f"optimizer.schedule is {self.schedule} and optimizer.drop_at {self.drop_at}; "
                "the schedule steps needs the steps at which it drops, and no other does"
            )
        rises = all(
            0 < before < after for before, after in zip((0.5, *self.drop_at), self.drop_at, strict=False)
        )
        if self.drop_at and (not rises or len(self.drop_at) != len(self.drops)):
            raise RecipeError(
                f"optimizer.drop_at is {self.drop_at} for optimizer.drops {self.drops}; "
                "expected a step for each drop, one after the other"
            )
        if self.patience < 1 or not 0 <= self.least < 1:
            raise RecipeError(
                f"optimizer.patience is {self.patience} and optimizer.least {self.least}; "
                "expected steps, from 1, and a share, 0 to below 1"
            )


def make_optimizer(network: nn.Module, settings: OptimizerSettings) -> torch.optim.Optimizer:
    """The optimizer over what is trained of this network."""
    return OPTIMIZERS[settings.name](
        list(parameter_groups(network, settings)),
        lr=settings.lr,
        betas=settings.betas,
        eps=settings.eps,
        amsgrad=settings.amsgrad,
    )


def parameter_groups(network: nn.Module, settings: OptimizerSettings) -> Iterator[dict[str, Any]]:
    """Weights, then norms and biases, of all but the encoder; then those of the encoder. None is empty."""
    for inside, lr in ((False, settings.lr), (True, settings.lr * settings.encoder)):
        named = [(n, p) for n, p in network.named_parameters() if ("encoder" in n.split(".")) == inside]
        trained = [p for _, p in named if p.requires_grad]
        decayed, others = [p for p in trained if p.ndim > 1], [p for p in trained if p.ndim <= 1]
        for parameters, decay in ((decayed, settings.weight_decay), (others, 0.0)):
            if parameters:
                yield {"params": parameters, "weight_decay": decay, "lr": lr}
