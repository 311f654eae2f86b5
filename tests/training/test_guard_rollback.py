"""What is measured of a step, and good states: with one optimizer, with two, and with their schedules."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from safelight.training.checkpoints import GOOD, LAST, read, write
from safelight.training.guard.diagnosis import ADVICE, advice_for
from safelight.training.guard.events import GuardError, RollbackRequested, words
from safelight.training.guard.rollback import guard_state, keep_as_good, roll_back
from safelight.training.guard.scale import Anomaly
from safelight.training.guard.settings import GuardSettings
from safelight.training.guard.watch import StepWatch, largest, losses

SETTINGS = GuardSettings(patience=5, trips=2, lr_factor=0.5)
SPIKE = Anomaly("loss", "spike", 3.0, 0.5, 0.2)


def tripped(step: int, blame: Any = "network") -> RollbackRequested:
    return RollbackRequested(step, [SPIKE], blame, [0.2, 0.21])


def state(step: int, lr: float = 1e-3) -> dict[str, Any]:
    """A checkpoint of two networks under two optimizers, one of them scheduled."""
    optimizers = []
    for number in range(2):
        weights = nn.Linear(3, 2)
        optimizer = torch.optim.AdamW(weights.parameters(), lr=lr / (1 + number))
        weights(torch.ones(1, 3)).sum().backward()
        optimizer.step()
        optimizers.append(optimizer)
    parts = [torch.optim.lr_scheduler.LambdaLR(optimizers[0], lambda step: 1.0) for _ in range(2)]
    schedule = torch.optim.lr_scheduler.SequentialLR(optimizers[0], parts, [2])
    return {
        "global_step": step,
        "optimizer_states": [optimizer.state_dict() for optimizer in optimizers],
        "lr_schedulers": [schedule.state_dict()],
        "callbacks": {"Guard": {"scales": {"loss": [0.2]}}},
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run with a good state at step 10 and its last one at step 20."""
    (tmp_path / "checkpoints").mkdir()
    last = tmp_path / "checkpoints" / LAST
    write(state(10), last)
    keep_as_good(last)
    write(state(20), last)
    return tmp_path


def rates(folder: Path) -> list[float]:
    stored = read(folder / "checkpoints" / LAST)
    return [group["lr"] for each in stored["optimizer_states"] for group in each["param_groups"]]


def test_a_state_is_good_once_healthy_steps_followed_it(folder: Path) -> None:
    assert roll_back(folder, tripped(25), SETTINGS, 4, 1e-3).restored == 20
    assert roll_back(folder, tripped(22), SETTINGS, 4, 1e-3).restored == 10


def test_a_state_that_did_not_help_is_not_tried_again(folder: Path) -> None:
    roll_back(folder, tripped(29), SETTINGS, 4, 1e-3)
    trip = roll_back(folder, tripped(29), SETTINGS, 4, 1e-3)
    assert (trip.restored, trip.skipped) == (10, (10 * 4 + 36, 29 * 4 + 36))


def test_more_is_left_out_each_time_that_bad_samples_go_on(folder: Path) -> None:
    trips = [
        roll_back(folder, tripped(25 if n == 0 else 21, "samples"), GuardSettings(patience=1), 4, 1)
        for n in range(3)
    ]
    assert [trip.restored for trip in trips] == [20, 10, 10]
    assert [trip.skipped[1] - trip.skipped[0] for trip in trips] == [5 * 4, (11 + 4) * 4, (11 + 16) * 4]


def test_every_rate_of_both_optimizers_and_nested_schedules_is_lowered_and_stays_so(folder: Path) -> None:
    roll_back(folder, tripped(25), SETTINGS, 4, 1e-3)
    assert rates(folder) == pytest.approx([5e-4, 2.5e-4])
    nested = read(folder / "checkpoints" / LAST)["lr_schedulers"][0]
    assert [inner["base_lrs"] for inner in nested["_schedulers"]] == [[5e-4], [5e-4]]
    roll_back(folder, tripped(21), SETTINGS, 4, 1e-3)  # from a state that was kept before the first trip
    assert rates(folder) == pytest.approx([1.25e-4, 0.625e-4])  # the square, as it is the second in a row
    known = guard_state(read(folder / "checkpoints" / LAST))
    assert known["lr"] == 0.125
    assert len(known["trips"]) == 2
    assert known["scales"] == {"loss": [0.2]}


@pytest.mark.parametrize("blame", ["samples", "optimizer", "gradient", "rate", "average", "loader"])
def test_the_rate_stays_where_it_is_not_to_blame(folder: Path, blame: str) -> None:
    trip = roll_back(folder, tripped(25, blame), SETTINGS, 4, 1e-3)
    assert rates(folder) == [1e-3, 5e-4]
    assert (trip.skipped[1] > trip.skipped[0]) == (blame != "loader")


def test_moments_are_emptied_only_if_they_are_poisoned(folder: Path) -> None:
    path = folder / "checkpoints" / LAST
    assert not roll_back(folder, tripped(25), SETTINGS, 4, 1e-3).moments_cleared
    stored = read(path)
    stored["optimizer_states"][1]["state"][0]["exp_avg_sq"][0, 0] = torch.inf
    write(stored, path)
    (folder / "checkpoints" / GOOD).unlink()
    assert roll_back(folder, tripped(25), SETTINGS, 4, 1e-3).moments_cleared
    first, second = read(path)["optimizer_states"]
    assert first["state"]
    assert not second["state"]


def test_once_too_often_is_a_diagnosis(folder: Path) -> None:
    for _ in range(2):
        roll_back(folder, tripped(25), SETTINGS, 4, 8e-3)
    with pytest.raises(GuardError) as stopped:
        roll_back(folder, tripped(25), SETTINGS, 4, 8e-3)
    told = str(stopped.value)
    assert "after 3 trips (guard.trips 2)" in told
    assert "the loss leapt to 3, usual 0.2, limit 0.5" in told
    assert "--optimizer.lr 0.00025" in told  # a fourth of what was left of it
    assert "\n" not in told


@pytest.mark.parametrize(
    "measure", ["input", "loss", "loss discriminator", "gradient 2", "channels", "color", "loader"]
)
@pytest.mark.parametrize("how", ["not finite", "spike", "jump", "silent"])
@pytest.mark.parametrize("blame", ["samples", "network"])
def test_there_is_advice_for_everything(measure: str, how: str, blame: str) -> None:
    advice = advice_for(measure, how, blame)
    assert advice in ADVICE.values()
    assert advice.attempt.format(lr=1e-3)
    if "discriminator" in measure or measure.endswith("2"):
        assert "discriminator" in advice.cause


def test_signs_are_told_in_figures() -> None:
    assert (
        words(Anomaly("gradient 2", "spike", 50.0, 6.0, 1.0))
        == "the gradient's norm (2) leapt to 50, usual 1, limit 6"
    )
    assert words(Anomaly("loss", "not finite", torch.inf, torch.inf, 0.2)) == "the loss is not finite"


def test_measures_of_a_step_known_by_hand() -> None:
    weights, judge = nn.Linear(2, 1, bias=False), nn.Linear(2, 1, bias=False)
    average = nn.Linear(2, 1, bias=False)
    with torch.no_grad():
        weights.weight.copy_(torch.tensor([[3.0, 4.0]]))
        judge.weight.copy_(torch.tensor([[0.0, 1.0]]))
        average.weight.copy_(torch.tensor([[3.0, 3.0]]))
    optimizers = [torch.optim.SGD(part.parameters(), lr=0.1) for part in (weights, judge)]
    watch = StepWatch(optimizers, weights, average)
    watch.before_batch()
    batch = torch.tensor([[3.0, -4.0]])
    loss = weights(batch).sum()
    loss.backward()
    judge(batch).sum().backward()
    watch.before_step(optimizers[0])
    nn.utils.clip_grad_norm_(weights.parameters(), 1.0)
    for optimizer in optimizers:
        optimizer.step()
    names, values = watch.after_batch(
        {"loss": loss.detach(), "discriminator": loss.detach()}, [batch], [0.1, 0.1]
    )
    found = dict(zip(names, values.tolist(), strict=True))
    # weights: 3, 4 less 0.1 x the gradient 3, -4 clipped to length 1: 2.94, 4.08; average 3, 3
    expected = {
        "input": 4.0,
        "loss": -7.0,
        "loss discriminator": -7.0,
        "gradient": 5.0,  # before it was clipped
        "update": 0.1 / 5 / 0.1,
        "gradient 2": 5.0,
        "update 2": 0.5 / 0.1,
        "average": float(torch.tensor([0.06, -1.08]).norm() / torch.tensor([2.94, 4.08]).norm()),
    }
    assert found == pytest.approx(expected, rel=1e-5)


def test_what_a_batch_and_a_step_may_be() -> None:
    nested = {"a": (torch.tensor([1.0, -2.0]), [torch.tensor([7])]), "b": "no number"}
    assert largest(nested).item() == 2
    assert torch.isnan(largest([torch.tensor([1.0, torch.nan])]))
    assert largest(torch.tensor([1])).item() == 0
    assert losses(None) == {}
    assert list(losses(torch.tensor(1.0))) == ["loss"]
