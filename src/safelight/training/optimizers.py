"""Optimizers: Adam and AdamW with all that they can be told; what is decayed, and what learns slowly."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

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
    schedule: how the rate goes: "one_cycle", "cosine", "constant", "steps" or "plateau" (training/optimizers.py).
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


START_SHARE, END_SHARE = 1 / 25, 1e-4
LOOKS = 10  # how often a plateau looks at the mean loss within its patience

Share: TypeAlias = Callable[[int], float]  # of the peak learning rate, at each step


def learning_rate_share(settings: OptimizerSettings, steps: int) -> Share:
    """Share of the peak learning rate at each step.

    "one_cycle": cosine from 1/25 of the peak up, then cosine down to 1/10000 of it (Smith & Topin 2018, in
    the form that torch's OneCycleLR made common). "cosine": a straight rise, then the same fall (Loshchilov &
    Hutter 2017, equation 5). "constant": one_cycle's rise, then the peak. "steps": the same, and from each of
    `drop_at` on the next of `drops`. "plateau": the same, and a drop whenever the loss no longer falls.
    """
    rise = max(1, round(settings.warmup * steps))
    if settings.schedule == "plateau":
        return Plateau(settings.drops, settings.patience, settings.least, rise)

    def share(step: int) -> float:
        if step < rise:
            return _straight(step / rise) if settings.schedule == "cosine" else _rising(step / rise)
        if settings.schedule == "constant":
            return 1.0
        if settings.schedule == "steps":
            return (1.0, *settings.drops)[sum(step >= at for at in settings.drop_at)]
        return _cosine(1.0, END_SHARE, min((step - rise) / max(1, steps - rise), 1.0))

    return share


class Plateau:
    """A share that drops when the loss has not fallen for `patience` steps (Zhang et al. 2016 did so by hand).

    The mean loss of each tenth of the patience is looked at; it has fallen if it is `least` (a share) below
    the best one before. All that it knows are plain numbers: they go into the checkpoint with the schedule
    (LambdaLR keeps them), and a run that is resumed drops where it would have dropped.
    """

    def __init__(self, drops: tuple[float, ...], patience: int, least: float, rise: int = 1) -> None:
        self.levels = (1.0, *drops)
        self.window = max(1, patience // LOOKS)
        self.allowed = -(-patience // self.window)
        self.least, self.rise = least, rise
        self.best = math.inf
        self.total, self.count, self.stale, self.level = 0.0, 0, 0, 0

    def __call__(self, step: int) -> float:
        """The share at this step, the next one to be taken."""
        return _rising(step / self.rise) if step < self.rise else self.levels[self.level]

    def observe(self, loss: float) -> None:
        """Take note of the loss of one step."""
        self.total += loss
        self.count += 1
        if self.count == self.window:
            self._look(self.total / self.count)
            self.total, self.count = 0.0, 0

    def _look(self, mean: float) -> None:
        # A loss may be below 0, and the first comparison is with infinity, whose share is no number.
        margin = self.least * abs(self.best) if math.isfinite(self.best) else 0.0
        if mean < self.best - margin:
            self.best, self.stale = mean, 0
            return
        self.stale += 1
        if self.stale >= self.allowed and self.level + 1 < len(self.levels):
            self.level, self.stale = self.level + 1, 0


def _rising(progress: float) -> float:
    return _cosine(START_SHARE, 1.0, progress)


def _straight(progress: float) -> float:
    return START_SHARE + (1 - START_SHARE) * progress


def _cosine(start: float, end: float, progress: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * progress)) / 2
