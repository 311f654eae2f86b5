"""First weights that are fitted to real questions, before the first step (nn/initialize.py)."""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import UInt8
from torch import Tensor, nn
from torch.utils.data import Dataset

from safelight.nn.initialize import initialize, needs_data
from safelight.nn.plain_unet import PlainUNet
from safelight.tasks.autoencode.network import VAE
from safelight.tasks.autoencode.pca_init import begin_as_components
from safelight.tasks.scratches.network import Finder
from safelight.training.recipe import Recipe

PICTURES = 16  # at most; more would fit no better and cost memory
MOST_SAMPLES, MOST_BYTES = 12_288, 2**28  # of samples that principal components are taken of


def fit_first_weights(
    network: nn.Module,
    samples: Dataset[Any],
    collate: Callable[[list[Any]], tuple[Tensor, ...]],
    recipe: Recipe,
) -> None:
    """Fit what the recipe asks for to the run's first samples, before the first step.

    A plain U-Net to the first batch; an autoencoder's linear path to the principal components of many. The
    same in every process and every time: from the recipe's seed and the first samples.
    """
    for unet in [module for module in network.modules() if isinstance(module, PlainUNet)]:
        how = unet.settings.initialization
        if needs_data(how):
            batch = collate([samples[k] for k in range(min(recipe.data.batch, PICTURES))])
            generator = torch.Generator().manual_seed(recipe.train.seed)
            initialize(network, how, (batch[0],), generator, unet.settings.activation)
    if isinstance(network, Finder):
        network.expect_little()
    if isinstance(network, VAE) and network.settings.linear:
        begin_as_components(
            network, _bytes(samples, network.size), torch.Generator().manual_seed(recipe.train.seed)
        )


def _bytes(samples: Dataset[Any], size: int) -> UInt8[Tensor, "n 3 s s"]:
    """The pictures of an autoencoder's first samples."""
    count = min(MOST_SAMPLES, max(1, MOST_BYTES // (3 * size**2)))
    pictures = torch.empty((count, 3, size, size), dtype=torch.uint8)
    for k in range(count):
        pictures[k] = (torch.from_numpy(samples[k].picture) * 255).round().to(torch.uint8)
    return pictures
