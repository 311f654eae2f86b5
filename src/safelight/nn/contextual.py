"""Contextual attention: what is missing borrows from what is known (Yu et al. 2018, section 4.1)."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

PATCH = 3
SHARPNESS = 10.0  # lambda of the softmax
NEVER = -1e4


class ContextualAttention(nn.Module):
    """Each missing cell becomes a mean of known patches, weighted by how like them the guess in its place is.

    No weights of its own: likeness is the cosine of 3 x 3 patches, summed over neighbors that borrow from
    neighbors (attention propagation, equation 5, before the softmax as in the authors' program). Known cells
    stay as they are, and so does everything where no whole patch is known. Memory grows with (h w)^2.
    """

    def forward(
        self, x: Float[Tensor, "b c h w"], missing: Float[Tensor, "b 1 h w"]
    ) -> Float[Tensor, "b c h w"]:
        """x with its missing cells borrowed; missing: 1 = missing, 0 = known."""
        patches = _patches(x)
        whole = 1 - F.max_pool2d(missing, PATCH, 1, PATCH // 2).flatten(
            2
        )  # b 1 n: no cell of the patch missing
        share = self.shares(patches, whole, x.shape[2], x.shape[3])
        borrowed = _overlap_mean(share.to(patches.dtype) @ patches, x)
        possible = whole.amax(2)[..., None, None]
        return torch.lerp(x, borrowed.to(x.dtype), (missing * possible).to(x.dtype))

    def shares(
        self, patches: Float[Tensor, "b n d"], whole: Float[Tensor, "b 1 n"], h: int, w: int
    ) -> Float[Tensor, "b n n"]:
        """How much each cell (rows) takes of each patch (columns); rows sum to 1, or to 0 if nothing is known."""
        unit = F.normalize(patches.float(), dim=2, eps=1e-4)
        alike = unit @ unit.transpose(1, 2)  # equation 3
        alike = propagate(alike.float().view(-1, h, w, h, w)).flatten(3).flatten(1, 2)
        return torch.softmax(SHARPNESS * alike + NEVER * (1 - whole), 2) * whole


def propagate(alike: Float[Tensor, "b h w h w"]) -> Float[Tensor, "b h w h w"]:
    """Sum over neighbors, both moved together, left to right and then top to bottom (equation 5, k = 1)."""
    for ours, theirs in ((2, 4), (1, 3)):
        last = alike.shape[ours] - 1
        inner = alike.narrow(ours, 0, last).narrow(theirs, 0, last)
        outer = alike.narrow(ours, 1, last).narrow(theirs, 1, last)
        alike = alike + _beside(inner, ours, theirs, before=True) + _beside(outer, ours, theirs, before=False)
    return alike


def _beside(part: Tensor, ours: int, theirs: int, before: bool) -> Tensor:
    """One more row of zeros, at the beginning or the end of both of these dimensions."""
    padding = [0] * (2 * part.ndim)
    for dimension in (ours, theirs):
        padding[2 * (part.ndim - 1 - dimension) + (0 if before else 1)] = 1
    return F.pad(part, padding)


def _patches(x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b n d"]:
    """The 3 x 3 patch around every cell, edges repeated."""
    margin = PATCH // 2
    return F.unfold(F.pad(x, (margin,) * 4, mode="replicate"), PATCH).transpose(1, 2)


def _overlap_mean(patches: Float[Tensor, "b n d"], x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
    """A picture of x's size from its overlapping patches: the mean of all that say something of a cell."""
    b, c, h, w = x.shape
    said = patches.transpose(1, 2).reshape(b, c, PATCH, PATCH, h, w).float()
    total = _add_up(said, h, w)
    return total / _add_up(torch.ones_like(said[:1, :1]), h, w)


def _add_up(said: Float[Tensor, "b c k k h w"], h: int, w: int) -> Float[Tensor, "b c h w"]:
    """The sum of patches, each where it lies (what F.fold does; that cannot be exported with free sizes)."""
    margin = PATCH // 2
    wide = F.pad(said, (margin,) * 4)
    places = [(i, j) for i in range(PATCH) for j in range(PATCH)]
    moved = [wide[:, :, i, j].narrow(2, 2 * margin - i, h).narrow(3, 2 * margin - j, w) for i, j in places]
    return torch.stack(moved).sum(0)
