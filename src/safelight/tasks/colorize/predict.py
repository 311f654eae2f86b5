"""A network in memory as a predict callable, for probes and for the judge."""

import numpy as np
import torch
from jaxtyping import Float32

from safelight.arrays import Ab, Lightness, Planes
from safelight.nn.devices import to_network, to_numpy
from safelight.tasks.colorize.hints import Points
from safelight.tasks.colorize.plain_network import ColorNetwork
from safelight.tasks.colorize.prepare import Preparation, answer, ask


class NetworkPredict:
    """(L, hints) -> ab with a torch network, through the same question and answer as in use.

    L: (h, w) with sides that are multiples of 32.
    """

    def __init__(self, network: ColorNetwork, preparation: Preparation, vivid: float = 0.0) -> None:
        self.network, self.preparation, self.vivid = network, preparation, vivid

    def __call__(self, L: Lightness, points: Points) -> Ab:
        planes = ask(L, points, self.preparation)
        ab, chroma = self.reply(planes)
        return answer(ab, chroma, planes, points, self.vivid, self.preparation.vivid_gain)

    def reply(self, planes: Planes) -> tuple[Float32[np.ndarray, "2 h w"], Float32[np.ndarray, "1 h w"]]:
        """ab / 110 and the expected chroma / 110."""
        training = self.network.training
        if training:  # walking through all parts takes as long as a small answer
            self.network.eval()
        with torch.inference_mode():
            colors = self.network(to_network(planes, self.network)[None])
        if training:
            self.network.train()
        return to_numpy(colors.ab[0]), to_numpy(colors.chroma[0])
