"""The service on a port: opened before it is announced, served until it is stopped, and shown in a browser."""

import gc
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import uvicorn

from safelight.errors import SafelightError
from safelight.service.app import make_app
from safelight.service.connections import protocol_of
from safelight.service.darkroom import Darkroom
from safelight.service.faults import log_to_stderr
from safelight.service.guard import Keys

BACKLOG = 512
USUAL_PORT = 8793
SWITCH = 0.001  # seconds after which a thread that computes in Python lets the one that answers have its turn
LAST_SECONDS = 1  # that open answers have when the service is stopped


class ServiceError(SafelightError):
    """The service cannot be started as it was asked for."""


@dataclass(frozen=True)
class Place:
    """Where a service listens. port 0: a free one."""

    host: str = "127.0.0.1"
    port: int = 0

    def open(self) -> socket.socket:
        """A socket that listens there. Raises ServiceError."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        listening = socket.socket(family, socket.SOCK_STREAM)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((self.host, self.port))
            listening.listen(BACKLOG)
        except (OSError, OverflowError) as error:
            listening.close()
            raise ServiceError(
                f"{self.host}:{self.port} cannot be listened at ({getattr(error, 'strerror', None) or error}); "
                "choose another --port"
            ) from None
        return listening


def usual_place() -> Place:
    """Where the darkroom is each time, so that a browser finds what it kept for it; a free port if that is taken."""
    place = Place(port=USUAL_PORT)
    try:
        place.open().close()
    except ServiceError:
        return Place()
    return place


def address_of(listening: socket.socket) -> str:
    """http://127.0.0.1:8000 of a socket."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def configured(room: Darkroom, keys: Keys, hosts: Iterable[str] = (), page: bool = True) -> uvicorn.Config:
    """Uvicorn's settings, as `serve` has them."""
    return uvicorn.Config(
        make_app(room, keys, hosts, page),
        http=protocol_of(room.limits),
        ws="none",
        log_level="error",  # not what clients send wrong, which could fill a log
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=LAST_SECONDS,
        lifespan="on",
    )


def serve(
    room: Darkroom,
    keys: Keys,
    listening: socket.socket,
    hosts: Iterable[str] = (),
    ready: Callable[[], None] | None = None,
    page: bool = True,
) -> None:
    """Serve until a signal ends it. ready: called once requests are answered."""
    sys.setswitchinterval(SWITCH)
    log_to_stderr()
    server = uvicorn.Server(configured(room, keys, hosts, page))
    threading.Thread(target=_when_started, args=(server, room, ready), daemon=True).start()
    try:
        server.run([listening])
    finally:
        room.close()


def _when_started(server: uvicorn.Server, room: Darkroom, ready: Callable[[], None] | None) -> None:
    waiting = threading.Event()
    while not (server.started or server.should_exit):
        waiting.wait(0.01)
    if not server.started:
        return
    if ready:
        ready()
    room.warmed()
    # What there is by now stays. Python would look through all of it again and again for what may go, and answer
    # nobody meanwhile: a tenth of a second each time.
    gc.collect()
    gc.freeze()


def show(address: str) -> bool:
    """Open the address in the user's browser; False if there is none."""
    try:
        return webbrowser.open(address)
    except webbrowser.Error:
        return False
