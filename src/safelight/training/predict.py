"""A network in memory as a predict callable, for probes and for the judge."""

import numpy as np
import torch

from safelight.arrays import Ab, Lightness
from safelight.models.unet import ColorUNet
from safelight.tasks.colorize import Preparation, answer, ask
from safelight.tasks.hints import Points


class NetworkPredict:
    """(L, hints) -> ab with a torch network, through the same question and answer as in use.

    L: (h, w) with sides that are multiples of 32.
    """

    def __init__(self, network: ColorUNet, preparation: Preparation, vivid: float = 0.0) -> None:
        self.network, self.preparation, self.vivid = network, preparation, vivid

    def __call__(self, L: Lightness, points: Points) -> Ab:
        planes = ask(L, points, self.preparation)
        training = self.network.training
        self.network.eval()
        with torch.inference_mode():
            colors = self.network(torch.from_numpy(planes)[None])
        self.network.train(training)
        return answer(np.asarray(colors.ab[0]), np.asarray(colors.chroma[0]), planes, points, self.vivid)
