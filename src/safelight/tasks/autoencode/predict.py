"""A network in memory asked for codes and pictures, for export and for the judge."""

from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import Float32

from safelight.data.cache import photo_in
from safelight.nn.devices import to_network, to_numpy
from safelight.tasks.autoencode.network import VAE
from safelight.tasks.autoencode.network_settings import LikelihoodName
from safelight.tasks.autoencode.prepare import Framed, Preparation, frame
from safelight.training.batches import Pictures

AT_ONCE = 64


class NetworkCodes:
    """A torch network as the judge asks it (judging/codes/subject.py)."""

    def __init__(self, network: VAE, preparation: Preparation) -> None:
        self.network, self.preparation = network.eval(), preparation
        self.size, self.latent = network.size, network.settings.latent
        self.likelihood: LikelihoodName = network.settings.likelihood
        self.variational, self.sd = network.settings.variational, network.sd.item()

    def encode(
        self, pictures: Float32[np.ndarray, "n 3 s s"]
    ) -> tuple[Float32[np.ndarray, "n latent"], Float32[np.ndarray, "n latent"]]:
        """Means and sds of the codes."""
        with torch.inference_mode():
            mean, log_var = self.network.encode(to_network(pictures, self.network))
            return to_numpy(mean), to_numpy(torch.exp(0.5 * log_var))

    def decode(self, codes: Float32[np.ndarray, "n latent"]) -> Float32[np.ndarray, "n 3 s s"]:
        """The pictures of these codes, 0..1."""
        with torch.inference_mode():
            return to_numpy(self.network.decode(to_network(codes, self.network)).mean.clamp(0, 1))


def framed(
    pictures: Pictures, size: int, preparation: Preparation, count: int | None = None
) -> Iterator[Framed]:
    """The first pictures, or all of them, as the network sees them."""
    for number in range(len(pictures) if count is None else min(count, len(pictures))):
        yield frame(photo_in(pictures, number), size, preparation)


def codes_of(network: VAE, pictures: Pictures, preparation: Preparation) -> Float32[np.ndarray, "n latent"]:
    """The code of each picture: the mean of its posterior."""
    asked = NetworkCodes(network, preparation)
    means, waiting = [], []
    for number, each in enumerate(framed(pictures, network.size, preparation), start=1):
        waiting.append(each.planes)
        if len(waiting) == AT_ONCE or number == len(pictures):
            means.append(asked.encode(np.stack(waiting))[0])
            waiting = []
    return np.concatenate(means)
