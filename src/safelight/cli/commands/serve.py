"""safelight serve and safelight darkroom: the service, and the page in a browser."""

from __future__ import annotations

import secrets
from pathlib import Path
from socket import socket

import click

from safelight.cli.arguments import PHOTO, Finite
from safelight.errors import INSTALL_DARKROOM, SafelightError
from safelight.service import darkroom as rooms
from safelight.service import guard, limits, serving

DARKROOM_EXAMPLES = """
\b
Examples:
  safelight darkroom grandmother.jpg        opens the page in your browser with this photo
  safelight darkroom scans/                 all photos of a folder
  safelight darkroom --no-browser --port 8765

Everything stays on this machine: the page is served to this machine alone, loads nothing from elsewhere, and its
address works once. Ctrl-C ends it.
"""
SERVE_EXAMPLES = """
\b
Examples:
  safelight serve --port 8765
  curl --data-binary @photo.jpg 'http://127.0.0.1:8765/v1/colorize?vivid=0.8' -o color.jpg
  safelight serve --host 0.0.0.0 --port 8765 --allow-host scans.example.org      with SAFELIGHT_TOKEN set

The routes and their answers: docs/service.md, and /openapi.json of the service.
"""
port_option = click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    metavar="N",
    help="The port to listen at.  [default: a free one]",
)
megapixels_option = click.option(
    "--limit-megapixels",
    type=Finite(0, min_open=True),
    default=200.0,
    show_default=True,
    metavar="N",
    help="Take photos of up to N megapixels.",
)


@click.command(epilog=DARKROOM_EXAMPLES)
@click.argument("photos", nargs=-1, type=PHOTO, metavar="[PHOTO|FOLDER]...")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="N",
    help="The port to listen at; the browser keeps work for each.  [default: 8793, or a free one]",
)
@click.option("--no-browser", is_flag=True, help="Print the address and open no browser.")
@megapixels_option
def darkroom(photos: tuple[Path, ...], port: int | None, no_browser: bool, limit_megapixels: float) -> int:
    """Open the darkroom, a page to colorize and repair photos by hand, in the browser."""
    _check_installed()
    place = serving.usual_place() if port is None else serving.Place(port=port)
    room, listening = _opened(photos, place, limits.Limits(megapixels=limit_megapixels), {})
    once = secrets.token_urlsafe(24)
    address = f"{serving.address_of(listening)}/?token={once}"

    def ready() -> None:
        click.echo(address)
        if not no_browser and not serving.show(address):
            click.echo("no browser was found; open the address above", err=True)

    serving.serve(room, guard.Keys(None, once), listening, ready=ready)
    return 0


@click.command(epilog=SERVE_EXAMPLES)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@port_option
@click.option(
    "--token",
    envvar="SAFELIGHT_TOKEN",
    show_envvar=True,
    metavar="T",
    help="What clients must send as Authorization: Bearer T; needed unless the host is loopback.",
)
@click.option(
    "--allow-host",
    "hosts",
    multiple=True,
    metavar="NAME",
    help="A name under which it may be asked; repeatable.",
)
@click.option("--color-model", metavar="NAME|FILE", help="A colorizer in place of the bundled one.")
@click.option("--fill-model", metavar="NAME|FILE", help="A filler in place of the bundled one.")
@click.option(
    "--scratches-model", metavar="NAME|FILE", help="A finder of scratches in place of the bundled one."
)
@click.option(
    "--workers", type=click.IntRange(1, 64), metavar="N", help="Jobs at a time.  [default: one a core]"
)
@click.option(
    "--queue",
    type=click.IntRange(0, 10_000),
    default=16,
    show_default=True,
    metavar="N",
    help="Jobs that may wait; more are answered 503.",
)
@click.option(
    "--limit-bytes",
    type=click.IntRange(1),
    default=512 << 20,
    show_default=True,
    metavar="N",
    help="Take photos of up to N bytes.",
)
@megapixels_option
@click.option(
    "--limit-seconds",
    type=Finite(0, min_open=True),
    default=600.0,
    show_default=True,
    metavar="N",
    help="Answer 504 after N seconds of work.",
)
def serve(
    host: str,
    port: int,
    token: str | None,
    hosts: tuple[str, ...],
    color_model: str | None,
    fill_model: str | None,
    scratches_model: str | None,
    workers: int | None,
    queue: int,
    limit_bytes: int,
    limit_megapixels: float,
    limit_seconds: float,
) -> int:
    """Serve colorization, inpainting and repair over HTTP."""
    _check_installed()
    if not token and not guard.is_loopback(host.lower()):
        raise click.UsageError(f"--host {host} can be reached from elsewhere; give a --token")
    limit = limits.Limits(
        upload=limit_bytes,
        megapixels=limit_megapixels,
        waiting=queue,
        workers=workers or limits.processors(),
        seconds=limit_seconds,
    )
    models = {"color": color_model, "fill": fill_model, "scratches": scratches_model}
    room, listening = _opened((), serving.Place(host, port), limit, models)
    address = serving.address_of(listening)
    own = () if host in ("0.0.0.0", "::") else (f"[{host}]" if ":" in host else host,)
    serving.serve(
        room, guard.Keys(token or None), listening, (*own, *hosts), lambda: click.echo(address), page=False
    )
    return 0


def _opened(
    photos: tuple[Path, ...], place: serving.Place, limit: limits.Limits, models: dict[str, str | None]
) -> tuple[rooms.Darkroom, socket]:
    """A darkroom with these photos, and the socket at which it is asked. Raises SafelightError."""
    found = rooms.Models(**models)
    found.check()
    named = list(rooms.photos_named(photos))
    missing = [path for path in named if not path.is_file()]
    if missing:
        raise SafelightError(f"{missing[0]}: there is no such photo; check the name")
    if photos and not named:
        raise SafelightError(f"{photos[0]}: there are no photos in it")
    if len(named) > limit.photos:
        raise SafelightError(f"there are {len(named):,} photos; give up to {limit.photos:,} at a time")
    listening = place.open()
    return rooms.Darkroom(limit, found, named), listening


def _check_installed() -> None:
    """Raises SafelightError where the extra is missing."""
    from importlib.util import find_spec

    lacking = [name for name in ("fastapi", "uvicorn", "prometheus_client") if find_spec(name) is None]
    if lacking:
        raise SafelightError(f"this needs {lacking[0]}, which is not installed: {INSTALL_DARKROOM}")
