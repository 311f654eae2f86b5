"""What a code costs: the Kullback-Leibler divergence of q(z | x) from the prior N(0, 1), in nats."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from safelight.errors import RecipeError
from safelight.tasks.autoencode.network import Posterior

ACTIVE = 0.01  # least variance of the posterior mean over pictures (Burda et al. 2016, section 5.1)
LEAST_NATS = 1.0  # a picture: a code that says less cannot tell three pictures apart
LEAST_GAIN = 0.02  # share of the mean picture's error that a code must take away to be of use


@dataclass(frozen=True)
class CodeLossSettings:
    """Weights beside the likelihood, which is model.likelihood's and always counts once.

    kl: weight of the divergence; 1 is the evidence lower bound, more is the β-VAE (Higgins et al. 2017).
    warmup: share of the run in which the weight rises from 0 (Bowman et al. 2016).
    free: nats that each number of the code may cost before it is pressed (free bits, Kingma et al. 2016).
    perceptual: weight of a distance between features (losses/perceptual.py), beside nats per dimension.
    """

    kl: float = 1.0
    warmup: float = 0.0
    free: float = 0.0
    perceptual: float = 0.0

    def __post_init__(self) -> None:
        if min(self.kl, self.free, self.perceptual) < 0:
            raise RecipeError(
                f"loss.kl is {self.kl}, loss.free {self.free} and loss.perceptual {self.perceptual}; "
                "expected 0 or more"
            )
        if not 0 <= self.warmup <= 1:
            raise RecipeError(f"loss.warmup is {self.warmup}; expected a share of the run, 0 to 1")

    def weight(self, progress: float) -> float:
        """The weight of the divergence at this share of the run."""
        return self.kl * min(1.0, progress / self.warmup) if self.warmup else self.kl


def kl_nats(posterior: Posterior) -> Float[Tensor, "b latent"]:
    """KL(N(mean, var) || N(0, 1)) of each number of each code (Kingma & Welling 2014, appendix B)."""
    mean, log_var = posterior
    return -0.5 * (1 + log_var - mean**2 - torch.exp(log_var))


def freed(kl: Float[Tensor, "b latent"], free: float) -> Tensor:
    """Nats per picture that are pressed on: the mean over the batch of each number's, but `free` at least.

    Kingma et al. 2016, equation 15, with each number of the code a group of its own.
    """
    return kl.mean(0).clamp(min=free).sum()


def variances(means: Float[Tensor, "n latent"]) -> Float[Tensor, " latent"]:
    """Variance over pictures of each number's posterior mean."""
    return means.var(0, correction=0)


def active_units(means: Float[Tensor, "n latent"]) -> int:
    """How many numbers of the code say something about the picture."""
    return int((variances(means) > ACTIVE).sum())


@dataclass(frozen=True)
class Collapse:
    """Posterior collapse: what was seen, and what to do about it.

    cost: KL in nats a picture. silent: the code itself says nothing; else the decoder does not use it (yet).
    """

    evidence: str
    advice: str
    cost: float
    silent: bool = False

    def __str__(self) -> str:
        return f"{self.evidence}; {self.advice}"


def find_collapse(
    means: Float[Tensor, "n latent"], kl: Float[Tensor, "n latent"], error: float, mean_picture_error: float
) -> Collapse | None:
    """Whether the decoder has stopped listening to the code; None if it listens.

    means, kl: of some pictures, 8 at least. error: mean squared error of their reconstructions;
    mean_picture_error: that of answering with the mean picture whatever the code.
    """
    active, latent = active_units(means), means.shape[1]
    cost = float(kl.sum(1).mean())
    if not math.isfinite(cost) or not math.isfinite(error):
        return Collapse(
            f"KL is {cost:.3g} nats and the error {error:.3g}: not finite", "lower --optimizer.lr", cost
        )
    ignored = error >= (1 - LEAST_GAIN) * mean_picture_error
    if active == 0 or (ignored and cost < LEAST_NATS):
        return Collapse(
            f"posterior collapse: {active} of {latent} units are active (variance of the posterior mean above "
            f"{ACTIVE}), KL {cost:.3g} nats a picture",
            "use --loss.warmup 0.2, a smaller --model.sd (or --model.learn_sd true), or a smaller --loss.kl",
            cost,
            silent=True,
        )
    if ignored:
        return Collapse(
            f"the decoder ignores its code: its error is {error:.4g}, that of the mean picture "
            f"{mean_picture_error:.4g}, though {active} of {latent} units are active",
            "train longer, or use a larger --optimizer.lr, or a smaller --model.sd",
            cost,
        )
    return None
