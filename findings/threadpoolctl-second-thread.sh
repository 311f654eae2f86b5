#!/bin/sh
# threadpoolctl 3.8.0 with NumPy 2.4.6 (its wheel's OpenBLAS 0.3.31, pthreads), Python 3.11, Linux.
# The number of OpenBLAS's threads belongs to the process, so a limit set in one thread holds in all. But the first
# thread that sets a limit owns it from then on: limits set by every other thread, and the return to the number from
# before, are passed over without an error or a warning, also after the owner has given the number back with
# restore_original_limits() (a limit left by the end of its `with` block frees it again). A limit that one thread
# sets and another should end therefore stays.
# Seen: "main again 2", "other 2" (asked for 1), "given back by another thread 1" (asked for 2); after a `with` block:
# "other 1". Expected from the names of the methods: 1 for "other", 2 for "given back".
# Exits 0 while this is so, 1 when it has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check threadpoolctl==3.8.0 numpy==2.4.6
OPENBLAS_NUM_THREADS=2 "$folder/env/bin/python" - <<'PYTHON'
import sys
import threading

import numpy  # loads OpenBLAS
from threadpoolctl import ThreadpoolController

libraries = ThreadpoolController().select(user_api="blas")
seen = {}


def tell(name: str) -> None:
    seen[name] = libraries.info()[0]["num_threads"]
    print(name, seen[name])


def other(name: str) -> None:
    with libraries.limit(limits=1):
        tell(name)


def in_a_thread(name: str) -> None:
    thread = threading.Thread(target=other, args=(name,))
    thread.start()
    thread.join()


with libraries.limit(limits=1):
    tell("main, in a block")
in_a_thread("other, after the block")
limit = libraries.limit(limits=1)
tell("main")
limit.restore_original_limits()
tell("main again")
in_a_thread("other")
limit = libraries.limit(limits=1)
thread = threading.Thread(target=limit.restore_original_limits)
thread.start()
thread.join()
tell("given back by another thread")
wanted = {"main, in a block": 1, "other, after the block": 1, "main": 1, "main again": 2, "other": 2}
wanted["given back by another thread"] = 1
sys.exit(0 if seen == wanted else 1)
PYTHON
