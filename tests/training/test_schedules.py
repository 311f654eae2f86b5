"""The learning rate over a run."""

import io
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.training.optimizers import END_SHARE, START_SHARE, Plateau, learning_rate_share
from safelight.training.recipe import OptimizerSettings

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


def test_cosine_rises_straight_and_falls_as_one_cycle_does() -> None:
    cosine, one_cycle = (
        learning_rate_share(OptimizerSettings(schedule=name, warmup=0.1), STEPS)
        for name in ("cosine", "one_cycle")
    )
    assert cosine(100) == pytest.approx((START_SHARE + 1) / 2)
    assert [cosine(step) for step in range(200, STEPS)] == [one_cycle(step) for step in range(200, STEPS)]


def test_steps_are_those_of_colorful_image_colorization() -> None:
    """Note 000: 3e-5, then 1e-5 at 200k iterations, and 3e-6 at 375k."""
    settings = OptimizerSettings(lr=3e-5, schedule="steps", drop_at=(200_000, 375_000), warmup=0.0)
    share = learning_rate_share(settings, 450_000)
    rates = [settings.lr * share(step) for step in (1, 199_999, 200_000, 374_999, 375_000, 449_999)]
    assert rates == pytest.approx([3e-5, 3e-5, 1e-5, 1e-5, 3e-6, 3e-6])


@given(st.integers(1, 500), st.floats(0, 0.99), st.sampled_from(["one_cycle", "cosine", "constant", "steps"]))
def test_it_rises_then_falls_between_its_bounds(steps: int, warmup: float, schedule: str) -> None:
    drop_at = (steps // 2 + 1, steps + 1) if schedule == "steps" else ()
    settings = OptimizerSettings(warmup=warmup, schedule=schedule, drop_at=drop_at)  # type: ignore[arg-type]
    share = learning_rate_share(settings, steps)
    shares = [share(step) for step in range(steps + 1)]
    assert all(END_SHARE <= value <= 1 for value in shares)
    peak = shares.index(max(shares))
    assert shares[: peak + 1] == sorted(shares[: peak + 1])
    assert shares[peak:] == sorted(shares[peak:], reverse=True)


def watched(losses: list[float], patience: int = 20, least: float = 0.01) -> list[float]:
    """The share after each of these losses."""
    plateau = Plateau((0.3, 0.1), patience, least)
    shares = []
    for step, loss in enumerate(losses, start=1):
        plateau.observe(loss)
        shares.append(plateau(step))
    return shares


def test_a_plateau_drops_when_its_patience_ends() -> None:
    """Windows of 2 steps: the first sets the best, ten more without a fall are the patience of 20 steps."""
    shares = watched([1.0] * 80)
    assert [shares.count(level) for level in (1.0, 0.3, 0.1)] == [21, 20, 39]
    assert shares == sorted(shares, reverse=True)


def test_a_falling_loss_drops_nothing_and_one_that_falls_too_little_does() -> None:
    assert set(watched([0.99**step for step in range(100)])) == {1.0}
    assert set(watched([-1 - step / 10 for step in range(100)])) == {1.0}  # a loss below 0 falls too
    assert watched([0.9999**step for step in range(100)])[-1] == 0.1


def test_noise_is_averaged_away() -> None:
    noise = torch.randn(400, generator=torch.Generator().manual_seed(0)).mul(0.2).tolist()
    assert set(watched([3 * 0.98**step + rough for step, rough in enumerate(noise[:150])], 100)) == {1.0}
    assert watched([1 + rough for rough in noise], 100)[-1] < 1


def test_what_is_not_a_number_has_not_fallen() -> None:
    assert watched([math.nan] * 60)[-1] == 0.1
    assert watched([math.nan] * 4 + [0.9**step for step in range(60)])[-1] == 1.0


@settings(max_examples=15)
@given(st.integers(1, 59), st.integers(1, 30))
def test_a_plateau_goes_on_where_it_was_interrupted(kept: int, patience: int) -> None:
    """Saved with its schedule as the Trainer does, read with weights_only, the rates are those of one run."""
    losses = torch.rand(60, generator=torch.Generator().manual_seed(patience)).tolist()
    plan = OptimizerSettings(schedule="plateau", patience=patience, warmup=0.1, lr=1.0)

    def rates(losses: list[float], state: bytes | None = None) -> tuple[list[float], bytes]:
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
        share = learning_rate_share(plan, 60)
        assert isinstance(share, Plateau)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, share)
        if state:
            stored = torch.load(io.BytesIO(state), weights_only=True)
            schedule.load_state_dict(stored["schedule"])
            optimizer.load_state_dict(stored["optimizer"])
        seen = []
        for loss in losses:
            seen.append(optimizer.param_groups[0]["lr"])
            share.observe(loss)
            optimizer.step()
            schedule.step()
        file = io.BytesIO()
        torch.save({"schedule": schedule.state_dict(), "optimizer": optimizer.state_dict()}, file)
        return seen, file.getvalue()

    whole, _ = rates(losses)
    first, state = rates(losses[:kept])
    assert first + rates(losses[kept:], state)[0] == whole
