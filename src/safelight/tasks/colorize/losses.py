"""The loss of a colorizer: its settings, the table of its terms, and the functions that these are.

A new term is a function here, a weight in `ColorLossSettings`, and a row of `TERMS`. In the functions ab is in units
of ab / 110, shapes (b, 2, h, w); each returns one number to be lowered.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from safelight.errors import RecipeError
from safelight.losses.perceptual import (
    Features,
    FeaturesName,
    features_of_both,
    perceptual_distance,
    shared_features,
    style_distance,
)
from safelight.losses.terms import check_ab, weighted_terms, weights_in
from safelight.pixels.color import TO_LINEAR
from safelight.shaped import Float
from safelight.tasks.colorize.blotches import SAME_COLOR, SAME_LIGHTNESS, half_span
from safelight.tasks.colorize.network import AbBins, ColorNetwork, Colors, ColorUNet
from safelight.tasks.colorize.prepare import AB_SCALE

SRGB_SEEN = (-1.0, 2.0)  # what lies far outside means nothing to features, and other terms pull it back
EDGE = 6 / 29  # of the f of Lab, above which it is a cube root
DARK = 0.0031308  # linear light, above which sRGB's gamma is a power
ON_COLORS = ("huber", "l1", "smooth_l1", "weighted", "log_error", "rgb", "bins")  # one of these there must be


@dataclass(frozen=True)
class ColorLossSettings:
    """Weights of the terms; a weight of 0 leaves the term out. Below, ab is in units of ab / 110.

    huber: Huber on the distance between two colors, a pixel's two channels together, quadratic below `beta`.
    beta: where huber and smooth_l1 turn from quadratic to linear; smaller forgives outliers more.
    l1: mean absolute error of the channels.
    smooth_l1: Huber on each channel for itself, below `beta` too.
    weighted: squared error, `saturated` times where the truth is colorful, `grey` times elsewhere.
    saturated: factor of `weighted` where the truth's chroma is above `saturated_from`.
    grey: factor of `weighted` elsewhere.
    saturated_from: chroma that counts as colorful, in units of ab; the median pixel of our photos has 14.
    log_error: log of each picture's mean squared ab error plus `floor` squared: every picture counts alike, as it
      does in a mean of PSNRs.
    floor: error below which `log_error` no longer presses, in units of ab.
    rgb: mean absolute error of sRGB 0..1.
    perceptual: distance of `features`, those of a frozen network that looks at both pictures.
    style: distance of the Gram matrices of `features`.
    features: whose features those are; "vgg16" needs the path of torchvision's weights in `vgg16`.
    vgg16: path of torchvision's VGG16 weights, if `features` is vgg16.
    variation: total variation of ab.
    blotches: how much more color changes than the truth's, where neither the truth's nor lightness does.
    diversity: minus the log of the variance of ab in a picture, as far as the true picture has so much.
    chroma: absolute error of the expected chroma (for vivid colors).
    guess: Huber of the answer before any hint, at an eighth of the size.
    bins: cross-entropy of the distribution over ab bins (head "bins" only).
    rebalance: rare bins weigh more (Zhang et al. 2016).
    rebalance_mix: lambda, the uniform share of the prior that bins are weighed by.
    """

    huber: float = 1.0
    beta: float = 0.05
    l1: float = 0.0
    smooth_l1: float = 0.0
    weighted: float = 0.0
    saturated: float = 1.5
    grey: float = 0.5
    saturated_from: float = 15.0
    log_error: float = 0.0
    floor: float = 3.0
    rgb: float = 0.0
    perceptual: float = 0.0
    style: float = 0.0
    features: FeaturesName = "efficientnet_lite0"
    vgg16: str = ""
    variation: float = 0.0
    blotches: float = 0.0
    diversity: float = 0.0
    chroma: float = 0.2
    guess: float = 0.2
    bins: float = 0.0
    rebalance: bool = False
    rebalance_mix: float = 0.5

    def __post_init__(self) -> None:
        if self.beta <= 0 or self.floor <= 0:
            raise RecipeError(f"loss.beta ({self.beta}) and loss.floor ({self.floor}) must be above 0")
        self._check_weights()
        self._check_features()
        if self.rebalance and not self.bins:
            raise RecipeError(
                "loss.rebalance weighs bins of color; set loss.bins above 0 (with model.head bins)"
            )
        if self.rebalance_mix > 1:
            raise RecipeError(f"loss.rebalance_mix is {self.rebalance_mix:g}; expected a share, 0 to 1")

    def _check_weights(self) -> None:
        below = [name for name, value in vars(self).items() if isinstance(value, (int, float)) and value < 0]
        if below:
            raise RecipeError(f"loss.{below[0]} is {getattr(self, below[0]):g}; expected 0 or more")
        if not any(getattr(self, name) for name in ON_COLORS):
            raise RecipeError(
                "no loss on the colors: set "
                + ", ".join(f"loss.{name}" for name in ON_COLORS[:-1])
                + f" or loss.{ON_COLORS[-1]} above 0"
            )

    def _check_features(self) -> None:
        if self.features == "vgg16" and not self.vgg16:
            raise RecipeError(
                "loss.features vgg16 needs its weights: set loss.vgg16 to the path of torchvision's vgg16 state "
                "dict, or loss.features to efficientnet_lite0"
            )
        if self.vgg16 and self.features != "vgg16":
            raise RecipeError(f"loss.vgg16 is given, but loss.features is {self.features}; set it to vgg16")


def colorization_weighted_loss() -> ColorLossSettings:
    """ColorizationWeightedLoss of note 002: squared error by saturation, and nothing else."""
    return ColorLossSettings(huber=0.0, weighted=1.0, chroma=0.0, guess=0.0)


def colorization_loss() -> ColorLossSettings:
    """ColorizationLoss of note 003: RGB 0.5, perceptual 1, Huber of ab 2 (beta 0.1), diversity 0.1."""
    return ColorLossSettings(
        huber=0.0,
        smooth_l1=2.0,
        beta=0.1,
        rgb=0.5,
        perceptual=1.0,
        diversity=0.1,
        chroma=0.0,
        guess=0.0,
    )


@dataclass(frozen=True)
class LossInputs:
    """A batch as the terms see it: the network's answer, the truth, and what both look like as pictures.

    guess: ab / 110 before any hint, at 1/8 of the size; None of the plain network. L: (L - 50) / 100. truth: ab / 110.
    bins: of a network that has them.
    """

    answer: Colors
    guess: Float[Tensor, "b 2 h8 w8"] | None
    L: Float[Tensor, "b 1 h w"]
    truth: Float[Tensor, "b 2 h w"]
    settings: ColorLossSettings
    bins: AbBins | None = None

    @cached_property
    def srgb(self) -> tuple[Float[Tensor, "b 3 h w"], Float[Tensor, "b 3 h w"]]:
        """The answer's colors and the true ones as pictures of the same lightness."""
        return join(self.L, self.answer.ab), join(self.L, self.truth)

    @cached_property
    def features(self) -> tuple[list[Tensor], list[Tensor]]:
        """What the frozen network sees in both."""
        features, (answer, truth) = features_of(self.settings), self.srgb
        assert features is not None
        return features_of_both(features, answer.clamp(*SRGB_SEEN), truth)


def guess_error(inputs: LossInputs) -> Tensor | None:
    """Huber of the answer before any hint, at an eighth of the size."""
    if inputs.guess is None:
        return None
    return huber_distance(inputs.guess.float(), F.avg_pool2d(inputs.truth, 8), inputs.settings.beta)


def bin_error(inputs: LossInputs) -> Tensor | None:
    """Cross-entropy of the distribution over bins, rebalanced if there are weights."""
    logits, truth, bins = inputs.answer.logits, inputs.truth, inputs.bins
    if logits is None or bins is None:
        return None
    soft = bins.encode(F.avg_pool2d(truth, truth.shape[-1] // logits.shape[-1]))
    if bins.weights is None:
        return bin_cross_entropy(logits, soft)
    return rebalanced_cross_entropy(logits, soft, bins.weights)


# By the name of its weight in ColorLossSettings; None where the network answers nothing that it could be taken of.
TERMS: dict[str, Callable[[LossInputs], Tensor | None]] = {
    "huber": lambda x: huber_distance(x.answer.ab, x.truth, x.settings.beta),
    "l1": lambda x: F.l1_loss(x.answer.ab, x.truth),
    "log_error": lambda x: log_error(x.answer.ab, x.truth, x.settings.floor),
    "chroma": lambda x: chroma_error(x.answer.chroma, x.truth),
    "smooth_l1": lambda x: F.smooth_l1_loss(x.answer.ab, x.truth, beta=x.settings.beta),
    "weighted": lambda x: saturation_weighted_error(
        x.answer.ab, x.truth, x.settings.saturated, x.settings.grey, x.settings.saturated_from
    ),
    "variation": lambda x: total_variation(x.answer.ab),
    "blotches": lambda x: blotch_error(x.answer.ab, x.truth, x.L),
    "diversity": lambda x: diversity(x.answer.ab, x.truth),
    "guess": guess_error,
    "bins": bin_error,
    "rgb": lambda x: F.l1_loss(*x.srgb),
    "perceptual": lambda x: perceptual_distance(*x.features),
    "style": lambda x: style_distance(*x.features),
}


def color_terms(
    answer: Colors,
    guess: Tensor | None,
    L: Float[Tensor, "b 1 h w"],
    truth: Float[Tensor, "b 2 h w"],
    network: ColorNetwork,
    settings: ColorLossSettings,
) -> dict[str, Tensor]:
    """Each term of the loss times its weight; their sum is what is lowered. Arguments are those of LossInputs."""
    bins = network.bins if isinstance(network, ColorUNet) else None
    inputs = LossInputs(answer, guess, L, truth, settings, bins)
    return weighted_terms(TERMS, inputs, weights_in(settings, TERMS))


def features_of(settings: ColorLossSettings) -> Features | None:
    """The frozen network that these terms look through, if any does. Raises RecipeError for missing weights."""
    if not (settings.perceptual or settings.style):
        return None
    return shared_features(settings.features, Path(settings.vgg16) if settings.vgg16 else None)


def huber_distance(ab: Float[Tensor, "b 2 h w"], truth: Float[Tensor, "b 2 h w"], beta: float) -> Tensor:
    """Huber (1964) of the Euclidean distance of two colors, divided by beta: its slope is 1 far out."""
    check_ab(truth)
    squared = ((ab - truth) ** 2).sum(1)
    distance = torch.sqrt(squared + 1e-12)
    return torch.where(distance < beta, 0.5 * squared / beta, distance - 0.5 * beta).mean()


def log_error(ab: Float[Tensor, "b 2 h w"], truth: Float[Tensor, "b 2 h w"], floor: float) -> Tensor:
    """Mean over pictures of half the log of the mean squared ab error plus floor squared (floor in units of ab)."""
    check_ab(truth)
    squared = ((ab - truth) ** 2).sum(1).mean((1, 2)) * AB_SCALE**2
    return 0.5 * torch.log(squared + floor**2).mean()


def saturation_weighted_error(
    ab: Float[Tensor, "b 2 h w"],
    truth: Float[Tensor, "b 2 h w"],
    saturated: float = 1.5,
    grey: float = 0.5,
    threshold: float = 15.0,
) -> Tensor:
    """Squared error of the channels, `saturated` times at pixels whose true chroma is above `threshold`.

    Elsewhere `grey` times. threshold: in units of ab. Source: note 002, which leaves it open.
    """
    check_ab(truth)
    vivid = torch.linalg.vector_norm(truth, dim=1) * AB_SCALE > threshold
    squared = ((ab - truth) ** 2).mean(1)
    return (torch.where(vivid, saturated, grey) * squared).mean()


def diversity(ab: Float[Tensor, "b 2 h w"], truth: Float[Tensor, "b 2 h w"]) -> Tensor:
    """Minus the log of the variance of ab over a picture, mean over channels and pictures (note 003).

    At most 13.8 (one color), 4.6 at a spread of 11 units of ab. Rewarded is no more variety than each true
    picture has, and none beyond 110 units of ab: a variance grows with the square of an error that the other
    terms punish in proportion, so that without these bounds a few pixels thousands of units away are the cheapest
    variety there is. Its slope at one color is 0: what has collapsed altogether is not brought back by it.
    """
    check_ab(truth)
    variance, wanted = (colors.clamp(-1, 1).flatten(2).var(2).mean(1) for colors in (ab, truth))
    return -torch.log(torch.minimum(variance, wanted).mean() + 1e-6)


def chroma_error(expected: Float[Tensor, "b 1 h w"], truth: Float[Tensor, "b 2 h w"]) -> Tensor:
    """Mean absolute error of the expected chroma."""
    return F.l1_loss(expected[:, 0], torch.linalg.vector_norm(truth, dim=1))


def total_variation(planes: Float[Tensor, "b c h w"]) -> Tensor:
    """Mean absolute difference of neighbors, down plus across (anisotropic; Rudin, Osher & Fatemi 1992).

    The step of one row or column of pixels counts: at twice the size a smooth picture has half of it.
    """
    down = (planes[:, :, 1:] - planes[:, :, :-1]).abs().mean()
    across = (planes[:, :, :, 1:] - planes[:, :, :, :-1]).abs().mean()
    return down + across


def blotch_error(
    ab: Float[Tensor, "b 2 h w"], truth: Float[Tensor, "b 2 h w"], L: Float[Tensor, "b 1 h w"]
) -> Tensor:
    """Mean of max(0, e of the answer - e of the truth) over all places, where those that are not flat count as 0.

    e and flat are those of tasks/colorize/blotches.py, but lightness is smoothed by two means of 3 x 3. ab and truth
    are in units of ab / 110, L is (L - 50) / 100.
    """
    check_ab(truth)
    half = half_span(ab.shape[2:])
    smooth = F.avg_pool2d(
        F.avg_pool2d(L.float(), 3, 1, 1, count_include_pad=False), 3, 1, 1, count_include_pad=False
    )
    square = 2 * half + 1
    varies = 100 * (F.max_pool2d(smooth, square, 1) + F.max_pool2d(-smooth, square, 1))[:, 0]
    steps, wanted = (_color_steps(colors.float(), half) for colors in (ab, truth))
    flat = (varies <= SAME_LIGHTNESS) & (wanted <= SAME_COLOR / AB_SCALE)
    return (F.relu(steps - wanted) * flat).mean()


def _color_steps(ab: Float[Tensor, "b 2 h w"], half: int) -> Float[Tensor, "b y x"]:
    """e(p) of tasks/colorize/blotches.py, with a slope at 0."""
    across = ab[:, :, half:-half, 2 * half :] - ab[:, :, half:-half, : -2 * half]
    down = ab[:, :, 2 * half :, half:-half] - ab[:, :, : -2 * half, half:-half]
    return torch.sqrt((across**2 + down**2).sum(1) + 1e-12)


def bin_cross_entropy(logits: Float[Tensor, "b q h w"], soft: Float[Tensor, "b q h w"]) -> Tensor:
    """Cross-entropy in nats a pixel between softly encoded truth and predicted bins (Zhang et al. 2016, eq. 2)."""
    # Bins last: channels-last logits are laid out so, and a softmax over a far axis is several times slower.
    rows = logits.float().movedim(1, -1)
    return (rows.logsumexp(-1) - (rows * soft.movedim(1, -1)).sum(-1)).mean()


def smooth_prior(
    counts: Float[Tensor, " q"], centers: Float[Tensor, "q 2"], sigma: float = 5.0
) -> Float[Tensor, " q"]:
    """p~: the share of each bin, smoothed with a Gaussian over the ab plane.

    counts: pixels in each bin. centers and sigma are in units of ab. Each bin's share is spread over its
    neighbors and none is lost: the result sums to 1. Raises RecipeError for counts that are no histogram.
    """
    if counts.shape != centers.shape[:1] or not (counts >= 0).all() or not counts.sum() > 0:
        raise RecipeError(
            f"a prior of {tuple(counts.shape)} counts; expected {len(centers)} of 0 or more, not all 0"
        )
    squared = ((centers[:, None] - centers[None]) ** 2).sum(-1).double()
    spread = torch.exp(-squared / (2 * sigma**2))
    share = counts.double() / counts.double().sum()
    return ((spread / spread.sum(0)) @ share).to(centers)


def rebalancing_weights(prior: Float[Tensor, " q"], mix: float = 0.5) -> Float[Tensor, " q"]:
    """w of equation 4: ((1 - lambda) p~ + lambda / Q)^-1, scaled so that its mean over the prior is 1.

    mix: lambda, the share of a uniform distribution; at 1 all bins weigh 1.
    """
    weights = 1 / ((1 - mix) * prior + mix / len(prior))
    return weights / (prior * weights).sum()


def rebalanced_cross_entropy(
    logits: Float[Tensor, "b q h w"], soft: Float[Tensor, "b q h w"], weights: Float[Tensor, " q"]
) -> Tensor:
    """Equations 2 and 3: cross-entropy in nats a pixel, times the weight of the truth's most likely bin."""
    rows, truth = logits.float().movedim(1, -1), soft.movedim(1, -1)  # see bin_cross_entropy
    entropy = rows.logsumexp(-1) - (rows * truth).sum(-1)
    return (weights[truth.argmax(-1)] * entropy).mean()


def lab_to_srgb(lab: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 3 h w"]:
    """Gamma-encoded sRGB of Lab (L 0..100), 0..1 within the gamut.

    A color outside of the gamut comes out below 0 or above 1, where clipping would leave it without a
    gradient: clamp the result to show it.
    """
    L, a, b = lab.unbind(1)
    fy = (L + 16) / 116
    xyz = _expand(torch.stack([fy + a / 500, fy, fy - b / 200], 1))
    matrix = torch.from_numpy(TO_LINEAR).to(lab)
    # A sum and no product of matrices: autocast would do that in half precision.
    linear = (matrix[:, :, None, None] * xyz[:, None]).sum(2)
    return _encode(linear)


def join(L: Float[Tensor, "b 1 h w"], ab: Float[Tensor, "b 2 h w"]) -> Float[Tensor, "b 3 h w"]:
    """sRGB of a network's lightness plane (L - 50) / 100 and answer ab / 110."""
    return lab_to_srgb(torch.cat([L.float() * 100 + 50, ab.float() * AB_SCALE], 1))


def _expand(f: Tensor) -> Tensor:
    """X/Xn from the f of Lab."""
    return torch.where(f > EDGE, f**3, (f - 4 / 29) * (3 * EDGE**2))


def _encode(linear: Tensor) -> Tensor:
    """Gamma of linear light; its straight part goes on below 0, its power above 1."""
    # The power is given nothing dark: its slope has no end at 0, and `where` would make NaN of that.
    power = 1.055 * linear.clamp(min=DARK) ** (1 / 2.4) - 0.055
    return torch.where(linear > DARK, power, 12.92 * linear)
