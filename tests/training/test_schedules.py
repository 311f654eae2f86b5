"""The learning rate over a run."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from safelight.training.recipe import OptimizerSettings
from safelight.training.schedules import END_SHARE, START_SHARE, learning_rate_share

STEPS = 2000


def one_cycle_of_torch(steps: int, warmup: float) -> list[float]:
    """Shares of the peak that torch.optim.lr_scheduler.OneCycleLR gives."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        1.0,
        total_steps=steps,
        pct_start=warmup,
        div_factor=25,
        final_div_factor=400,
        cycle_momentum=False,
    )
    shares = []
    for _ in range(steps):
        shares.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        schedule.step()
    return shares


@pytest.mark.parametrize("warmup", [0.1, 0.3])
def test_one_cycle_has_the_shape_of_torchs(warmup: float) -> None:
    share = learning_rate_share(OptimizerSettings(warmup=warmup), STEPS)
    expected = one_cycle_of_torch(STEPS, warmup)
    step_apart = math.pi / (2 * warmup * STEPS)  # torch reaches peak and end one step earlier
    assert max(abs(share(step) - expected[step]) for step in range(STEPS)) < 1.1 * step_apart


def test_it_starts_peaks_and_ends_where_it_says() -> None:
    share = learning_rate_share(OptimizerSettings(warmup=0.1), STEPS)
    assert share(0) == pytest.approx(START_SHARE)
    assert share(STEPS // 10) == 1.0
    assert share(STEPS) == pytest.approx(END_SHARE)
    assert share(STEPS // 10 + 900) == pytest.approx(0.5, abs=1e-3)  # halfway down


def test_constant_stays_at_the_peak() -> None:
    share = learning_rate_share(OptimizerSettings(schedule="constant", warmup=0.1), STEPS)
    assert share(0) == pytest.approx(START_SHARE)
    assert {share(step) for step in range(STEPS // 10, STEPS + 1)} == {1.0}


@given(st.integers(1, 500), st.floats(0, 0.99), st.sampled_from(["one_cycle", "constant"]))
def test_it_rises_then_falls_between_its_bounds(steps: int, warmup: float, schedule: str) -> None:
    settings = OptimizerSettings(
        warmup=warmup, schedule="constant" if schedule == "constant" else "one_cycle"
    )
    share = learning_rate_share(settings, steps)
    shares = [share(step) for step in range(steps + 1)]
    assert all(END_SHARE <= value <= 1 for value in shares)
    peak = shares.index(max(shares))
    assert shares[: peak + 1] == sorted(shares[: peak + 1])
    assert shares[peak:] == sorted(shares[peak:], reverse=True)
