"""A model that was begun is the one that is given; opening it runs none of the modules that wait for their use."""

import platform
import subprocess
import sys
from pathlib import Path
from threading import Event, current_thread

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from safelight.cli.lazy import PATIENCE
from safelight.cli.main import cli
from safelight.errors import ModelError
from safelight.runtime.begun import begun, session_of
from safelight.runtime.modelfile import ModelFile, find_model
from safelight.runtime.session import Session
from tests.cli.shell import ENVIRONMENT
from tests.runtime.tiny import make_model

PLANES = np.random.default_rng(0).random((7, 64, 96), np.float32)


def test_the_same_answer_and_one_session() -> None:
    with begun([("color", "colorize")], 1):
        session = session_of(find_model(), 1)
        assert session_of(find_model(), 1) is session
    np.testing.assert_array_equal(session(planes=PLANES)["ab"], Session(find_model(), 1)(planes=PLANES)["ab"])
    assert session_of(find_model(), 1) is not session


def test_several_are_opened_in_a_row_and_each_is_given_as_soon_as_it_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    go_on, make = Event(), Session.__init__

    def second_waits(session: Session, model: ModelFile, threads: int) -> None:
        assert model.path.stem == "scratches" or go_on.wait(60)
        make(session, model, threads)

    monkeypatch.setattr(Session, "__init__", second_waits)
    with begun([("scratches", "scratches"), ("no such model", "fill"), ("fill", "fill")], 1):
        first = session_of(find_model("scratches", "scratches"), 1)
        go_on.set()
        second = session_of(find_model("fill", "fill"), 1)
        assert first.is_of(find_model("scratches", "scratches"), 1)
        assert second.is_of(find_model("fill", "fill"), 1)
        assert session_of(find_model("fill", "fill"), 1) is second


def test_another_model_or_number_of_threads_is_opened_by_itself(tmp_path: Path) -> None:
    tiny = find_model(make_model(tmp_path))
    with begun([(tiny.path, "colorize")], 1):
        assert session_of(find_model(), 1).is_of(find_model(), 1)
        assert session_of(tiny, 2).is_of(tiny, 2)


def test_what_is_wrong_is_said_to_whoever_asks(tmp_path: Path) -> None:
    path = make_model(tmp_path)
    path.write_bytes(path.read_bytes()[:-7])
    with begun([(path, "colorize")], 1), pytest.raises(ModelError, match="its checksum is"):
        session_of(find_model(path), 1)
    with begun([("no such model", "colorize")], 1):  # find_model says it
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
models = [("color", "colorize"), ("fill", "fill"), ("scratches", "scratches"), ("figures.encoder", "encode")]
with lazy._turn, begin(models, 1):
    for model in models:
        session = begun.session_of(modelfile.find_model(*model), 1)
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


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of glibc alone")
def test_one_photo_has_one_heap_and_several_have_a_heap_each() -> None:
    code = """
import ctypes, sys
from safelight.runtime.begun import begun, session_of
from safelight.runtime.modelfile import find_model
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
with begun([("color", "colorize")], 1, alone=sys.argv[1] == "alone"):
    session = session_of(find_model(), 1)
    session._part(session._asked(()))
file = ctypes.c_void_p(libc.fopen(b"/dev/stdout", b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
"""
    heaps = {}
    for word in ("alone", "several"):
        done = subprocess.run(
            [sys.executable, "-c", code, word], env=ENVIRONMENT, capture_output=True, text=True, check=True
        )
        heaps[word] = done.stdout.count("<heap nr=")
    assert heaps["alone"] == 1
    assert heaps["several"] > 1


@pytest.mark.parametrize(
    ("words", "models"),
    [
        (["colorize"], ["color"]),
        (["fill", "--mask", "MASK"], ["fill"]),
        (["scratches"], ["scratches"]),
        (["repair"], ["scratches", "fill"]),
        (["repair", "--color"], ["scratches", "fill", "color"]),
        (["reconstruct"], ["figures.encoder", "figures.decoder"]),
    ],
)
def test_commands_begin_with_their_models_and_open_each_once(
    words: list[str], models: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, make = list[tuple[str, str]](), Session.__init__

    def noted(session: Session, model: ModelFile, threads: int) -> None:
        opened.append((model.path.stem, current_thread().name))
        make(session, model, threads)

    monkeypatch.setattr(Session, "__init__", noted)
    photo, mask = tmp_path / "photo.png", tmp_path / "mask.png"
    grey = np.random.default_rng(0).integers(0, 256, (48, 64), np.uint8)
    Image.fromarray(grey).save(photo)
    Image.fromarray(np.where(np.arange(64) < 6, 255, 0).astype(np.uint8)[None].repeat(48, 0)).save(mask)
    command, *more = (str(mask) if word == "MASK" else word for word in words)
    done = CliRunner().invoke(cli, [command, str(photo), *more, "-o", f"{tmp_path / 'out'}/"])
    assert done.exit_code == 0, done.output
    assert opened == [(model, "beginning with models") for model in models]
