"""The bundled colorizer in parts against ONNX Runtime's own run of the whole file, which knows of no parts."""

import threading
from typing import Any

import numpy as np
import pytest

from safelight.runtime.modelfile import find_model
from safelight.runtime.onnx_parts import Graph, without_attention
from safelight.runtime.session import DISTRIBUTION, KNOWN, Session

ANSWERS = ("ab", "chroma", "unfamiliarity", DISTRIBUTION)


@pytest.fixture(scope="module")
def whole() -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    return onnxruntime.InferenceSession(find_model().read(), options, providers=["CPUExecutionProvider"])


@pytest.fixture(scope="module")
def session() -> Session:
    return Session(find_model(), 1)


def planes(hinted: bool, size: tuple[int, int] = (96, 128)) -> np.ndarray:
    rng = np.random.default_rng(0)
    result = np.zeros((7, *size), np.float32)
    result[0] = np.clip(np.cumsum(rng.normal(0, 0.03, size), axis=1), -0.5, 0.5)
    if hinted:
        result[1:3, 20:30, 40:50], result[3, 20:30, 40:50] = 0.3, 1
        result[4:6], result[6] = 0.2, 0.4
    return result


@pytest.mark.parametrize("hinted", [False, True])
def test_the_head_answers_as_in_the_whole_bit_by_bit(session: Session, whole: Any, hinted: bool) -> None:
    given = planes(hinted)
    found = session(DISTRIBUTION, planes=given)
    known = {KNOWN + name: found[name] for name in session.recalled}
    feed = {"planes": given, **known}
    expected = whole.run(ANSWERS, {name: each[None] for name, each in feed.items()})
    for name, each in zip(ANSWERS, expected, strict=True):
        np.testing.assert_array_equal(found[name], each[0], err_msg=name)
        np.testing.assert_array_equal(session(DISTRIBUTION, **feed)[name], each[0], err_msg=name)


@pytest.mark.parametrize("hinted", [False, True])
def test_the_trunk_differs_in_its_last_bits_alone(session: Session, whole: Any, hinted: bool) -> None:
    """ONNX Runtime has other convolutions for a graph than for the branch of one."""
    expected = dict(zip(ANSWERS, whole.run(ANSWERS, {"planes": planes(hinted)[None]}), strict=True))
    found = session(DISTRIBUTION, planes=planes(hinted))
    for name, each in expected.items():
        np.testing.assert_allclose(found[name], each[0], atol=3e-6, err_msg=name)


def test_without_hints_attention_is_left_out(session: Session) -> None:
    graph = Graph.of(find_model().read())
    given, wanted = ("planes", *session.recalled), ("ab", "chroma")
    plain = without_attention(graph).part(given, wanted)
    assert b"/attention/MatMul" in graph.part(given, wanted)
    assert b"/attention/MatMul" not in plain
    assert b"/attention/Exp" not in plain


def test_threads_that_ask_at_once_get_the_same(session: Session) -> None:
    fresh, expected = Session(find_model(), 1), session(planes=planes(True))["ab"]
    found: list[np.ndarray] = []
    threads = [
        threading.Thread(target=lambda: found.append(fresh(planes=planes(True))["ab"])) for _ in range(4)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(found) == 4
    for each in found:
        np.testing.assert_array_equal(each, expected)
