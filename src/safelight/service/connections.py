"""Connections: how many there may be, and how long one may hold up what the service waits for.

Uvicorn gives a client without end for the head of a request, for the rest of a body that was refused, and for taking
an answer. A few hundred silent clients would keep everybody else out.
"""

import asyncio
from typing import cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from safelight.service.limits import Limits
from safelight.service.problems import MEDIA_TYPE, busy, document_bytes

FULL = document_bytes(503, busy().detail)
NO_HTTP = document_bytes(400, "the request is not HTTP that can be read")
REFUSAL = (
    f"HTTP/1.1 503 Service Unavailable\r\nContent-Type: {MEDIA_TYPE}\r\nContent-Length: {len(FULL)}\r\n"
    "Retry-After: 1\r\nConnection: close\r\n\r\n"
).encode() + FULL


def protocol_of(limits: Limits) -> type[H11Protocol]:
    """HTTP/1.1 as uvicorn speaks it, with the limits on connections."""

    class Limited(H11Protocol):
        """One connection; cut off once its client has owed something for `limits.silent` seconds."""

        _owing: asyncio.TimerHandle | None = None  # the head of a request, or the rest of a refused body
        _taking: asyncio.TimerHandle | None = None  # an answer that does not go out
        _unsent = 0

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            """Uvicorn's, where there is room for one more."""
            super().connection_made(cast(asyncio.Transport, transport))
            self.transport.set_write_buffer_limits(high=0)  # tell at once when nothing goes out
            if len(self.connections) > limits.connections:
                self.transport.write(REFUSAL)
                self.transport.close()
            self._owing = self.loop.call_later(limits.silent, self.transport.abort)

        def data_received(self, data: bytes) -> None:
            """Uvicorn's; then look whether the client owes us the rest."""
            super().data_received(data)
            begun = self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]
            refused = self.conn.their_state is h11.SEND_BODY and self.conn.our_state is h11.DONE
            if not (begun or refused):
                _end(self._owing)
                self._owing = None
            elif self._owing is None:
                self._owing = self.loop.call_later(limits.silent, self.transport.abort)

        def pause_writing(self) -> None:
            """Uvicorn's; the client has some time to take what was sent."""
            super().pause_writing()
            self._unsent = self.transport.get_write_buffer_size()
            self._taking = self.loop.call_later(limits.silent, self._look_again)

        def resume_writing(self) -> None:
            """Uvicorn's; all was taken."""
            _end(self._taking)
            super().resume_writing()

        def connection_lost(self, exc: Exception | None) -> None:
            """Uvicorn's."""
            _end(self._owing)
            _end(self._taking)
            super().connection_lost(exc)

        def send_400_response(self, msg: str) -> None:
            """Uvicorn's, as a problem: for what is no HTTP, or ends amid it."""
            headers = [
                ("Content-Type", MEDIA_TYPE),
                ("Content-Length", str(len(NO_HTTP))),
                ("Connection", "close"),
            ]
            for event in (
                h11.Response(status_code=400, reason=b"Bad Request", headers=headers),
                h11.Data(data=NO_HTTP),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
            self.transport.close()

        def _look_again(self) -> None:
            left = self.transport.get_write_buffer_size()
            if left >= self._unsent:
                self.transport.abort()
                return
            self._unsent = left
            self._taking = self.loop.call_later(limits.silent, self._look_again)

    return Limited


def _end(timer: asyncio.TimerHandle | None) -> None:
    if timer:
        timer.cancel()
