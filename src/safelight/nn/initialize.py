"""First weights: drawn (He et al. 2015, orthogonal), or fitted to a batch of real questions (k-means, LSUV).

The data-dependent ones run the network once. Each convolution or linear layer in turn is fitted to what
reaches it, and its new answer goes on: a layer is linear in its weights, so one pass does what the papers
reach by iteration.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm

from safelight.errors import RecipeError
from safelight.nn.layers import ActivationName
from safelight.shaped import Float

Initialization = Literal["he_normal", "orthogonal", "kmeans", "lsuv"]
Layer = nn.Conv2d | nn.Linear
LEAST_DEVIATION = 1e-6  # a layer whose answer does not vary is left as it was drawn

PATCHES = 2048  # at least; four for each cluster if that is more
CROP = 64  # pixels of each picture that patches are taken from
BASIS = 512  # patches that the principal components are found in
COMPONENTS = 128
ROUNDS = 10
SMALLEST = 0.03  # components with less of the largest's deviation are noise

# sqrt of 1 / E[f(x)^2], x ~ N(0, 1): He et al. 2015, equations 10 and 15; smooth ones as relu
GAINS: dict[ActivationName, float] = {
    "relu": math.sqrt(2),
    "leaky_relu": math.sqrt(2 / (1 + 0.1**2)),
    "elu": math.sqrt(2),
    "silu": math.sqrt(2),
    "gelu": math.sqrt(2),
}


def initialize(
    network: nn.Module,
    how: Initialization,
    batch: tuple[Tensor, ...] | None = None,
    generator: torch.Generator | None = None,
    activation: ActivationName = "relu",
) -> None:
    """Give every trained convolution and linear layer of a network its first weights; biases become 0.

    batch: what the network is called with, real questions; kmeans and lsuv look at it. Without one they draw
    the weights that they begin from, and are to be called again. Layers of zeros were silenced on purpose, and
    stay so.
    Raises RecipeError if the answer to the batch is not finite.
    """
    draw, fit = INITIALIZATIONS[how]
    layers = [
        m for m in network.modules() if isinstance(m, Layer) and m.weight.requires_grad and m.weight.any()
    ]
    with torch.no_grad():
        for layer in layers:
            draw(layer, GAINS[activation], generator)
            if layer.bias is not None:
                layer.bias.zero_()
        if fit is not None and batch is not None:
            _fit_all(network, layers, fit, batch, generator)


def needs_data(how: Initialization) -> bool:
    """Whether these weights are fitted to a batch."""
    return INITIALIZATIONS[how][1] is not None


def _fit_all(
    network: nn.Module,
    layers: list[Layer],
    fit: "Fit",
    batch: tuple[Tensor, ...],
    generator: torch.Generator | None,
) -> None:
    def replace_answer(layer: Layer, inputs: tuple[Tensor], answer: Tensor) -> Tensor:
        if not torch.isfinite(answer).all():
            raise RecipeError(
                "the network's answer to the first batch is not finite; expected pictures in the ranges of the task"
            )
        return fit(layer, inputs[0], answer, generator)

    hooks = [layer.register_forward_hook(replace_answer) for layer in layers]
    try:
        with _as_in_training(network):
            network(*batch)
    finally:
        for hook in hooks:
            hook.remove()


@contextmanager
def _as_in_training(network: nn.Module) -> Iterator[None]:
    """Batch norms by the batch's own statistics, as the first step will; their averages begin anew after."""
    before = network.training
    network.train()
    try:
        yield
    finally:
        for module in network.modules():
            if isinstance(module, _BatchNorm):
                module.reset_running_stats()
        network.train(before)


def draw_he(layer: Layer, gain: float, generator: torch.Generator | None) -> None:
    """Normal with variance gain^2 / fan_in (He et al. 2015, equation 10)."""
    fan_in = layer.weight[0].numel()
    normal = torch.randn(layer.weight.shape, generator=generator)  # alike in every memory layout
    layer.weight.copy_(normal * (gain / math.sqrt(fan_in)))


def draw_orthogonal(layer: Layer, gain: float, generator: torch.Generator | None) -> None:
    """Rows orthogonal (Saxe et al. 2014)."""
    weight = torch.empty(layer.weight.shape)  # torch cannot draw into channels_last
    layer.weight.copy_(nn.init.orthogonal_(weight, gain, generator=generator))


def to_unit_variance(
    layer: Layer, inputs: Tensor, answer: Tensor, generator: torch.Generator | None
) -> Tensor:
    """Layer-sequential unit variance (Mishkin & Matas 2016, algorithm 1): the whole answer's variance is 1."""
    deviation = answer.float().std()
    if not deviation > LEAST_DEVIATION:
        return answer
    layer.weight /= deviation
    return answer / deviation.to(answer.dtype)


def to_clusters(layer: Layer, inputs: Tensor, answer: Tensor, generator: torch.Generator | None) -> Tensor:
    """Filters from the clusters of what the layer sees; every channel with mean 0 and variance 1.

    Kraehenbuehl et al. 2016, section 3.1 and algorithm 1. Their balancing of rates between layers (algorithm 2)
    is for networks without norms and skips, and left out. Channels keep their mean where a layer has no bias.
    """
    patches = patches_seen(layer, inputs.float(), generator)
    filters = kmeans_filters(patches, layer.weight.shape[0], generator)
    layer.weight.copy_(filters.view_as(layer.weight))
    channel = 1 if answer.ndim == 4 else answer.ndim - 1
    others = [d for d in range(answer.ndim) if d != channel]
    refitted: Tensor = layer.forward(inputs).float()
    deviation, mean = torch.std_mean(refitted, others)
    deviation = torch.where(deviation > LEAST_DEVIATION, deviation, 1.0)
    layer.weight /= deviation.view(-1, *[1] * (layer.weight.ndim - 1))
    if layer.bias is not None:
        layer.bias.copy_(-mean / deviation)
    fitted: Tensor = layer.forward(inputs)
    return fitted


def patches_seen(
    layer: nn.Conv2d | nn.Linear, inputs: Tensor, generator: torch.Generator | None
) -> Float[Tensor, "n d"]:
    """Random samples of what a layer multiplies its weights with."""
    if isinstance(layer, nn.Linear):
        return inputs.flatten(0, -2)
    wanted = max(PATCHES, 4 * layer.out_channels)
    patches = []
    for picture in inputs:
        padded = F.pad(picture, _both_sides(layer.padding))
        crop = _random_crop(padded, generator)
        columns = F.unfold(crop[None], layer.kernel_size, layer.dilation, stride=1)[0]
        count = min(-(-wanted // len(inputs)), columns.shape[1])
        patches.append(columns[:, torch.randperm(columns.shape[1], generator=generator)[:count]].T)
    return torch.cat(patches)


def _both_sides(padding: tuple[int, ...] | str) -> list[int]:
    assert not isinstance(padding, str), "our layers say how wide they pad"
    y, x = padding
    return [x, x, y, y]


def _random_crop(picture: Tensor, generator: torch.Generator | None) -> Tensor:
    for dimension in (1, 2):
        spare = picture.shape[dimension] - CROP
        if spare > 0:
            start = int(torch.randint(spare + 1, (1,), generator=generator))
            picture = picture.narrow(dimension, start, CROP)
    return picture


def kmeans_filters(
    patches: Float[Tensor, "n d"], count: int, generator: torch.Generator | None
) -> Float[Tensor, "count d"]:
    """`count` filters: directions that patches gather around, once their correlations are taken out."""
    centered = patches - patches.mean(0)
    some = centered[torch.randperm(len(centered), generator=generator)[:BASIS]]
    _, deviations, components = torch.linalg.svd(some, full_matrices=False)
    strong = (deviations > SMALLEST * deviations[0].clamp(min=1e-12)).nonzero()[:COMPONENTS, 0]
    if not len(strong):  # all patches are the same
        return torch.randn(count, patches.shape[1], generator=generator)
    whiten = components[strong] / (deviations[strong] / len(some) ** 0.5)[:, None]  # k d
    filters: Tensor = cluster(centered @ whiten.T, count, generator) @ whiten
    return filters


def cluster(
    points: Float[Tensor, "n k"], count: int, generator: torch.Generator | None
) -> Float[Tensor, "count k"]:
    """Spherical k-means with damped updates, so that no cluster is ever empty (Coates & Ng 2012, section 3.1)."""
    centers = F.normalize(torch.randn(count, points.shape[1], generator=generator), dim=1)
    for _ in range(ROUNDS):
        likeness = points @ centers.T
        strength, nearest = likeness.abs().max(1)
        signed = torch.gather(likeness, 1, nearest[:, None]).sign()
        centers = F.normalize(centers.index_add(0, nearest, points * signed * strength[:, None]), dim=1)
    return centers


Draw = Callable[[Layer, float, torch.Generator | None], None]
Fit = Callable[[Layer, Tensor, Tensor, torch.Generator | None], Tensor]
INITIALIZATIONS: dict[Initialization, tuple[Draw, Fit | None]] = {
    "he_normal": (draw_he, None),
    "orthogonal": (draw_orthogonal, None),
    "kmeans": (draw_he, to_clusters),
    "lsuv": (draw_orthogonal, to_unit_variance),
}
