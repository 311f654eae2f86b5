"""A training run from its dataset to its folder: all that it leaves, and going on as if nothing had been."""

import csv
import json
import shutil
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from safelight.data.cache import open_splits
from safelight.errors import RecipeError, RunError
from safelight.journal.records import read_record
from safelight.journal.run import Run
from safelight.pixels.files import write_photo
from safelight.tasks.colorize.recipe import ColorizeRecipe
from safelight.tasks.colorize.validation import COUNTS
from safelight.training import fit as training
from safelight.training import trained
from safelight.training.callbacks import CAPTION
from safelight.training.modules import TrainingModule
from safelight.training.optimizers import learning_rate_share
from safelight.training.overrides import override
from tests.training.conftest import soft_picture

pytestmark = pytest.mark.usefixtures("one_thread", "two_probes")


@pytest.fixture(scope="module")
def run(
    two_probes: None, dataset: Path, tiny: ColorizeRecipe, tmp_path_factory: pytest.TempPathFactory
) -> Run:
    """Twelve steps without a break."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    finished = training.fit(tiny, dataset, tmp_path_factory.mktemp("runs"), quiet=True)
    torch.set_num_threads(threads)
    return finished


def checkpoint(run: Run) -> dict[str, Any]:
    stored: dict[str, Any] = torch.load(run.last_checkpoint, weights_only=True)
    return stored


def metrics(run: Run) -> list[dict[str, str]]:
    with (run.folder / "metrics.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def as_told(run: Run) -> tuple[float | None, int]:
    """How long the journal says that it took, in seconds, and how many steps were taken."""
    record = read_record(run.folder)
    return record.seconds, record.step


def at_step(monkeypatch: pytest.MonkeyPatch, number: int, happens: Callable[[], object]) -> None:
    """Let something happen in the training step of this number, counted from 1."""
    usual = TrainingModule.training_step

    def training_step(self: TrainingModule, batch: Any, batch_idx: int) -> torch.Tensor:
        if self.trainer.global_step + 1 == number:
            happens()
        return usual(self, batch, batch_idx)

    monkeypatch.setattr(TrainingModule, "training_step", training_step)


def break_down() -> None:
    raise FloatingPointError("the lamp went out")


def assert_same_run(one: Run, two: Run) -> None:
    """Equal to the last bit: weights, their average, the optimizer, and all that was measured."""
    first, second = checkpoint(one), checkpoint(two)
    for weights in ("state_dict", "current_model_state"):
        assert first[weights].keys() == second[weights].keys()
        assert all(torch.equal(first[weights][name], second[weights][name]) for name in first[weights])
    states = [stored["optimizer_states"][0]["state"] for stored in (first, second)]
    assert all(torch.equal(states[0][key]["exp_avg"], states[1][key]["exp_avg"]) for key in states[0])
    assert metrics(one) == metrics(two)
    assert one.facts["scores"] == two.facts["scores"]


def test_a_finished_run_has_all_its_parts(run: Run, tiny: ColorizeRecipe, dataset: Path) -> None:
    parts = {path.name for path in run.folder.iterdir()} - {
        "code.diff",  # there if the code was not committed
        "code.zip",  # there if it is no checkout
    }
    assert parts == {
        "run.json",
        "recipe.json",
        "environment.json",
        "metrics.csv",
        "tensorboard",
        "checkpoints",
        "pictures",
        "verdicts",
    }
    facts = run.facts
    assert (facts["state"], facts["step"], facts["recipe"], facts["parent"]) == (
        "finished",
        12,
        "quick",
        None,
    )
    assert set(facts["scores"]) == {f"val/gain_{count}" for count in COUNTS}
    assert facts["dataset"]["path"] == str(dataset)
    assert facts["dataset"]["train"] + facts["dataset"]["val"] <= 24
    assert training.recipe_of(run) == tiny
    versions = json.loads((run.folder / "environment.json").read_text())["packages"]
    assert torch.__version__.startswith(versions["torch"])


def test_metrics_stand_at_the_steps_they_belong_to(run: Run, tiny: ColorizeRecipe) -> None:
    table = metrics(run)
    assert [int(row["step"]) for row in table] == list(range(1, 13))
    share = learning_rate_share(tiny.optimizer, 12)
    rates = [float(row["train/lr"]) for row in table]
    assert rates == pytest.approx([tiny.optimizer.lr * share(step) for step in range(12)], rel=1e-4)
    assert all(np.isfinite(float(row["train/loss"])) for row in table)
    assert [int(row["step"]) for row in table if row["val/gain_0"]] == [8, 12]  # every eight, and the last
    terms = ("train/huber", "train/log_error", "train/chroma", "train/guess")
    assert float(table[3]["train/loss"]) == pytest.approx(
        sum(float(table[3][term]) for term in terms), rel=1e-4
    )


def test_tensorboard_has_the_same_measures_and_the_pictures(run: Run) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(run.folder / "tensorboard"))
    events.Reload()
    losses = {event.step: event.value for event in events.Scalars("train/loss")}
    expected = {int(row["step"]): float(row["train/loss"]) for row in metrics(run)}
    assert losses == pytest.approx(expected, rel=1e-4)
    assert [event.step for event in events.Images("probes")] == [12]


def test_the_probes_are_drawn(run: Run) -> None:
    (path,) = (run.folder / "pictures").iterdir()
    assert path.name == "step-0000012.jpg"
    with Image.open(path) as sheet:
        assert sheet.size == (5 * 64, 2 * 64 + CAPTION)
        words = np.asarray(sheet.convert("L"))[2 * 64 :]
        assert all((words[:, start : start + 64] < 100).any() for start in range(0, 320, 64))  # a word each
        assert np.ptp(np.asarray(sheet).astype(int), axis=2).max() > 20  # it has color


def test_the_trained_network_is_the_average_of_the_weights(run: Run, tiny: ColorizeRecipe) -> None:
    stored = checkpoint(run)
    network, recipe = trained.trained_network(run)
    gain = run.facts["vivid_gain"]
    assert recipe == replace(tiny, preparation=replace(tiny.preparation, vivid_gain=gain))
    assert not network.training
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, stored["state_dict"][f"network.{name}"])
    now = stored["current_model_state"]
    assert any(not torch.equal(now[name], tensor) for name, tensor in stored["state_dict"].items())
    with torch.inference_mode():
        assert network(torch.zeros(1, 7, 64, 96)).ab.shape == (1, 2, 64, 96)


def test_a_run_that_broke_is_marked_and_can_go_on_to_what_it_would_have_been(
    run: Run, dataset: Path, tiny: ColorizeRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        at_step(broken, 9, break_down)
        with pytest.raises(FloatingPointError):
            training.fit(tiny, dataset, tmp_path, quiet=True)
    again = Run.open(next(tmp_path.iterdir()))
    assert again.facts["state"] == "failed"
    assert again.facts["error"] == "FloatingPointError: the lamp went out"
    assert "break_down" in (again.folder / "error.txt").read_text()
    training.resume(again, quiet=True)
    assert again.facts["state"] == "finished"
    assert again.facts["error"] is None
    assert again.facts["resumed"] == [5]
    assert_same_run(run, again)


@pytest.mark.parametrize(
    ("step", "asks"),
    [
        pytest.param(1, signal.SIGTERM, id="first"),
        pytest.param(8, signal.SIGINT, id="validated"),
        pytest.param(10, signal.SIGTERM, id="checkpointed", marks=pytest.mark.slow),
    ],
)
def test_a_stopped_run_goes_on_to_what_it_would_have_been(
    run: Run,
    dataset: Path,
    tiny: ColorizeRecipe,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    step: int,
    asks: signal.Signals,
) -> None:
    with monkeypatch.context() as asked:
        at_step(asked, step, lambda: signal.raise_signal(asks))
        stopped = training.fit(tiny, dataset, tmp_path, quiet=True)
    assert (stopped.facts["state"], stopped.facts["step"]) == ("stopped", step)
    assert training.step_of(stopped.last_checkpoint) == step
    seen: list[tuple[float | None, int]] = []
    with monkeypatch.context() as watched:
        at_step(watched, 12, lambda: seen.append(as_told(stopped)))
        training.resume(stopped, quiet=True)
    assert seen == [(None, 11)]  # not what it was when it was stopped
    assert stopped.facts["state"] == "finished"
    assert_same_run(run, stopped)


def test_a_run_that_was_killed_after_its_last_step_has_its_scores(run: Run, tmp_path: Path) -> None:
    again = Run.open(shutil.copytree(run.folder, tmp_path / "again"))
    again.note(state="running", scores={}, vivid_gain=None)
    training.resume(again, quiet=True)
    assert again.facts["state"] == "finished"
    assert again.facts["scores"] == pytest.approx(run.facts["scores"], abs=1e-3)
    assert again.facts["vivid_gain"] == pytest.approx(run.facts["vivid_gain"])


def test_a_finished_run_is_not_resumed(run: Run) -> None:
    with pytest.raises(RunError, match="is finished; to train longer"):
        training.resume(run)


def test_a_run_without_its_dataset_is_not_resumed(
    dataset: Path, tiny: ColorizeRecipe, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_step(monkeypatch, 2, break_down)
    with pytest.raises(FloatingPointError):
        training.fit(tiny, dataset, tmp_path / "runs", quiet=True)
    broken = Run.open(next((tmp_path / "runs").iterdir()))
    monkeypatch.setenv("SAFELIGHT_CACHE", str(tmp_path / "cache"))
    (tmp_path / "others").mkdir()
    for number in range(30):
        write_photo(tmp_path / "others" / f"{number}.png", soft_picture(100 + number))
    with pytest.raises(RunError, match="is no longer what"):
        training.resume(broken, tmp_path / "others")
    assert broken.facts["state"] == "failed"
    monkeypatch.undo()
    moved = tmp_path / "moved"
    shutil.copytree(dataset, moved)
    resumed = training.resume(broken, moved, quiet=True)
    assert resumed.facts["state"] == "finished"
    assert Path(resumed.dataset["path"]) == moved  # what is said next, to judge it or to go on, names it
    assert resumed.dataset["fingerprint"] == open_splits(dataset)[0].fingerprint


def test_what_cannot_be_trained_leaves_no_run(dataset: Path, tiny: ColorizeRecipe, tmp_path: Path) -> None:
    for changes in ({"data.weights": "albun=2"}, {"model.encoder": "resnet_of_dreams"}):
        with pytest.raises(RecipeError):
            training.fit(override(tiny, changes), dataset, tmp_path / "runs", quiet=True)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"model.head": "bins", "loss.bins": "0.1"},
        {"train.ema": "0", "model.hints_in": "stem", "optimizer.clip": "0"},
        {"train.precision": "bf16", "train.channels_last": "false", "data.workers": "1"},
    ],
    ids=["bins", "hints in the stem", "bf16"],
)
@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
def test_other_recipes_train(
    dataset: Path, tiny: ColorizeRecipe, tmp_path: Path, changes: dict[str, str]
) -> None:
    recipe = override(tiny, {"train.steps": "2", **changes})
    finished = training.fit(recipe, dataset, tmp_path, quiet=True)
    assert np.isfinite(float(metrics(finished)[-1]["train/loss"]))
    network, _ = trained.trained_network(finished)
    assert torch.isfinite(network(torch.zeros(1, 7, 32, 32)).ab).all()


def test_a_child_keeps_its_parent_and_the_difference(
    run: Run, dataset: Path, tiny: ColorizeRecipe, tmp_path: Path
) -> None:
    shorter = replace(tiny, train=replace(tiny.train, steps=1))
    child = training.fit(shorter, dataset, tmp_path, parent=run, quiet=True)
    assert child.facts["parent"] == run.folder.name
    assert child.facts["difference"] == {"train.steps": [12, 1]}


def test_a_child_that_keeps_its_parents_weights_goes_on_from_them_with_new_samples(
    run: Run, dataset: Path, tiny: ColorizeRecipe, tmp_path: Path
) -> None:
    still = override(tiny, {"train.steps": "1", "optimizer.lr": "1e-9", "train.ema": "0"})
    child = training.fit(still, dataset, tmp_path, parent=run, quiet=True, keep_weights=True)
    assert child.facts["weights_from"] == run.folder.name
    assert child.facts["new_weights"] == []
    assert child.facts["difference"]["train.seed"] == [0, 1]  # else it would see the parent's samples again
    own, parents = trained.averaged_weights(child), trained.averaged_weights(run)
    for name, tensor in own.items():
        if name.endswith("weight"):
            assert torch.allclose(tensor, parents[name], atol=1e-6)


def test_only_the_same_beginning_is_a_repetition(run: Run, dataset: Path, tiny: ColorizeRecipe) -> None:
    pictures, _ = open_splits(dataset)

    def repeats(facts: dict[str, object], kept: bool = False, begin: str | None = None) -> bool:
        parent: Any = SimpleNamespace(
            facts={**run.facts, **facts}, folder=run.folder, recipe_json=run.recipe_json
        )
        return training._repeats(parent, tiny, pictures, kept, begin)

    assert repeats({})
    assert repeats({"began_from": "color"}, begin="color")
    assert not repeats({}, kept=True)
    assert not repeats({}, begin="color")
    assert not repeats({"began_from": "color"})
    assert not repeats({"weights_from": "another"})


def test_weights_go_into_a_network_with_more_parts_but_not_into_another(
    run: Run, dataset: Path, tiny: ColorizeRecipe, tmp_path: Path
) -> None:
    binned = override(tiny, {"train.steps": "1", "model.head": "bins", "loss.bins": "0.1"})
    child = training.fit(binned, dataset, tmp_path, parent=run, quiet=True, keep_weights=True)
    assert [name for name in child.facts["new_weights"] if name.startswith("to_bins")]
    wider = override(tiny, {"model.widths": "40,24,16,16"})
    with pytest.raises(RecipeError, match=r"cannot take the weights of .*size mismatch"):
        training.fit(wider, dataset, tmp_path / "wider", parent=run, quiet=True, keep_weights=True)
    assert not (tmp_path / "wider").exists()
