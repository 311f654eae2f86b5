"""The terms of a colorizer's loss."""

from collections.abc import Callable
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from safelight.losses.perceptual import Features, perceptual_distance, shared_features, style_distance
from safelight.tasks.colorize.lab_loss import join
from safelight.tasks.colorize.loss_settings import ColorLossSettings
from safelight.tasks.colorize.losses import (
    bin_cross_entropy,
    chroma_error,
    diversity,
    huber_distance,
    log_error,
    saturation_weighted_error,
)
from safelight.tasks.colorize.network import Colors, ColorUNet
from safelight.tasks.colorize.plain_network import ColorNetwork
from safelight.tasks.colorize.rebalancing import rebalanced_cross_entropy
from safelight.tasks.colorize.structure_loss import total_variation

SEEN = (-1.0, 2.0)  # of sRGB: what lies far outside means nothing to features, and other terms pull it back


def color_terms(
    answer: Colors,
    guess: Tensor | None,
    L: Float[Tensor, "b 1 h w"],
    truth: Float[Tensor, "b 2 h w"],
    network: ColorNetwork,
    settings: ColorLossSettings,
    bin_weights: Float[Tensor, " q"] | None = None,
) -> dict[str, Tensor]:
    """Each term of the loss times its weight; their sum is what is lowered.

    guess: before any hint; None of the plain network. L: the network's plane, (L - 50) / 100. truth: ab / 110.
    bin_weights: of rebalanced bins.
    """
    ab, s = answer.ab, settings
    terms: dict[str, Callable[[], Tensor]] = {
        "huber": lambda: huber_distance(ab, truth, s.beta),
        "l1": lambda: F.l1_loss(ab, truth),
        "log_error": lambda: log_error(ab, truth, s.floor),
        "chroma": lambda: chroma_error(answer.chroma, truth),
        "smooth_l1": lambda: F.smooth_l1_loss(ab, truth, beta=s.beta),
        "weighted": lambda: saturation_weighted_error(ab, truth, s.saturated, s.grey, s.saturated_from),
        "variation": lambda: total_variation(ab),
        "diversity": lambda: diversity(ab, truth),
    }
    if guess is not None:
        before = guess.float()
        terms["guess"] = lambda: huber_distance(before, F.avg_pool2d(truth, 8), s.beta)
    if answer.logits is not None:
        logits = answer.logits
        terms["bins"] = lambda: _bins(logits, truth, network, bin_weights)
    weighted = {name: getattr(s, name) * term() for name, term in terms.items() if getattr(s, name)}
    return weighted | picture_terms(ab, L, truth, settings)


def picture_terms(
    ab: Float[Tensor, "b 2 h w"],
    L: Float[Tensor, "b 1 h w"],
    truth: Float[Tensor, "b 2 h w"],
    settings: ColorLossSettings,
) -> dict[str, Tensor]:
    """The weighted terms on whole pictures: the answer's colors, and the true ones, with the same lightness."""
    if not (settings.rgb or settings.perceptual or settings.style):
        return {}
    answered, true = join(L, ab), join(L, truth)
    terms = {}
    if settings.rgb:
        terms["rgb"] = settings.rgb * F.l1_loss(answered, true)
    features = features_of(settings)
    if features is not None:
        features = features.to(ab.device)
        with torch.no_grad():
            seen_in_truth = features(true)
        seen = features(answered.clamp(*SEEN))
        if settings.perceptual:
            terms["perceptual"] = settings.perceptual * perceptual_distance(seen, seen_in_truth)
        if settings.style:
            terms["style"] = settings.style * style_distance(seen, seen_in_truth)
    return terms


def features_of(settings: ColorLossSettings) -> Features | None:
    """The frozen network that these terms look through, if any does. Raises RecipeError for missing weights."""
    if not (settings.perceptual or settings.style):
        return None
    return shared_features(settings.features, Path(settings.vgg16) if settings.vgg16 else None)


def _bins(
    logits: Float[Tensor, "b q h2 w2"],
    truth: Float[Tensor, "b 2 h w"],
    network: ColorNetwork,
    weights: Float[Tensor, " q"] | None,
) -> Tensor:
    assert isinstance(network, ColorUNet)
    assert network.bins is not None
    soft = network.bins.encode(F.avg_pool2d(truth, truth.shape[-1] // logits.shape[-1]))
    return (
        bin_cross_entropy(logits, soft)
        if weights is None
        else rebalanced_cross_entropy(logits, soft, weights)
    )
