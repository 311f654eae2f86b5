"""Damaged checkpoints: said in a line, and the older one is taken; nothing of what is whole is lost."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from safelight.errors import RunError
from safelight.journal.run import Run
from safelight.tasks.colorize.recipe import ColorizeRecipe
from safelight.training import fit as training
from safelight.training import trained
from safelight.training.checkpoints import GOOD, LAST, read, weights, write
from safelight.training.overrides import override
from tests.training.test_fit import assert_same_run, at_step, break_down

pytestmark = pytest.mark.usefixtures("one_thread", "two_probes")


@pytest.fixture(scope="module")
def brief(tiny: ColorizeRecipe) -> ColorizeRecipe:
    """Six steps."""
    changes = {
        "train.steps": "6",
        "train.checkpoint_every": "2",
        "augment.size": "32",
        "preparation.propagate": "false",
    }
    return override(tiny, changes)


@pytest.fixture(scope="module")
def whole(
    two_probes: None, dataset: Path, brief: ColorizeRecipe, tmp_path_factory: pytest.TempPathFactory
) -> Run:
    """Without a break."""
    torch.set_num_threads(1)
    return training.fit(brief, dataset, tmp_path_factory.mktemp("runs"), quiet=True)


@pytest.fixture(scope="module")
def stopped(
    two_probes: None, dataset: Path, brief: ColorizeRecipe, tmp_path_factory: pytest.TempPathFactory
) -> Run:
    """One that broke at step 5: last.ckpt is of step 4, good.ckpt of step 2."""
    root = tmp_path_factory.mktemp("stopped")
    with pytest.MonkeyPatch.context() as patch:
        at_step(patch, 5, break_down)
        with pytest.raises(FloatingPointError):
            training.fit(brief, dataset, root, quiet=True)
    run = Run.open(next(root.iterdir()))
    assert [read(run.folder / "checkpoints" / name)["global_step"] for name in (LAST, GOOD)] == [4, 2]
    return run


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def noise(path: Path) -> None:
    path.write_bytes(os.urandom(10_000))


def text(path: Path) -> None:
    path.write_text("not a checkpoint\n")


def another(path: Path) -> None:
    torch.save({"weights": torch.zeros(3)}, path)


def a_list(path: Path) -> None:
    torch.save([1, 2, 3], path)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def one_byte(path: Path) -> None:
    """In the largest tensor's numbers, where torch.load finds nothing wrong."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def without(part: str) -> Callable[[Path], None]:
    def hurt(path: Path) -> None:
        stored = torch.load(path, weights_only=True)
        tree: Any = stored[part]
        if part == "optimizer_states":
            tree = next(iter(tree[0]["state"].values()))
        tree.pop(list(tree)[-1])
        torch.save(stored, path)

    return hurt


DAMAGE = {
    "cut": cut,
    "noise": noise,
    "text": text,
    "another torch file": another,
    "a list": a_list,
    "empty": empty,
    "one byte": one_byte,
    "a weight missing": without("state_dict"),
    "a weight of the average missing": without("current_model_state"),
    "a moment missing": without("optimizer_states"),
}


@pytest.fixture
def hurt(stopped: Run, tmp_path: Path) -> Run:
    return Run.open(shutil.copytree(stopped.folder, tmp_path / stopped.folder.name))


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_checkpoint_is_named_in_a_line(hurt: Run, damage: str) -> None:
    """Both damaged: there is nothing to go on from, and both files stay."""
    folder = hurt.folder / "checkpoints"
    for name in (LAST, GOOD):
        DAMAGE[damage](folder / name)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(RunError, match=r"no checkpoint to go on from: last\.ckpt .*; good\.ckpt ") as error:
        training.resume(hurt, quiet=True)
    assert "\n" not in str(error.value)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert hurt.facts["state"] == "failed"


@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_the_older_one_is_taken_and_that_is_said(
    whole: Run, hurt: Run, damage: str, capfd: pytest.CaptureFixture[str]
) -> None:
    last = hurt.folder / "checkpoints" / LAST
    if damage == "gone":
        last.unlink()
    else:
        DAMAGE[damage](last)
    resumed = training.resume(hurt, quiet=True)
    said = capfd.readouterr().err
    assert said.count("\n") == 1
    assert ("last.ckpt is " in said, "going on from good.ckpt, step 2" in said) == (True, True)
    assert resumed.facts["resumed"] == [2]
    assert_same_run(whole, resumed)


def test_a_finished_run_whose_weights_were_damaged_is_finished_again(whole: Run, tmp_path: Path) -> None:
    hurt = Run.open(shutil.copytree(whole.folder, tmp_path / whole.folder.name))
    one_byte(hurt.last_checkpoint)
    with pytest.raises(
        RunError, match=r"last\.ckpt is damaged .* good\.ckpt, of step 4, is whole: .*--resume"
    ):
        trained.trained_network(hurt)
    assert_same_run(whole, training.resume(hurt, quiet=True))


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_weights_are_not_judged_nor_kept(hurt: Run, damage: str) -> None:
    DAMAGE[damage](hurt.last_checkpoint)
    if damage in ("a moment missing", "a weight of the average missing"):
        assert weights(hurt)  # whole, all that is judged
    else:
        with pytest.raises(RunError) as error:
            trained.trained_network(hurt)
        assert ("last.ckpt" in str(error.value), "\n" in str(error.value)) == (True, False)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 32 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(disk)]
    try:
        done = subprocess.run(words, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        done = False
    if not done:
        pytest.skip("a file system of its own needs mount, and the right to it")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk_is_named_and_nothing_half_is_left(small_disk: Path) -> None:
    path = small_disk / "last.ckpt"
    write({"a": torch.zeros(5_000_000)}, path)
    before = path.read_bytes()
    with pytest.raises(
        RunError, match=rf"^{small_disk}/last\.new cannot be written \(No space left on device\)"
    ):
        write({"a": torch.zeros(4_000_000)}, path)
    assert [each.name for each in small_disk.iterdir()] == ["last.ckpt"]
    assert path.read_bytes() == before


def test_a_run_on_a_full_disk_is_marked_failed_in_a_line(
    small_disk: Path, dataset: Path, brief: ColorizeRecipe
) -> None:
    """The second checkpoint has no room, nor has anything else."""
    with pytest.MonkeyPatch.context() as patch:
        at_step(patch, 4, lambda: fill_up(small_disk))
        with pytest.raises(RunError, match=r"cannot be written \(No space left on device\)") as error:
            training.fit(brief, dataset, small_disk / "runs", quiet=True)
    assert ("\n" in str(error.value), str(small_disk) in str(error.value)) == (False, True)
    run = Run.open(next((small_disk / "runs").iterdir()))
    assert not list(run.folder.rglob("*.new"))
    assert read(run.folder / "checkpoints" / LAST)["global_step"] == 2
    (small_disk / "filler").unlink()
    assert training.resume(run, quiet=True).facts["state"] == "finished"


def fill_up(disk: Path) -> None:
    """To the last byte."""
    with (disk / "filler").open("wb") as file:
        try:
            while True:
                file.write(b"x" * 4096)
                file.flush()
        except OSError:
            pass
