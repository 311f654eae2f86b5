"""How the process of a command ends: at once, but with all that was to be done and said."""

import subprocess
import sys

from safelight import __version__
from tests.cli.shell import ENVIRONMENT

BEFORE = """
import atexit, sys, threading, time
from safelight.cli.main import main
atexit.register(print, "what Python does last")
def late():
    time.sleep(0.3)
    print("the thread")
threading.Thread(target=late).start()
"""


def ended(code: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", BEFORE + code, *words],
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        timeout=60,
        check=False,
    )


def test_a_command_ends_at_once_after_its_threads_and_what_was_to_be_done_at_the_end() -> None:
    code = """
from safelight.cli import main as command
run = command._status
def with_more(arguments):
    atexit.register(print, "registered")
    atexit.register(sys.stderr.write, "to standard error")
    return run(arguments)
command._status = with_more
main()
"""
    done = ended(code, "--version")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [f"safelight {__version__}", "the thread", "registered"]
    assert done.stderr == "to standard error"


def test_its_status_is_told() -> None:
    for words, status in ((("colorize",), 2), (("info", "no such file.jpg"), 1)):
        done = ended("main()", *words)
        assert done.returncode == status
        assert done.stdout == "the thread\n"


def test_a_program_that_calls_it_goes_on() -> None:
    code = """
try:
    main(["--version"])
except SystemExit as end:
    print("goes on", end.code)
sys.exit(7)
"""
    done = ended(code)
    assert done.returncode == 7
    assert done.stdout.splitlines()[1:] == ["goes on 0", "the thread", "what Python does last"]
