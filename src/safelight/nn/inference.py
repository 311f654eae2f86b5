"""A network in use, wherever it is: inputs go to its device, answers come back from it as NumPy arrays."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from safelight.shaped import Float32

Network = TypeVar("Network", bound=nn.Module)


@contextmanager
def in_use(network: Network) -> Iterator[Network]:
    """The network while it answers: without gradients, its norms as in use; after that as it was."""
    training = network.training
    if training:  # walking through all parts takes as long as a small answer
        network.eval()
    try:
        with torch.inference_mode():
            yield network
    finally:
        if training:
            network.train()


def device_of(network: nn.Module) -> torch.device:
    """Where the network is: at its first weight or buffer; the processor for one that has none."""
    held = next(itertools.chain(network.parameters(), network.buffers()), None)
    return torch.device("cpu") if held is None else held.device


def to_network(numbers: np.ndarray, network: nn.Module) -> Tensor:
    """The same numbers on the network's device; on the processor they are not copied."""
    return torch.from_numpy(numbers).to(device_of(network))


def to_numpy(answer: Tensor) -> Float32[np.ndarray, "..."]:
    """A network's answer in single precision, from whatever device; on the processor it is not copied."""
    return answer.detach().float().cpu().numpy()
