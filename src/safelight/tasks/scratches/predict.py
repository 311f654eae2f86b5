"""A network in memory as a finder of damage, for probes and for the judge."""

import torch

from safelight.arrays import Mask, Srgb
from safelight.nn.devices import to_network, to_numpy
from safelight.pixels.geometry import pad_to_multiple
from safelight.tasks.scratches.network import Finder
from safelight.tasks.scratches.prepare import answer, ask


class NetworkFinder:
    """A picture (h, w, 3), 0..1, to its likelihood of damage (h, w), at the picture's own size."""

    def __init__(self, network: Finder) -> None:
        self.network = network

    def __call__(self, srgb: Srgb) -> Mask:
        padded, (h, w) = pad_to_multiple(srgb, self.network.multiple)
        training = self.network.training
        self.network.eval()
        with torch.inference_mode():
            reply = torch.sigmoid(self.network(to_network(ask(padded), self.network)[None]))[0]
        self.network.train(training)
        return answer(to_numpy(reply))[:h, :w]
