"""JSON bodies: text in UTF-8 that says one thing only: no key twice, no NaN, no half of a letter."""

import difflib
import json
import re
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.responses import Response

from safelight.errors import in_short
from safelight.json_text import RepeatedKeyError, each_key_once
from safelight.service.problems import ProblemError

HALF_LETTER = re.compile(r"\\u[dD][89a-fA-F]")  # of a pair of UTF-16, which alone is no letter
LARGE = 64 << 10  # bytes: more are read beside, so that others are answered meanwhile
DEEPEST = 32  # objects and lists in each other, of what is free


class StrictRoute(APIRoute):
    """A route that reads a JSON body with `read_json`, where FastAPI would take Python's reading of it.

    A parameter in the query that it does not take is refused.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, given a request that reads strictly."""
        handler = super().get_route_handler()
        takes = sorted(_query_names(self.dependant))

        async def handle(request: Request) -> Response:
            _check_query(request.query_params, takes)
            return await handler(StrictRequest(request.scope, request.receive))

        return handle


def _query_names(dependant: Dependant) -> set[str]:
    """The parameters in the query that a route takes, by itself or by what it depends on."""
    own = {field.alias for field in dependant.query_params}
    return own.union(*map(_query_names, dependant.dependencies))


def _check_query(given: Iterable[str], takes: Sequence[str]) -> None:
    """Raises ProblemError for a parameter that the route does not take: it would be ignored."""
    for name in given:
        if name not in takes:
            near = difflib.get_close_matches(name.lower(), takes, 1)
            known = f"it takes {', '.join(takes) or 'none'}"
            meant = f"did you mean {near[0]}?" if near else known
            raise ProblemError(422, f"there is no query parameter {in_short(name)} here; {meant}")


class StrictRequest(Request):
    """A request whose JSON is read strictly."""

    async def json(self) -> Any:
        """The body. Raises ProblemError."""
        body = await self.body()
        return await run_in_threadpool(read_json, body) if len(body) > LARGE else read_json(body)


def read_json(body: bytes) -> Any:
    """The document in a body. Raises ProblemError: 400 for what is no JSON, 422 for what it must not say."""
    try:
        text = body.decode("utf-8-sig")
        found = json.loads(text, object_pairs_hook=each_key_once, parse_constant=_refused)
        if HALF_LETTER.search(text):
            json.dumps(found, ensure_ascii=False).encode()
    except RepeatedKeyError as error:
        raise ProblemError(422, f"the body {error}") from None
    except UnicodeEncodeError:
        raise ProblemError(
            422, "a text in the body has half of a letter (\\ud800); expected whole ones"
        ) from None
    except RecursionError:
        raise ProblemError(422, "the body is nested too deeply") from None
    except ValueError:
        raise ProblemError(400, "the body is not JSON") from None
    return found


def shallow(value: dict[str, Any]) -> dict[str, Any]:
    """What is free to be anything, unless it is nested so deeply that it cannot be written again. Raises ValueError."""
    level: list[Any] = [value]
    for _ in range(DEEPEST):
        level = [inner for each in level if isinstance(each, (dict, list)) for inner in _inside(each)]
        if not level:
            return value
    raise ValueError(f"it is nested more than {DEEPEST} deep")


def _inside(value: dict[str, Any] | list[Any]) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is no number of JSON")
