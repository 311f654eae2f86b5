"""Jobs: their states, a stream of all changes, results, and cancelling one of them."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from safelight.service.bodies import StrictRoute
from safelight.service.darkroom import Darkroom
from safelight.service.jobs import Job, Result
from safelight.service.problems import ProblemError, busy, declared
from safelight.service.routes.common import OCTETS, binary, darkroom, job
from safelight.service.schemas import JobJson, JobsJson

router = APIRouter(tags=["jobs"], route_class=StrictRoute)
Room = Annotated[Darkroom, Depends(darkroom)]
Found = Annotated[Job, Depends(job)]
ALIVE = 15.0  # seconds after which a comment shows that the stream is alive


class Events(StreamingResponse):
    """A stream of all changes of jobs, which is one of the listeners from its making to its end."""

    def __init__(self, room: Darkroom) -> None:
        self._queue, self._leave = room.jobs.listen()
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(self._written(), media_type="text/event-stream", headers=headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the client goes."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._leave()

    async def _written(self) -> AsyncIterator[str]:
        yield ": jobs\n\n"
        while True:
            try:
                document = await asyncio.wait_for(self._queue.get(), ALIVE)
            except TimeoutError:
                yield ": alive\n\n"
                continue
            yield f"event: job\ndata: {json.dumps(document)}\n\n"


@router.get("/v1/jobs", response_model=JobsJson, responses=declared())
async def list_jobs(room: Room) -> dict[str, Any]:
    """All jobs that are kept."""
    return {"jobs": [each.to_json() for each in room.jobs]}


@router.get(
    "/v1/jobs/events",
    response_class=StreamingResponse,
    responses={**declared(), 200: {"description": "Changes.", "content": {"text/event-stream": {}}}},
)
async def follow_jobs(request: Request, room: Room) -> StreamingResponse:
    """Server-sent events: `event: job` with the job as data, first of all that there are, then at each change."""
    if room.jobs.listeners >= room.limits.streams:
        raise busy()
    return Events(room)  # has its place from now on: many may ask at a time


@router.get("/v1/jobs/{job}", response_model=JobJson, responses=declared(404))
async def get_job(job: Found) -> dict[str, Any]:
    """One job."""
    return job.to_json()


@router.get(
    "/v1/jobs/{job}/result",
    response_class=Response,
    responses={
        **declared(404, 409),
        200: {
            "description": "What the job made.",
            "content": {"application/json": {}, **binary("", OCTETS, "image/*")["content"]},
        },
    },
)
async def get_result(job: Found) -> Response:
    """What a job made: JSON, or the full-size file."""
    result = _result(job)
    if result.file is None:
        return JSONResponse(result.json)
    headers = {"Content-Disposition": attachment(result.name)} if result.name else {}
    return _file(result.file, result.media_type, headers)


@router.get(
    "/v1/jobs/{job}/labels",
    response_class=Response,
    responses={**declared(404, 409), 200: binary("The number of each pixel's find.", "image/png")},
)
async def get_labels(job: Found) -> Response:
    """Of a job that found scratches: the number of each pixel's find, R + 256 G + 65536 B, 0 = none."""
    labels = _result(job).parts.get("labels")
    if labels is None:
        raise ProblemError(404, "this job found no scratches and has no labels")
    return _file(labels, "image/png", {"Cache-Control": "private, max-age=3600"})


@router.delete("/v1/jobs/{job}", status_code=204, responses=declared(404))
async def delete_job(room: Room, job: Found) -> Response:
    """Cancel this job and no other; forget one that has ended."""
    room.jobs.cancel(job)
    return Response(status_code=204)


def _file(path: Path, media_type: str, headers: dict[str, str]) -> FileResponse:
    """A file of a result. Raises ProblemError where the job was forgotten meanwhile."""
    try:
        whole = {**headers, "Accept-Ranges": "none"}  # the guard takes Range out of each request
        return FileResponse(path, media_type=media_type, headers=whole, stat_result=path.stat())
    except OSError:
        raise ProblemError(404, "there is no such job; its result is no longer kept") from None


def _result(job: Job) -> Result:
    if job.result is None or job.state != "done":
        raise ProblemError(409, f"the job is {job.state}; it has no result")
    return job.result


def attachment(name: str) -> str:
    """The header that names a file to be saved (RFC 6266)."""
    plain = "".join(
        letter if letter.isascii() and letter.isprintable() and letter not in '"\\' else "_"
        for letter in name
    )
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, errors='replace')}"
