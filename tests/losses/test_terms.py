"""Pictures in 0..255, and ab that nobody divided, are refused with the mend; what is right passes."""

from dataclasses import fields

import pytest
import torch

from safelight.errors import SafelightError
from safelight.losses.perceptual import Features
from safelight.losses.terms import check_ab, check_unit, weighted_terms
from safelight.tasks.colorize import losses as colorize
from safelight.tasks.colorize.losses import huber_distance, log_error, saturation_weighted_error
from safelight.tasks.inpaint import losses as inpaint
from safelight.tasks.scratches import losses as scratches

LOSSES = {
    colorize.ColorLossSettings: colorize.TERMS,
    inpaint.InpaintLossSettings: inpaint.TERMS,
    scratches.ScratchesLossSettings: scratches.TERMS,
}


@pytest.mark.parametrize("settings", LOSSES)
def test_every_term_has_its_weight_among_the_settings(settings: type) -> None:
    assert set(LOSSES[settings]) <= {field.name for field in fields(settings)}


def test_terms_of_no_weight_are_not_worked_out_and_those_of_nothing_are_left_out() -> None:
    terms = {"one": lambda x: x, "never": lambda x: 1 / 0, "nothing": lambda x: None}
    weighted = weighted_terms(terms, torch.tensor(3.0), {"one": 2.0, "never": 0.0, "nothing": 1.0})
    assert weighted == {"one": torch.tensor(6.0)}


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
