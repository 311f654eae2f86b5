"""Property tests measure no time (the machine may be busy), and draw the same examples in every CI run.

HYPOTHESIS_PROFILE=thorough draws ten times as many where a test names no number.
"""

import ctypes
import gc
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

# Before anything imports NumPy or torch: as many processes as cores test at once, with a thread each.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# Commands are started by the hundred: each would compile what it imports of safelight anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

import pytest
from hypothesis import settings

LARGE = 1.2e9  # bytes of a test process: torch and all tests are half of it

settings.register_profile("patient", deadline=None, max_examples=50, derandomize=bool(os.environ.get("CI")))
settings.register_profile("thorough", deadline=None, max_examples=500)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "patient"))

# A shell starts what it puts into the background with Ctrl-C ignored, and every child inherits that: the tests
# that press it must find it as a person at a terminal does.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """What all tests are made of stays to the end: the garbage collector need not look at it again and again."""
    gc.freeze()


@pytest.fixture(scope="module", autouse=True)
def memory_given_back() -> Iterator[None]:
    """Networks in cycles, and what the heaps of ended threads keep free: gigabytes, over some thousand tests."""
    yield
    if sys.platform == "linux" and _resident() > LARGE:
        gc.collect()
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of the GNU C library
        if trim is not None:
            trim(0)


def _resident() -> int:
    """Bytes of memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
