"""What the service takes and keeps at most: bytes, pixels, work that waits, seconds, memory."""

import os
from dataclasses import dataclass

PREVIEW_PIXELS = 2_000_000  # of an answer that shows a photo


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True)
class Limits:
    """Limits of one service.

    upload: bytes of a photo. document: bytes of a JSON document. mask: bytes of a mask picture.
    megapixels: of a photo. photos: that are open at a time. waiting: jobs that wait, beside those that run.
    workers: jobs that run at a time. short_waiting: quick answers that wait. seconds: of one piece of work.
    kept_jobs: ended jobs whose results are kept; kept_seconds: for how long.
    pixels_kept: bytes of decoded photos in memory; live_kept: photos whose features are in memory.
    stored: bytes of all uploads. connections: open ones; requests: in progress. streams: of events, which do not end,
    among these. documents: bytes of all JSON bodies that are read at a time. silent: seconds in which a client must
    send, or take, what it is waited for.
    """

    upload: int = 512 << 20
    document: int = 8 << 20
    mask: int = 128 << 20
    megapixels: float = 200.0
    photos: int = 1000
    waiting: int = 16
    workers: int = 2
    short_waiting: int = 16
    seconds: float = 600.0
    kept_jobs: int = 64
    kept_seconds: float = 1800.0
    pixels_kept: int = 256 << 20
    live_kept: int = 8
    stored: int = 32 << 30
    connections: int = 512
    requests: int = 256
    streams: int = 64
    documents: int = 64 << 20
    silent: float = 30.0
