"""What the documentation names is there: commands, settings, links."""

import contextlib
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from safelight.cli.main import cli
from safelight.training.overrides import override, settings
from safelight.training.recipe import all_recipes, recipe_named

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
WRITTEN = [page for page in PAGES if page.name != "commands.md"]  # that one is made from the commands
WHOLE = re.compile(r"^(safelight .+)$", re.MULTILINE)
SPOKEN_OF = re.compile(r"`(safelight [^`\n]+)`")
PART = "model|hints|augment|loss|adversarial|discriminator|data|optimizer|train|guard|holes|preparation|damage|prints"
SETTING = re.compile(rf"`(?:--)?((?:{PART})(?:\.[a-z_0-9]+)+)\b(?<!\.jsonl)")
STANDS_FOR_SOMETHING = re.compile(r"…|\.\.\.|SETTING|\[")


def lines(pattern: re.Pattern[str]) -> list[str]:
    """Every command of README and docs that this finds and that can be taken literally."""
    found = {line.strip() for page in WRITTEN for line in pattern.findall(page.read_text(encoding="utf-8"))}
    return sorted(line for line in found if not STANDS_FOR_SOMETHING.search(line))


@contextlib.contextmanager
def understood(line: str) -> Iterator[tuple[click.Command, click.Context]]:
    """The command that a line calls, and what it makes of its options. Raises click's errors."""
    # A comment or a column of explanation ends the line; the # of a color does not.
    # Nobody has the bucket of an example.
    words = shlex.split(re.sub(r"\s#.*|\s{3,}.*", "", line).replace("s3://", "memory://"))[1:]
    command: click.Command = cli
    above = click.Context(
        cli, **cli.context_settings
    )  # else a command keeps an option for help without its -h
    while isinstance(command, click.Group) and words and (inner := command.get_command(above, words[0])):
        command, words = inner, words[1:]
    with command.make_context("docs", words, parent=above) as context:
        yield command, context


@pytest.mark.parametrize("line", lines(WHOLE))
def test_a_command_is_understood(line: str) -> None:
    with understood(line) as (command, context):
        if command.name == "train" and context.params["recipe_or_run"] in all_recipes():
            changes = dict(re.findall(r"--([a-z_]+\.[a-z_.]+) (\S+)", line))
            override(recipe_named(context.params["recipe_or_run"]), changes)


@pytest.mark.parametrize("line", lines(SPOKEN_OF))
def test_options_that_are_spoken_of_exist(line: str) -> None:
    # --help; a part of a command
    with contextlib.suppress(click.exceptions.Exit, click.MissingParameter), understood(line):
        pass


def test_there_are_commands_to_check() -> None:
    assert len(lines(WHOLE)) > 30
    assert len(lines(SPOKEN_OF)) > 20


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.name)
def test_settings_that_are_named_exist(page: Path) -> None:
    known = {name for recipe in all_recipes() for name in settings(recipe_named(recipe))}
    parts = {name.rpartition(".")[0] for name in known}
    named = set(SETTING.findall(page.read_text(encoding="utf-8")))
    assert {name for name in named if name not in known and name not in parts} == set()


def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-d", tmp_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (built.returncode, built.stdout + built.stderr) == (0, "")
    assert (tmp_path / "index.html").exists()
