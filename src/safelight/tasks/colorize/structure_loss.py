"""Losses on how a picture changes from place to place."""

from jaxtyping import Float
from torch import Tensor


def total_variation(planes: Float[Tensor, "b c h w"]) -> Tensor:
    """Mean absolute difference of neighbors, down plus across (anisotropic; Rudin, Osher & Fatemi 1992).

    The step of one row or column of pixels counts: at twice the size a smooth picture has half of it.
    """
    down = (planes[:, :, 1:] - planes[:, :, :-1]).abs().mean()
    across = (planes[:, :, :, 1:] - planes[:, :, :, :-1]).abs().mean()
    return down + across
