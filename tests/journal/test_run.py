"""The run folder: never shared, always readable, and true about the code that ran."""

import json
import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from safelight.errors import RunError
from safelight.journal import run
from safelight.journal.run import Run, code_difference, commit, environment


def start(root: Path, name: str = "color") -> Run:
    return Run.start(root, name, '{"name": "color"}', {"recipe": name, "parent": None})


def test_a_run_starts_with_its_parts_and_facts(tmp_path: Path) -> None:
    run = start(tmp_path / "runs")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d_\d\dh\d\dm\d\ds-color", run.folder.name)
    assert {path.name for path in run.folder.iterdir() if path.is_dir()} == {
        "checkpoints",
        "pictures",
        "verdicts",
    }
    assert (run.facts["state"], run.facts["recipe"], run.facts["parent"]) == ("running", "color", None)
    assert json.loads(run.recipe_json) == {"name": "color"}
    assert json.loads((run.folder / "environment.json").read_text()) == environment()


def test_runs_of_the_same_second_do_not_share_a_folder(tmp_path: Path) -> None:
    runs = [start(tmp_path) for _ in range(5)]
    assert len({run.folder for run in runs}) == 5
    assert all(run.facts["state"] == "running" for run in runs)


def test_facts_are_added_and_a_run_is_closed(tmp_path: Path) -> None:
    run = start(tmp_path)
    began = run.facts
    run.note(note="shirt was blue")
    run.finish("finished", step=12)
    assert run.facts == {
        **began,
        "note": "shirt was blue",
        "state": "finished",
        "step": 12,
        "ended": run.facts["ended"],
    }
    assert run.facts["started"] <= run.facts["ended"]
    assert [path.name for path in run.folder.glob("run.json*")] == ["run.json"]


def test_a_run_is_opened_again(tmp_path: Path) -> None:
    run = start(tmp_path)
    assert Run.open(run.folder) == Run.open(str(run.folder)) == run
    (run.folder / "checkpoints" / "last.ckpt").write_bytes(b"weights")
    assert run.last_checkpoint.read_bytes() == b"weights"


@pytest.mark.parametrize("present", [(), ("run.json",), ("recipe.json",)])
def test_what_is_no_run_folder_is_refused(tmp_path: Path, present: tuple[str, ...]) -> None:
    for name in present:
        (tmp_path / name).write_text("{}")
    with pytest.raises(RunError, match="is not a run folder"):
        Run.open(tmp_path)


def test_a_run_without_a_checkpoint_says_so(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="has no checkpoint yet"):
        _ = start(tmp_path).last_checkpoint


def test_the_environment_is_that_of_this_machine() -> None:
    here = environment()
    assert here["cores"] == os.cpu_count()
    assert {"numpy", "torch", "lightning"} <= set(here["packages"])
    assert here["commit"] is None or re.fullmatch("[0-9a-f]{40}", here["commit"])


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a committed package in it, in place of ours."""
    if shutil.which("git") is None:  # safelight itself works without: the commit is then null
        pytest.skip("git is not installed")
    package = tmp_path / "src" / "darkroom"
    package.mkdir(parents=True)
    (package / "lamp.py").write_text("color = 'red'\n")
    who = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
    for words in (("init", "-q"), ("add", "."), (*who, "commit", "-q", "-m", "a lamp")):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True, capture_output=True)
    monkeypatch.setattr(run, "PACKAGE", package)
    return package


def test_committed_code_needs_no_difference(checkout: Path) -> None:
    assert re.fullmatch("[0-9a-f]{40}", commit() or "")
    assert code_difference() == ""
    (checkout.parent / "notes.txt").write_text("not code")
    assert code_difference() == ""


def test_the_difference_has_changes_and_new_files(checkout: Path, tmp_path: Path) -> None:
    (checkout / "lamp.py").write_text("color = 'amber'\n")
    (checkout / "tray.py").write_text("depth = 3\n")
    difference = code_difference()
    assert "-color = 'red'\n+color = 'amber'\n" in difference
    assert "+depth = 3\n" in difference
    run = start(tmp_path / "runs")
    assert not (run.folder / "code.zip").exists()
    assert (run.folder / "code.diff").read_text() == difference
    assert json.loads((run.folder / "environment.json").read_text())["commit"] == commit()


def test_code_installed_inside_another_repository_has_no_commit(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = checkout.parent / "site-packages"
    installed.mkdir()
    (installed / "safelight.py").write_text("")
    monkeypatch.setattr(run, "PACKAGE", installed)
    assert commit() is None
    assert code_difference() == ""


def test_code_without_a_commit_is_kept_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = tmp_path / "site-packages" / "darkroom"
    (installed / "trays").mkdir(parents=True)
    (installed / "lamp.py").write_text("color = 'red'\n")
    (installed / "lamp.onnx").write_bytes(b"no code")
    (installed / "trays" / "tray.py").write_text("depth = 3\n")
    monkeypatch.setattr(run, "PACKAGE", installed)
    runs = [start(tmp_path / "runs").folder for _ in range(2)]
    assert len({(folder / "code.zip").read_bytes() for folder in runs}) == 1
    with zipfile.ZipFile(runs[0] / "code.zip") as archive:
        assert archive.namelist() == ["darkroom/lamp.py", "darkroom/trays/tray.py"]
        assert archive.read("darkroom/trays/tray.py") == b"depth = 3\n"
    assert not (runs[0] / "code.diff").exists()
