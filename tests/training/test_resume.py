"""Real processes, killed: what they leave can be gone on with to the same run, and nothing else is left."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
import torch

from safelight.errors import RunError
from safelight.journal.run import LOCK, Run, locked
from safelight.tasks.colorize.recipe import ColorizeRecipe
from safelight.training import fit as training
from safelight.training.checkpoints import read
from safelight.training.overrides import override
from tests.training.resumed import train_here

STEPS, EVERY = 24, 4
PATIENCE = 300  # seconds, on a machine that does much else


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    """Processes that begin with torch imported."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.training.resumed"])
    return context


@pytest.fixture(scope="module")
def brief(tiny: ColorizeRecipe) -> ColorizeRecipe:
    changes = {
        "train.steps": str(STEPS),
        "train.checkpoint_every": str(EVERY),
        "train.validate_every": "9",
        "augment.size": "32",
        "preparation.propagate": "false",
        "data.workers": "1",
    }
    return override(tiny, changes)


@pytest.fixture(scope="module")
def whole(
    brief: ColorizeRecipe,
    dataset: Path,
    processes: ForkServerContext,
    tmp_path_factory: pytest.TempPathFactory,
) -> Run:
    """The run that nobody disturbs."""
    runs = tmp_path_factory.mktemp("whole")
    assert ended(started(processes, brief, dataset, runs)) == 0
    return Run.open(next(runs.iterdir()))


def started(processes: ForkServerContext, recipe: ColorizeRecipe, dataset: Path, runs: Path) -> BaseProcess:
    process = processes.Process(target=train_here, args=(recipe, dataset, runs))
    process.start()
    return process


def ended(process: BaseProcess) -> int | None:
    process.join(PATIENCE)
    assert not process.is_alive()
    return process.exitcode


def wait_for(path: Path, pattern: str, process: BaseProcess) -> Path:
    """The first file like this under the path, once it is there."""
    for _ in range(PATIENCE * 100):
        found = sorted(path.glob(pattern))
        if found:
            return found[0]
        assert process.is_alive()
        time.sleep(0.01)
    raise TimeoutError(pattern)


def children(process: BaseProcess) -> list[int]:
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return [int(number) for number in listed.read_text().split()] if listed.exists() else []


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def assert_same(one: Run, two: Run) -> None:
    first, second = read(one.last_checkpoint), read(two.last_checkpoint)
    for part in ("state_dict", "current_model_state"):
        assert all(torch.equal(first[part][name], second[part][name]) for name in first[part])
    assert (one.folder / "metrics.csv").read_text() == (two.folder / "metrics.csv").read_text()
    assert one.facts["scores"] == two.facts["scores"]
    assert two.facts["state"] == "finished"


def kill_and_resume(
    processes: ForkServerContext, recipe: ColorizeRecipe, dataset: Path, runs: Path, step: int, delay: float
) -> Run:
    """Kill a training so many seconds after a step was told in its table, and go on with it."""
    process = started(processes, recipe, dataset, runs)
    folder = wait_for(runs, "*/run.json", process).parent
    table = folder / "metrics.csv"
    while step and process.is_alive():
        if table.exists() and f"\n{step}," in table.read_text():
            break
        time.sleep(0.005)
    time.sleep(delay)
    loaders = children(process)
    process.kill()
    assert ended(process) in (-signal.SIGKILL, 0)
    for _ in range(1500):
        if not any(map(running, loaders)):
            break
        time.sleep(0.01)
    assert not any(map(running, loaders)), "a loading process was left behind"
    for checkpoint in (folder / "checkpoints").glob("*.ckpt"):
        assert read(checkpoint)["global_step"] >= 0  # whole
    run = Run.open(folder)
    if run.facts["state"] != "finished":
        assert ended(started(processes, recipe, dataset, folder)) == 0
    return run


@pytest.mark.parametrize(("step", "delay"), [(0, 0.0), (9, 0.02)], ids=["before it began", "at a validation"])
def test_a_killed_run_goes_on_to_what_it_would_have_been(
    whole: Run,
    brief: ColorizeRecipe,
    dataset: Path,
    processes: ForkServerContext,
    tmp_path: Path,
    step: int,
    delay: float,
) -> None:
    assert_same(whole, kill_and_resume(processes, brief, dataset, tmp_path, step, delay))


@pytest.mark.slow
@pytest.mark.parametrize("number", range(20))
def test_killed_at_a_random_moment(
    whole: Run,
    brief: ColorizeRecipe,
    dataset: Path,
    processes: ForkServerContext,
    tmp_path: Path,
    number: int,
) -> None:
    import numpy as np

    rng = np.random.default_rng(number)
    step, delay = int(rng.integers(0, STEPS)), float(rng.uniform(0, 0.3))
    assert_same(whole, kill_and_resume(processes, brief, dataset, tmp_path, step, delay))


@pytest.fixture
def held(whole: Run) -> Iterator[Run]:
    """A run whose folder another process holds."""
    hold = (
        "import sys, pathlib; from safelight.journal.run import locked\n"
        "with locked(pathlib.Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(training.__file__).parents[2])}
    command = [sys.executable, "-c", hold, str(whole.folder)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield whole
        holder.kill()


def test_two_processes_do_not_train_in_one_folder(held: Run) -> None:
    with pytest.raises(RunError, match=r"is being trained by process \d+ on \S+; wait for it, or stop it"):
        training.resume(held)


def test_a_lock_ends_with_its_process(whole: Run) -> None:
    (whole.folder / LOCK).write_text("process 1 on elsewhere\n")  # as after a kill
    with locked(whole.folder):
        assert str(os.getpid()) in (whole.folder / LOCK).read_text()
    assert not (whole.folder / LOCK).exists()
