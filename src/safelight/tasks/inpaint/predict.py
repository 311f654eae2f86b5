"""A network in memory as a method that fills holes, for probes and for the judge."""

import torch

from safelight.arrays import Mask, Srgb
from safelight.nn.devices import to_network, to_numpy
from safelight.pixels.geometry import pad_to_multiple
from safelight.tasks.inpaint.network import Filler
from safelight.tasks.inpaint.prepare import Preparation, answer, ask, from_span


class NetworkFill:
    """(picture, mask) -> picture with a torch network, through the same question and answer as in use.

    beyond: how far outside of 0..1 anything in the holes was so far, before it was clipped.
    """

    def __init__(self, network: Filler, preparation: Preparation) -> None:
        self.network, self.preparation = network, preparation
        self.beyond = 0.0

    def __call__(self, srgb: Srgb, mask: Mask) -> Srgb:
        padded, (h, w) = pad_to_multiple(srgb, self.network.multiple)
        hole, _ = pad_to_multiple(mask, self.network.multiple)
        planes = ask(padded, hole, self.preparation)
        training = self.network.training
        if training:  # walking through all parts takes as long as a small answer
            self.network.eval()
        with torch.inference_mode():
            reply = self.network(to_network(planes, self.network)[None])[0]
        if training:
            self.network.train()
        numbers = to_numpy(reply)
        levels = from_span(numbers[:, hole > 0], self.preparation.span)
        self.beyond = max(self.beyond, float(levels.max(initial=1)) - 1, -float(levels.min(initial=0)))
        return answer(numbers, padded, hole, self.preparation)[:h, :w]
