"""More than one process: which samples each draws, who writes, and that all decide alike."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

import safelight as package
from safelight.errors import RecipeError, RunError
from safelight.journal.run import Run
from safelight.training import hardware
from safelight.training.batches import ResumableSampler
from safelight.training.checkpoints import read
from tests.cli.shell import safelight, start

PROGRAM = Path(__file__).with_name("two_processes.py")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(package.__file__).parents[1]), "OMP_NUM_THREADS": "1"}


@pytest.mark.parametrize("world", [1, 2, 4])
def test_processes_share_out_the_batches_of_one(world: int) -> None:
    batch, first, steps, skipped = 8, 3, 6, 16
    alone = list(ResumableSampler(batch, first, steps, skipped))
    assert alone == list(range(16 + 24, 16 + 48))
    shares = [list(ResumableSampler(batch, first, steps, skipped, rank, world)) for rank in range(world)]
    together = [
        k
        for step in range(steps - first)
        for mine in shares
        for k in mine[step * batch // world : (step + 1) * batch // world]
    ]
    assert together == alone
    assert len(ResumableSampler(batch, first, steps, world_size=world)) == steps * batch // world


def test_a_batch_that_cannot_be_shared_is_refused() -> None:
    hardware.check_batch_splits(8, 2)
    with pytest.raises(RecipeError, match=r"data.batch is 9, which 2 processes cannot share"):
        hardware.check_batch_splits(9, 2)


def test_a_process_without_its_run_says_how_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "is_rank_zero", lambda: False)
    monkeypatch.delenv(hardware.FOLDER, raising=False)
    with pytest.raises(RunError, match="with --devices N or with torchrun"):
        hardware.shared_run(lambda: Run(Path()))


def test_what_the_trainer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert hardware.trainer_flags(1) == {"devices": 1, "strategy": "auto"}
    assert hardware.trainer_flags(2) == {"devices": 2, "strategy": "ddp"}
    for name, value in {"TORCHELASTIC_RUN_ID": "x", "WORLD_SIZE": "8", "LOCAL_WORLD_SIZE": "4"}.items():
        monkeypatch.setenv(name, value)
    assert hardware.trainer_flags(1) == {"devices": 4, "num_nodes": 2, "strategy": "ddp"}
    assert hardware.rank_of(1).world_size == 8


def only_run(runs: Path) -> Run:
    (folder,) = runs.iterdir()
    return Run.open(folder)


def losses(run: Run) -> list[str]:
    with (run.folder / "metrics.csv").open(newline="") as file:
        return [row["train/lr"] for row in csv.DictReader(file)]


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["devices", "torchrun"])
def test_two_processes_make_one_run_and_go_back_together(
    dataset: Path, tmp_path: Path, launcher: str
) -> None:
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command = [sys.executable, *(torchrun if launcher == "torchrun" else []), str(PROGRAM)]
    done = subprocess.run(
        [*command, str(dataset), str(tmp_path), "18"],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    run = only_run(tmp_path)
    (line,) = [json.loads(text) for text in (run.folder / "guard.jsonl").read_text().splitlines()]
    assert (line["step"], line["restored"], line["blame"]) == (19, 8, "samples")
    assert line["skipped"] == [8 * 4, 19 * 4]
    assert run.facts["state"] == "finished"
    assert len(losses(run)) == 12  # a row every other step, and each once
    weights = read(run.last_checkpoint)["state_dict"]
    assert all(torch.isfinite(tensor).all() for tensor in weights.values())


@pytest.mark.slow
@pytest.mark.parametrize(("asks", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
@pytest.mark.parametrize("devices", ["1", "2"])
def test_a_stopped_run_says_how_to_go_on(
    dataset: Path, tmp_path: Path, asks: signal.Signals, status: int, devices: str
) -> None:
    words = ["train", "quick", "--data", dataset, "--runs", tmp_path, "--devices", devices]
    settings = ["--augment.size", "32", "--preparation.propagate", "false", "--train.steps", "4000"]
    process = start(*words, *settings)
    while process.poll() is None and not list(tmp_path.glob("*/checkpoints/last.ckpt")):
        time.sleep(0.05)
    process.send_signal(asks)
    told, complaints = process.communicate(timeout=300)
    assert process.returncode == status, complaints
    run = only_run(tmp_path)
    assert run.facts["state"] == "stopped"
    assert told.splitlines()[-1] == f"go on with: safelight train {run.folder} --resume"
    recipe = json.loads(run.recipe_json)
    recipe["train"]["steps"] = run.facts["step"] + 2
    (run.folder / "recipe.json").write_text(json.dumps(recipe))
    again = safelight("train", run.folder, "--resume", "--devices", devices)
    assert again.returncode == 0, again.stderr
