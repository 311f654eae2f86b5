"""Numbers in 0..255 where 0..1 is meant are refused at the doors of the losses, before they teach anything."""

from torch import Tensor

from safelight.errors import SafelightError

MOST_UNIT = 8.0  # an unclipped answer may leave 0..1, but not so far
MOST_AB = 2.0  # true ab / 110 of sRGB is below 1


def check_unit(srgb: Tensor) -> None:
    """Raises SafelightError for pictures that are not near 0..1. On a GPU nothing is read: that would wait for it."""
    most = _most(srgb)
    if most > MOST_UNIT:
        raise SafelightError(
            f"a picture reaches {most:.0f}; expected sRGB 0..1: divide uint8 pictures by 255"
        )


def check_ab(truth: Tensor) -> None:
    """Raises SafelightError for true ab that is not divided by 110."""
    most = _most(truth)
    if most > MOST_AB:
        raise SafelightError(f"true ab reaches {most:.0f}; expected ab / 110, below 1: divide by 110")


def _most(values: Tensor) -> float:
    if values.device.type != "cpu" or not values.numel():
        return 0.0
    low, high = values.detach().aminmax()
    return max(-float(low), float(high))
