"""What clients send at a time: how many requests, how large documents, and how slowly bodies may come."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import Message, Receive

from safelight.service import problems
from safelight.service.limits import Limits
from safelight.service.problems import ProblemError

SLOWEST = 10_000  # bytes a second of a body, beyond the first seconds


class Intake:
    """The requests of a service that are in progress. Used by the thread of its event loop alone."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._requests = self._documents = 0

    @contextmanager
    def taking(self, document: int) -> Iterator[None]:
        """One more request; document: bytes of its body that will be in memory. Raises ProblemError for too many."""
        limits = self.limits
        if self._requests >= limits.requests or self._documents + document > max(limits.documents, document):
            raise problems.busy()
        self._requests, self._documents = self._requests + 1, self._documents + document
        try:
            yield
        finally:
            self._requests, self._documents = self._requests - 1, self._documents - document

    def watched(self, receive: Receive, limit: int) -> Receive:
        """Receives a body of at most `limit` bytes, whatever its Content-Length says, that does not come too slowly."""
        start, taken, ended = time.monotonic(), 0, False

        async def receiving() -> Message:
            nonlocal taken, ended
            if ended:
                return await receive()  # only waits for the client to hang up
            left = start + self.limits.silent + taken / SLOWEST - time.monotonic()
            try:
                async with asyncio.timeout(max(left, 0)):  # wait_for would be deaf to whoever only polls
                    message = await receive()
            except TimeoutError:
                ended = True
                raise ProblemError(408, "the body comes too slowly", {"Connection": "close"}) from None
            taken += len(message.get("body", b""))
            ended = not message.get("more_body", False)
            if taken > limit:
                ended = True
                raise too_large(limit)
            return message

        return receiving


def too_large(limit: int) -> ProblemError:
    """A body is larger than it may be."""
    return ProblemError(413, f"the body has more than {limit:,} bytes, which is the most that is taken")
