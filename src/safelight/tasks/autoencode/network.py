"""A convolutional variational autoencoder: a picture to a small code, and a code to a picture.

Kingma & Welling 2014. Convolutions halve the picture until it is small, a fully connected layer makes the
code; the decoder goes the same way back. Pictures go in and come out as sRGB values 0..1, whatever the
network's own range is.

With a linear path, what PCA does (Pearson 1901) need not be learned through convolutions: the code begins as the
scores of the whole picture, a linear map paints a small picture from it, and the convolutions only add to both.
"""

import itertools
import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from safelight.nn.layers import ACTIVATIONS, NORMS
from safelight.shaped import Float, UInt8
from safelight.tasks.autoencode.network_settings import InitializationName, OutputName, VAESettings

LEAST_LOG_VAR, MOST_LOG_VAR = -14.0, 8.0  # sd of a code from 0.001 to 55: beyond it exp() helps nobody
LEAST_SD = 1e-3  # a learned sd cannot run to 0 on a few flat pictures

SLOW = 0.03  # of the learning rate: a step that suits convolutions would undo the start
ROUNDS, SPARE = 3, 32  # of subspace iteration; directions beside those that are wanted
AT_ONCE = 1024  # pictures

ACTIVATE: dict[OutputName, Callable[[Tensor], Tensor]] = {
    "none": lambda raw: raw,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
}
INITIALIZE: dict[InitializationName, Callable[[Tensor], Tensor]] = {
    "he_normal": lambda weight: nn.init.kaiming_normal_(weight, nonlinearity="relu"),
    "he_uniform": lambda weight: nn.init.kaiming_uniform_(weight, nonlinearity="relu"),
    "glorot_uniform": nn.init.xavier_uniform_,
    "orthogonal": lambda weight: nn.init.orthogonal_(weight, math.sqrt(2)),
}


class Posterior(NamedTuple):
    """q(z | x): mean and log variance of each number of the code, (b, latent), float32."""

    mean: Tensor
    log_var: Tensor

    def draw(self, noise: Float[Tensor, "b latent"]) -> Float[Tensor, "b latent"]:
        """The reparameterised code (Kingma & Welling 2014, equation 4) for standard normal noise."""
        return self.mean + torch.exp(0.5 * self.log_var) * noise


class Decoded(NamedTuple):
    """p(x | z): raw is what the last convolution gives, mean the picture, 0..1 but for output none."""

    raw: Tensor
    mean: Tensor


class VAE(nn.Module):
    """Pictures (b, 3, size, size), 0..1, to codes (b, latent) and back."""

    def __init__(self, size: int, settings: VAESettings) -> None:
        super().__init__()
        self.size, self.settings = size, settings
        self.to_code = Encoder(size, settings)
        self.to_picture = Decoder(size, settings)
        self.log_sd = nn.Parameter(torch.tensor(math.log(settings.sd)), requires_grad=settings.learn_sd)
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
                INITIALIZE[settings.initialization](module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        nn.init.zeros_(self.to_code.log_var.weight)
        with torch.no_grad():  # Begin near grey: pictures are, on average, and no output starts saturated.
            self.to_picture.paint.weight *= 0.1
            self.to_picture.grey.fill_(0.5 if (settings.output, settings.values) == ("none", "0..1") else 0)

    @property
    def sd(self) -> Tensor:
        """Standard deviation of the likelihood, in units of values 0..1."""
        return self.log_sd.exp().clamp(min=LEAST_SD)

    def encode(self, pictures: Float[Tensor, "b 3 s s"]) -> Posterior:
        """The posterior of each picture; of a plain autoencoder a point: its log variance is the least."""
        return self.to_code(pictures)  # type: ignore[no-any-return]

    def decode(self, codes: Float[Tensor, "b latent"]) -> Decoded:
        """The picture of each code."""
        raw = self.to_picture(codes).float()
        values = ACTIVATE[self.settings.output](raw)
        return Decoded(raw, (values + 1) / 2 if self.settings.values == "-1..1" else values)

    def forward(
        self, pictures: Float[Tensor, "b 3 s s"], noise: Float[Tensor, "b latent"]
    ) -> tuple[Decoded, Posterior]:
        """Encode, draw a code with this standard normal noise, decode. A plain autoencoder adds no noise."""
        posterior = self.encode(pictures)
        codes = posterior.draw(noise) if self.settings.variational else posterior.mean
        return self.decode(codes), posterior


class SlowLinear(nn.Module):
    """A linear map that learns at a small share of the learning rate: what is stored is its weights over SLOW."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(0.1 / SLOW / math.sqrt(inputs) * torch.randn(outputs, inputs))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, values: Float[Tensor, "b inputs"]) -> Float[Tensor, "b outputs"]:
        """The map's value."""
        return F.linear(values, SLOW * self.weight, SLOW * self.bias)

    def begin(self, weight: Float[Tensor, "outputs inputs"], bias: Float[Tensor, " outputs"]) -> None:
        """Begin as this map."""
        with torch.no_grad():
            self.weight.copy_(weight / SLOW)
            self.bias.copy_(bias / SLOW)


class Encoder(nn.Module):
    """Pictures to the posterior."""

    def __init__(self, size: int, settings: VAESettings) -> None:
        super().__init__()
        levels: list[nn.Module] = []
        for inputs, outputs in itertools.pairwise((3, *settings.filters)):
            levels += [_halve(inputs, outputs, settings), *_more(outputs, settings)]
        self.levels = nn.Sequential(*levels, nn.Flatten())
        features = settings.filters[-1] * settings.grid(size) ** 2
        self.hidden = _hidden(features, settings) if settings.hidden else nn.Identity()
        self.mean = nn.Linear(settings.hidden or features, settings.latent)
        self.log_var = nn.Linear(settings.hidden or features, settings.latent)
        self.linear = SlowLinear(3 * size**2, settings.latent) if settings.linear else None
        self.variational = settings.variational

    def forward(self, pictures: Float[Tensor, "b 3 s s"]) -> Posterior:
        """Values 0..1 are centered first: the network sees -1..1."""
        centered = pictures * 2 - 1
        features = self.hidden(self.levels(centered))
        mean = self.mean(features).float()
        if self.linear is not None:
            mean = mean + self.linear(centered.flatten(1)).float()
        if not self.variational:
            return Posterior(mean, torch.full_like(mean, LEAST_LOG_VAR))
        return Posterior(mean, self.log_var(features).float().clamp(LEAST_LOG_VAR, MOST_LOG_VAR))


class Decoder(nn.Module):
    """Codes to what the output activation turns into pictures."""

    def __init__(self, size: int, settings: VAESettings) -> None:
        super().__init__()
        smallest = (settings.filters[-1], settings.grid(size), settings.grid(size))
        self.hidden = _hidden(settings.latent, settings) if settings.hidden else nn.Identity()
        self.spread = nn.Linear(settings.hidden or settings.latent, math.prod(smallest))
        # Doubled as often as it was halved, or once less and the rest by shuffling.
        full = settings.paint == "full"
        channels = (*reversed(settings.filters), *settings.filters[:full])
        levels: list[nn.Module] = [nn.Unflatten(1, smallest), ACTIVATIONS[settings.activation]()]
        for inputs, outputs in itertools.pairwise(channels):
            levels += [_double(inputs, outputs, settings), *_more(outputs, settings)]
        self.levels = nn.Sequential(*levels)
        self.refine = Refine(settings) if settings.linear else None
        k, last = settings.kernel, settings.refine if settings.linear else settings.filters[0]
        self.paint = nn.Conv2d(last, 3 if full else 12, k, padding=k // 2, bias=False)
        self.shuffle: nn.Module = nn.Identity() if full else nn.PixelShuffle(2)
        self.grey = nn.Parameter(torch.zeros(3, 1, 1))
        self.linear = SlowLinear(settings.latent, 3 * settings.linear**2) if settings.linear else None
        self.side = settings.linear

    def forward(self, codes: Float[Tensor, "b latent"]) -> Float[Tensor, "b 3 s s"]:
        """Before the output activation."""
        features = self.levels(self.spread(self.hidden(codes)))
        if self.linear is None or self.refine is None:
            painted: Tensor = self.shuffle(self.paint(features))
            return painted + self.grey
        small = self.linear(codes).unflatten(1, (3, self.side, self.side))
        painted = self.shuffle(self.paint(self.refine(features, small)))
        return painted + _enlarge(small, painted) + self.grey


class Refine(nn.Module):
    """The last convolutions beside a linear path: they see the small picture that it paints, and add to it."""

    def __init__(self, settings: VAESettings) -> None:
        super().__init__()
        k, width = settings.kernel, settings.refine
        conv = nn.Conv2d(settings.filters[0] + 3, width, k, padding=k // 2)
        self.join = nn.Sequential(*_finish(conv, width, settings))
        self.more = nn.Sequential(*(More(width, settings) for _ in range(settings.layers)))

    def forward(self, features: Float[Tensor, "b c h h"], small: Float[Tensor, "b 3 l l"]) -> Tensor:
        """Features (b, refine, h, h)."""
        seen = _enlarge(small * 2 - 1, features)
        return self.more(self.join(torch.cat([features, seen.to(features.dtype)], 1)))  # type: ignore[no-any-return]


class More(nn.Module):
    """A further convolution at the same size, added to what it was given (He et al. 2016)."""

    def __init__(self, channels: int, settings: VAESettings) -> None:
        super().__init__()
        conv = nn.Conv2d(channels, channels, settings.kernel, padding=settings.kernel // 2)
        self.block = nn.Sequential(*_finish(conv, channels, settings))

    def forward(self, features: Tensor) -> Tensor:
        """Same shape."""
        return torch.add(features, self.block(features))


def _enlarge(small: Float[Tensor, "b 3 l l"], like: Float[Tensor, "b c h h"]) -> Float[Tensor, "b 3 h h"]:
    """To the height and width of `like`, bilinear."""
    step = like.shape[-1] // small.shape[-1]
    return small if step == 1 else F.interpolate(small, scale_factor=float(step), mode="bilinear")


def _more(channels: int, settings: VAESettings) -> list[nn.Module]:
    return [More(channels, settings) for _ in range(settings.layers - 1)]


def _finish(conv: nn.Module, channels: int, settings: VAESettings) -> list[nn.Module]:
    return [conv, NORMS[settings.norm](channels), ACTIVATIONS[settings.activation]()]


def _halve(inputs: int, outputs: int, settings: VAESettings) -> nn.Sequential:
    conv = nn.Conv2d(inputs, outputs, settings.kernel, stride=2, padding=settings.kernel // 2)
    return nn.Sequential(*_finish(conv, outputs, settings))


def _double(inputs: int, outputs: int, settings: VAESettings) -> nn.Sequential:
    k = settings.kernel
    if settings.up == "transposed":
        conv: nn.Module = nn.ConvTranspose2d(inputs, outputs, k, 2, padding=k // 2, output_padding=1)
        return nn.Sequential(*_finish(conv, outputs, settings))
    conv = nn.Conv2d(inputs, outputs, k, padding=k // 2)
    return nn.Sequential(nn.Upsample(scale_factor=2.0), *_finish(conv, outputs, settings))


def _hidden(inputs: int, settings: VAESettings) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, settings.hidden), ACTIVATIONS[settings.activation]())


def init_from_pca(network: VAE, pictures: UInt8[Tensor, "n 3 s s"], generator: torch.Generator) -> None:
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


def principal_components(
    pictures: UInt8[Tensor, "n d"], count: int, generator: torch.Generator
) -> tuple[Float[Tensor, " d"], Float[Tensor, " k"], Float[Tensor, "k d"]]:
    """Mean, standard deviations and unit components, largest first, of values 0..1; at most `count` and n - 1.

    By subspace iteration from random directions (Halko, Martinsson & Tropp 2011, algorithm 4.4), a thousand
    pictures at a time, so that they need not be held as floats.
    """
    n, d = pictures.shape
    count = min(count, n - 1, d)
    mean = (
        torch.stack([part.float().mean(0) * len(part) for part in torch.split(pictures, AT_ONCE)]).sum(0)
        / n
        / 255
    )
    basis = torch.linalg.qr(torch.randn(d, min(count + SPARE, d), generator=generator)).Q
    for _ in range(ROUNDS):
        spread = torch.zeros_like(basis)
        for part in torch.split(pictures, AT_ONCE):
            centered = part.float() / 255 - mean
            spread += centered.T @ (centered @ basis)
        basis = torch.linalg.qr(spread).Q
    scores = torch.cat([(part.float() / 255 - mean) @ basis for part in torch.split(pictures, AT_ONCE)])
    variances, turn = torch.linalg.eigh(scores.T @ scores / n)
    largest = torch.arange(len(variances) - 1, len(variances) - 1 - count, -1)
    return mean, variances[largest].clamp(min=1e-8).sqrt(), (basis @ turn[:, largest]).T


def shrink(pictures: Float[Tensor, "n c s s"], side: int) -> Float[Tensor, "n c side side"]:
    """The small pictures that come nearest to these when they are enlarged (least squares)."""
    size = pictures.shape[-1]
    enlarge = F.interpolate(torch.eye(side)[None], size=size, mode="linear")[0].T
    back = torch.linalg.pinv(enlarge)
    return torch.einsum("ij,ncjk,lk->ncil", back, pictures, back)
