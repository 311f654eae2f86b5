"""A model that was begun is the one that is given; opening it runs none of the modules that wait for their use."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from safelight.cli.lazy import PATIENCE
from safelight.errors import ModelError
from safelight.runtime.begun import begun, session_of
from safelight.runtime.modelfile import find_model
from safelight.runtime.session import Session
from tests.cli.shell import ENVIRONMENT
from tests.runtime.tiny import make_model

PLANES = np.random.default_rng(0).random((7, 64, 96), np.float32)


def test_the_same_answer_and_one_session() -> None:
    with begun("color", "colorize", 1):
        session = session_of(find_model(), 1)
        assert session_of(find_model(), 1) is session
    np.testing.assert_array_equal(session(planes=PLANES)["ab"], Session(find_model(), 1)(planes=PLANES)["ab"])
    assert session_of(find_model(), 1) is not session


def test_another_model_or_number_of_threads_is_opened_by_itself(tmp_path: Path) -> None:
    tiny = find_model(make_model(tmp_path))
    with begun(tiny.path, "colorize", 1):
        assert session_of(find_model(), 1).is_of(find_model(), 1)
        assert session_of(tiny, 2).is_of(tiny, 2)


def test_what_is_wrong_is_said_to_whoever_asks(tmp_path: Path) -> None:
    path = make_model(tmp_path)
    path.write_bytes(path.read_bytes()[:-7])
    with begun(path, "colorize", 1), pytest.raises(ModelError, match="its checksum is"):
        session_of(find_model(path), 1)
    with begun("no such model", "colorize", 1):  # find_model says it
        pass


def test_it_runs_no_lazy_module() -> None:
    """The main thread, which runs them, may wait meanwhile for a module that this one imports."""
    code = """
from safelight.cli import lazy
with lazy.lazy_imports():
    from safelight import watched
    from safelight.batch import run
    from safelight.runtime import begun, card, cores, familiar, inference, modelfile
begin = begun.begun
with lazy._turn, begin("color", "colorize", 1):
    session = begun.session_of(modelfile.find_model(), 1)
    session._part(session._asked(()))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=0.9 * PATIENCE,  # less than a thread waits for its turn
        check=False,
    )
    assert done.returncode == 0, done.stderr
