"""Who may ask: the Host that a request names, the site that it comes from, the token; and how much it may send.

A page of another site can make a browser send requests to this machine, and by DNS rebinding even under a name of
its own. So the Host must be one of ours, an Origin must be the same, and a token is needed where one was set.
"""

import hmac
import ipaddress
import re
import secrets
from collections.abc import Iterable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import TypeAlias
from urllib.parse import parse_qsl

from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from safelight.service.intake import Intake, too_large
from safelight.service.limits import Limits
from safelight.service.problems import ProblemError, answer, of_error

HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9.\-_]+)(?::(?P<port>[0-9]{1,5}))?")
LONGEST_LENGTH = 18  # digits
OPEN = ("/health",)  # needs no token
PAGE = ("/", "/page/", "/favicon.ico")  # code that anybody may read
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "font-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
TAKES_PHOTO = (*("/v1/photos", "/v1/colorize", "/v1/repair", "/v1/inpaint", "/v1/scratches", "/v1/suggest"),)
ONCE = ("host", "origin", "sec-fetch-site", "authorization", "content-length", "content-type")
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
    """

    def __init__(self, app: ASGIApp, keys: Keys, hosts: Iterable[str], limits: Limits) -> None:
        self.app, self.keys, self.limits = app, keys, limits
        self.intake = Intake(limits)
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
                limit = self._limit_of(scope["path"])
                with self.intake.taking(self._document_of(scope)):
                    await self.app(_without_ranges(scope), self.intake.watched(receive, limit), sending)
                return
        except ProblemError as error:
            if started:
                return  # the connection is cut off, and so says that the answer is not whole
            early = answer(error.status, error.detail, error.headers)
        except Exception as error:  # not further: uvicorn would log its words
            told = of_error(error)
            if started:
                return
            early = answer(*told)
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
        path, port = scope["path"], host.rpartition("]")[2].rpartition(":")[2]
        name = f"safelight-{port}"  # browsers send a host's cookies to all its ports
        if path == "/" and scope["method"] == "GET" and "token" in query:
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
        return self.limits.upload if path in TAKES_PHOTO else self.limits.document

    def _document_of(self, scope: Scope) -> int:
        """How many bytes of the body will be in memory: pictures go to files."""
        headers, path = _headers(scope), scope["path"]
        if path in TAKES_PHOTO or path.endswith("/mask"):
            return 0
        if "transfer-encoding" in headers:
            return self.limits.document
        return int(headers.get("content-length", "0"))


def is_loopback(name: str) -> bool:
    """Whether a host's name, without its port and in small letters, means this machine's loopback."""
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def _headers(scope: Scope) -> Headers:
    """The headers by name; of others than ONCE, the last. Raises ProblemError for two that could contradict."""
    pairs = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]]
    names = [name for name, _ in pairs]
    for name in ONCE:
        if names.count(name) > 1:
            raise ProblemError(400, f"the header {name} is there twice; send one")
    if "content-length" in names and "transfer-encoding" in names:
        raise ProblemError(400, "the body has two lengths: Content-Length and Transfer-Encoding; send one")
    return dict(pairs)


def _without_ranges(scope: Scope) -> Scope:
    """The request without Range: answers are whole, and many small ranges of a file would be dear."""
    return {**scope, "headers": [(name, value) for name, value in scope["headers"] if name != b"range"]}


def _check_site(scope: Scope, headers: Headers, host: str) -> None:
    """Raises ProblemError for what another site sends; a link to the page may be followed."""
    origin = headers.get("origin")
    if origin is not None and origin.lower() not in (f"http://{host}", f"https://{host}"):
        raise ProblemError(403, "the request comes from another site")
    visit = scope["method"] == "GET" and scope["path"] == "/"
    if headers.get("sec-fetch-site", "none") not in ("none", "same-origin") and not visit:
        raise ProblemError(403, "the request comes from another site")


def _check_length(headers: Headers, limit: int) -> None:
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()):
        raise ProblemError(400, "its Content-Length is no number")
    if len(length) > LONGEST_LENGTH or int(length) > limit:
        raise too_large(limit)


def _cookie(headers: Headers, name: str) -> str:
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return morsel.value if morsel else ""


def _is_below(path: str, folder: str) -> bool:
    return folder.endswith("/") and len(folder) > 1 and path.startswith(folder)
