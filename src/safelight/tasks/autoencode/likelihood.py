"""Likelihoods of a picture given its decoded code, in nats, and the units that they are told in.

Every function returns -log p of each number of the picture, of the truth's shape. Values are sRGB 0..1.
"""

import math
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from safelight.tasks.autoencode.network import Decoded
from safelight.tasks.autoencode.network_settings import LikelihoodName

LEVELS = 256  # of a picture's values
SD_OF_LOGISTIC = math.pi / math.sqrt(3)  # in units of its scale


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
