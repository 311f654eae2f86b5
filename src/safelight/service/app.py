"""The app: routes, problems and metrics put together, with the guard in front."""

import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request, Security
from fastapi.security import HTTPBearer
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from safelight import __version__
from safelight.service import problems
from safelight.service.darkroom import Darkroom
from safelight.service.guard import Guard, Keys
from safelight.service.limits import PREVIEW_PIXELS
from safelight.service.metrics import Metrics
from safelight.service.pages import add_pages
from safelight.service.problems import declared
from safelight.service.routes import colors, jobs, keeping, mending, photos, scripts
from safelight.service.schemas import InfoJson
from safelight.tasks.colorize.hints import MAX_HINTS
from safelight.tasks.colorize.task import REACH, VIVID

DESCRIPTION = (
    "Color, repair and inpaint photographs. Pictures travel as files; errors are problems (RFC 9457)."
)

METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"))  # others are counted together
TOKEN = HTTPBearer(
    auto_error=False, scheme_name="token", description="The token that the service was started with."
)


def make_app(room: Darkroom, keys: Keys, hosts: Iterable[str] = (), page: bool = True) -> ASGIApp:
    """The service of a darkroom as an ASGI app.

    hosts: names under which it may be asked beside those of loopback. page: whether the page is served too.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        room.warm(app.openapi)
        yield
        room.close()

    app = FastAPI(
        title="safelight",
        version=__version__,
        description=DESCRIPTION,
        docs_url=None,  # its page would load scripts of others
        redoc_url=None,
        lifespan=lifespan,
        strict_content_type=False,
        redirect_slashes=False,  # /v1/photos/ is nothing, as the documents have it
    )
    app.state.darkroom = room
    problems.handle(app)
    token = [Security(TOKEN)] if keys.bearer else []  # so that the OpenAPI document says it; the guard looks
    for each in (photos, colors, mending, keeping, jobs, scripts):
        app.include_router(each.router, dependencies=token)
    _add_service(app, room, token)
    if page:
        add_pages(app)
    return Guard(Counted(app, app, room.metrics), keys, hosts, room.limits)


def _add_service(app: FastAPI, room: Darkroom, token: list[Any]) -> None:
    @app.get("/v1", response_model=InfoJson, responses=declared(), tags=["service"], dependencies=token)
    async def get_service() -> dict[str, Any]:
        """Version, limits, models and defaults."""
        limits = {
            "bytes": room.limits.upload,
            "megapixels": room.limits.megapixels,
            "preview_pixels": PREVIEW_PIXELS,
            "hints": MAX_HINTS,
            "photos": room.limits.photos,
            "jobs": room.limits.waiting,
        }
        return {
            "version": __version__,
            "limits": limits,
            "models": room.models.to_json(),
            "defaults": {"vivid": VIVID, "reach": REACH},
        }

    @app.head("/health", responses=declared(), tags=["service"])
    @app.get("/health", responses=declared(), tags=["service"])
    async def get_health() -> dict[str, str]:
        """That the service answers."""
        return {"status": "ok"}

    @app.get(
        "/metrics",
        response_class=Response,
        responses={**declared(), 200: {"description": "Prometheus's text.", "content": {"text/plain": {}}}},
        tags=["service"],
        dependencies=token,
    )
    async def get_metrics(request: Request) -> Response:
        """Counts and times for Prometheus."""
        content, media_type = room.metrics.page()
        return Response(content, headers={"Content-Type": media_type})


class Counted:
    """An ASGI app in front of another that counts its answers by the route that gave them."""

    def __init__(self, app: ASGIApp, routes: FastAPI, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and count it when its answer begins."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start = time.perf_counter()

        async def counting(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", "other")
                method = scope["method"] if scope["method"] in METHODS else "other"
                self.metrics.answered(route, method, message["status"], time.perf_counter() - start)
            await send(message)

        await self.app(scope, receive, counting)
