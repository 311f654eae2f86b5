"""First weights that are fitted to real questions, before the first step (models/initialize.py)."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from safelight.models.initialize import initialize, needs_data
from safelight.models.plain import PlainUNet
from safelight.training.recipe import Recipe

PICTURES = 16  # at most; more would fit no better and cost memory


def fit_first_weights(
    network: nn.Module,
    samples: Dataset[Any],
    collate: Callable[[list[Any]], tuple[Tensor, ...]],
    recipe: Recipe,
) -> None:
    """Fit the plain U-Net in this network, if its recipe asks for that, to the run's first batch.

    The same in every process and every time: from the recipe's seed and the first samples.
    """
    for unet in [module for module in network.modules() if isinstance(module, PlainUNet)]:
        how = unet.settings.initialization
        if needs_data(how):
            batch = collate([samples[k] for k in range(min(recipe.data.batch, PICTURES))])
            generator = torch.Generator().manual_seed(recipe.train.seed)
            initialize(network, how, (batch[0],), generator, unet.settings.activation)
