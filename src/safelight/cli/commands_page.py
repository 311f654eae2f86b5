"""The help of every command as one Markdown page: docs/commands.md, written by `make docs`."""

from collections.abc import Iterator

import click

from safelight.cli.main import cli

WIDTH = 100


def commands_page() -> str:
    """The page. A test compares it with docs/commands.md, so that the page is never behind the commands."""
    parts = ["# Commands", "Written by `make docs` from the commands' own help."]
    for name, context in all_commands():
        text = "\n".join(line.rstrip() for line in context.get_help().splitlines())
        parts.append(f"## {name}\n\n```text\n{text}\n```")
    return "\n\n".join(parts) + "\n"


def all_commands(
    command: click.Command = cli, name: str = "safelight"
) -> Iterator[tuple[str, click.Context]]:
    """Each command with its full name, groups before what is in them."""
    names = cli.context_settings["help_option_names"]
    with click.Context(command, info_name=name, terminal_width=WIDTH, help_option_names=names) as context:
        yield name, context
        if isinstance(command, click.Group):
            for inner in command.list_commands(context):
                child = command.get_command(context, inner)
                assert child is not None
                yield from all_commands(child, f"{name} {inner}")
