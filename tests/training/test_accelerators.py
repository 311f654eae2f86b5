"""Which device a run computes on, and that the Trainer and the averaged weights are told."""

from pathlib import Path

import lightning.pytorch as pl
import pytest
import torch
from lightning.pytorch.callbacks import WeightAveraging

from safelight.cli.main import cli
from safelight.errors import RunError
from safelight.journal.run import Run
from safelight.tasks.colorize.recipe import ColorizeRecipe
from safelight.training import hardware, trainer
from safelight.training.batches import training_batches
from safelight.training.fit import fit
from safelight.training.hardware import CPU, device_for, precision_for
from safelight.training.modules import TrainingModule
from safelight.training.overrides import override
from safelight.training.stopping import StopRequest
from safelight.training.task import training_task
from tests.training.conftest import Album

pytestmark = pytest.mark.usefixtures("two_probes")


def with_gpus(monkeypatch: pytest.MonkeyPatch, count: int, kind: str = "cuda") -> None:
    monkeypatch.setattr(hardware, "_gpus", lambda: (kind, count))


def test_a_gpu_is_taken_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with_gpus(monkeypatch, 0)
    assert device_for() == device_for("cpu") == device_for("auto", 4) == CPU
    with_gpus(monkeypatch, 2)
    assert device_for() == device_for("gpu", 2) == torch.device("cuda", 0)
    assert device_for("cpu", 8) == CPU
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert device_for("auto", 2) == torch.device("cuda", 1)
    with_gpus(monkeypatch, 1, "mps")
    monkeypatch.delenv("LOCAL_RANK")
    assert device_for() == torch.device("mps", 0)


def test_gpus_that_are_not_there_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with_gpus(monkeypatch, 0)
    with pytest.raises(RunError, match=r"no GPU that torch can use \(torch .*\); 1 was asked for: leave"):
        device_for("gpu")
    with_gpus(monkeypatch, 1)
    with pytest.raises(
        RunError, match=r"has 1 GPU \(.*\); 2 were asked for: take --devices 1, or .* --accelerator cpu"
    ):
        device_for("auto", 2)
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "x")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "3")
    with pytest.raises(RunError, match="3 were asked for"):
        device_for()


def test_the_command_refuses_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with_gpus(monkeypatch, 0)
    words = ["train", "quick", "--data", "no such folder", "--accelerator", "gpu"]
    with pytest.raises(RunError, match="leave --accelerator gpu out to train on the processor") as refused:
        cli.main(words, standalone_mode=False)
    assert "\n" not in str(refused.value)


def test_the_trainer_and_the_average_are_put_there(
    album: Album, tiny: ColorizeRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: dict[str, object] = {}
    monkeypatch.setattr(pl, "Trainer", lambda **flags: told.update(flags))
    training = training_task(tiny)
    batches = training_batches(training.dataset(album, tiny), training.collate, tiny, 0, 0, 0, 1)
    run = Run.start(tmp_path, "tiny", "{}", {"task": "colorize"})
    module, probes = TrainingModule(tiny, training), training.validation(album, tiny)
    device = torch.device("cuda", 0)
    work = trainer.Work(tiny, module, batches, probes, device=device)
    trainer.trainer_for(run, work, StopRequest(), quiet=True)
    assert told["accelerator"] == "cuda"
    callbacks = told["callbacks"]
    assert isinstance(callbacks, list)
    (average,) = [each for each in callbacks if isinstance(each, WeightAveraging)]
    assert average._device == device


def test_auto_is_bf16_where_the_machine_computes_it_and_32_bits_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for native, expected in ((False, "32"), (True, "bf16")):
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda native=native: native)
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda native=native, **_: native)
        assert precision_for("auto", CPU) == precision_for("auto", torch.device("cuda", 0)) == expected
        assert precision_for("bf16", CPU) == "bf16"
        assert precision_for("32", torch.device("cuda", 0)) == "32"
    assert precision_for("auto", torch.device("mps", 0)) == "32"


@pytest.mark.parametrize("native", [False, True])
def test_a_run_says_and_keeps_its_precision(
    native: bool,
    dataset: Path,
    tiny: ColorizeRecipe,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Stored with it, so that it goes on in the same where it is resumed."""
    monkeypatch.setattr(hardware, "computes_bf16", lambda device: native)
    recipe = override(tiny, {"train.precision": "auto", "train.steps": "1"})
    run = fit(recipe, dataset, tmp_path)
    assert run.facts["precision"] == ("bf16" if native else "32")
    assert f"it computes in {run.facts['precision']}" in capfd.readouterr().err
