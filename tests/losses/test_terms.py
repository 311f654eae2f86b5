"""Pictures in 0..255, and ab that nobody divided, are refused with the mend; what is right passes."""

import pytest
import torch

from safelight.errors import SafelightError
from safelight.losses.perceptual import Features
from safelight.losses.terms import check_ab, check_unit
from safelight.tasks.colorize.losses import huber_distance, log_error, saturation_weighted_error


def test_what_is_right_passes() -> None:
    check_unit(torch.rand(2, 3, 4, 4) * 1.5 - 0.2)
    check_ab(torch.rand(2, 2, 4, 4) * 2 - 1)
    check_unit(torch.zeros(0, 3, 4, 4))


def test_bytes_are_refused_at_the_door_of_the_perceptual_loss() -> None:
    features = Features("lite0", torch.nn.Identity(), (0.5,) * 3, (0.5,) * 3)
    assert len(features(torch.rand(2, 3, 4, 4))) == 2
    with pytest.raises(
        SafelightError, match=r"reaches 255; expected sRGB 0..1: divide uint8 pictures by 255"
    ):
        features(torch.full((2, 3, 4, 4), 255.0))


@pytest.mark.parametrize("loss", [log_error, huber_distance, saturation_weighted_error])
def test_ab_in_its_own_units_is_refused(loss: object) -> None:
    answer, truth = torch.zeros(1, 2, 4, 4), torch.full((1, 2, 4, 4), -60.0)
    more = () if loss is saturation_weighted_error else (1.0,)
    with pytest.raises(SafelightError, match=r"true ab reaches 60; expected ab / 110"):
        loss(answer, truth, *more)  # type: ignore[operator]
    assert torch.isfinite(loss(answer, truth / 110, *more))  # type: ignore[operator]
