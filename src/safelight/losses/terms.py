"""Terms of a loss: each task's losses.py has a table of them, by the names of their weights in its settings.

Numbers in 0..255 where 0..1 is meant are refused here, before they teach anything.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

from torch import Tensor

from safelight.errors import SafelightError

Inputs = TypeVar("Inputs")  # of a task's terms: the network's answer, the truth, the settings

MOST_UNIT = 8.0  # an unclipped answer may leave 0..1, but not so far
MOST_AB = 2.0  # true ab / 110 of sRGB is below 1


def weighted_terms(
    terms: Mapping[str, Callable[[Inputs], Tensor | None]], inputs: Inputs, weights: Mapping[str, float]
) -> dict[str, Tensor]:
    """Each term times its weight; their sum is what is lowered.

    Left out are terms whose weight is 0, and those that are None: nothing was answered that they could be taken of.
    """
    values = {name: term(inputs) for name, term in terms.items() if weights[name]}
    return {name: weights[name] * value for name, value in values.items() if value is not None}


def weights_in(settings: object, terms: Mapping[str, object]) -> dict[str, float]:
    """The weight of each term, a setting of its name."""
    return {name: getattr(settings, name) for name in terms}


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
