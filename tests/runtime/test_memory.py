"""What a network's runs leave in memory; how much in megabytes is measured by benchmarks/throughput.py and arena.py."""

import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from safelight.runtime.modelfile import find_model
from safelight.runtime.session import LARGE, Session
from tests.runtime.tiny import make_model

PLANES = np.random.default_rng(0).random((7, 64, 96), np.float32)
BEGIN = """
import numpy as np
import onnxruntime
from safelight.runtime.modelfile import find_model
from safelight.runtime.session import Session

def resident():
    words = dict(line.split(":", 1) for line in open("/proc/self/status"))
    return int(words["VmRSS"].split()[0]) / 1024
"""
LARGE_ONCE = """
from safelight.runtime import arena
arena.FIRST_PIECE = 1 << 20  # which is kept
session = Session(find_model(), 1)
session(planes=np.zeros((7, 64, 64), np.float32))
before, give_back, seen = resident(), arena.give_back, []

def giving_back():
    seen.append(resident() - before)
    give_back()
    seen.append(resident() - before)

arena.give_back = giving_back
answer = session(planes=np.zeros((7, 1024, 1024), np.float32))
print(*seen[-2:], resident() - before)
"""
REGISTERED_BEFORE = """
kind = onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR
place = onnxruntime.OrtMemoryInfo("Cpu", kind, 0, onnxruntime.OrtMemType.DEFAULT)
onnxruntime.create_and_register_allocator(place, None)
print(float(Session(find_model(), 1)(planes=np.zeros((7, 64, 64), np.float32))["ab"].sum()))
"""


def said(program: str) -> str:
    """What a new process prints that runs this."""
    done = subprocess.run([sys.executable, "-c", BEGIN + program], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_answer_to_a_large_picture_is_the_same(tmp_path: Path) -> None:
    session = Session(find_model(make_model(tmp_path)), 1)
    large = np.tile(PLANES, (1, 8, 8))
    assert large.size > LARGE
    np.testing.assert_array_equal(session(planes=large)["ab"][:, :64, :96], session(planes=PLANES)["ab"])


def test_an_answer_is_a_copy_and_keeps_nothing_of_the_arena() -> None:
    """ONNX Runtime answers with views into it (findings/onnxruntime-answer-keeps-arena.sh)."""
    for name, planes in Session(find_model(), 1)(planes=PLANES).items():
        owner: object = np.asarray(planes)
        while isinstance(owner, np.ndarray) and owner.base is not None:
            owner = owner.base  # of a batch of one
        assert isinstance(owner, np.ndarray), name


@pytest.mark.skipif(sys.platform != "linux", reason="reads what Linux says of the process")
@pytest.mark.skipif(platform.machine() != "x86_64", reason="elsewhere each network has an arena of its own")
def test_what_a_large_picture_took_is_given_back_though_its_answer_is_kept() -> None:
    """In a process of its own, as memory is. Of the network's some 500 MB the answer's 60 stay."""
    with_answers, without, after = map(float, said(LARGE_ONCE).split())
    assert without < with_answers / 2
    assert after < 100


def test_an_arena_that_somebody_registered_before_is_left_to_them() -> None:
    expected = float(Session(find_model(), 1)(planes=np.zeros((7, 64, 64), np.float32))["ab"].sum())
    assert float(said(REGISTERED_BEFORE)) == expected


def test_where_no_network_of_onnx_runtime_was_opened_nothing_is_made_to_give_back() -> None:
    """As with OpenVINO."""
    told = said("from safelight.runtime import arena\narena.give_back()\nprint(arena._shared._nothing)")
    assert told == "None"
