"""The recipe of a colorization run."""

from dataclasses import dataclass, field
from typing import Literal

from safelight.errors import RecipeError
from safelight.nn.plain_unet import PlainSettings
from safelight.tasks.colorize.hint_sampling import HintSampling
from safelight.tasks.colorize.losses import ColorLossSettings
from safelight.tasks.colorize.network import UNetSettings
from safelight.tasks.colorize.prepare import ColorizePreparation
from safelight.training.augment import Augmentation
from safelight.training.recipe import AdversarialRecipe

USED_AT = 32  # photos are colored at sizes that are multiples of this (restore.py)


@dataclass(frozen=True, kw_only=True)
class ColorizeRecipe(AdversarialRecipe):
    """Everything that a colorization run is made of."""

    task: Literal["colorize"] = "colorize"
    model: UNetSettings | PlainSettings = field(default_factory=UNetSettings)
    hints: HintSampling = field(default_factory=HintSampling)
    preparation: ColorizePreparation = field(default_factory=ColorizePreparation)
    augment: Augmentation = field(default_factory=lambda: Augmentation(aging=0.2))
    loss: ColorLossSettings = field(default_factory=ColorLossSettings)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.discriminator.features != "none":
            raise RecipeError(
                f"discriminator.features {self.discriminator.features} looks at red, green and blue, and a "
                "colorizer's discriminator is shown L, a and b; take --discriminator.features none"
            )
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
