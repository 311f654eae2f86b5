"""Threads that work step back for the one that answers, so that a request to cancel need not wait for a processor."""

import contextlib
import os
import sys
import threading

STEP = 5  # of niceness: about a third of the processor time of a thread that wants as much


def step_back() -> None:
    """The calling thread is nicer from now on. On Linux, where niceness is a thread's own; elsewhere nothing."""
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError):
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, min(os.getpriority(os.PRIO_PROCESS, thread) + STEP, 19))
