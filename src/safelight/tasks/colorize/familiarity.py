"""How far a picture is from those that a colorizer was trained on (out-of-distribution detection).

The distance to the k-th nearest training picture, between features that the encoder computes anyway, as the last
part of the exported network; and what is learned for it: features of some training pictures, and a threshold.
Source: Sun et al. 2022, "Out-of-distribution detection with deep nearest neighbors". docs/familiar.md says
what it was chosen over, and by which measurement.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from safelight.data.cache import photo_in
from safelight.nn.inference import to_network, to_numpy
from safelight.pixels.color import srgb_to_lightness
from safelight.pixels.geometry import resize
from safelight.runtime.familiar import Familiarity
from safelight.shaped import Float, Float32
from safelight.tasks.colorize.coarse import STRIDE
from safelight.tasks.colorize.network import ColorNetwork, ColorUNet
from safelight.tasks.colorize.prepare import PLANES, normalize_lightness
from safelight.training.batches import Pictures

FROM = slice(2, 4)  # encoder levels at an eighth and a sixteenth of the size
KEPT = 400  # training pictures remembered: a quarter of a megabyte in half precision
NEAREST = 5
QUANTILE = 0.97  # of held-out pictures below the threshold; docs/familiar.md has the others
MOST_HELD_OUT = 1000
BATCH = 16


def pool(levels: Sequence[Float[Tensor, "b c h w"]]) -> Float[Tensor, "b d"]:
    """What a picture is made of: mean and standard deviation over places of each channel of two levels.

    levels: the encoder's at 1/2, 1/4, 1/8, 1/16 and 1/32. The finest say little of what is seen and the
    deepest little of how it looks, so that noise and textures pass for photographs.
    """
    return torch.cat(
        [part for level in levels[FROM] for part in (level.mean((2, 3)), level.std((2, 3), correction=0))], 1
    )


class Unfamiliarity(nn.Module):
    """Features (b, d) to unfamiliarity (b,): 1 at the threshold, more is farther.

    kept: unit-length features of training pictures, (n, d). nearest: which of them counts, from 1.
    threshold: the distance that is called 1.
    """

    kept: Tensor

    def __init__(self, kept: Float[Tensor, "n d"], nearest: int, threshold: float) -> None:
        super().__init__()
        self.register_buffer("kept", kept)
        self.nearest, self.threshold = nearest, threshold

    def forward(self, features: Float[Tensor, "b d"]) -> Float[Tensor, " b"]:
        """Distance on the unit sphere, |u - v|^2 = 2 - 2 u.v, as a share of the threshold."""
        alike = F.normalize(features, dim=1) @ self.kept.T
        kth = alike.topk(self.nearest, dim=1).values[:, -1]
        return torch.sqrt(torch.clamp(2 - 2 * kth, min=0.0)) / self.threshold


def learn_familiarity(
    network: ColorNetwork, train: Pictures, held_out: Pictures, rng: np.random.Generator
) -> tuple[Unfamiliarity, Familiarity] | tuple[None, None]:
    """The measure for export, and what the card says of it; None for a network without a trunk that sees L alone.

    held_out: pictures of the same kind that the network was not trained on (the val split). rng draws which
    training pictures are kept, and which are held out where there are more than enough.
    """
    if not isinstance(network, ColorUNet) or network.settings.hints_in == "stem":
        return None, None
    kept = F.normalize(torch.from_numpy(features(network, train, _some(train, KEPT, rng))), dim=1)
    nearest = min(NEAREST, len(kept))
    others = features(network, held_out, _some(held_out, MOST_HELD_OUT, rng))
    distances = Unfamiliarity(kept, nearest, 1.0)(torch.from_numpy(others))
    distance = float(np.quantile(distances.numpy(), QUANTILE))
    familiarity = Familiarity(
        method="distance to the k-th nearest training picture, between features of unit length",
        source="Sun et al. 2022",
        features=f"mean and deviation of the encoder's channels at 1/8 and 1/16 ({kept.shape[1]} numbers)",
        kept=len(kept),
        nearest=nearest,
        quantile=QUANTILE,
        held_out=len(others),
        distance=distance,
    )
    return Unfamiliarity(kept, nearest, distance), familiarity


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
