"""The page's files from the package: listed once when the service starts, so that no path of a request is looked up.

They are sent packed, a third of their bytes. Answers to questions never are: their length would then tell of what is
secret in them beside what somebody else can have put there.
"""

import gzip
import hashlib
import mimetypes
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import NamedTuple

from fastapi import FastAPI, Request
from starlette.responses import Response

from safelight.service.problems import ProblemError

TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
FOLDER = "page"


class File(NamedTuple):
    """One file of the page, as it is and packed by gzip."""

    content: bytes
    packed: bytes
    media_type: str
    etag: str


def page_files() -> dict[str, File]:
    """The files by name, folders with a slash: "index.html", "lang/de.json"."""
    folder = files("safelight") / FOLDER
    return dict(_walk(folder, "")) if folder.is_dir() else {}


def _walk(folder: Traversable, before: str) -> list[tuple[str, File]]:
    found = []
    for each in folder.iterdir():
        name = before + each.name
        if each.is_dir():
            found += _walk(each, f"{name}/")
        elif not each.name.startswith((".", "_")) and not each.name.endswith(".py"):
            content = each.read_bytes()
            suffix = f".{each.name.rpartition('.')[2]}"
            kind = TYPES.get(suffix) or mimetypes.guess_type(each.name)[0] or "application/octet-stream"
            packed = gzip.compress(content, 6, mtime=0)
            found.append((name, File(content, packed, kind, hashlib.sha256(content).hexdigest()[:20])))
    return found


def _has(asked: str, etag: str) -> bool:
    """Whether If-None-Match names the file (RFC 9110, 13.1.2): a list, or *; a proxy may have made tags weak."""
    return asked.strip() == "*" or etag in (tag.strip().removeprefix("W/") for tag in asked.split(","))


def add_pages(app: FastAPI) -> None:
    """Serve the page at / and its files at /page/NAME."""
    found = page_files()

    def answer(request: Request, name: str) -> Response:
        file = found.get(name)
        if file is None:
            raise ProblemError(404, "there is no such file of the page")
        packed = "gzip" in request.headers.get("accept-encoding", "")
        etag = f'"{file.etag}{"-gzip" * packed}"'
        headers = {"Cache-Control": "no-cache", "ETag": etag, "Vary": "Accept-Encoding"}
        if _has(request.headers.get("if-none-match", ""), etag):
            return Response(status_code=304, headers=headers)
        headers |= {"Content-Encoding": "gzip"} if packed else {}
        return Response(file.packed if packed else file.content, media_type=file.media_type, headers=headers)

    also_head = ["GET", "HEAD"]  # what asks whether it is there sends HEAD

    @app.api_route("/", methods=also_head, include_in_schema=False)
    async def get_page(request: Request) -> Response:
        return answer(request, "index.html")

    @app.api_route("/page/{name:path}", methods=also_head, include_in_schema=False)
    async def get_file(request: Request, name: str) -> Response:
        return answer(request, name)

    @app.api_route("/favicon.ico", methods=also_head, include_in_schema=False)
    async def get_icon(request: Request) -> Response:
        return answer(request, "icon.svg" if "icon.svg" in found else "favicon.ico")
