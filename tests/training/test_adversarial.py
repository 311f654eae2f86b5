"""Training against a discriminator: what each step moves, and a run that is stopped goes on to the same end."""

import csv
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from safelight.data.cache import open_dataset
from safelight.errors import RecipeError
from safelight.journal.run import Run
from safelight.tasks.colorize.recipe import ColorizeRecipe
from safelight.training import fit as training
from safelight.training import trained
from safelight.training.adversarial import AdversarialModule, module_for
from safelight.training.dry_run import DryRun
from safelight.training.modules import TrainingModule
from safelight.training.overrides import override
from safelight.training.pace import measure_pace
from safelight.training.recipe import recipe_named
from safelight.training.task import training_task

pytestmark = pytest.mark.usefixtures("one_thread")
SMALL = {
    "model.kind": "plain",
    "model.channels": "4",
    "model.widest": "8",
    "model.steps": "2",
    "model.skips": "1",
    "model.blocks": "1",
    "augment.size": "32",
    "data.batch": "2",
    "train.steps": "8",
    "train.checkpoint_every": "3",
    "train.validate_every": "8",
}
AGAINST = {
    "adversarial.weight": "0.1",
    "adversarial.r1": "1",
    "adversarial.r1_every": "2",
    "adversarial.start": "0.25",
    "discriminator.channels": "4",
    "discriminator.widest": "8",
    "discriminator.layers": "2",
    "optimizer.schedule": "plateau",
    "optimizer.patience": "2",
    "optimizer.least": "0.5",
}
WITHOUT_R1 = {"adversarial.r1": "0", "train.steps": "3", "adversarial.start": "0"}


def checkpoint(run: Run) -> dict[str, Any]:
    stored: dict[str, Any] = torch.load(run.last_checkpoint, weights_only=True)
    return stored


def metrics(run: Run) -> list[dict[str, str]]:
    with (run.folder / "metrics.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def equal(one: Any, two: Any) -> bool:
    """Whether two trees of tensors and numbers are the same to the last bit."""
    if isinstance(one, torch.Tensor):
        return torch.equal(one, two)
    if isinstance(one, dict):
        return one.keys() == two.keys() and all(equal(one[key], two[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(two) and all(map(equal, one, two))
    return bool(one == two)


@pytest.fixture(scope="module")
def tiny() -> ColorizeRecipe:
    """Eight steps of a network that hardly is one."""
    return override(recipe_named("quick"), SMALL)


@pytest.fixture(scope="module")
def run(dataset: Path, tiny: ColorizeRecipe, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Eight steps without a break, the discriminator from the third on."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    finished = training.fit(override(tiny, AGAINST), dataset, tmp_path_factory.mktemp("runs"), quiet=True)
    torch.set_num_threads(threads)
    return finished


def test_the_discriminator_begins_when_it_is_told_and_counts_no_steps(run: Run) -> None:
    table = metrics(run)
    assert (run.facts["state"], run.facts["step"]) == ("finished", 8)
    assert [int(row["step"]) for row in table] == list(range(1, 9))
    assert [bool(row["train/discriminator"]) for row in table] == [False] * 2 + [True] * 6
    assert [bool(row["train/adversarial"]) for row in table] == [False] * 2 + [True] * 6
    assert float(table[2]["train/discriminator"]) == pytest.approx(2, abs=0.5)  # it cannot tell yet: hinge, 2


def test_both_optimizers_are_kept(run: Run) -> None:
    stored = checkpoint(run)
    network, discriminator = stored["optimizer_states"]
    assert {float(state["step"]) for state in network["state"].values()} == {8}
    assert {float(state["step"]) for state in discriminator["state"].values()} == {6}
    assert discriminator["param_groups"][0]["betas"] == (0.0, 0.99)
    rate, peak = network["param_groups"][0]["lr"], network["param_groups"][0]["initial_lr"]
    own = discriminator["param_groups"][0]
    assert own["lr"] / own["initial_lr"] == pytest.approx(rate / peak)  # one schedule for both
    assert rate / peak in (pytest.approx(1 / 3), pytest.approx(0.1))  # and the plateau dropped


def test_the_network_alone_is_judged(run: Run, tiny: ColorizeRecipe) -> None:
    assert not [name for name in trained.averaged_weights(run) if "discriminator" in name]
    network, recipe = trained.trained_network(run)
    assert recipe.adversarial.weight == 0.1
    stored = checkpoint(run)
    assert all(
        torch.equal(tensor, stored["state_dict"][f"network.{n}"])
        for n, tensor in network.state_dict().items()
    )
    assert any(name.startswith("discriminator.") for name in stored["current_model_state"])


def test_a_stopped_run_goes_on_to_what_it_would_have_been(
    run: Run, dataset: Path, tiny: ColorizeRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The discriminator, its optimizer, and a plateau that drops where it would have dropped."""
    usual = AdversarialModule.training_step

    def training_step(self: AdversarialModule, batch: Any, batch_idx: int) -> Any:
        if self.trainer.global_step + 1 == 5:
            signal.raise_signal(signal.SIGTERM)
        return usual(self, batch, batch_idx)

    with monkeypatch.context() as asked:
        asked.setattr(AdversarialModule, "training_step", training_step)
        stopped = training.fit(override(tiny, AGAINST), dataset, tmp_path, quiet=True)
    assert stopped.facts["step"] == 5
    training.resume(stopped, quiet=True)
    first, second = checkpoint(run), checkpoint(stopped)
    for part in ("state_dict", "current_model_state", "optimizer_states", "lr_schedulers"):
        assert equal(first[part], second[part]), part
    assert metrics(run) == metrics(stopped)


@pytest.mark.parametrize("loss", ["non_saturating"])
def test_other_losses_train_in_half_precision(
    dataset: Path, tiny: ColorizeRecipe, tmp_path: Path, loss: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With each gradient clipped to half, the network's and the discriminator's."""
    changes = (
        AGAINST | WITHOUT_R1 | {"adversarial.loss": loss, "train.precision": "bf16", "optimizer.clip": "0.5"}
    )
    norms: list[float] = []
    usual = AdversarialModule.clip

    def clip(self: AdversarialModule, network: torch.nn.Module) -> None:
        usual(self, network)
        slopes = [p.grad for p in network.parameters() if p.grad is not None]
        norms.append(float(torch.nn.utils.get_total_norm(slopes)))

    monkeypatch.setattr(AdversarialModule, "clip", clip)
    finished = training.fit(override(tiny, changes), dataset, tmp_path, quiet=True)
    assert torch.isfinite(torch.tensor([float(row["train/loss"]) for row in metrics(finished)])).all()
    assert len(norms) == 6
    assert 0 < max(norms) <= 0.5 + 1e-4


def test_each_learns_from_its_own_loss_alone(tiny: ColorizeRecipe) -> None:
    module = module_for(override(tiny, AGAINST), training_task(tiny))
    assert isinstance(module, AdversarialModule)
    fake = torch.rand(1, 3, 32, 32, requires_grad=True)
    module.generator_loss(fake).backward()
    assert fake.grad is not None
    assert fake.grad.any()
    assert all(p.grad is None and p.requires_grad for p in module.discriminator.parameters())


def test_without_a_weight_there_is_no_discriminator(tiny: ColorizeRecipe) -> None:
    assert type(module_for(tiny, training_task(tiny))) is TrainingModule


def test_what_a_run_will_take_counts_the_discriminator_from_its_start_on(
    tiny: ColorizeRecipe, dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a clock that only steps move: one second alone and three against it, from a quarter of the run on."""
    now = [0.0]

    def taking(seconds: float) -> Callable[..., float]:
        def step(self: DryRun, batch: Any, penalized: bool = False) -> float:
            now[0] += seconds + 4 * penalized
            return 0.0

        return step

    monkeypatch.setattr("safelight.training.pace.time.monotonic", lambda: now[0])
    monkeypatch.setattr(DryRun, "step", taking(1.0))
    monkeypatch.setattr(DryRun, "step_against", taking(3.0))
    pictures, held_out = open_dataset(dataset, "train"), open_dataset(dataset, "val")
    for start, r1, expected in (
        ("0", "0", 3),
        ("0.25", "0", 0.25 + 0.75 * 3),
        ("0.25", "1", 0.25 + 0.75 * 5),
    ):
        settings = {
            "adversarial.start": start,
            "adversarial.r1": r1,
            "train.steps": "60",
        }  # R1 every second step
        pace = measure_pace(override(tiny, AGAINST | settings), pictures, held_out)
        assert pace.step == pytest.approx(expected)
    assert measure_pace(override(tiny, {"train.steps": "60"}), pictures, held_out).step == 1.0


def test_a_timed_step_against_a_discriminator_is_as_much_work_as_one_of_the_run(
    tiny: ColorizeRecipe, dataset: Path
) -> None:
    dry_run = DryRun(override(tiny, AGAINST), torch.device("cpu"))
    assert dry_run.discriminator is not None
    looks: list[bool] = []
    dry_run.discriminator.register_forward_hook(
        lambda part, given, scores: looks.append(scores.requires_grad)
    )
    before = [p.detach().clone() for p in dry_run.network.parameters()]
    batch = next(dry_run.batches(open_dataset(dataset, "train"), 2))
    dry_run.step_against(batch)
    assert looks == [True] * 3  # at true pictures, at answers, and once more for the network
    dry_run.step_against(batch, penalized=True)
    assert looks[3:] == [True] * 4  # and once for the slope
    assert any(not torch.equal(p, q) for p, q in zip(dry_run.network.parameters(), before, strict=True))
    assert all(p.grad is None for p in dry_run.discriminator.parameters())


def test_what_sees_red_green_and_blue_is_not_shown_lab(tiny: ColorizeRecipe) -> None:
    with pytest.raises(
        RecipeError, match=r"looks at red, green and blue, and a colorizer's .* is shown L, a and b"
    ):
        override(tiny, AGAINST | {"discriminator.features": "efficientnet_lite0"})
