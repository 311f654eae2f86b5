"""What is typed that no command can use is refused in a line, before anything is done."""

import click
import pytest
from click.testing import CliRunner

from safelight.cli.arguments import FilePath, Finite
from safelight.cli.commands_page import all_commands
from safelight.cli.main import cli

COMMANDS = [
    (tuple(name.split()[1:]), context.command)
    for name, context in all_commands()
    if not isinstance(context.command, click.Group)
]
PLACES = [
    (name, each) for name, command in COMMANDS for each in command.params if isinstance(each.type, click.Path)
]
NUMBERS = [
    (name, each)
    for name, command in COMMANDS
    for each in command.params
    if isinstance(each.type, click.types.FloatParamType)
]


def _given(name: tuple[str, ...], wrong: click.Parameter, value: str) -> list[str]:
    """A command line with this value, and something for each of its arguments."""
    command = dict(COMMANDS)[name]
    arguments = [each for each in command.params if isinstance(each, click.Argument) and each.required]
    words = [value if each is wrong else "x.jpg" for each in arguments]
    option = [wrong.opts[0], value] if isinstance(wrong, click.Option) else []
    return [*name, *option, "--", *words, *([value] if not option and wrong not in arguments else [])]


@pytest.mark.parametrize(("name", "wrong"), PLACES)
def test_an_empty_name_is_no_folder(name: tuple[str, ...], wrong: click.Parameter) -> None:
    """safelight colorize "$PHOTOS" with PHOTOS unset would color the folder that one is in."""
    assert isinstance(wrong.type, FilePath)
    done = CliRunner().invoke(cli, _given(name, wrong, ""))
    assert (done.exit_code, "it is empty" in done.output) == (2, True), done.output


@pytest.mark.parametrize("value", ["nan", "inf", "1e999"])
@pytest.mark.parametrize(("name", "wrong"), NUMBERS)
def test_a_number_is_finite(name: tuple[str, ...], wrong: click.Parameter, value: str) -> None:
    """NaN is below no bound and above none, so that it passes each range."""
    done = CliRunner().invoke(cli, _given(name, wrong, value))
    assert done.exit_code == 2, done.output
    assert isinstance(wrong.type, Finite)
