"""The recipe of a colorization run."""

from dataclasses import dataclass, field
from typing import Literal

from safelight.errors import RecipeError
from safelight.losses.adversarial import AdversarialSettings
from safelight.nn.discriminator import DiscriminatorSettings
from safelight.nn.plain_unet import PlainSettings
from safelight.tasks.colorize.hint_sampling import HintSampling
from safelight.tasks.colorize.losses import ColorLossSettings
from safelight.tasks.colorize.network import UNetSettings
from safelight.tasks.colorize.prepare import Preparation
from safelight.training.augment import Augmentation
from safelight.training.guard.settings import GuardSettings
from safelight.training.recipe import DataSettings, OptimizerSettings, TrainSettings, check_name

USED_AT = 32  # photos are colored at sizes that are multiples of this (runtime/restore.py)


@dataclass(frozen=True)
class ColorRecipe:
    """Everything that a colorization run is made of.

    name: what the recipe is called; run folders bear it.
    task: what is learned; each recipe has its own, which cannot be changed.
    """

    name: str
    task: Literal["colorize"] = "colorize"
    model: UNetSettings | PlainSettings = field(default_factory=UNetSettings)
    hints: HintSampling = field(default_factory=HintSampling)
    preparation: Preparation = field(default_factory=Preparation)
    augment: Augmentation = field(default_factory=lambda: Augmentation(aging=0.2))
    loss: ColorLossSettings = field(default_factory=ColorLossSettings)
    adversarial: AdversarialSettings = field(default_factory=AdversarialSettings)
    discriminator: DiscriminatorSettings = field(default_factory=DiscriminatorSettings)
    data: DataSettings = field(default_factory=DataSettings)
    optimizer: OptimizerSettings = field(default_factory=OptimizerSettings)
    train: TrainSettings = field(default_factory=TrainSettings)
    guard: GuardSettings = field(default_factory=GuardSettings)

    def __post_init__(self) -> None:
        check_name(self.name)
        if isinstance(self.model, PlainSettings):
            check_plain(self.model, self.augment.size, self.loss.bins > 0)
        elif (self.loss.bins > 0) != (self.model.head == "bins"):
            raise RecipeError(
                f"model.head is {self.model.head} and loss.bins {self.loss.bins:g}; "
                "bins need both: --model.head bins --loss.bins 1"
            )


def check_plain(model: PlainSettings, size: int, bins: bool) -> None:
    """Raise RecipeError for settings that cannot color. size: augment.size. bins: whether the loss needs them."""
    if USED_AT % model.multiple:
        raise RecipeError(
            f"model.steps and model.factor make pictures {model.multiple} times smaller; a colorizer can do so "
            f"{USED_AT} times at most: take fewer steps"
        )
    if model.output == "sigmoid":
        raise RecipeError("model.output sigmoid cannot say a negative a or b; take none or tanh")
    if model.convolution == "partial" or model.bottleneck.contextual:
        raise RecipeError(
            "nothing is missing in a picture that is to be colored: partial convolution and contextual attention "
            "are for holes; take model.convolution gated or plain, model.bottleneck.contextual false"
        )
    if model.bottleneck.fully_connected and model.size != (size, size):
        raise RecipeError(
            f"model.size is {model.size}; pictures are {size} x {size} in training (augment.size), and a fully "
            "connected bottleneck takes one size only: make them equal"
        )
    if bins:
        raise RecipeError("loss.bins needs the hinted network's model.head bins; the plain one has no bins")
