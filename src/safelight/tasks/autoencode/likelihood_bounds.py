"""Bounds on log p(x) of held-out pictures, in nats per picture."""

import math
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Float32

from safelight.tasks.autoencode.losses import decoded_of, kl_nats, reconstruction_nats
from safelight.tasks.autoencode.network import Posterior
from safelight.tasks.autoencode.subject import Pictures, Subject

DRAWS = 50  # importance samples a picture


class Bounds(NamedTuple):
    """Of each picture: the evidence lower bound, the importance-weighted one, KL of each number of its code."""

    elbo: Float[np.ndarray, " n"]
    weighted: Float[np.ndarray, " n"]
    kl: Float[np.ndarray, "n latent"]


def bounds(
    subject: Subject,
    pictures: Pictures,
    padding: Float32[np.ndarray, "n 1 s s"],
    rng: np.random.Generator,
    draws: int = DRAWS,
) -> Bounds:
    """Both bounds from the same `draws` codes a picture.

    elbo: the mean of log p(x | z) over the draws, minus the KL in closed form. weighted: log of the mean of
    p(x, z) / q(z | x) over the draws (Burda et al. 2016, equation 8): never below the first on average.
    """
    means, sds = subject.encode(pictures)
    kl = kl_nats(Posterior(torch.from_numpy(means), 2 * torch.log(torch.from_numpy(sds)))).numpy()
    sure = np.empty((len(pictures), draws))
    ratio = np.empty_like(sure)
    for number in range(len(pictures)):
        noise = rng.standard_normal((draws, subject.latent), np.float32)
        codes = means[number] + sds[number] * noise
        sure[number] = -_nats(subject, pictures[number], padding[number], codes)
        # log p(z) - log q(z | x); the constants of the two normal densities are equal
        ratio[number] = (0.5 * noise**2 - 0.5 * codes**2 + np.log(sds[number])).sum(1)
    weighted = np.logaddexp.reduce(sure + ratio, axis=1) - math.log(draws)
    return Bounds(sure.mean(1) - kl.sum(1), weighted, kl)


def _nats(
    subject: Subject,
    picture: Float32[np.ndarray, "3 s s"],
    padding: Float32[np.ndarray, "1 s s"],
    codes: Float32[np.ndarray, "draws latent"],
) -> Float[np.ndarray, " draws"]:
    """-log p(x | z) for each of these codes."""
    given = torch.from_numpy(np.ascontiguousarray(subject.decode(codes)))
    truth, border = (torch.from_numpy(part).expand(len(codes), *part.shape) for part in (picture, padding))
    sd = torch.tensor(subject.sd)
    return reconstruction_nats(subject.likelihood, decoded_of(given), truth, border, sd).numpy()
