"""A server of command lines: forks a process for each, in which what takes long to import is there already.

It reads a request a line, JSON of words, env, cwd, out and err (files), and answers with the status. The process of
a command is otherwise as one of its own: it leaves this loop, waits for its threads, does what was left for its end
and writes out its streams. Only objects are not taken apart one by one, which cost more than most commands do.
"""

import atexit
import gc
import importlib
import json
import os
import pkgutil
import runpy
import signal
import sys
import tempfile
import threading
import warnings
from typing import Any, NoReturn

COMMANDS = "safelight.cli.commands"
LIGHT = (
    *("cv2", "onnxruntime", "PIL.Image", "rich.console", "safelight.cli.main"),
    *(f"{COMMANDS}.{name}" for name in ("batch", "colorize", "fill", "repair", "scratches")),
)
ROOMS = ("batch", "ledger", "masks", "pixels", "provenance", "runtime")
HEAVY = ("lightning", "matplotlib.pyplot", "onnx", "scipy.sparse.linalg", "timm", "torchvision")


def import_light() -> None:
    """The libraries and the rooms that every command on photos enters."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # else its import starts a thread, which no fork survives
    for name in LIGHT:
        importlib.import_module(name)
    importlib.import_module("PIL.Image").preinit()
    for room in ROOMS:
        folder = importlib.import_module(f"safelight.{room}")
        for found in pkgutil.iter_modules(folder.__path__, f"{folder.__name__}."):
            importlib.import_module(found.name)
    gc.freeze()  # else each command's collector looks at it all, and copies the pages that it lies in
    assert threading.active_count() == 1


def next_request() -> dict[str, Any]:
    """Fork for each request; in the child, the request."""
    for line in sys.stdin:
        request: dict[str, Any] = json.loads(line)
        if request["heavy"]:
            for name in HEAVY:
                importlib.import_module(name)
            gc.freeze()
        child = os.fork()
        if not child:
            return request
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    raise SystemExit


def become(request: dict[str, Any]) -> None:
    """What a new process has: streams, folder, environment, arguments, signals and filters of warnings."""
    for number, path in enumerate((os.devnull, request["out"], request["err"])):
        given = os.open(path, os.O_RDWR)
        os.dup2(given, number)
        os.close(given)
    sys.stdin = os.fdopen(0, encoding="utf-8", errors=sys.stdin.errors, closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", errors=sys.stdout.errors, closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors=sys.stderr.errors, buffering=1, closefd=False)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.path[0] = request["cwd"]
    sys.argv = ["safelight", *request["words"]]
    tempfile.tempdir = None
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if os.environ.get("PYTHONWARNINGS") == "error":
        warnings.simplefilter("error")


def leave(status: int) -> NoReturn:
    """End as Python ends, but for the objects."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    import_light()
    become(next_request())
    try:
        runpy.run_module("safelight", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if not isinstance(end.code, int):
            raise
        leave(end.code)
