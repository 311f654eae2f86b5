"""What a trained network finds familiar: features of some training pictures, and a threshold."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float32

from safelight.data.cache import photo_in
from safelight.nn.devices import to_network, to_numpy
from safelight.nn.familiar import Unfamiliarity, pool
from safelight.pixels.color import srgb_to_lightness
from safelight.pixels.geometry import resize
from safelight.runtime.familiar import Familiarity
from safelight.tasks.colorize.network import ColorNetwork, ColorUNet
from safelight.tasks.colorize.prepare import PLANES, normalize_lightness
from safelight.training.batches import Pictures

KEPT = 400  # training pictures remembered: a quarter of a megabyte in half precision
NEAREST = 5
QUANTILE = 0.97  # of held-out pictures below the threshold; docs/familiar.md has the others
MOST_HELD_OUT = 1000
STRIDE = 32
BATCH = 16


def learn_familiarity(
    network: ColorNetwork, train: Pictures, held_out: Pictures, rng: np.random.Generator
) -> tuple[Unfamiliarity, Familiarity] | tuple[None, None]:
    """The measure for export, and what the card says of it; None for a network without a trunk that sees L alone.

    held_out: pictures of the same kind that the network was not trained on (the val split). rng draws which
    training pictures are kept, and which are held out where there are more than enough.
    """
    if not isinstance(network, ColorUNet) or network.settings.hints_in == "stem":
        return None, None
    kept = torch.from_numpy(features(network, train, _some(train, KEPT, rng)))
    kept = torch.nn.functional.normalize(kept, dim=1)
    nearest = min(NEAREST, len(kept))
    asked = features(network, held_out, _some(held_out, MOST_HELD_OUT, rng))
    far = Unfamiliarity(kept, nearest, 1.0)(torch.from_numpy(asked))
    distance = float(np.quantile(far.numpy(), QUANTILE))
    told = Familiarity(
        method="distance to the k-th nearest training picture, between features of unit length",
        source="Sun et al. 2022",
        features=f"mean and deviation of the encoder's channels at 1/8 and 1/16 ({kept.shape[1]} numbers)",
        kept=len(kept),
        nearest=nearest,
        quantile=QUANTILE,
        held_out=len(asked),
        distance=distance,
    )
    return Unfamiliarity(kept, nearest, distance), told


def features(network: ColorUNet, pictures: Pictures, numbers: Sequence[int]) -> Float32[np.ndarray, "n d"]:
    """The pooled features of these pictures, as the network sees them without hints."""
    parts = []
    for start in range(0, len(numbers), BATCH):
        planes = [_planes(photo_in(pictures, number)) for number in numbers[start : start + BATCH]]
        with torch.no_grad():
            levels, _ = network.encode(to_network(np.stack(planes), network))
            parts.append(to_numpy(pool(levels)))
    return np.concatenate(parts).astype(np.float32)


def _planes(pixels: np.ndarray) -> Float32[np.ndarray, "7 s s"]:
    """The question about a picture at its own size, or the next smaller one that the network takes."""
    side = max(STRIDE, pixels.shape[0] // STRIDE * STRIDE)
    planes = np.zeros((PLANES, side, side), np.float32)
    planes[0] = normalize_lightness(srgb_to_lightness(resize(pixels, (side, side))))
    return planes


def _some(pictures: Pictures, most: int, rng: np.random.Generator) -> list[int]:
    """Numbers of at most so many pictures."""
    return sorted(int(number) for number in rng.permutation(len(pictures))[:most])
