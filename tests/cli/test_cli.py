"""The command line as a whole: quick help, exit statuses, one line an error."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import safelight as package
from safelight.cli import main as cli
from safelight.cli.commands_page import commands_page
from safelight.runtime import modelfile
from safelight.tasks.autoencode import restore as codes
from safelight.tasks.inpaint import restore as fill
from safelight.tasks.scratches import restore as scratches
from tests.cli.shell import ENVIRONMENT, fresh, safelight

HEAVY = ["numpy", "cv2", "PIL", "onnxruntime", "torch", "lightning", "rich", "matplotlib", "scipy"]


def python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=ENVIRONMENT, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_help_of_every_command_imports_nothing_heavy() -> None:
    code = f"""
import sys
from safelight.cli.commands_page import commands_page
assert "safelight colorize" in commands_page()
print([name for name in {HEAVY} if name in sys.modules])
"""
    assert python(code).strip() == "[]"


def test_import_safelight_is_light_and_its_names_are_there() -> None:
    code = f"""
import sys, safelight
print([name for name in {HEAVY} if name in sys.modules])
print(safelight.HintSet([safelight.Hint(0.5, 0.5, "#102030")]).hints[0].hex, "torch" in sys.modules)
"""
    assert python(code).split("\n")[:2] == ["[]", "#102030 False"]
    for name in package.__all__:
        assert getattr(package, name) is not None
    with pytest.raises(AttributeError, match="nothing"):
        _ = package.nothing


def test_help_takes_less_than_half_a_second() -> None:
    """Of the processor: a busy machine does not fail it (`make bench` measures by the clock)."""

    def spent() -> float:
        times = os.times()
        return times.children_user + times.children_system

    before = spent()
    assert fresh("--help").returncode == 0
    assert spent() - before < 0.5


def test_the_page_of_commands_is_up_to_date() -> None:
    written = (Path(__file__).parents[2] / "docs" / "commands.md").read_text(encoding="utf-8")
    assert written.split() == commands_page().split(), "run `make docs`"


def test_every_command_shows_examples() -> None:
    for section in commands_page().split("\n## ")[2:]:
        name = section.split("\n", 1)[0]
        assert "Example" in section or name == "safelight data", name


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["--version"], 0, f"safelight {package.__version__}"),
        (["nonsense"], 2, "No such command"),
        (["colorize"], 2, "Missing argument"),
        (["colorize", "a.jpg", "b.jpg", "-o", "c.jpg"], 2, "one file for several photos"),
        (["colorize", "a.jpg", "--hint", "0.5,0.5"], 2, "is not X,Y,COLOR"),
        (["colorize", "a.jpg", "--hint", "0.5,5,#102030"], 2, "as a fraction of the picture"),
        (["colorize", "a.jpg", "--vivid", "2"], 2, "--vivid"),
        (["colorize", "a.jpg", "--hints", "missing.json"], 1, "missing.json"),
        (["colorize", "a.jpg", "--model", "missing.onnx"], 1, "there is no such file"),
        (["colorize", "a.jpg", "--model", "fill"], 1, "safelight: fill: is made for the task 'fill'"),
        (["suggest", "a.jpg", "--model", "fill"], 1, "safelight: fill: is made for the task 'fill'"),
        (["data", "build", "missing", "-o", "out"], 1, "is not a folder"),
        (["data", "build", "x", "-o", "out", "--without", "source"], 2, "is not KEY=VALUE"),
    ],
)
def test_statuses_and_messages(tmp_path: Path, words: list[str], status: int, message: str) -> None:
    done = safelight(*words, cwd=tmp_path)
    assert done.returncode == status
    assert message in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    if status == 1:
        assert len(done.stderr.splitlines()) == 1


def test_a_folder_that_cannot_be_used_is_said_and_a_bug_is_not_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli.signal, "signal", lambda number, handler: None)
    (tmp_path / "file").touch()
    failures: list[Callable[[], object]] = [(tmp_path / "file" / "x").mkdir, (tmp_path / "no").read_bytes]
    for fail in failures:
        monkeypatch.setattr(cli.cli, "main", lambda *words, fail=fail, **more: fail())
        with pytest.raises(SystemExit, match="1"):
            cli.main([])
    first, second = capsys.readouterr().err.splitlines()
    assert first == f"safelight: {tmp_path / 'file' / 'x'} cannot be used (Not a directory); check the name"
    assert "No such file" in second
    monkeypatch.setattr(cli.cli, "main", lambda *words, **more: int("x"))
    with pytest.raises(ValueError, match="invalid literal"):
        cli.main([])


def test_an_empty_folder_is_said(tmp_path: Path) -> None:
    done = safelight("colorize", tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "no photos in" in done.stderr


def test_models_lists_what_is_bundled() -> None:
    done = fresh("models")
    assert done.returncode == 0
    named = {line.split()[0]: line for line in done.stdout.splitlines()}
    assert set(named) == {modelfile.MODEL, fill.MODEL, scratches.MODEL, codes.MODEL}
    assert all("used by " in line for line in named.values())
    assert "encode and decode" in named[codes.MODEL]


def test_training_without_the_training_half_says_how_to_get_it() -> None:
    code = """
import sys
sys.modules["torch"] = None
from safelight.cli.main import main
try:
    main(["train", "color", "--data", "x"])
except SystemExit as leave:
    print(leave.code)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=ENVIRONMENT, timeout=60, check=False
    )
    assert done.stdout.strip() == "1"
    assert done.stderr.count("\n") == 1
    assert 'pip install ".[train]" in safelight\'s folder' in done.stderr
