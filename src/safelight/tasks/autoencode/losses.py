"""The loss of an autoencoder: likelihoods of a picture given its decoded code, and what the code costs, in nats.

A new term is a function here, a weight in `AutoencodeLossSettings`, and a row of `TERMS`; a new likelihood a row of
`NATS`. The cost of a code is the Kullback-Leibler divergence of q(z | x) from the prior N(0, 1). Every likelihood
returns -log p of each number of the picture, of the truth's shape. Pictures are sRGB 0..1.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from safelight.errors import RecipeError
from safelight.losses.perceptual import features_of_both, perceptual_distance, shared_features
from safelight.losses.terms import weighted_terms
from safelight.shaped import Float
from safelight.tasks.autoencode.network import VAE, Decoded, Posterior
from safelight.tasks.autoencode.network_settings import LikelihoodName

ACTIVE = 0.01  # least variance of the posterior mean over pictures (Burda et al. 2016, section 5.1)
LEAST_NATS = 1.0  # a picture: a code that says less cannot tell three pictures apart
LEAST_GAIN = 0.02  # share of the mean picture's error that a code must take away to be of use
LEVELS = 256  # of a picture's values
SD_OF_LOGISTIC = math.pi / math.sqrt(3)  # in units of its scale


@dataclass(frozen=True)
class AutoencodeLossSettings:
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


@dataclass(frozen=True)
class LossInputs:
    """A batch as the terms see it: pictures, their padding, what the network makes of them.

    progress: share of the run done, 0..1.
    """

    pictures: Float[Tensor, "b 3 s s"]
    padding: Float[Tensor, "b 1 s s"]
    decoded: Decoded
    posterior: Posterior
    network: VAE
    settings: AutoencodeLossSettings
    progress: float

    @property
    def shown(self) -> Float[Tensor, "b 3 s s"]:
        """The reconstructions, padded as the pictures are."""
        return torch.where(self.padding > 0, self.pictures, self.decoded.mean)

    @property
    def count(self) -> Tensor:
        """How many numbers a picture has, on average."""
        return dimensions(self.padding).mean()


def reconstruction_term(inputs: LossInputs) -> Tensor:
    """-log p(x | z), in nats per dimension."""
    likelihood, sd = inputs.network.settings.likelihood, inputs.network.sd
    nats = reconstruction_nats(likelihood, inputs.decoded, inputs.pictures, inputs.padding, sd)
    return nats.mean() / inputs.count


def kl_term(inputs: LossInputs) -> Tensor | None:
    """The divergence at its present weight, in nats per dimension; a plain autoencoder has none."""
    if not inputs.network.settings.variational:
        return None
    pressed = freed(kl_nats(inputs.posterior), inputs.settings.free)
    return inputs.settings.weight(inputs.progress) * pressed / inputs.count


def perceptual_term(inputs: LossInputs) -> Tensor:
    """Distance between the features of reconstructions, padded as the pictures are, and of the pictures."""
    features = shared_features("efficientnet_lite0")
    return perceptual_distance(*features_of_both(features, inputs.shown, inputs.pictures))


# The first two are the negative bound of Kingma & Welling 2014, equation 3, over a constant. Per dimension, so that
# learning rates and clipping mean the same at every size of picture.
BOUND = ("reconstruction", "kl")
TERMS: dict[str, Callable[[LossInputs], Tensor | None]] = {
    "reconstruction": reconstruction_term,
    "kl": kl_term,
    "perceptual": perceptual_term,
}


def autoencode_terms(inputs: LossInputs) -> dict[str, Tensor]:
    """Each term of the loss times its weight. Those of the bound count whole: kl has its weight already."""
    weights = {name: 1.0 if name in BOUND else getattr(inputs.settings, name) for name in TERMS}
    return weighted_terms(TERMS, inputs, weights)


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


def gaussian_nats(mean: Tensor, truth: Tensor, sd: Tensor) -> Tensor:
    """-log of the normal density. With sd fixed it is the squared error / (2 sd²), and a constant."""
    return 0.5 * ((truth - mean) / sd) ** 2 + torch.log(sd) + 0.5 * math.log(2 * math.pi)


def bernoulli_nats(logits: Tensor, truth: Tensor) -> Tensor:
    """Binary cross-entropy of the logits. Of values between 0 and 1 it is a loss, but no log-likelihood.

    (Loaiza-Ganem & Cunningham 2019.)
    """
    return F.binary_cross_entropy_with_logits(logits, truth, reduction="none")


def logistic_nats(mean: Tensor, truth: Tensor, sd: Tensor) -> Tensor:
    """-log of the mass that a logistic distribution gives to the truth's level among 256.

    Kingma et al. 2016, equation 14; the lowest and the highest level have the tails.
    """
    scale, half = sd / SD_OF_LOGISTIC, 0.5 / (LEVELS - 1)
    above, below = (truth - mean + half) / scale, (truth - mean - half) / scale
    # sigmoid(a) - sigmoid(b) = sigmoid(a) sigmoid(-b) (1 - exp(b - a)): no difference of near equal numbers
    inner = F.logsigmoid(above) + F.logsigmoid(-below) + torch.log(-torch.expm1(below - above))
    lowest, highest = truth < half, truth > 1 - half
    log_mass = torch.where(lowest, F.logsigmoid(above), torch.where(highest, F.logsigmoid(-below), inner))
    return -log_mass


NATS: dict[LikelihoodName, Callable[[Decoded, Tensor, Tensor], Tensor]] = {
    "gaussian": lambda decoded, truth, sd: gaussian_nats(decoded.mean, truth, sd),
    "bernoulli": lambda decoded, truth, sd: bernoulli_nats(decoded.raw, truth),
    "logistic": lambda decoded, truth, sd: logistic_nats(decoded.mean, truth, sd),
}


def reconstruction_nats(
    likelihood: LikelihoodName,
    decoded: Decoded,
    truth: Float[Tensor, "b 3 s s"],
    padding: Float[Tensor, "b 1 s s"],
    sd: Tensor,
) -> Float[Tensor, " b"]:
    """-log p(x | z) of each picture, in nats: the sum over its own values, without those of its padding."""
    return (NATS[likelihood](decoded, truth, sd) * (1 - padding)).sum((1, 2, 3))


def dimensions(padding: Float[Tensor, "b 1 s s"]) -> Float[Tensor, " b"]:
    """How many numbers each picture has: three for each pixel that is no padding."""
    return 3 * (1 - padding).sum((1, 2, 3))


def bits_per_dimension(nats: Tensor, count: Tensor, likelihood: LikelihoodName) -> Tensor:
    """Nats per picture as bits for each of its `count` 8-bit values.

    A density over 0..1 (gaussian) becomes one over 256 levels by adding 8 bits. NaN for bernoulli: what is no
    log-likelihood cannot be compared.
    """
    bits = nats / (count * math.log(2))
    if likelihood == "bernoulli":
        return torch.full_like(bits, math.nan)
    return bits + math.log2(LEVELS) if likelihood == "gaussian" else bits


def decoded_of(pictures: Float[Tensor, "b 3 s s"]) -> Decoded:
    """What the decoder said, of its pictures alone (an exported one gives no more)."""
    return Decoded(torch.logit(pictures, eps=1e-6), pictures)
