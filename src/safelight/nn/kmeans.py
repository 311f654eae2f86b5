"""Filters from data: whitened patches, clustered on the sphere (Coates & Ng 2012, sections 2 and 3)."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

PATCHES = 2048  # at least; four for each cluster if that is more
CROP = 64  # pixels of each picture that patches are taken from
BASIS = 512  # patches that the principal components are found in
COMPONENTS = 128
ROUNDS = 10
SMALLEST = 0.03  # components with less of the largest's deviation are noise


def patches_seen(
    layer: nn.Conv2d | nn.Linear, inputs: Tensor, generator: torch.Generator | None
) -> Float[Tensor, "n d"]:
    """Random samples of what a layer multiplies its weights with."""
    if isinstance(layer, nn.Linear):
        return inputs.flatten(0, -2)
    wanted = max(PATCHES, 4 * layer.out_channels)
    drawn = []
    for picture in inputs:
        padded = F.pad(picture, _both_sides(layer.padding))
        crop = _random_crop(padded, generator)
        columns = F.unfold(crop[None], layer.kernel_size, layer.dilation, stride=1)[0]
        count = min(-(-wanted // len(inputs)), columns.shape[1])
        drawn.append(columns[:, torch.randperm(columns.shape[1], generator=generator)[:count]].T)
    return torch.cat(drawn)


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
    kept = (deviations > SMALLEST * deviations[0].clamp(min=1e-12)).nonzero()[:COMPONENTS, 0]
    if not len(kept):  # all patches are the same
        return torch.randn(count, patches.shape[1], generator=generator)
    whiten = components[kept] / (deviations[kept] / len(some) ** 0.5)[:, None]  # k d
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
