"""Who may ask: the Host that a request names, the site that it comes from, the token; and how much it may send.

A page of another site can make a browser send requests to this machine, and by DNS rebinding even under a name of
its own. So the Host must be one of ours, an Origin must be the same, and a token is needed where one was set.
"""

import hmac
import ipaddress
import re
import secrets
from collections.abc import Callable, Iterable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlsplit

from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from safelight.service.limits import Limits
from safelight.service.problems import ProblemError, answer

HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9.\-_]+)(?::(?P<port>[0-9]{1,5}))?")
OPEN = ("/health",)  # needs no token
PAGE = ("/", "/page/", "/favicon.ico")  # code that anybody may read
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "font-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-resource-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"content-security-policy": CSP.encode(),
}

Headers: TypeAlias = MutableMapping[str, str]


class Keys:
    """The tokens of a service: one for scripts, and one that opens the page in one browser, once.

    bearer: None asks no token of anybody. once: given in the address of the page; it is then spent, and the browser
    has a cookie in its place.
    """

    def __init__(self, bearer: str | None, once: str | None = None) -> None:
        self.bearer = bearer
        self._once = once
        self._session = secrets.token_urlsafe(24)

    @property
    def is_open(self) -> bool:
        """Whether no token is needed."""
        return self.bearer is None and self._once is None

    def spend(self, token: str) -> str | None:
        """The session of the browser that shows the page's token; None for a wrong or spent one."""
        if self._once is None or not same(token, self._once):
            return None
        self._once = ""
        return self._session

    def opens(self, authorization: str, session: str) -> bool:
        """Whether a request with these may pass."""
        kind, _, token = authorization.partition(" ")
        if self.bearer is not None and kind.lower() == "bearer" and same(token.strip(), self.bearer):
            return True
        return self._once is not None and same(session, self._session)


def same(one: str, other: str) -> bool:
    """Whether two secrets are one, in constant time; nothing is no secret."""
    return bool(one) and hmac.compare_digest(one.encode(), other.encode())


class Guard:
    """An ASGI app in front of another that lets pass what may; the rest is answered with a problem.

    hosts: names, beside those of this machine's loopback, under which the service may be asked.
    limit_of: how many bytes a request of a path may have.
    """

    def __init__(
        self, app: ASGIApp, keys: Keys, hosts: Iterable[str], limits: Limits, own: bool = True
    ) -> None:
        self.app, self.keys, self.limits, self.own = app, keys, limits, own
        self._hosts = {host.lower() for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                names = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *((name, value) for name, value in HEADERS.items() if name not in names),
                ]
            await send(message)

        try:
            early = self._early(scope)
            if early is None:
                await self.app(scope, _counted(receive, self._limit_of(scope["path"])), sending)
                return
        except ProblemError as error:
            if started:
                raise
            early = answer(error.status, error.detail, error.headers)
        await early(scope, receive, sending)

    def _early(self, scope: Scope) -> Response | None:
        """An answer without asking the app; None if the request may pass. Raises ProblemError."""
        headers = _headers(scope)
        host = self._checked_host(headers)
        _check_site(scope, headers, host)
        pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if len({name for name, _ in pairs}) < len(pairs):
            raise ProblemError(422, "a parameter of the address is there twice; give each once")
        _check_length(headers, self._limit_of(scope["path"]))
        return self._unlocked(scope, headers, host, dict(pairs))

    def _unlocked(self, scope: Scope, headers: Headers, host: str, query: Headers) -> Response | None:
        path, name = scope["path"], f"safelight-{host.rpartition(':')[2]}"
        if path == "/" and "token" in query:
            session = self.keys.spend(query["token"])
            page = RedirectResponse("/", 303, {"Cache-Control": "no-store"})
            if session:
                page.set_cookie(name, session, httponly=True, samesite="strict", path="/")
            return page  # with a spent token the cookie decides
        if self.keys.is_open or path in OPEN or any(path == each or _is_below(path, each) for each in PAGE):
            return None
        if not self.keys.opens(headers.get("authorization", ""), _cookie(headers, name)):
            raise ProblemError(
                401,
                "a token is needed; open the address that safelight darkroom printed, or send Authorization: "
                "Bearer TOKEN",
                {"WWW-Authenticate": "Bearer"},
            )
        return None

    def _checked_host(self, headers: Headers) -> str:
        found = HOST.fullmatch(headers.get("host", "").lower())
        name = found["name"] if found else ""
        if not (name in self._hosts or is_loopback(name)):
            raise ProblemError(403, f"the host {name[:60] or 'of the request'} is none of this service")
        return headers["host"].lower()

    def _limit_of(self, path: str) -> int:
        if path.endswith("/mask"):
            return self.limits.mask
        takes_photo = path in (
            "/v1/photos",
            "/v1/colorize",
            "/v1/repair",
            "/v1/inpaint",
            "/v1/scratches",
            "/v1/suggest",
        )
        return self.limits.upload if takes_photo else self.limits.document


def is_loopback(name: str) -> bool:
    """Whether a host's name, without its port and in small letters, means this machine's loopback."""
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def _headers(scope: Scope) -> Headers:
    """The headers by name; of one that is there twice the last. Raises ProblemError for two hosts."""
    pairs = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]]
    if sum(name == "host" for name, _ in pairs) > 1:
        raise ProblemError(400, "the request names two hosts")
    return dict(pairs)


def _check_site(scope: Scope, headers: Headers, host: str) -> None:
    """Raises ProblemError for what another site sends; a link to the page may be followed."""
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin.lower())[:2] not in {("http", host), ("https", host)}:
        raise ProblemError(403, "the request comes from another site")
    visit = scope["method"] == "GET" and scope["path"] == "/"
    if headers.get("sec-fetch-site", "none") not in ("none", "same-origin") and not visit:
        raise ProblemError(403, "the request comes from another site")


def _check_length(headers: Headers, limit: int) -> None:
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()):
        raise ProblemError(400, "its Content-Length is no number")
    if int(length) > limit:
        raise _too_large(limit)


def _too_large(limit: int) -> ProblemError:
    return ProblemError(413, f"the body has more than {limit:,} bytes, which is the most that is taken")


def _counted(receive: Receive, limit: int) -> Callable[[], Any]:
    """Receives until the body is larger than it may be, whatever its Content-Length says."""
    taken = 0

    async def counting() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > limit:
            raise _too_large(limit)
        return message

    return counting


def _cookie(headers: Headers, name: str) -> str:
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return morsel.value if morsel else ""


def _is_below(path: str, folder: str) -> bool:
    return folder.endswith("/") and len(folder) > 1 and path.startswith(folder)
