"""What routes share: the darkroom and the photo that a request is about, and bodies that are pictures.

All of it is async though little of it waits: FastAPI hands what is not to a thread, and a request to cancel a job
would wait there for its turn behind the work of all others.
"""

from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import Depends, Path, Request
from fastapi.concurrency import run_in_threadpool

from safelight.pixels.kinds import READ, START, kind_of
from safelight.runtime.names import is_photo
from safelight.service.darkroom import Darkroom
from safelight.service.jobs import Job
from safelight.service.photos import Item, discard
from safelight.service.problems import ProblemError

BLOCK = 256 << 10  # bytes that are written at a time
OCTETS = "application/octet-stream"
PICTURES = ("image/jpeg", "image/png", "image/tiff", "image/webp", "image/gif", "image/bmp", "image/heic")
SUFFIXES = {
    **{"JPEG": ".jpg", "PNG": ".png", "TIFF": ".tif", "WEBP": ".webp", "GIF": ".gif", "BMP": ".bmp"},
    **{"HEIC": ".heic", "AVIF": ".avif", "JPEG2000": ".jp2"},
}
BINARY = {"schema": {"type": "string", "format": "binary"}}
PICTURE_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": dict.fromkeys((*PICTURES, OCTETS), BINARY)}
}


def binary(description: str, *media_types: str) -> dict[str, Any]:
    """An answer of bytes for the OpenAPI document."""
    return {"description": description, "content": dict.fromkeys(media_types, BINARY)}


async def darkroom(request: Request) -> Darkroom:
    """The darkroom of the app."""
    room = request.app.state.darkroom
    assert isinstance(room, Darkroom)
    return room


async def item(
    photo: Annotated[str, Path(max_length=60)], room: Annotated[Darkroom, Depends(darkroom)]
) -> Item:
    """The photo of the path. Raises ProblemError."""
    return room.shelf[photo]


async def job(job: Annotated[str, Path(max_length=60)], room: Annotated[Darkroom, Depends(darkroom)]) -> Job:
    """The job of the path. Raises ProblemError."""
    return room.jobs[job]


async def receive_photo(request: Request, room: Darkroom, name: str) -> FilePath:
    """The body as a file of the service's own, never whole in memory, called `name`. Raises ProblemError."""
    kind = request.headers.get("content-type", OCTETS).partition(";")[0].strip().lower()
    if not (kind.startswith("image/") or kind in (OCTETS, "application/x-www-form-urlencoded")):
        raise ProblemError(415, f"the body is {kind[:60]}; expected the photo itself, {OCTETS} or image/…")
    path = room.shelf.new_path(name)
    start, length, unwritten = b"", 0, bytearray()
    try:
        with path.open("wb") as file, room.shelf.receiving() as more:
            async for piece in request.stream():
                start = start if len(start) >= START else start + piece[: START - len(start)]
                length += len(piece)
                more(len(piece))
                unwritten += piece
                if len(unwritten) >= BLOCK:  # not here: a disk may take its time, and others wait
                    await run_in_threadpool(file.write, bytes(unwritten))
                    unwritten.clear()
            file.write(unwritten)
        return _with_suffix(path, _kind(start, length))
    except BaseException:
        discard(path)
        raise


def _kind(start: bytes, length: int) -> str:
    """The kind of a picture by its first bytes; whether it is whole is seen when it is opened. Raises ProblemError."""
    if not length:
        raise ProblemError(422, "the body is empty; expected the photo itself")
    try:
        return kind_of(start, length)
    except ValueError as error:
        raise ProblemError(415, f"{error}; expected a {READ}") from None


def _with_suffix(path: FilePath, kind: str) -> FilePath:
    """The file with an ending in its name that photos have: results are named, and written, by it."""
    if is_photo(path.name):
        return path
    return path.rename(path.with_name(f"{path.name}{SUFFIXES[kind]}"))
