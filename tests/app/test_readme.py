"""What the README says works: its Python runs, its commands are understood."""

import re
import shlex
from pathlib import Path

import click
import numpy as np
import pytest

from safelight.app.cli import cli
from safelight.pixels.files import read_photo, write_photo
from safelight.runtime import defaults, modelfile
from tests.runtime.tiny import make_model

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
COMMANDS = [
    line for kind, block in BLOCKS if not kind for line in block.splitlines() if line.startswith("safelight ")
]


def test_the_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(modelfile, "WEIGHTS", tmp_path)
    make_model(tmp_path, defaults.MODEL)
    for name in ("grandmother.jpg", "dress.png"):
        write_photo(name, np.full((40, 60, 3), 120, np.uint8))
    for kind, block in BLOCKS:
        if kind == "python":
            exec(block, {})
    assert read_photo("dress-color.png").size == (40, 60)


@pytest.mark.parametrize("line", COMMANDS)
def test_the_commands_are_understood(line: str) -> None:
    words = shlex.split(re.sub(r"\s#.*", "", line))[1:]  # a comment, not the # of a color
    command: click.Command = cli
    while isinstance(command, click.Group):
        command = command.commands[words.pop(0)]
    assert command.make_context("README", words).params


def test_there_are_commands_to_check() -> None:
    assert len(COMMANDS) >= 8
