"""Whatever goes wrong is told as a problem (RFC 9457): application/problem+json, one line for people in `detail`."""

import errno
import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from safelight.errors import NO_MEMORY, SafelightError, is_of_memory
from safelight.service.faults import log_fault
from safelight.watched import StoppedError

MEDIA_TYPE = "application/problem+json"
WHEN = {  # every status but of success, and when it is answered
    400: "The request is not one of HTTP or JSON that can be read.",
    401: "A token is needed: `Authorization: Bearer TOKEN`.",
    403: "The request comes from another site, or names another host.",
    404: "There is no such thing here.",
    405: "This method is not for this resource.",
    408: "The body comes too slowly.",
    409: "It is not in a state for that, such as a job that has not ended, or a photo without a mask.",
    413: "The body has more bytes than are taken.",
    415: "The body is of a kind that is not read.",
    422: "What was sent cannot be used; the detail says what was found and what was expected.",
    429: "Too many photos are open, or they are too large together; delete some.",
    500: "A fault of the service, which its log has under the id in `instance`.",
    503: "Too much is waiting; try again after the seconds in Retry-After.",
    504: "The work took longer than is allowed.",
}
SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string", "description": "The id of a fault of the service, as a URN."},
    },
}


class ProblemError(HTTPException):
    """To be answered with this status. FastAPI lets no other error through while it reads a body."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, detail, dict(headers or {}))
        self.status = status

    def __str__(self) -> str:
        return self.detail


def document(status: int, detail: str, fault: str = "") -> dict[str, Any]:
    """A problem as JSON. fault: the id under which the log has it."""
    title = HTTPStatus(status).phrase
    line = " ".join(detail.split()).encode(errors="replace").decode()
    known = {"type": "about:blank", "title": title, "status": status, "detail": line}
    return {**known, "instance": f"urn:uuid:{fault}"} if fault else known


def document_of(error: BaseException) -> dict[str, Any]:
    """An error as a problem."""
    told = of_error(error)
    return document(told.status, told.detail, told.fault)


def document_bytes(status: int, detail: str) -> bytes:
    """The same in bytes."""
    return json.dumps(document(status, detail)).encode()


def answer(status: int, detail: str, headers: Mapping[str, str] | None = None, fault: str = "") -> Response:
    """A problem as an answer."""
    return JSONResponse(document(status, detail, fault), status, headers, media_type=MEDIA_TYPE)


def busy(seconds: int = 1) -> ProblemError:
    """Too much waits already."""
    return ProblemError(503, f"too much is waiting; try again in {seconds} s", {"Retry-After": str(seconds)})


def declared(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Problems of an operation for the OpenAPI document; those that any may have are added."""
    every = {400, 401, 403, 405, 408, 413, 422, 500, 503, *statuses}
    return {
        status: {"description": WHEN[status], "content": {MEDIA_TYPE: {"schema": SCHEMA}}}
        for status in sorted(every)
    }


class Told(NamedTuple):
    """What a client is told of an error. fault: the id of an unexpected one, "" for others."""

    status: int
    detail: str
    headers: dict[str, str]
    fault: str = ""


def of_error(error: BaseException) -> Told:
    """What to tell of an error; an unexpected one is logged."""
    if isinstance(error, RequestValidationError):
        return _of_validation(error)
    if isinstance(error, HTTPException):
        detail = error.detail if isinstance(error.detail, str) else HTTPStatus(error.status_code).phrase
        return Told(error.status_code, detail, dict(error.headers or {}))
    if scarce := _scarce(error):
        return Told(503, scarce, {"Retry-After": "10"})
    if isinstance(error, ClientDisconnect):
        return Told(400, "the client hung up", {})  # nobody reads it
    if isinstance(error, SafelightError):
        return Told(409 if isinstance(error, StoppedError) else 422, str(error), {})
    fault = log_fault(error)
    detail = (
        f"unexpected {type(error).__name__}; this is a fault of the service, its log has more under {fault}"
    )
    return Told(500, detail, {}, fault)


def _scarce(error: BaseException) -> str:
    """What there is too little of on the machine, in a line; nothing for other errors."""
    if is_of_memory(error):
        return NO_MEMORY
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    return "the disk of the service is full; delete photos" if full else ""


def handle(app: FastAPI) -> None:
    """Have the app answer every error with a problem."""

    async def answered(request: Request, error: Exception) -> Response:
        told = of_error(error)
        if told.status == 405:
            told = told._replace(headers={"Allow": ", ".join(_methods(app, request.url.path))})
        return answer(*told)

    for kind in (
        SafelightError,
        RequestValidationError,
        HTTPException,
        ClientDisconnect,
        MemoryError,
        Exception,
    ):
        app.add_exception_handler(kind, answered)


def _methods(app: FastAPI, path: str) -> list[str]:
    """What may be done with the resource of a path, as the OpenAPI document says."""
    for template, operations in app.openapi()["paths"].items():
        if re.fullmatch(re.sub(r"\\{[^}]*\\}", "[^/]+", re.escape(template)), path):
            return sorted(method.upper() for method in operations)
    return ["GET"]


def _of_validation(error: RequestValidationError) -> Told:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"] if part not in ("body", "query", "path"))
    if first["type"] == "json_invalid":
        return Told(400, "the body is not JSON", {})
    return Told(422, f"{where}: {first['msg']}"[:300] if where else str(first["msg"])[:300], {})
