"""Real processes in which something fails: they end, say it in one line, and leave nothing behind."""

import json
import multiprocessing
import shutil
import time
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from safelight.data.build import build_dataset
from safelight.data.rows import write_rows
from safelight.data.settings import BuildSettings
from safelight.errors import DatasetError, RunError
from safelight.training.batches import as_raised
from safelight.training.guard.rollback import loader_died
from tests.training.conftest import soft_picture
from tests.training.resumed import command_here
from tests.training.test_resume import children, running

SHORT = [
    "--train.steps",
    "6",
    "--augment.size",
    "32",
    "--preparation.propagate",
    "false",
    "--train.checkpoint_every",
    "2",
]
LONG = [*SHORT, "--train.steps", "2000"]
PATIENCE = 60  # seconds; a run that does not end waits for ever


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    """Processes that begin with torch imported."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.training.resumed"])
    return context


@pytest.fixture(scope="module")
def padded(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset whose pictures have borders, which are looked up for every sample."""
    folder = tmp_path_factory.mktemp("datasets") / "padded"
    return build_dataset(photos, folder, BuildSettings(size=64, val=0.25, test=0.1, fit="pad")).folder


@pytest.fixture
def fragile(padded: Path, tmp_path: Path) -> Path:
    """A copy of it that may be damaged."""
    return Path(shutil.copytree(padded, tmp_path / "fragile"))


def break_rows(dataset: Path) -> None:
    """No row can be read any more, in the very file that a run holds open."""
    with (dataset / "metadata.jsonl").open("r+b") as file:
        size = len(file.read())
        file.seek(0)
        file.write(b"?" * (size - 1) + b"\n")


def broken_while_it_runs(
    processes: ForkServerContext, words: list[str], dataset: Path, told: Path
) -> tuple[int | None, str]:
    """Exit status and all that was said of a training whose dataset breaks once it has begun."""
    process = processes.Process(target=command_here, args=(words, told))
    process.start()
    while not list(told.parent.glob("runs/*/metrics.csv")) and process.is_alive():
        time.sleep(0.005)
    break_rows(dataset)
    loaders: set[int] = set()
    end = time.monotonic() + PATIENCE
    while process.is_alive() and time.monotonic() < end:
        loaders |= set(children(process))
        process.join(0.05)
    alive = process.is_alive()
    process.kill()
    process.join()
    assert not alive, told.read_text()
    assert not any(map(running, loaders)), "a loading process was left behind"
    return process.exitcode, told.read_text()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_loader_that_raises_ends_the_run_in_one_line(
    processes: ForkServerContext, fragile: Path, tmp_path: Path, workers: str
) -> None:
    words = ["train", "quick", "--quiet", "--data", str(fragile), "--runs", str(tmp_path / "runs"), *LONG]
    words += ["--data.workers", workers]
    status, told = broken_while_it_runs(processes, words, fragile, tmp_path / "told")
    line = f"{fragile}/metadata.jsonl, a row is not a JSON object; repair or remove it"
    assert (status, told) == (1, f"safelight: {line}\n")
    folder = next((tmp_path / "runs").iterdir())
    facts = json.loads((folder / "run.json").read_text())
    assert (facts["state"], facts["error"], (folder / "error.txt").read_text()) == (
        "failed",
        line,
        line + "\n",
    )
    assert not (folder / "lock").exists()


def test_so_do_folds(processes: ForkServerContext, fragile: Path, tmp_path: Path) -> None:
    words = ["train", "quick", "--quiet", "--data", str(fragile), "--runs", str(tmp_path / "runs"), *LONG]
    words += ["--data.workers", "1", "--folds", "2"]
    status, told = broken_while_it_runs(processes, words, fragile, tmp_path / "told")
    assert (status, told.count("\n"), told.count("metadata.jsonl, a row is not")) == (1, 1, 1)
    for folder in (tmp_path / "runs").iterdir():
        facts = json.loads((folder / "run.json").read_text())
        assert (facts["state"], facts["error"]) == ("failed", told.strip().removeprefix("safelight: "))


def test_a_dataset_brought_up_to_date_under_a_run_harms_nothing(
    processes: ForkServerContext, tmp_path: Path
) -> None:
    """The same losses to the last digit as of a run under which nothing was built."""
    tables = []
    for rebuilt in (False, True):
        photos, data, runs = (tmp_path / str(rebuilt) / name for name in ("photos", "data", "runs"))
        photos.mkdir(parents=True)
        write_pictures(photos, range(24))
        build_dataset(photos, data, BuildSettings(size=64, val=0.25, test=0.1, fit="pad"))
        words = ["train", "quick", "--data", str(data), "--runs", str(runs), *SHORT, "--data.workers", "1"]
        process = processes.Process(target=command_here, args=(words, tmp_path / "told"))
        process.start()
        while not list(runs.glob("*/metrics.csv")) and process.is_alive():
            time.sleep(0.005)
        if rebuilt:
            for number in range(3):
                (photos / f"{number:02}.png").unlink()
            write_pictures(photos, range(23))
            build_dataset(photos, data, BuildSettings(size=64, val=0.25, test=0.1, fit="pad"))
        process.join(PATIENCE)
        assert process.exitcode == 0, (tmp_path / "told").read_text()
        tables.append(next(runs.glob("*/metrics.csv")).read_text())
    assert tables[0] == tables[1]


def write_pictures(folder: Path, numbers: range) -> None:
    """Photos whose borders differ, with rows that place each in the same split."""
    from safelight.pixels.files import write_photo

    for number in numbers:
        write_photo(folder / f"{number:02}.png", soft_picture(number, (66 + 2 * number, 130)), overwrite=True)
    write_rows(
        folder / "metadata.jsonl",
        ({"file_name": f"{number:02}.png", "origin_path": f"album/{number}"} for number in numbers),
    )


def caught(kind: type[Exception], message: str) -> str:
    """What torch makes of a worker's error (torch/_utils.py, ExceptionWrapper)."""
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    return (
        f"Caught {kind.__name__} in DataLoader worker process 0.\nOriginal Traceback (most recent call last):\n"
        f'  File "x.py", line 1, in f\n    raise it\n{name}: {message}\n'
    )


def test_the_error_of_a_loading_process_is_told_as_it_was() -> None:
    raised = as_raised(DatasetError(caught(DatasetError, "a.jsonl, a row is damaged")))
    assert (type(raised), str(raised)) == (DatasetError, "a.jsonl, a row is damaged")
    raised = as_raised(FileNotFoundError(caught(FileNotFoundError, "[Errno 2] No such file: 'x'")))
    assert (type(raised), "No such file: 'x'" in str(raised)) == (RunError, True)
    other = RuntimeError(caught(RuntimeError, "shape"))
    assert as_raised(other) is other
    assert as_raised(ValueError("plain")).args == ("plain",)


def test_a_loader_that_raised_is_not_one_that_died() -> None:
    """A run does not go back and try again what will fail again."""
    assert not loader_died(RuntimeError(caught(RuntimeError, "shape")))
    assert not loader_died(EOFError(caught(EOFError, "")))
    assert loader_died(RuntimeError("DataLoader worker (pid 12) is killed by signal: Killed. "))
    assert loader_died(ConnectionResetError())
