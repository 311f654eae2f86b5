"""Between NumPy and a network, wherever it is: questions go to its device, answers come back from it."""

import itertools

import numpy as np
import torch
from jaxtyping import Float32
from torch import Tensor, nn


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
