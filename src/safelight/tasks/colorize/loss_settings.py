"""Settings of the loss of a colorizer: the weight of each term, and what cannot be trained refused."""

from dataclasses import dataclass

from safelight.errors import RecipeError
from safelight.losses.perceptual import FeaturesName

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
