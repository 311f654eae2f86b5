"""Adversarial losses: what a discriminator and the network that it judges each lower.

Logits are a discriminator's answers of any shape: above 0 it takes the picture for a true one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from safelight.errors import RecipeError
from safelight.nn.discriminator import DiscriminatorSettings, FeatureDiscriminator, PatchDiscriminator
from safelight.shaped import Float

AdversarialName = Literal["hinge", "least_squares", "non_saturating"]


@dataclass(frozen=True)
class AdversarialSettings:
    """A discriminator beside the network.

    weight: what the adversarial term counts in the network's loss; 0 is off.
    loss: what both play for: hinge (Lim & Ye 2017), least_squares (Mao et al. 2017) or non_saturating (Goodfellow
      et al. 2014).
    r1: gamma of the gradient penalty on true pictures (Mescheder et al. 2018); 0 is off.
    r1_every: steps between two penalties, each then that many times as large (Karras et al. 2020).
    lr: peak learning rate of the discriminator, under the schedule of the network's.
    betas: its Adam's: how slowly the running mean of the gradient, and of its square, follow.
    start: share of the run after which the discriminator begins; before it, the network learns alone.
    """

    weight: float = 0.0
    loss: AdversarialName = "hinge"
    r1: float = 0.0
    r1_every: int = 16
    lr: float = 4e-4
    betas: tuple[float, float] = (0.0, 0.99)
    start: float = 0.0

    def __post_init__(self) -> None:
        if self.weight < 0 or self.r1 < 0:
            raise RecipeError(
                f"adversarial.weight ({self.weight:g}) and adversarial.r1 ({self.r1:g}) cannot be negative"
            )
        if self.r1 and not self.weight:
            raise RecipeError(
                f"adversarial.r1 is {self.r1:g} without a discriminator; set adversarial.weight above 0 too"
            )
        if self.r1_every < 1:
            raise RecipeError(f"adversarial.r1_every is {self.r1_every}; expected steps, from 1")
        if not 0 < self.lr < 10 or not all(0 <= beta < 1 for beta in self.betas):
            raise RecipeError(
                f"adversarial.lr is {self.lr:g} and adversarial.betas {self.betas}; expected above 0 and below "
                "10, and two numbers from 0 to below 1"
            )
        if not 0 <= self.start < 1:
            raise RecipeError(f"adversarial.start is {self.start}; expected a share of the run, 0 to below 1")


def discriminator_of_pictures(settings: DiscriminatorSettings, more: int = 0) -> nn.Module:
    """The discriminator that the settings ask for, of red, green, blue, -1..1, and so many planes more."""
    if settings.features == "none":
        return PatchDiscriminator(3 + more, settings)
    from safelight.losses.perceptual import shared_features  # which takes seconds to import

    return FeatureDiscriminator(shared_features(settings.features), more, settings)


def hinge_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Lim & Ye 2017, equation 1 (Miyato et al. 2018, equation 16): nothing beyond a margin of 1."""
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean()


def hinge_generator(fake: Tensor) -> Tensor:
    """Miyato et al. 2018, equation 17."""
    return -fake.mean()


def least_squares_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Mao et al. 2017, equation 9: true pictures are 1, others 0."""
    return 0.5 * ((real - 1) ** 2).mean() + 0.5 * (fake**2).mean()


def least_squares_generator(fake: Tensor) -> Tensor:
    """Mao et al. 2017, equation 9."""
    return 0.5 * ((fake - 1) ** 2).mean()


def non_saturating_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Goodfellow et al. 2014, equation 1, negated: -log D(real) - log(1 - D(fake))."""
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def non_saturating_generator(fake: Tensor) -> Tensor:
    """Goodfellow et al. 2014, section 3: -log D(fake)."""
    return F.softplus(-fake).mean()


DISCRIMINATOR_LOSSES: dict[AdversarialName, Callable[[Tensor, Tensor], Tensor]] = {
    "hinge": hinge_discriminator,
    "least_squares": least_squares_discriminator,
    "non_saturating": non_saturating_discriminator,
}
GENERATOR_LOSSES: dict[AdversarialName, Callable[[Tensor], Tensor]] = {
    "hinge": hinge_generator,
    "least_squares": least_squares_generator,
    "non_saturating": non_saturating_generator,
}


def r1_penalty(
    discriminator: Callable[[Tensor], Tensor], real: Float[Tensor, "b c h w"]
) -> Float[Tensor, ""]:
    """Mescheder et al. 2018, equation 9, with gamma 1: half the mean over pictures of |dD/dx|^2.

    A picture's D is the mean of its logits, so that the penalty does not grow with the number of patches. In full
    precision, whatever autocast says: it is a gradient of a gradient.
    """
    with torch.autocast(real.device.type, enabled=False):
        real = real.detach().float().requires_grad_()
        logits = discriminator(real).flatten(1).mean(1)
        (slope,) = torch.autograd.grad(logits.sum(), real, create_graph=True)
    return 0.5 * slope.square().sum((1, 2, 3)).mean()
