"""A color as a distribution over bins of the ab plane (Zhang, Isola & Efros 2016, section 2.1)."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from safelight.tasks.colorize.bins import gamut_bins

AB_SCALE = 110.0


class AbBins(nn.Module):
    """Bins of the sRGB gamut in ab, soft encoding into them and the annealed mean out of them."""

    centers: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("centers", torch.from_numpy(gamut_bins()) / AB_SCALE, persistent=False)

    @property
    def count(self) -> int:
        """Number of bins."""
        return self.centers.shape[0]

    def encode(
        self, ab: Float[Tensor, "b 2 h w"], nearest: int = 5, sigma: float = 5.0
    ) -> Float[Tensor, "b q h w"]:
        """Soft encoding: Gaussian weights (sigma in units of ab) over the nearest bins, summing to 1."""
        b, _, h, w = ab.shape
        pixels = ab.permute(0, 2, 3, 1).reshape(-1, 2).float()
        distance, index = torch.cdist(pixels, self.centers).topk(nearest, largest=False)
        weight = F.softmax(-((distance * AB_SCALE) ** 2) / (2 * sigma**2), dim=1)
        soft = torch.zeros(len(pixels), self.count, device=ab.device).scatter_(1, index, weight)
        return soft.reshape(b, h, w, -1).permute(0, 3, 1, 2)

    def annealed_mean(self, logits: Float[Tensor, "b q h w"], temperature: float) -> Float[Tensor, "b 2 h w"]:
        """Mean of the distribution sharpened by this temperature (equation 5), in ab / 110."""
        # Bins last: channels-last logits are laid out so, and a softmax over a far axis is several times slower.
        share = F.softmax(logits.float().permute(0, 2, 3, 1) / temperature, dim=-1)
        with torch.autocast(share.device.type, enabled=False):  # bf16 would round ab by half a unit
            return (share @ self.centers).permute(0, 3, 1, 2)
