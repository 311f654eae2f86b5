"""Commands in a network of their own, since Ray's servers listen on all interfaces of the one that they are in."""

import functools
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.cli.shell import ENVIRONMENT

ROOT = Path(__file__).parents[2]
UP = (  # the loopback interface, without the program ip
    "import fcntl, os, socket, struct, sys;"
    " fcntl.ioctl(socket.socket(), 0x8914, struct.pack('16sH14s', b'lo', 1, b''));"
    " os.execv(sys.argv[1], sys.argv[1:])"
)


def alone(*words: str | Path) -> list[str]:
    """The words of a command, for a network namespace of its own."""
    user = [] if hasattr(os, "getuid") and os.getuid() == 0 else ["--map-root-user"]
    return ["unshare", *user, "--net", sys.executable, "-c", UP, *map(str, words)]


@functools.cache
def is_allowed() -> bool:
    """Whether this machine and user may make one."""
    if shutil.which("unshare") is None:
        return False
    return subprocess.run(alone(sys.executable, "-c", ""), capture_output=True, check=False).returncode == 0


def environment(home: Path) -> dict[str, str]:
    """Ray's own files in a folder with a short name, its token in `home`, and patience with a busy machine."""
    return {
        **ENVIRONMENT,
        "PYTHONPATH": os.pathsep.join((ENVIRONMENT["PYTHONPATH"], str(ROOT))),
        "HOME": str(home),
        "RAY_TMPDIR": tempfile.mkdtemp(prefix="slr-"),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_worker_register_timeout_seconds": "300",
        "RAY_prestart_worker_first_driver": "0",
        "RAY_worker_niceness": "0",
        "SOURCE_DATE_EPOCH": "1764460800",
    }
