"""The option of every command that reads photos: how large they may be."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from safelight.cli.given import Finite

Command = TypeVar("Command", bound=Callable[..., Any])


def size_limit(command: Command) -> Command:
    """--limit-megapixels N, which holds for all photos and masks that the command reads."""
    return click.option(
        "--limit-megapixels",
        type=Finite(0, min_open=True),
        metavar="N",
        expose_value=False,
        callback=_raise,
        help="Read photos of up to N megapixels; 200 unless given. Each million takes about 20 MB of memory.",
    )(command)


def _raise(ctx: click.Context, param: click.Parameter, megapixels: float | None) -> None:
    if megapixels is not None:
        from safelight.pixels.opening import raised

        ctx.with_resource(raised(megapixels))
