"""The help of every command as one Markdown page: docs/commands.md, written by `make docs`."""

from collections.abc import Iterator

import click

from safelight.cli.main import cli

WIDTH = 100


def help_page() -> str:
    """The page. A test compares it with docs/commands.md, so that the page is never behind the commands."""
    parts = ["# Commands", "Written by `make docs` from the commands' own help."]
    for name, text in _helps(cli, "safelight"):
        parts.append(f"## {name}\n\n```text\n{text}\n```")
    return "\n\n".join(parts) + "\n"


def _helps(command: click.Command, name: str) -> Iterator[tuple[str, str]]:
    names = cli.context_settings["help_option_names"]
    with click.Context(command, info_name=name, terminal_width=WIDTH, help_option_names=names) as context:
        text = command.get_help(context)
        yield name, "\n".join(line.rstrip() for line in text.splitlines())
        if isinstance(command, click.Group):
            for inner in command.list_commands(context):
                child = command.get_command(context, inner)
                assert child is not None
                yield from _helps(child, f"{name} {inner}")
