"""Property tests measure no time (the machine may be busy), and draw the same examples in every CI run."""

import os
import signal

# Before anything imports NumPy or torch: as many processes as cores test at once, with a thread each.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

from hypothesis import settings

settings.register_profile("patient", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("patient")

# A shell starts what it puts into the background with Ctrl-C ignored, and every child inherits that: the tests
# that press it must find it as a person at a terminal does.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
