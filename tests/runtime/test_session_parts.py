"""The bundled colorizer in parts against ONNX Runtime's own run of the whole file, which knows of no parts."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from safelight.pixels.color import srgb_to_lightness
from safelight.pixels.files import read_photo
from safelight.pixels.geometry import pad_to_multiple, resize
from safelight.pixels.recolor import replace_ab
from safelight.runtime.inference import open_session
from safelight.runtime.modelfile import find_model
from safelight.runtime.onnx_cheaper import with_own_padding
from safelight.runtime.onnx_parts import Graph, without_attention
from safelight.runtime.session import DISTRIBUTION, KNOWN, Session
from safelight.tasks.colorize.hints import Points
from safelight.tasks.colorize.prepare import preprocess

EXAMPLE = Path(__file__).parents[2] / "examples" / "three-children-1860s.jpg"
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
def test_the_head_differs_in_its_last_bits_alone(session: Session, whole: Any, hinted: bool) -> None:
    """It has other convolutions, but answers the same to the bit whether the trunk ran before it or was kept."""
    given = planes(hinted)
    found = session(DISTRIBUTION, planes=given)
    known = {KNOWN + name: found[name] for name in session.recalled}
    feed = {"planes": given, **known}
    expected = whole.run(ANSWERS, {name: each[None] for name, each in feed.items()})
    for name, each in zip(ANSWERS, expected, strict=True):
        np.testing.assert_allclose(found[name], each[0], atol=1e-6, err_msg=name)
        np.testing.assert_array_equal(session(DISTRIBUTION, **feed)[name], found[name], err_msg=name)


@pytest.mark.parametrize("hinted", [False, True])
def test_the_trunk_differs_in_its_last_bits_alone(session: Session, whole: Any, hinted: bool) -> None:
    """ONNX Runtime has other convolutions for a graph than for the branch of one."""
    expected = dict(zip(ANSWERS, whole.run(ANSWERS, {"planes": planes(hinted)[None]}), strict=True))
    found = session(DISTRIBUTION, planes=planes(hinted))
    for name, each in expected.items():
        np.testing.assert_allclose(found[name], each[0], atol=3e-6, err_msg=name)


def test_a_colored_photo_is_within_a_level_of_what_the_whole_gives(session: Session, whole: Any) -> None:
    photo = read_photo(EXAMPLE).pixels
    small, _ = pad_to_multiple(srgb_to_lightness(resize(photo, (192, 256))), 32)
    asked = preprocess(small, Points.none())
    expected, _ = whole.run(ANSWERS[:2], {"planes": asked[None]})
    first, second = (
        replace_ab(photo, np.moveaxis(ab, 0, 2) * np.float32(110)).astype(int)
        for ab in (expected[0], session(planes=asked)["ab"])
    )
    assert np.abs(first - second).max() <= 1
    assert np.mean(first == second) > 0.999


@pytest.mark.parametrize("size", [(96, 128), (64, 160), (32, 32)])
def test_convolutions_that_pad_their_own_input_answer_bit_by_bit_as_before(size: tuple[int, int]) -> None:
    graph = Graph.of(find_model().read()).unfolded()
    maps = ["half", "quarter", "eighth", "features"]
    plain, own = (each.part(["planes"], maps) for each in (graph, with_own_padding(graph)))
    assert b"SAME_UPPER" not in plain
    assert own.count(b"SAME_UPPER") == 5, "of an EfficientNet's convolutions with a stride"
    asked = {"planes": planes(False, size)[None]}
    answers = (open_session(each, 1).run(maps, asked) for each in (plain, own))
    for name, before, after in zip(maps, *answers, strict=True):
        np.testing.assert_array_equal(before, after, err_msg=name)


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
