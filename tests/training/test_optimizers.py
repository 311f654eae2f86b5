"""Optimizers: steps worked out by hand, what is decayed, what learns slowly, refusals."""

from collections import OrderedDict

import pytest
import torch
from torch import nn

from safelight.errors import RecipeError
from safelight.training.optimizers import OptimizerSettings, make_optimizer


class Pair(nn.Module):
    """One weight of 2 and one bias of 2."""

    def __init__(self) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.full((1, 1), 2.0)), nn.Parameter(torch.full((1,), 2.0))


def step(settings: OptimizerSettings, *slopes: float) -> tuple[float, float]:
    """Weight and bias after steps along these gradients."""
    pair = Pair()
    optimizer = make_optimizer(pair, settings)
    for slope in slopes:
        for parameter in pair.parameters():
            parameter.grad = torch.full_like(parameter, slope)
        optimizer.step()
    return pair.weight.item(), pair.bias.item()


def test_adamw_by_hand() -> None:
    """The first step is lr along the gradient's sign; the weight shrinks by lr x decay besides, the bias does not."""
    weight, bias = step(OptimizerSettings(lr=0.1, weight_decay=0.1), 0.5)
    assert weight == pytest.approx(2 * (1 - 0.1 * 0.1) - 0.1)
    assert bias == pytest.approx(2 - 0.1)


def test_adams_decay_is_part_of_the_gradient() -> None:
    """0.5 - 0.4 x 2 = -0.3: the decay turns the weight's step round, and its size is lr all the same."""
    weight, bias = step(OptimizerSettings(name="adam", lr=0.1, weight_decay=0.4), -0.5)
    assert weight == pytest.approx(2 - 0.1)
    assert bias == pytest.approx(2 + 0.1)


def test_eps_by_hand() -> None:
    weight, _ = step(OptimizerSettings(lr=0.1, weight_decay=0.0, eps=0.5), 0.5)
    assert weight == pytest.approx(2 - 0.1 * 0.5 / (0.5 + 0.5))


def test_betas_by_hand() -> None:
    """Gradients 1 and 0: m = .9 x .1 over 1 - .81, v = .99 x .01 over 1 - .9801."""
    weight, _ = step(OptimizerSettings(lr=0.1, weight_decay=0.0, betas=(0.9, 0.99)), 1.0, 0.0)
    assert weight == pytest.approx(2 - 0.1 - 0.1 * (0.09 / 0.19) / (0.0099 / 0.0199) ** 0.5, rel=1e-5)


def test_amsgrad_remembers_the_largest() -> None:
    slopes = (10.0, *[0.1] * 50)
    settings = {"lr": 0.1, "weight_decay": 0.0, "betas": (0.5, 0.5)}
    plain, _ = step(OptimizerSettings(**settings), *slopes)  # type: ignore[arg-type]
    careful, _ = step(OptimizerSettings(**settings, amsgrad=True), *slopes)  # type: ignore[arg-type]
    assert plain < careful < 2


def test_the_encoder_learns_slowly_and_norms_do_not_decay() -> None:
    def block() -> nn.Sequential:
        return nn.Sequential(nn.Conv2d(2, 3, 1), nn.BatchNorm2d(3))

    network = nn.Sequential(OrderedDict(encoder=block(), decoder=block()))
    groups = make_optimizer(network, OptimizerSettings(lr=1e-2, encoder=0.1, weight_decay=0.3)).param_groups
    assert [(group["lr"], group["weight_decay"], len(group["params"])) for group in groups] == [
        (1e-2, 0.3, 1),
        (1e-2, 0.0, 3),
        (1e-3, 0.3, 1),
        (1e-3, 0.0, 3),
    ]
    network.encoder.requires_grad_(False)
    assert len(make_optimizer(network, OptimizerSettings()).param_groups) == 2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"lr": 0.0}, "optimizer.lr"),
        ({"eps": 0.0}, "optimizer.eps"),
        ({"betas": (0.9, 1.0)}, "optimizer.betas"),
        ({"clip": -1.0}, "optimizer.clip"),
        ({"schedule": "plateau", "drops": ()}, "needs optimizer.drops"),
        ({"drops": (0.1, 0.3)}, "expected falling shares"),
        ({"drops": (1.0, 0.3)}, "expected falling shares"),
        ({"schedule": "steps"}, "needs the steps at which it drops"),
        ({"drop_at": (3, 5)}, "no other does"),
        ({"schedule": "steps", "drop_at": (5, 3)}, "one after the other"),
        ({"schedule": "steps", "drop_at": (0, 3)}, "one after the other"),
        ({"schedule": "steps", "drop_at": (5,)}, "a step for each drop"),
        ({"patience": 0}, "optimizer.patience"),
        ({"least": 1.0}, "optimizer.least"),
    ],
)
def test_settings_that_cannot_work_are_refused(changes: dict[str, float], said: str) -> None:
    with pytest.raises(RecipeError, match=said) as excinfo:
        OptimizerSettings(**changes)  # type: ignore[arg-type]
    assert "\n" not in str(excinfo.value)
