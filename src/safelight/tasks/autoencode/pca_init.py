"""How an autoencoder with a linear path begins: as PCA of the pictures that it will be trained on."""

import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn import functional as F

from safelight.tasks.autoencode.linear_path import principal_components
from safelight.tasks.autoencode.network import VAE


def begin_as_components(network: VAE, pictures: UInt8[Tensor, "n 3 s s"], generator: torch.Generator) -> None:
    """Let the linear path of this network begin as the principal components of these pictures.

    Codes are scores of variance 1, and the posterior has the sd that it should have under the likelihood's
    (Tipping & Bishop 1999, section 3.3). The convolutions begin by adding nothing.
    """
    encoder, decoder, side = network.to_code, network.to_picture, network.settings.linear
    if encoder.linear is None or decoder.linear is None:
        raise ValueError("this network has no linear path")
    mean, sds, components = principal_components(pictures.flatten(1), network.settings.latent, generator)
    found, size = len(sds), network.size
    to_code = torch.zeros(network.settings.latent, len(mean))
    to_code[:found] = components / sds[:, None] / 2  # of values -1..1
    encoder.linear.begin(to_code, -to_code @ (2 * mean - 1))
    painted = torch.zeros(3 * side**2, network.settings.latent)
    painted[:, :found] = shrink((components * sds[:, None]).view(found, 3, size, size), side).flatten(1).T
    decoder.linear.begin(painted, shrink(mean.view(1, 3, size, size), side).flatten())
    with torch.no_grad():
        for part in (encoder.mean.weight, decoder.paint.weight, decoder.grey):
            part.zero_()
        encoder.log_var.bias[:found] = -torch.log1p((sds / network.sd) ** 2)


def shrink(pictures: Float[Tensor, "n c s s"], side: int) -> Float[Tensor, "n c side side"]:
    """The small pictures that come nearest to these when they are enlarged (least squares)."""
    size = pictures.shape[-1]
    enlarge = F.interpolate(torch.eye(side)[None], size=size, mode="linear")[0].T
    back = torch.linalg.pinv(enlarge)
    return torch.einsum("ij,ncjk,lk->ncil", back, pictures, back)
