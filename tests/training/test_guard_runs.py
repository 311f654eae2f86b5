"""Whole runs that something goes wrong in: what the guard sees, what it does, and that it can be resumed."""

import json
import math
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from safelight.journal.run import Run
from safelight.tasks.colorize.dataset import ColorizeDataset, Sample
from safelight.tasks.colorize.recipe import ColorizeRecipe
from safelight.training import fit as training
from safelight.training.checkpoints import GOOD, read
from safelight.training.guard.events import GuardError
from safelight.training.guard.rollback import guard_state
from safelight.training.modules import TrainingModule
from safelight.training.overrides import override

pytestmark = pytest.mark.usefixtures("one_thread", "two_probes")
BATCH, EVERY = 4, 8
WRONG_AT = 21  # the step that is taken with bad samples


@pytest.fixture(scope="module")
def brief(tiny: ColorizeRecipe) -> ColorizeRecipe:
    """Thirty-two steps of milliseconds, and a guard that settles soon."""
    changes = {
        "train.steps": "32",
        "train.checkpoint_every": str(EVERY),
        "train.validate_every": "32",
        "augment.size": "32",
        "preparation.propagate": "false",
        "guard.settle": "8",
        "guard.patience": "4",
        "guard.trips": "2",
    }
    return override(tiny, changes)


def spoil(
    monkeypatch: pytest.MonkeyPatch, wrong: Callable[[int], bool], how: Callable[[Sample], Sample]
) -> None:
    """Samples whose numbers are wrong come out spoilt."""
    usual = ColorizeDataset.__getitem__

    def spoilt(self: ColorizeDataset, k: int) -> Sample:
        sample = usual(self, k)
        return how(sample) if wrong(k) else sample

    monkeypatch.setattr(ColorizeDataset, "__getitem__", spoilt)


def not_a_number(sample: Sample) -> Sample:
    return Sample(np.full_like(sample.planes, np.nan), sample.truth)


def of_step(step: int) -> Callable[[int], bool]:
    """The samples of the batch of this step, counted from 1, if none were left out before."""
    return lambda k: k // BATCH == step - 1


def lines(run: Run) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run.folder / "guard.jsonl").read_text().splitlines()]


def weights(run: Run) -> dict[str, torch.Tensor]:
    stored = read(run.last_checkpoint)
    return {**stored["state_dict"], **{f"now {k}": v for k, v in stored["current_model_state"].items()}}


def assert_same(one: Run, two: Run) -> None:
    first, second = weights(one), weights(two)
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert (one.folder / "metrics.csv").read_text() == (two.folder / "metrics.csv").read_text()
    assert one.facts["scores"] == two.facts["scores"]


@pytest.fixture(scope="module")
def mended(
    two_probes: None, brief: ColorizeRecipe, dataset: Path, tmp_path_factory: pytest.TempPathFactory
) -> Run:
    """A run with one batch that is not a number."""
    with pytest.MonkeyPatch.context() as patch:
        spoil(patch, of_step(WRONG_AT), not_a_number)
        return training.fit(brief, dataset, tmp_path_factory.mktemp("mended"), quiet=True)


def test_a_bad_batch_is_left_out_and_the_run_goes_on(mended: Run) -> None:
    (line,) = lines(mended)
    assert (line["step"], line["restored"], line["blame"], line["lr"]) == (WRONG_AT, 16, "samples", 1)
    assert line["skipped"] == [16 * BATCH, WRONG_AT * BATCH]
    assert line["signs"][0]["measure"] == "input"
    assert len(line["losses"]) == WRONG_AT - 1
    assert mended.facts["state"] == "finished"
    assert mended.facts["guard"] == [line["told"]]
    assert line["told"] == (
        "step 21: the largest number in the batch is not finite. Went back to step 16, left out samples 64 to "
        "83, same learning rate."
    )
    assert all(torch.isfinite(tensor).all() for tensor in weights(mended).values())
    state = guard_state(read(mended.last_checkpoint))
    assert (state["skipped"], state["lr"], len(state["trips"])) == ((WRONG_AT - 16) * BATCH, 1, 1)
    assert read(mended.last_checkpoint)["global_step"] == 32
    assert read(mended.folder / "checkpoints" / GOOD)["global_step"] == 24


@pytest.mark.parametrize(
    "step", [pytest.param(17, id="just gone back"), pytest.param(26, id="later", marks=pytest.mark.slow)]
)
def test_a_run_that_broke_after_a_trip_goes_on_to_the_same(
    mended: Run,
    brief: ColorizeRecipe,
    dataset: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    step: int,
) -> None:
    spoil(monkeypatch, of_step(WRONG_AT), not_a_number)
    usual = TrainingModule.training_step

    def breaks(self: TrainingModule, batch: Any, batch_idx: int) -> torch.Tensor:
        if self.trainer.global_step + 1 == step and list(tmp_path.glob("*/guard.jsonl")):
            raise FloatingPointError
        return usual(self, batch, batch_idx)

    with monkeypatch.context() as broken:
        broken.setattr(TrainingModule, "training_step", breaks)
        with pytest.raises(FloatingPointError):
            training.fit(brief, dataset, tmp_path, quiet=True)
    again = Run.open(next(tmp_path.iterdir()))
    training.resume(again, quiet=True)
    assert_same(mended, again)
    assert lines(again) == lines(mended)


def hundredfold_rate(optimizer: torch.optim.Optimizer) -> None:
    for group in optimizer.param_groups:
        group["lr"] *= 100


def lost_moments(optimizer: torch.optim.Optimizer) -> None:
    for state in optimizer.state.values():
        state["exp_avg_sq"].zero_()


@pytest.mark.parametrize(
    ("harm", "blamed"), [(hundredfold_rate, ("rate", 1)), (lost_moments, ("optimizer", 1))]
)
def test_steps_that_are_too_long_are_taken_again(
    brief: ColorizeRecipe,
    dataset: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    harm: Callable[[torch.optim.Optimizer], None],
    blamed: tuple[str, float],
) -> None:
    done = []

    def leaps(self: TrainingModule, batch: Any, batch_idx: int) -> None:
        if self.trainer.global_step + 1 == WRONG_AT and not done:
            done.append(True)
            harm(self.trainer.optimizers[0])

    monkeypatch.setattr(TrainingModule, "on_train_batch_start", leaps)
    run = training.fit(override(brief, {"optimizer.schedule": "constant"}), dataset, tmp_path, quiet=True)
    (line,) = lines(run)
    assert line["signs"][0]["measure"] == "update"
    assert (line["step"], line["restored"]) == (WRONG_AT, 16)
    assert (line["blame"], line["lr"]) == blamed
    stored = read(run.last_checkpoint)
    rate = blamed[1] * brief.optimizer.lr
    assert stored["optimizer_states"][0]["param_groups"][0]["lr"] == pytest.approx(rate)
    assert stored["lr_schedulers"][0]["base_lrs"][0] == pytest.approx(rate)


def test_one_gradient_that_is_not_finite_does_not_cost_learning_rate(
    brief: ColorizeRecipe, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = []

    def overflows(self: TrainingModule) -> None:
        if self.trainer.global_step + 1 == WRONG_AT and not done:
            done.append(True)
            next(p.grad for p in self.network.parameters() if p.grad is not None).view(-1)[0] = torch.inf

    monkeypatch.setattr(TrainingModule, "on_after_backward", overflows)
    run = training.fit(brief, dataset, tmp_path, quiet=True)
    (line,) = lines(run)
    assert (line["signs"][0]["measure"], line["signs"][0]["how"]) == ("gradient", "not finite")
    assert (line["step"], line["restored"], line["blame"], line["lr"]) == (WRONG_AT, 16, "gradient", 1)
    assert line["skipped"] == [16 * BATCH, WRONG_AT * BATCH]
    assert all(torch.isfinite(tensor).all() for tensor in weights(run).values())


def test_a_run_that_cannot_be_mended_stops_with_a_diagnosis(
    brief: ColorizeRecipe, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(monkeypatch, lambda k: k >= 80, lambda sample: Sample(sample.planes * 255, sample.truth))
    with pytest.raises(GuardError) as stopped:
        training.fit(brief, dataset, tmp_path, quiet=True)
    told = str(stopped.value)
    assert "\n" not in told
    for part in ("after 3 trips", "leapt to 255", "such as 0..255 in place of 0..1", "safelight data build"):
        assert part in told
    run = Run.open(next(tmp_path.iterdir()))
    assert (run.facts["state"], run.facts["error"]) == ("failed", told)
    assert (run.folder / "error.txt").read_text() == told + "\n"
    assert [line["restored"] for line in lines(run)] == [16, 8]  # once more, and further back


def test_a_network_that_is_dead_from_the_start_is_not_trained(
    brief: ColorizeRecipe, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = TrainingModule.__init__

    def dead(self: TrainingModule, *given: Any) -> None:
        usual(self, *given)
        for part in self.network.modules():
            if isinstance(part, nn.BatchNorm2d):
                nn.init.zeros_(part.weight)
                nn.init.constant_(part.bias, -100)

    monkeypatch.setattr(TrainingModule, "__init__", dead)
    with pytest.raises(GuardError, match=r"no good state to go back to.*dead units"):
        training.fit(brief, dataset, tmp_path, quiet=True)


@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
def test_a_loading_process_that_dies_costs_nothing(
    brief: ColorizeRecipe, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = tmp_path / "died"

    def die(sample: Sample) -> Sample:
        if not once.exists():
            once.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return sample

    recipe = override(brief, {"data.workers": "1", "train.steps": "12", "train.validate_every": "12"})
    calm = training.fit(recipe, dataset, tmp_path / "calm", quiet=True)
    spoil(monkeypatch, lambda k: k == 9 * BATCH, die)
    run = training.fit(recipe, dataset, tmp_path / "runs", quiet=True)
    (line,) = lines(run)
    assert (line["blame"], line["lr"]) == ("loader", 1)
    assert line["skipped"][0] == line["skipped"][1]
    assert_same(calm, run)


@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
def test_without_a_guard_nothing_is_watched(
    brief: ColorizeRecipe, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(monkeypatch, of_step(3), not_a_number)
    recipe = override(brief, {"guard.on": "false", "train.steps": "9", "train.validate_every": "9"})
    run = training.fit(recipe, dataset, tmp_path, quiet=True)
    assert run.facts["state"] == "finished"
    assert not (run.folder / "guard.jsonl").exists()
    assert not (run.folder / "checkpoints" / GOOD).exists()
    assert math.isnan(float(next(iter(weights(run).values())).sum()))


def test_hints_of_other_pictures_are_left_out(
    brief: ColorizeRecipe, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def turned(sample: Sample) -> Sample:
        planes = sample.planes.copy()
        planes[1:3] *= -1
        return Sample(planes, sample.truth)

    many = override(brief, {"hints.automatic": "0", "hints.count": "fixed", "hints.most": "40"})
    spoil(monkeypatch, of_step(WRONG_AT), turned)
    run = training.fit(many, dataset, tmp_path, quiet=True)
    trips = lines(run)
    assert [trip["signs"][0]["measure"] for trip in trips] == ["question"]
    assert trips[0]["blame"] == "samples"
    assert trips[0]["lr"] == 1
    assert run.facts["state"] == "finished"
