"""What a start of Ray that fails leaves behind: nothing."""

import subprocess
import sys

import pytest

pytest.importorskip("ray")

from safelight.cluster.start import nothing_left

WAIT = [sys.executable, "-c", "import time; time.sleep(600)"]
CHILD = [sys.executable, "-c", f"import subprocess; subprocess.run({WAIT!r})"]


def test_servers_of_a_start_that_fails_end_and_no_other_process() -> None:
    other = subprocess.Popen(WAIT)
    servers = list[subprocess.Popen[bytes]]()

    def start() -> None:
        with nothing_left():
            servers.append(subprocess.Popen(CHILD))
            raise TimeoutError("timed out")

    try:
        with pytest.raises(TimeoutError):
            start()
        assert servers[0].wait(timeout=60) != 0
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_servers_of_a_start_that_does_not_fail_stay() -> None:
    with nothing_left():
        server = subprocess.Popen(WAIT)
    assert server.poll() is None
    server.kill()
    server.wait()
