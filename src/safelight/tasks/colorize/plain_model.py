"""What a plain U-Net can be when it colors."""

from safelight.errors import RecipeError
from safelight.nn.plain_settings import PlainSettings

USED_AT = 32  # photos are colored at sizes that are multiples of this (runtime/restore.py)


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
