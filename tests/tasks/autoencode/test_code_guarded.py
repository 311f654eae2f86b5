"""Posterior collapse before the guard: a run made to collapse is stopped and named, others are left alone."""

import json
import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from safelight.data.cache import open_dataset
from safelight.journal.run import Run
from safelight.tasks.autoencode import validation as asked
from safelight.tasks.autoencode.losses import AutoencodeLossSettings
from safelight.tasks.autoencode.recipe import AutoencodeRecipe
from safelight.tasks.autoencode.recipes import figures_quick
from safelight.tasks.autoencode.training import AutoencodeTraining
from safelight.tasks.autoencode.validation import AutoencodeValidation
from safelight.training.checkpoints import read
from safelight.training.fit import fit
from safelight.training.guard.answers import FailureCheck
from safelight.training.guard.callback import Guard
from safelight.training.guard.diagnosis import diagnosis
from safelight.training.guard.events import GuardError, RollbackRequested, words
from safelight.training.guard.rollback import guard_state
from safelight.training.guard.scale import Anomaly
from safelight.training.guard.settings import GuardSettings

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(autouse=True)
def short_runs_are_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests have no thousand steps."""
    monkeypatch.setattr(asked, "EARLIEST", 56)


@pytest.fixture
def brief() -> AutoencodeRecipe:
    """Eighty steps with a look every eight; from the 56th on a code must say something."""
    recipe = figures_quick()
    train = replace(recipe.train, steps=80, ema=0.0, checkpoint_every=8, validate_every=80, picture_every=80)
    return replace(
        recipe,
        optimizer=replace(recipe.optimizer, lr=1e-2),
        train=train,
        guard=GuardSettings(patience=4, trips=2),
    )


def pressed(recipe: AutoencodeRecipe) -> AutoencodeRecipe:
    """With a KL that no code can pay."""
    return replace(recipe, loss=AutoencodeLossSettings(kl=300.0))


def test_a_silent_code_is_an_illness(padded: Path, brief: AutoencodeRecipe) -> None:
    probes = AutoencodeValidation.choose(open_dataset(padded, "val"), brief)
    assert isinstance(probes, FailureCheck)
    network = AutoencodeTraining().network(brief)
    with torch.no_grad():
        network.to_code.mean.weight.mul_(30)
    assert probes.failure(network) is None
    with torch.no_grad():
        network.to_code.mean.weight.zero_()
    sign = probes.failure(network)
    assert sign is not None
    assert (sign.measure, sign.seen, sign.limit) == ("code", pytest.approx(0, abs=1e-5), 1.0)
    assert words(sign).startswith("posterior collapse: 0 of 8 units are active")
    plain = replace(brief, model=replace(brief.model, variational=False), loss=AutoencodeLossSettings())
    empty = AutoencodeTraining().network(plain)
    with torch.no_grad():
        empty.to_code.mean.weight.zero_()
    assert probes.failure(empty) is None  # its code has no scale to be silent on


@pytest.mark.parametrize(("steps", "warmup", "step"), [(80, 0.0, 56), (400, 0.0, 100), (400, 0.5, 200)])
def test_when_a_code_must_say_something(
    padded: Path, brief: AutoencodeRecipe, steps: int, warmup: float, step: int
) -> None:
    recipe = replace(
        brief, train=replace(brief.train, steps=steps), loss=AutoencodeLossSettings(warmup=warmup)
    )
    assert AutoencodeValidation.choose(open_dataset(padded, "val"), recipe).grace_steps == step


def test_a_vae_made_to_collapse_is_stopped_and_named(
    padded: Path, brief: AutoencodeRecipe, tmp_path: Path
) -> None:
    with pytest.raises(
        GuardError, match=r"^the guard stopped the run at step 56: there is no good state"
    ) as told:
        fit(pressed(brief), padded, tmp_path, quiet=True)
    assert "Seen: posterior collapse: " in str(told.value)
    assert "Try: --loss.kl 1 or less" in str(told.value)
    (folder,) = tmp_path.iterdir()
    run = Run.open(folder)
    assert (run.facts["state"], run.facts["step"]) == ("failed", 48)
    assert run.facts["error"] == str(told.value)


def test_a_healthy_one_is_left_alone(padded: Path, brief: AutoencodeRecipe, tmp_path: Path) -> None:
    run = fit(brief, padded, tmp_path, quiet=True)
    assert (run.facts["state"], run.facts["collapse"]) == ("finished", None)
    assert not (run.folder / "guard.jsonl").exists()
    assert guard_state(read(run.last_checkpoint))["ill"] is False


@pytest.mark.parametrize(
    ("step", "before", "blame"),
    [(48, True, None), (56, False, "network"), (56, True, "recipe"), (80, True, None)],
)
def test_an_illness_counts_from_its_step_on_and_not_when_the_run_has_ended(
    step: int, before: bool, blame: str | None
) -> None:
    sign = Anomaly("code", "posterior collapse: none is active", 0.1, 1.0, math.nan)

    class Sick:
        grace_steps = 56

        def failure(self, network: torch.nn.Module) -> Anomaly:
            assert not network.training
            return sign

    guard = Guard(None, GuardSettings(), Sick(), 8)
    guard.failing = before
    network = torch.nn.Identity()
    trainer: Any = SimpleNamespace(global_step=step, max_steps=80, is_global_zero=True, world_size=1)
    if blame is None:
        guard._check_failure(trainer, network)
        assert guard.failing
        assert guard.state_dict()["ill"]
    else:
        with pytest.raises(RollbackRequested) as seen:
            guard._check_failure(trainer, network)
        assert (seen.value.blame, seen.value.signs) == (blame, [sign])
    assert network.training


def test_a_code_that_is_lost_between_two_looks_is_found_again(
    padded: Path, brief: AutoencodeRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What silences it strikes once: the guard goes back to where the code spoke."""
    usual, struck = AutoencodeValidation.failure, []

    def failure(self: AutoencodeValidation, network: torch.nn.Module) -> Anomaly | None:
        struck.append(network)
        if len(struck) == 9:  # looks: at the start, at 8, 16, … 64
            with torch.no_grad():
                network.to_code.mean.weight.zero_()  # type: ignore[union-attr, operator]
        return usual(self, network)

    monkeypatch.setattr(AutoencodeValidation, "failure", failure)
    run = fit(brief, padded, tmp_path, quiet=True)
    (line,) = [json.loads(text) for text in (run.folder / "guard.jsonl").read_text().splitlines()]
    assert (line["step"], line["restored"], line["blame"], line["lr"]) == (64, 56, "network", 0.8)
    assert line["seen"].startswith("posterior collapse")
    assert (run.facts["state"], run.facts["collapse"]) == ("finished", None)


@pytest.mark.parametrize(("seen", "told"), [("difference", "code"), ("channels", "channels")])
def test_the_illness_is_named_before_what_comes_from_it(
    seen: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Sick:
        grace_steps = 10

        def failure(self, network: torch.nn.Module) -> Anomaly:
            return Anomaly("code", "posterior collapse", 0.1, 1.0, math.nan)

    guard = Guard(None, GuardSettings(), Sick(), 8)
    monkeypatch.setattr(guard, "_statistics", lambda trainer, module: "a look")
    monkeypatch.setattr(guard.answers, "judge", lambda look, settings: Anomaly(seen, "lost", 0.1, 0.2, 0.3))
    trainer: Any = SimpleNamespace(global_step=16, max_steps=80, is_global_zero=True, world_size=1)
    with pytest.raises(RollbackRequested) as tripped:
        guard._check_answers(trainer, torch.nn.Identity())  # type: ignore[arg-type]
    assert tripped.value.signs[0].measure == told


@pytest.mark.parametrize(
    ("task", "said"), [("colorize", "loss of color"), ("fill", "--loss.hole"), ("code", "--loss.kl")]
)
def test_advice_names_what_the_task_has(task: str, said: str) -> None:
    trip = RollbackRequested(30, [Anomaly("difference", "lost", 0.001, 0.01, 0.3)], "network", [])
    told = {name: diagnosis([], trip, GuardSettings(), 1e-3, False, name) for name in ("scratches", task)}
    assert said in told[task]
    assert said not in told["scratches"]
    assert "--optimizer.lr 0.00025" in told["scratches"]
